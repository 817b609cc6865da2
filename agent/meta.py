"""Meta: what explains a device's records to a platform, and the revision by which each record names it. Pure.

A revision changes exactly when the content does, over restarts too, because what was published is remembered.
"""

import hashlib
import json
import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace

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
    read_on: str | None = None
    """The tag whose change it follows, or `start`."""
    is_subscribed: bool = False
    """Whether the device looks every `every_s` and tells of changes; else the agent reads."""


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
        "sampling_s" if tag.is_subscribed else "every_s": tag.every_s if math.isfinite(tag.every_s) else None,
        "read_on": tag.read_on,
    }
    return {key: value for key, value in said.items() if value not in (None, {}, "")}


@dataclass(frozen=True, slots=True)
class Known:
    """What an earlier run published of a device: revision, digest of the content, and labels to find its topics by."""

    rev: int
    digest: str
    labels: Mapping[str, str]
    plainly: str = ""
    """Digest of what the configuration says, without what the machine said."""


@dataclass(frozen=True, slots=True)
class Memory:
    """What was published, kept in the state directory."""

    devices: Mapping[str, Known] = field(default_factory=dict)
    removed: Sequence[Mapping[str, str]] = ()
    """Labels of what is gone or was moved to other topics: cleared at every connection, since a broker may have been
    away when it went."""
    former: Mapping[str, int] = field(default_factory=dict)
    """Device that is gone -> its last revision: back again, it goes on from there, as records that name the old ones
    may still be on their way."""
    identities: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    """Device -> what its machine said of itself: as good as labels until it says something else."""


MAX_REMOVED = 200


def revise(
    memory: Memory, contents: Mapping[str, Mapping[str, object]], labels: Mapping[str, Mapping[str, str]]
) -> tuple[dict[str, Meta], Memory]:
    """Device -> meta with its revision, and what is to be remembered. `labels`: device -> its labels."""
    metas: dict[str, Meta] = {}
    now: dict[str, Known] = {}
    identities: dict[str, Mapping[str, str]] = {}
    for device, plain in contents.items():
        plainly, said = _digest(plain), plain
        if (identity := memory.identities.get(device)) and _is_meant(memory.devices.get(device), plainly):
            identities[device] = identity
            said = _identified(plain, identity)
        digest = _digest(said)
        before = memory.devices.get(device)
        is_same = before is not None and before.digest == digest
        rev = (before.rev if before else memory.former.get(device, 0)) + (not is_same)
        metas[device] = Meta(rev, said)
        now[device] = Known(rev, digest, dict(labels[device]), plainly)
    here = [known.labels for known in now.values()]
    gone = [*memory.removed, *(old.labels for old in memory.devices.values())]
    removed = [old for place, old in enumerate(gone) if old not in here and old not in gone[:place]]
    return metas, Memory(now, removed[-MAX_REMOVED:], _former(memory, contents), identities)


def _digest(content: Mapping[str, object]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def _is_meant(known: Known | None, plainly: str) -> bool:
    """Whether an identity belongs to what the configuration says now: with other tags it may be another machine."""
    return known is not None and known.plainly == plainly


def identified(memory: Memory, identities: Mapping[str, Mapping[str, str]]) -> Memory:
    """With what these devices' machines say of themselves now; the same object where that is nothing new."""
    whole = {**memory.identities, **{device: dict(identity) for device, identity in identities.items()}}
    known = {device: identity for device, identity in whole.items() if identity}
    return memory if known == memory.identities else replace(memory, identities=known)


def _identified(content: Mapping[str, object], identity: Mapping[str, str]) -> Mapping[str, object]:
    """A label that a person wrote is right."""
    match content:
        case {"labels": dict(labels)} if identity:
            return {**content, "labels": {**identity, **labels}}
    return content


def _former(memory: Memory, contents: Container[str]) -> dict[str, int]:
    """The last revisions of what is gone; who went first is forgotten first."""
    gone = {**memory.former, **{name: known.rev for name, known in memory.devices.items()}}
    return dict([(name, rev) for name, rev in gone.items() if name not in contents][-MAX_REMOVED:])


def to_json(memory: Memory) -> dict[str, object]:
    devices = {
        name: {"rev": known.rev, "digest": known.digest, "labels": dict(known.labels), "plainly": known.plainly}
        for name, known in memory.devices.items()
    }
    removed = [dict(labels) for labels in memory.removed]
    identities = {name: dict(identity) for name, identity in memory.identities.items()}
    return {"devices": devices, "removed": removed, "former": dict(memory.former), "identities": identities}


def from_json(data: object) -> Memory:
    """The inverse of `to_json`; what does not have its shape is left out, as if it had never been published."""
    match data:
        case {"devices": dict(devices), "removed": list(removed), **more}:
            known = {name: one for name, said in devices.items() if (one := _known(said)) is not None}
            gone = [_texts(labels) for labels in removed if isinstance(labels, dict)]
            return Memory(known, gone, _revisions(more.get("former")), _identities(more.get("identities")))
    return Memory()


def _revisions(said: object) -> dict[str, int]:
    found = said if isinstance(said, dict) else {}
    return {str(name): rev for name, rev in found.items() if isinstance(rev, int)}


def _identities(said: object) -> dict[str, dict[str, str]]:
    found = said if isinstance(said, dict) else {}
    return {str(name): _texts(identity) for name, identity in found.items() if isinstance(identity, dict)}


def _known(said: object) -> Known | None:
    match said:
        case {"rev": int(rev), "digest": str(digest), "labels": dict(labels), **more}:
            return Known(rev, digest, _texts(labels), str(more.get("plainly", "")))
    return None


def _texts(labels: Mapping[object, object]) -> dict[str, str]:
    return {str(key): str(value) for key, value in labels.items()}
