"""From groups of tags to what is asked of the server: one item for each node, however many tags look at it. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import cast

from drivers.contract import Group
from drivers.opcua.config import Address, Device
from drivers.opcua.node import OfMachine, Place
from drivers.opcua.packml.words import PARTS
from drivers.opcua.path import Path, parse

STATE_S = 0.1
"""States of a machine that maps itself are told at least so often: many are shorter than a device's period."""


@dataclass(frozen=True, slots=True)
class Spot:
    """A tag that looks at a node."""

    group: int
    index: int
    """Its position in the group."""
    within: Path
    """Into the value; empty for the whole of it."""


@dataclass(frozen=True, slots=True)
class Item:
    """A node that is subscribed or read, and who wants it."""

    place: Place
    sampling_s: float
    spots: Sequence[Spot]
    """None where it is a further part of the item before it."""
    is_prompt: bool = False
    """Whether each change is wanted, however short; else the value at the end of each period."""

    @property
    def is_plain(self) -> bool:
        """Whether one tag looks at it, and at the whole of it."""
        return len(self.spots) == 1 and not self.spots[0].within


@dataclass(slots=True)
class Plan:
    """Of one connection."""

    groups: Sequence[Group]
    subscribed: list[Item] = field(default_factory=list)
    """Each under its position as the client handle."""
    polled: dict[str, list[Item]] = field(default_factory=dict)
    """By group."""

    @property
    def listening(self) -> list[int]:
        """Positions of the subscribed groups."""
        return [number for number, group in enumerate(self.groups) if group.is_subscribed]

    @property
    def looks_into_structures(self) -> bool:
        """Whether a path names a field."""
        items = [*self.subscribed, *(item for items in self.polled.values() for item in items)]
        return any(isinstance(step, str) for item in items for spot in item.spots for step in spot.within)


def plan(groups: Sequence[Group]) -> Plan:
    """Nothing of it needs a server."""
    made = Plan(groups)
    for number, group in enumerate(groups):
        items = _items(number, group)
        if group.is_subscribed:
            made.subscribed += items
        else:
            made.polled[group.name] = items
    return made


def _items(number: int, group: Group) -> list[Item]:
    found: dict[Place, list[Spot]] = {}
    for index, tag in enumerate(group.tags):
        node = cast(Address, tag.address).node
        within = parse(node.within) if node.within else ()
        found.setdefault(node.place, []).append(Spot(number, index, within))
    made = [
        one for place, spots in found.items() if isinstance(place, OfMachine) for one in _parts(group, place, spots)
    ]
    return made + [
        Item(place, group.every_s, spots) for place, spots in found.items() if not isinstance(place, OfMachine)
    ]


def _parts(group: Group, word: OfMachine, spots: Sequence[Spot]) -> list[Item]:
    """Beside each other and before all others, so that they are read in one call."""
    settings = cast(Device, group.settings)
    placed = replace(word, device=group.device, root=settings.root)
    if word.word not in PARTS:
        return [Item(placed, group.every_s, spots)]
    every_s = min(group.every_s, STATE_S)
    return [
        Item(replace(placed, part=part), every_s, () if part else spots, is_prompt=True)
        for part in range(PARTS[word.word])
    ]
