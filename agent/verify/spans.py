"""Which numbers were seen, as a few intervals instead of many numbers. Pure."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

Span = tuple[int, int]
"""First and last number, both belong to it."""


class Spans:
    """A set of whole numbers that lie mostly side by side."""

    def __init__(self) -> None:
        self._firsts: list[int] = []
        self._lasts: list[int] = []

    def __len__(self) -> int:
        """How many intervals, not how many numbers."""
        return len(self._firsts)

    def __iter__(self) -> Iterator[Span]:
        return zip(self._firsts, self._lasts, strict=True)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self._firsts, number) - 1
        return at >= 0 and number <= self._lasts[at]

    @property
    def last(self) -> int:
        """The highest number; -1 of none."""
        return self._lasts[-1] if self._lasts else -1

    def add(self, first: int, last: int | None = None) -> None:
        """Take up one number, or all from `first` to `last`."""
        last = first if last is None else last
        low = bisect_left(self._lasts, first - 1)
        high = bisect_right(self._firsts, last + 1)
        if low < high:
            first, last = min(first, self._firsts[low]), max(last, self._lasts[high - 1])
        self._firsts[low:high] = [first]
        self._lasts[low:high] = [last]

    def missing(self, first: int, last: int) -> Iterator[Span]:
        """The intervals from `first` to `last` that are not in here, lowest first."""
        at = bisect_left(self._lasts, first)
        while first <= last:
            if at == len(self._firsts) or self._firsts[at] > last:
                yield first, last
                return
            if first < self._firsts[at]:
                yield first, self._firsts[at] - 1
            first = self._lasts[at] + 1
            at += 1

    def within(self, first: int, last: int) -> int:
        """How many numbers from `first` to `last` are in here."""
        return max(last - first + 1, 0) - sum(map(size, self.missing(first, last)))

    def close_lowest(self) -> Span:
        """Fill the lowest hole between two intervals, so that there is one less; the hole that was there."""
        hole = self._lasts[0] + 1, self._firsts[1] - 1
        self.add(*hole)
        return hole


def size(span: Span) -> int:
    """How many numbers an interval has."""
    return span[1] - span[0] + 1
