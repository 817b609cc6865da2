"""Let each driver plan its reads, as it will at the start, and place what it says about them."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from agent.config.configuration import Connection, Rhythm
from agent.config.grouping import grouped
from agent.config.located import Findings, Path, spell
from agent.config.sections import DeviceDraft, Wire
from agent.config.tags import TagDraft, check_type
from agent.config.tree import Map, place
from drivers.contract import Group, Tag
from drivers.errors import InvalidConfig, Problem


class Listener:
    """A journal for a driver that is only asked whether it could. Nothing is connected, so nothing is lost or back."""

    def __init__(self) -> None:
        self.notes: list[tuple[str, str, dict[str, object]]] = []

    def lost(self, code: str, about: str, /, **facts: object) -> None:
        """Not while planning."""

    def back(self, code: str, about: str, /, **facts: object) -> None:
        """Not while planning."""

    def note(self, code: str, about: str, /, **facts: object) -> None:
        self.notes.append((code, about, facts))


def check_plans(wires: Mapping[str, Wire], devices: Sequence[DeviceDraft], findings: Findings) -> None:
    """Report what the plug-ins refuse; then what their values' types make senseless.

    What only the agent minds about a device or a tag does not keep its driver from looking at it.
    """
    for wire in wires.values():
        plan = _Plan(draft for draft in devices if draft.wire is wire)
        if wire.connection is not None and plan.groups:
            _check(wire, wire.connection, plan, findings)


class _Plan:
    """The groups of one connection, under names that are unique even where those in the file are not."""

    def __init__(self, drafts: Iterable[DeviceDraft]) -> None:
        self.devices: dict[str, DeviceDraft] = {}
        self.tags: dict[tuple[str, str], TagDraft] = {}
        self.groups: list[Group] = []
        for draft in drafts:
            if draft.settings is not None:
                self._add(draft, draft.settings)

    def _add(self, draft: DeviceDraft, settings: BaseModel) -> None:
        name = draft.name if draft.name not in self.devices else spell(draft.path)
        self.devices[name] = draft
        tags: list[tuple[Tag, Rhythm]] = []
        for tag in draft.tags:
            if tag.address is not None:
                key = tag.name if (name, tag.name) not in self.tags else spell(tag.path)
                self.tags[name, key] = tag
                tags.append((Tag(key, tag.address), tag.rhythm))
        self.groups += grouped(name, settings, tags)

    def where(self, problem: Problem, wire: Wire) -> tuple[Map, Path]:
        """The tag, else the device, else the connection."""
        draft: Wire | DeviceDraft | TagDraft = wire
        if problem.device is not None:
            draft = self.devices.get(problem.device, draft)
            draft = self.tags.get((problem.device, problem.tag or ""), draft)
        return draft.node, draft.path


def _check(wire: Wire, connection: Connection, plan: _Plan, findings: Findings) -> None:
    heard = Listener()
    try:
        connection.plugin.open(connection.settings, plan.groups, heard)
    except InvalidConfig as refused:
        for problem in refused.problems:
            node, path = plan.where(problem, wire)
            where = _key(problem, node)
            findings.wrong(place(node, where), (*path, *where), problem.code, **problem.facts)
        return
    for code, about, facts in heard.notes:
        node, path = plan.where(Problem(code, about), wire)
        findings.noted(node.at, path, code, facts)
    describe = connection.plugin.describe
    if describe is None:
        return
    for group in plan.groups:
        for tag, known in zip(group.tags, describe(connection.settings, group), strict=True):
            check_type(plan.tags[group.device, tag.name], known.type, findings)


def _key(problem: Problem, node: Map) -> Path:
    """The key that is wrong. What is not there by itself stands in the address: `D100:u17` has no key `type`."""
    if problem.key is None or problem.key in node:
        return () if problem.key is None else (problem.key,)
    return ("address",) if problem.tag is not None and "address" in node else (problem.key,)
