"""What one destination did not accept: kept in memory until it is offered again, so many of a kind at most. Pure."""

import heapq
import math
from collections import Counter

from agent.outbox.tail import Item

CROWD = 1000
"""So many refused records of one kind are kept in memory; the rest of that kind is passed over and fetched later."""

_Kind = tuple[str, bool]
"""Stream, and whether it is an event: what has a topic of its own."""


class Refused:
    """By number. Times are monotonic."""

    def __init__(self) -> None:
        self.held: dict[int, tuple[float, Item]] = {}
        """Number -> when it is offered again, the record."""
        self._due: list[tuple[float, int]] = []
        self._crowds: Counter[_Kind] = Counter()
        """How many of each kind are held."""
        self._passed: dict[_Kind, int] = {}
        """The lowest number of each kind that was passed over."""

    def get(self, number: int) -> Item | None:
        held = self.held.get(number)
        return held[1] if held else None

    def clear(self) -> dict[int, Item]:
        """Nothing is refused any more; what was."""
        were = {number: item for number, (_, item) in self.held.items()}
        for collection in (self.held, self._due, self._crowds, self._passed):
            collection.clear()
        return were

    def hold(self, number: int, item: Item, until: float) -> None:
        """Or hold it until another time; infinity is until somebody says otherwise."""
        if number not in self.held:
            self._crowds[_kind(item)] += 1
        self.held[number] = (until, item)
        if until != math.inf:
            heapq.heappush(self._due, (until, number))

    @property
    def next_due(self) -> float | None:
        """When something is to be offered again."""
        while self._due and self.held.get(self._due[0][1], (math.nan,))[0] != self._due[0][0]:
            heapq.heappop(self._due)
        return self._due[0][0] if self._due else None

    def due(self, now: float) -> int | None:
        """The number of something that is to be offered again by now."""
        next_due = self.next_due
        return self._due[0][1] if next_due is not None and next_due <= now else None

    def release(self, number: int) -> int | None:
        """Hold it no longer. The lowest number that was passed over and is wanted again, now that few are left."""
        _, item = self.held.pop(number)
        kind = _kind(item)
        self._crowds[kind] -= 1
        return self._passed.pop(kind, None) if self._crowds[kind] <= CROWD // 2 else None

    def passes_over(self, item: Item) -> bool:
        """Whether so many of its kind wait that it is left for later."""
        kind = _kind(item)
        if self._crowds[kind] < CROWD:
            return False
        self._passed[kind] = min(self._passed.get(kind, item.number), max(item.number, 0))
        return True


def _kind(item: Item) -> _Kind:
    return item.record.stream, item.record.event is not None
