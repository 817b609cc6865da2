"""How far one destination has come in one log: a base and the settled intervals above it. Pure.

A number is *settled* when the destination needs it no more: delivered, dropped or moved. Everything below the base is.
"""

from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence

INTERVALS_SAVED = 200_000
"""More are not saved: what they settled comes twice after a restart, which is better than a file without end."""

_FLAT = "Q"


class Cursor:
    """Settled numbers, in memory that grows with the number of intervals only."""

    __slots__ = ("_bounds", "base")

    def __init__(self, base: int = 0, intervals: Sequence[tuple[int, int]] = ()) -> None:
        """`intervals` are half-open, in order, apart from each other and above the base."""
        self.base = base
        """The first number that is not settled."""
        self._bounds = array(_FLAT, [bound for interval in intervals for bound in interval])
        """Start, end, start, end ..."""

    def __repr__(self) -> str:
        return f"Cursor({self.base}, {self.intervals})"

    @property
    def intervals(self) -> list[tuple[int, int]]:
        bounds = self._bounds
        return list(zip(bounds[::2], bounds[1::2], strict=True))

    @property
    def end(self) -> int:
        """No number from here on is settled."""
        return self._bounds[-1] if self._bounds else self.base

    def is_settled(self, number: int) -> bool:
        if number < self.base or not self._bounds:
            return number < self.base
        return bisect_right(self._bounds, number) % 2 == 1

    def settle(self, first: int, end: int) -> int:
        """Settle [first, end); how many of them were not."""
        bounds = self._bounds
        first = max(first, self.base)
        if first >= end:
            return 0
        if not bounds:
            if first == self.base:
                self.base = end
            else:
                bounds.extend((first, end))
            return end - first
        if bounds[-1] == first:
            bounds[-1] = end
            return end - first
        return self._merge(first, end)

    def _merge(self, first: int, end: int) -> int:
        bounds = self._bounds
        fresh = self.unsettled(first, end)
        low, high = bisect_right(bounds, first - 1), bisect_right(bounds, end)
        if low % 2:  # `first` lies in or at the end of an interval: that one grows
            low -= 1
            first = bounds[low]
        if high % 2:
            end = bounds[high]
            high += 1
        bounds[low:high] = array(_FLAT, (first, end))
        if bounds[0] <= self.base:
            self.base = bounds[1]
            del bounds[:2]
        return fresh

    def runs(self, first: int, end: int) -> Iterator[tuple[int, int]]:
        """The unsettled parts of [first, end), half-open, in order."""
        bounds = self._bounds
        at = max(first, self.base)
        place = bisect_right(bounds, at)
        if place % 2:
            at = bounds[place]
            place += 1
        while at < end:
            start = bounds[place] if place < len(bounds) else end
            if at < start:
                yield at, min(start, end)
            at = bounds[place + 1] if place < len(bounds) else end
            place += 2

    def unsettled(self, first: int, end: int) -> int:
        """How many of [first, end) are not settled."""
        return sum(stop - start for start, stop in self.runs(first, end))

    def to_bytes(self) -> bytes:
        """Base, number of bounds, bounds: 8 bytes each."""
        flat = self._bounds[-2 * INTERVALS_SAVED :]
        return array(_FLAT, (self.base, len(flat))).tobytes() + flat.tobytes()


def from_bytes(data: bytes) -> tuple[Cursor, ...]:
    """What several `to_bytes` wrote one after the other. Raises `ValueError` where it was something else."""
    flat = array(_FLAT, data)
    found: list[Cursor] = []
    at = 0
    while at < len(flat):
        base, count = flat[at : at + 2]
        bounds = flat[at + 2 : at + 2 + count]
        found.append(Cursor(base, list(zip(bounds[::2], bounds[1::2], strict=True))))
        at += 2 + count
    return tuple(found)
