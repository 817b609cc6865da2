"""What a server has no room to watch: the first values are subscribed, and the rest is read. Pure.

A small controller watches a thousand values, others a few hundred for all of their clients together. Which ones are
read is nobody's guess: the nodes that make up a machine's state are watched first, because only a subscription sees all
of their changes; then the order of the configuration decides.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Generic, TypeVar

from drivers.contract import Group
from drivers.opcua.plan import Item

LEAST_S = 1.0
"""They are read no more often: a server that cannot watch them would not bear to be asked for them all the time."""
NAMED = 5
"""Tags in one message."""

N = TypeVar("N")


def bound(*said: object) -> int | None:
    """How many values may be watched, by all that is said of it; None: as many as there are. 0 says nothing."""
    return min((one for one in said if isinstance(one, int) and one > 0), default=None)


def divided(items: Sequence[Item], nodes: Mapping[int, N], most: int | None) -> tuple[dict[int, N], dict[int, N]]:
    """What is watched and what is read, of the items that have a node."""
    order = sorted(nodes, key=lambda item: (not items[item].is_prompt, item))
    first = order if most is None else order[:most]
    return {item: nodes[item] for item in first}, {item: nodes[item] for item in order[len(first) :]}


class Leftover(Generic[N]):
    """The items that are read, of one subscription after the other."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self._read_s: dict[float, float] = {}
        """Period -> when those with it were read, by the monotonic clock."""
        self.nodes: Mapping[int, N] = {}

    def take(self, nodes: Mapping[int, N], now_s: float) -> None:
        """These from now on; their values of now are known."""
        self.nodes = nodes
        self._read_s = {self._period_s(item): now_s for item in nodes}

    @property
    def period_s(self) -> float:
        """How often one of them is read; infinite without any."""
        return min(self._read_s, default=math.inf)

    def due(self, now_s: float) -> dict[int, N]:
        """Those whose time has come."""
        periods = {period for period, read_s in self._read_s.items() if now_s - read_s >= period}
        if not periods:
            return {}
        self._read_s.update(dict.fromkeys(periods, now_s))
        return {item: node for item, node in self.nodes.items() if self._period_s(item) in periods}

    def _period_s(self, item: int) -> float:
        return max(self._items[item].sampling_s, LEAST_S)


def named(groups: Sequence[Group], items: Sequence[Item], left: Sequence[int]) -> dict[str, object]:
    """Facts for the operator: how many tags it is that are read, and which come first."""
    spots = [spot for item in sorted(left) for spot in items[item].spots]
    names = [f"{groups[spot.group].device}/{groups[spot.group].tags[spot.index].name}" for spot in spots]
    shown = ", ".join(names[:NAMED]) + (" ..." if len(names) > NAMED else "")
    return {"count": len(names), "names": shown}
