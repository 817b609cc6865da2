"""The machines of one driver that map themselves: looked for in every session, and told to the operator."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from asyncua import ua
from asyncua.ua.uaerrors._base import UaStatusCodeError

from drivers.contract import Journal
from drivers.opcua.node import ById, ByPath, OfMachine, Place
from drivers.opcua.packml import identification
from drivers.opcua.packml.discovery import SPEEDS, discover
from drivers.opcua.packml.machine import Machine, Source, Space
from drivers.opcua.packml.rules import Rule
from drivers.opcua.packml.words import STATE, UNITS

NAMED = 5
"""Machines in one message."""
FIRST_S, LONGEST_S = 50.0, 900.0
"""A machine that is not there is looked for again after that time, which doubles: a walk is work for a controller."""


class Resolving(Protocol):
    """What knows nodes and paths: `drivers.opcua.asking.Asking`."""

    async def nodes(self, places: Sequence[Place]) -> list[ua.NodeId | None]: ...


@dataclass(frozen=True, slots=True)
class _Search:
    """What was found for a root: one machine is what is wanted."""

    machines: Sequence[Machine]
    failure: str
    looked_s: float
    """Monotonic."""
    pause_s: float
    identity: Mapping[str, str]
    """Label -> what the machine says of itself."""
    is_lost: bool
    """Whether there is no such root."""

    @property
    def machine(self) -> Machine | None:
        return self.machines[0] if len(self.machines) == 1 else None

    @property
    def is_over(self) -> bool:
        """Whether there is nothing more to look for: what a machine lacks comes with another program and session."""
        return self.machine is not None and STATE in self.machine.sources

    @property
    def is_due(self) -> bool:
        return not self.is_over and time.monotonic() - self.looked_s >= self.pause_s


class Machines:
    """Places -> nodes, those of machines too. Raises `NotConnected` and, of other nodes, `UaStatusCodeError`."""

    def __init__(self, asking: Resolving, space: Space, journal: Journal) -> None:
        self._asking = asking
        self._space = space
        self._journal = journal
        self._found: dict[ById | ByPath | None, _Search] = {}
        self._said: dict[tuple[str, tuple[str, ...]], object] = {}
        """Device and some of its words -> what was told of them."""
        self.identities: Mapping[str, Mapping[str, str]] = {}
        """Device -> label -> what its machine said of itself when it was found last; a new object if that is new."""

    def forget(self) -> None:
        """A new session: nodes may be others."""
        self._found.clear()

    async def nodes(self, places: Sequence[Place]) -> list[ua.NodeId | None]:
        """As `Asking.nodes`. A machine that is not there is looked for again from time to time."""
        words = [place for place in places if isinstance(place, OfMachine)]
        for root in dict.fromkeys(word.root for word in words):
            known = self._found.get(root)
            if known is None or known.is_due:
                pause_s = FIRST_S if known is None else min(2 * known.pause_s, LONGEST_S)
                self._found[root] = await self._search(root, pause_s)
        for device, root in dict.fromkeys((word.device, word.root) for word in words):
            offered = [word.word for word in words if word.device == device]
            self._tell(device, root, list(dict.fromkeys(offered)))
        nodes = await self._asking.nodes(places)
        return [
            self._node(place) if isinstance(place, OfMachine) else node
            for place, node in zip(places, nodes, strict=True)
        ]

    def _node(self, place: OfMachine) -> ua.NodeId | None:
        source = self._source(place)
        return source.nodes[place.part] if source is not None and place.part < len(source.nodes) else None

    def _source(self, place: OfMachine) -> Source | None:
        search = self._found.get(place.root)
        machine = search.machine if search is not None else None
        return machine.sources.get(place.word) if machine is not None else None

    def rule(self, place: Place) -> Rule | None:
        """What is made of the values of a word's nodes."""
        source = self._source(place) if isinstance(place, OfMachine) else None
        return source.rule if source is not None else None

    def may_come(self, place: Place) -> bool:
        """Whether it makes sense to look again for what is not there."""
        return not isinstance(place, OfMachine) or not (place.root in self._found and self._found[place.root].is_over)

    async def _search(self, root: ById | ByPath | None, pause_s: float) -> _Search:
        found, identity, failure, is_lost = list[Machine](), dict[str, str](), "", False
        try:
            start = None if root is None else (await self._asking.nodes([root]))[0]
            is_lost = root is not None and start is None
            if not is_lost:
                found = await discover(self._space, start)
                if len(found) == 1:
                    identity = await identification.read(self._space, found[0].identity)
        except UaStatusCodeError as error:  # plain tags can be read where nobody may look around
            failure = ua.StatusCode(error.code).name
        return _Search(found, failure, time.monotonic(), pause_s, identity, is_lost)

    def _tell(self, device: str, root: ById | ByPath | None, words: Sequence[str]) -> None:
        """What is to be known of a device's machine, once."""
        search = self._found[root]
        several = len(search.machines) > 1
        none = not search.machines
        for code, is_so in (("U2203", none and not search.is_lost), ("U2204", several), ("U2208", search.is_lost)):
            if is_so:
                where = ", ".join(one.where for one in search.machines[:NAMED])
                self._journal.lost(
                    code,
                    device,
                    count=len(search.machines),
                    machines=where,
                    reason=search.failure and f": {search.failure}",
                    root=root,
                )
            else:
                self._journal.back(code, device)
        machine = search.machine
        if machine is None:
            return
        if self.identities.get(device) != search.identity:
            self.identities = {**self.identities, device: search.identity}
        missing = [word for word in words if word not in machine.sources]
        units = {word: unit for word in SPEEDS if (unit := _other_unit(machine, word)) and word in words}
        about, found = (device, tuple(words)), (machine.where, missing, units)
        if self._said.get(about) != found:
            self._said[about] = found
            offered = ", ".join(word for word in words if word in machine.sources) or "-"
            facts = {"where": machine.where, "dialect": machine.dialect, "offered": offered}
            self._journal.note("U2206" if missing else "U2205", device, missing=", ".join(missing), **facts)
            for word, unit in units.items():
                self._journal.note("U2207", device, word=word, unit=unit, usual=UNITS[word])


def _other_unit(machine: Machine, word: str) -> str | None:
    """What the server says its speeds are in, where the mapped tag says another unit."""
    source = machine.sources.get(word)
    return source.unit if source is not None and source.unit != UNITS[word] else None
