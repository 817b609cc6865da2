"""Meta: what explains a device's records to a platform, and the revision by which each record names it. Pure.

A revision changes exactly when the content does, over restarts too, because what was published is remembered.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from agent.formats.contract import Meta


@dataclass(frozen=True, slots=True)
class TagMeta:
    """What is said of one tag."""

    name: str
    metric: str
    type: str | None
    """bool, int, float or str, after scaling; None where only the device knows."""
    unit: str | None
    """UCUM."""
    title: Mapping[str, str]
    range: tuple[float, float] | None
    labels: Mapping[str, str]
    source: str
    """Address on the device, in the driver's canonical notation."""
    every_s: float


def content(gateway: str, device: str, labels: Mapping[str, str], tags: Sequence[TagMeta]) -> dict[str, object]:
    """The JSON of a device's meta message without its revision."""
    return {"gw": gateway, "dev": device, "labels": dict(labels), "tags": {tag.name: _tag(tag) for tag in tags}}


def _tag(tag: TagMeta) -> dict[str, object]:
    said: dict[str, object] = {
        "metric": tag.metric,
        "type": tag.type,
        "unit": tag.unit,
        "title": dict(tag.title),
        "range": list(tag.range) if tag.range else None,
        "labels": dict(tag.labels),
        "source": tag.source,
        "every_s": tag.every_s,
    }
    return {key: value for key, value in said.items() if value not in (None, {}, "")}


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier run published of a device: revision, digest of the content, and labels to find its topics by."""

    rev: int
    digest: str
    labels: Mapping[str, str]


def revise(
    known: Mapping[str, Known], contents: Mapping[str, Mapping[str, object]], labels: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Meta], list[Mapping[str, str]], dict[str, Known]]:
    """Device -> meta with its revision; labels of what is gone or has moved to other topics; what is known now."""
    metas: dict[str, Meta] = {}
    now: dict[str, Known] = {}
    for device, said in contents.items():
        digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
        before = known.get(device)
        rev = 1 if before is None else before.rev if before.digest == digest else before.rev + 1
        metas[device] = Meta(rev, said)
        now[device] = Known(rev, digest, dict(labels[device]))
    removed = [old.labels for device, old in known.items() if device not in now or now[device].labels != old.labels]
    return metas, removed, now


def to_json(known: Mapping[str, Known]) -> dict[str, object]:
    return {name: {"rev": k.rev, "digest": k.digest, "labels": dict(k.labels)} for name, k in known.items()}


def from_json(data: object) -> dict[str, Known]:
    """The inverse of `to_json`; what does not have its shape is left out, as if it had never been published."""
    if not isinstance(data, dict):
        return {}
    return {name: known for name, said in data.items() if (known := _known(said)) is not None}


def _known(said: object) -> Known | None:
    match said:
        case {"rev": int(rev), "digest": str(digest), "labels": dict(labels)}:
            return Known(rev, digest, {str(key): str(value) for key, value in labels.items()})
    return None
