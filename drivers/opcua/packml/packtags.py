"""Plain PackTags: variables such as `Unit.Status.StateCurrent`, known by the last names on the way to them.

Servers differ in how they cut that: in folders, in structures, or not at all; and in spelling: `packtags.csv`.
"""

import csv
import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import NamedTuple

from asyncua import ua

from drivers.opcua.packml.machine import Machine, Source
from drivers.opcua.packml.states import lines
from drivers.opcua.packml.walk import Branch
from drivers.opcua.packml.words import STATE

_BETWEEN = re.compile(r"[.\[\],/]+")
ANY = "#"


class _Match(NamedTuple):
    """A variable that is a word of a unit; the least of several is taken."""

    rank: int
    positions: tuple[int, ...]
    """In arrays; the first position is the primary stream."""
    order: int
    node: ua.NodeId
    where: str


@cache
def _patterns() -> Sequence[tuple[str, tuple[str, ...]]]:
    return [(row["word"], tuple(row["path"].split("."))) for row in csv.DictReader(lines("packtags.csv"))]


def segments(names: Iterable[str]) -> tuple[str, ...]:
    """The way to a variable, in small letters; what a name repeats of the one before is taken once."""
    found: list[str] = []
    before = ""
    for name in names:
        repeats = before and name.lower().startswith(before.lower()) and name[len(before) : len(before) + 1] in ".["
        found += [part.lower() for part in _BETWEEN.split(name[len(before) :] if repeats else name) if part]
        before = name
    return tuple(found)


def packtags(branches: Sequence[Branch]) -> list[Machine]:
    """Units that have a state."""
    units: dict[tuple[str, ...], dict[str, _Match]] = {}
    order = 0
    wheres = {branch.names: branch.where for branch in branches}
    for branch in branches:
        for one in branch.below:
            if one.node_class != ua.NodeClass.Variable:
                continue
            order += 1
            way = segments([*(name for _, name in branch.names), one.name])
            for rank, (word, pattern) in enumerate(_patterns()):
                positions = _fit(way, pattern)
                if positions is None:
                    continue
                where = _unit(branch, pattern, one.name, wheres)
                match = _Match(rank, positions, order, one.node, where)
                known = units.setdefault(way[: -len(pattern)], {})
                known[word] = min(known.get(word, match), match, key=lambda it: it[:3])
    return [
        Machine(known[STATE].where, "PackTags", {word: Source([match.node]) for word, match in known.items()})
        for known in units.values()
        if STATE in known
    ]


def _fit(way: tuple[str, ...], pattern: tuple[str, ...]) -> tuple[int, ...] | None:
    """Positions in arrays, where the way ends like the pattern; else None."""
    if len(way) < len(pattern):
        return None
    positions: list[int] = []
    for part, wanted in zip(way[-len(pattern) :], pattern, strict=True):
        if wanted == ANY and part.isascii() and part.isdigit():
            positions.append(int(part))
        elif part != wanted:
            return None
    return tuple(positions)


def _unit(branch: Branch, pattern: tuple[str, ...], name: str, wheres: dict[tuple[tuple[str, str], ...], str]) -> str:
    """Where the unit is: as many names up as the pattern has; where names are not cut the variable's own folder."""
    names, left = branch.names, len(pattern) - len(segments([name]))
    while names and left > 0:
        left -= len(segments([names[-1][1]]))
        names = names[:-1]
    return wheres.get(names, branch.where)
