"""Whose loss a damage is. Pure.

That numbers are missing is known at once, of which streams they were only when those speak again: perhaps to another
reader, or after a new connection, when the way through the log begins anew. So both are remembered until they meet.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable

from agent.outbox.walk import Hole

REMEMBERED = 1000
"""So many of each. A disk with more damage than that is past exact words."""


class Damages:
    """Of one log."""

    def __init__(self) -> None:
        self._losses: deque[tuple[int, int, frozenset[str]]] = deque(maxlen=REMEMBERED)
        """First, end, who lost something by it."""
        self._told: OrderedDict[tuple[str, int, int], int] = OrderedDict()
        """Stream, boot and first seq of a hole -> its last seq, as far as that was told."""

    def lose(self, first: int, end: int, losers: Iterable[str]) -> None:
        """These destinations needed some of the numbers [first, end)."""
        self._losses.append((first, end, frozenset(losers)))

    def untold(self, hole: Hole) -> tuple[Hole | None, frozenset[str]]:
        """What of a hole is to be announced, and who lost it: None where that was done or nobody needed it."""
        first, end = hole.numbers
        losers = frozenset[str]().union(*(who for start, stop, who in self._losses if start < end and first < stop))
        key = hole.stream, hole.boot, hole.from_seq
        begin = self._told.get(key, hole.from_seq - 1) + 1
        if not losers or begin > hole.to_seq:
            return None, losers
        self._told[key] = hole.to_seq
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return hole._replace(from_seq=begin), losers
