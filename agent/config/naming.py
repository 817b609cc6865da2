"""Names for tags out of what a device calls its things: snake_case, unique, a metric's word where it clearly is one."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple
from unicodedata import normalize

from agent.machine.metrics import METRICS, OWN_PREFIX, Metric
from drivers.contract import ValueType

NAME_MAX = 64
_LONGEST = 48
"""Of the words: what makes a name unique comes behind them."""
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_OTHER = re.compile(r"[^a-z0-9]+")
_TYPES: dict[str, tuple[ValueType, ...]] = {
    "gauge": ("int", "float"),
    "counter": ("int", "float"),
    "number": ("int", "float"),
    "text": ("str",),
    "flag": ("bool",),
}
"""Kinds of metrics -> types of their values. Not those that are numbers of PackML states: a device has numbers of its
own."""
_NOTHING = "1"
"""A unit that says that there is none."""


class Named(NamedTuple):
    """What a tag is called."""

    name: str
    metric: str = ""
    """Where the name does not say it."""
    zone: str = ""
    """Label that tells it from others with the same metric."""


class Candidate(NamedTuple):
    """A thing to be named."""

    path: Sequence[str]
    """From the top to the thing."""
    type: ValueType | None
    unit: str
    """UCUM; empty where it is not known."""


def words(called: str) -> str:
    """`CurMachSpeed` -> `cur_mach_speed`; empty where there is nothing of ASCII in it."""
    plain = normalize("NFKC", called)
    return _OTHER.sub("_", _HUMP.sub("_", plain).lower()).strip("_")


def names(candidates: Sequence[Candidate]) -> list[Named]:
    """In the order of the candidates."""
    paths = [_joined(one.path) for one in candidates]
    named: dict[int, Named] = {}
    taken: set[str] = set()
    for metric, places in _by_metric(candidates, paths).items():
        for place, found in zip(places, _of_metric(metric, [paths[place] for place in places]), strict=True):
            if found is not None and found.name not in taken:
                named[place] = found
                taken.add(found.name)
    others = [place for place in range(len(candidates)) if place not in named]
    shortest = _shortest([paths[place] for place in others])
    for place, name in zip(others, shortest, strict=True):
        named[place] = Named(_unique(OWN_PREFIX + (name[:_LONGEST].strip("_") or "tag"), taken))
    return [named[place] for place in range(len(candidates))]


def fits(metric: Metric, type_: ValueType | None, unit: str) -> bool:
    """Whether a value of this type and unit is what the metric means."""
    if type_ not in _TYPES.get(metric.kind, ()):
        return False
    return unit in ("", _NOTHING) or not metric.units or unit in metric.units


def _joined(path: Sequence[str]) -> tuple[str, ...]:
    """Words of each step; an element belongs to its array."""
    found: list[str] = []
    for step in path:
        if step.startswith("[") and found:
            found[-1] = f"{found[-1]}_{words(step)}".strip("_")
        else:
            found.append(words(step))
    return (*(one for one in found[:-1] if one), found[-1] or "tag") if found else ("tag",)


def _by_metric(candidates: Sequence[Candidate], paths: Sequence[Sequence[str]]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    for place, (one, path) in enumerate(zip(candidates, paths, strict=True)):
        metric = METRICS.get(path[-1])
        if metric is not None and fits(metric, one.type, one.unit):
            found.setdefault(metric.name, []).append(place)
    return found


def _of_metric(metric: str, paths: Sequence[tuple[str, ...]]) -> list[Named | None]:
    """The only one is called so; of several each has a zone, which is where it is."""
    if len(paths) == 1:
        return [Named(metric)]
    zones = _shortest([path[:-1] for path in paths])
    often = Counter(zones)
    return [
        Named(f"{metric}_{zone}", metric, zone)
        if zone and often[zone] == 1 and len(metric) + len(zone) < NAME_MAX
        else None
        for zone in zones
    ]


def _shortest(paths: Sequence[tuple[str, ...]]) -> list[str]:
    """The last words of each path, as many as tell it from the others."""
    deepest = max(map(len, paths), default=0)
    found = [""] * len(paths)
    left: Iterable[int] = range(len(paths))
    for length in range(1, deepest + 1):
        ends = {place: "_".join(paths[place][-length:]) for place in left}
        often = Counter(ends.values())
        for place, end in ends.items():
            found[place] = end
        left = [place for place in ends if often[ends[place]] > 1 and len(paths[place]) > length]
    return found


def _unique(name: str, taken: set[str]) -> str:
    made, number = name, 1
    while made in taken:
        number += 1
        made = f"{name}_{number}"
    taken.add(made)
    return made
