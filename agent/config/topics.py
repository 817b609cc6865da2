"""Topic templates: what may stand in them, and whether every device has what they ask for."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import NamedTuple

from agent.config.located import Findings, Path, listed, shorten
from agent.config.models import DestinationKeys
from agent.config.tree import Map, place
from agent.formats.topics import PLACES, TOPIC_MAX, InvalidTopic, Templates, expand

DEFAULTS: Mapping[str, str] = asdict(Templates())
OF_GATEWAY = ("state", "health")

_NAME = re.compile(r"\{([^{}]*)\}")


class Labelled(NamedTuple):
    """A device, or the gateway with its path (), and the labels that templates can use."""

    name: str
    path: Path
    labels: Mapping[str, str]


class Chosen(NamedTuple):
    """A destination's templates and where they stand; a default stands nowhere."""

    path: Path
    written: Mapping[str, str]

    def all(self) -> Mapping[str, str]:
        """Those of the gateway first: a label that the gateway lacks need not be reported for each device."""
        every = {**DEFAULTS, **self.written}
        return {kind: every[kind] for kind in sorted(every, key=lambda kind: kind not in OF_GATEWAY)}


def written(keys: DestinationKeys) -> Mapping[str, str]:
    return {} if keys.topics is None else keys.topics.model_dump(exclude_none=True)


def check(
    root: Map, destinations: Sequence[Chosen], gateway: Labelled, devices: Sequence[Labelled], findings: Findings
) -> None:
    """Report malformed templates, labels that are missing, topics that are too long or not told apart."""
    said: set[tuple[Path, str]] = set()
    for destination in destinations:
        for kind, template in destination.all().items():
            path = (*destination.path, "topics", kind) if kind in destination.written else None
            subjects = [gateway] if kind in OF_GATEWAY else devices
            names = _NAME.findall(template)
            if path and not set(names) <= set(PLACES):
                _malformed(root, path, template, next(name for name in names if name not in PLACES), findings)
            elif not _report_missing(root, path, template, subjects, findings, said):
                _check_rendered(root, path, kind, template, subjects, findings)


def _malformed(root: Map, path: Path, template: str, detail: str, findings: Findings) -> None:
    facts = {
        "template": template,
        "detail": shorten(detail) or "//",
        "known": " ".join(f"{{{name}}}" for name in PLACES),
    }
    findings.wrong(place(root, path), path, "E1075", **facts)


def _report_missing(
    root: Map,
    path: Path | None,
    template: str,
    subjects: Sequence[Labelled],
    findings: Findings,
    said: set[tuple[Path, str]],
) -> bool:
    """A template of the site's own is reported once; one of ours at each device, or at the top for the gateway."""
    wanted = dict.fromkeys(_NAME.findall(template))
    lacking = [(name, subject) for name in wanted for subject in subjects if name not in subject.labels]
    for name, subject in lacking:
        where = (path or subject.path or ("labels",), name)
        if where in said or (("labels",), name) in said:
            continue
        said.add(where)
        facts = {"template": template, "label": name, "subject": subject.name, "known": listed(sorted(subject.labels))}
        findings.wrong(place(root, where[0]), where[0], "E1076", **facts)
    return bool(lacking)


def _check_rendered(
    root: Map, path: Path | None, kind: str, template: str, subjects: Sequence[Labelled], findings: Findings
) -> None:
    seen: dict[str, str] = {}
    for subject in subjects:
        where = path or subject.path
        try:
            topic = expand(template, subject.labels)
        except InvalidTopic as invalid:
            if invalid.problem == "long":
                findings.wrong(place(root, where), where, "E1077", subject=subject.name, limit=TOPIC_MAX)
            else:
                _malformed(root, where, template, invalid.detail, findings)
            return
        first = seen.setdefault(topic, subject.name)
        if kind == "meta" and first != subject.name:
            facts = {"template": template, "first": first, "second": subject.name}
            findings.wrong(place(root, where), where, "E1078", **facts)
            return
