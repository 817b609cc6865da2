"""Which points of a refused block are bad, in few requests. Pure: it is fed with outcomes.

    search = Search(cells)
    while (span := search.next_span) is not None:
        search.feed(refused)                    # after asking for cells[span.first:span.end] in one request
    search.bad, search.presumed, search.holes, search.pieces

A **cell** is an extent of addresses that is read as a whole (a tag, or tags that overlap). Steps, for each bad range:
halve over the requests that begin where the block begins until its first cell is found; read on cell by cell while the
budget allows; look for the end of a long range by halving over single cells; then try all the rest in one request, and
if that is refused begin again there. A range costs at most 3 * log2(n) requests. A long range is taken for contiguous:
what lies between two cells that were read alone and are bad is `presumed` bad, to be verified later.
"""

from collections.abc import Generator, Sequence
from math import floor, log2
from typing import NamedTuple, TypeVar


class Cell(NamedTuple):
    """A half-open range of addresses that only makes sense as a whole."""

    start: int
    end: int


class Span(NamedTuple):
    """Cells [first, end) in one request."""

    first: int
    end: int


_T = TypeVar("_T")
_Steps = Generator[Span, bool, _T]
"""Asks for spans, is told whether each was refused, and returns what it found."""


class Search:
    """One search through the cells of a block that was refused as a whole. Cells are disjoint and ascending."""

    def __init__(self, cells: Sequence[Cell]) -> None:
        self.bad: set[int] = set()
        """Refused when read alone."""
        self.presumed: set[int] = set()
        """Between two bad ones, or behind one to the end; not read alone."""
        self.holes: list[tuple[int, int]] = []
        """Address ranges between two good cells that make a request fail."""
        self.joints: list[int] = []
        """Addresses where two good cells meet that cannot be read in one request, though nothing lies between them."""
        self.longest: Span | None = None
        """The most cells that the device answers in one request, where it is the length that it refuses."""
        self.pieces: list[Span] = []
        """What was read, so that every good cell is in one of them."""
        self.requests = 0
        self._cells = cells
        self._budget = max(floor(3 * log2(len(cells)) + 1e-9), 1) if len(cells) > 1 else 0
        self._spent = 0
        self._steps = self._search()
        self.next_span: Span | None = next(self._steps, None)
        """What to ask for next; None when the search is over."""

    def feed(self, refused: bool) -> None:
        """The outcome of asking for `next_span`."""
        assert self.next_span is not None
        if not refused:
            self.pieces.append(self.next_span)
        self.requests += 1
        self._spent += 1
        try:
            self.next_span = self._steps.send(refused)
        except StopIteration:
            self.next_span = None

    def _search(self) -> _Steps[None]:
        first, count = 0, len(self._cells)
        refused = True
        while refused:
            self._spent = 0 if first == 0 else 1
            first = yield from self._range_from(first, count)
            if first >= count:
                return
            refused = yield Span(first, count)

    def _range_from(self, first: int, count: int) -> _Steps[int]:
        """Find the first bad range in cells [first, count), refused together; returns where the rest begins."""
        at = yield from self._first_bad(first, count)
        if at > first and not (yield Span(at, at + 1)):
            yield from self._explain(first, at)
            return at + 1
        self.bad.add(at)
        return (yield from self._end_of_range(at + 1, count))

    def _first_bad(self, first: int, high: int) -> _Steps[int]:
        """The cell with which a request that begins at `first` starts to be refused."""
        low = first
        while high - low > 1:
            middle = (low + high) // 2
            if (yield Span(first, middle)):
                high = middle
            else:
                low = middle
        return low

    def _explain(self, first: int, at: int) -> _Steps[None]:
        """Cells [first, at) are good and so is `at`, but not together: a hole between them, the length, or a whim."""
        is_known = at - 1 == first and not self._affords(2)
        if is_known or (yield Span(at - 1, at + 1)):
            start, end = self._cells[at - 1].end, self._cells[at].start
            if start < end:
                self.holes.append((start, end))
            else:
                self.joints.append(end)
        elif at - 1 > first and (yield Span(first, at + 1)):
            self.longest = Span(first, at)

    def _end_of_range(self, at: int, count: int) -> _Steps[int]:
        """Cells before `at` are bad; find the first good one. Returns where the rest begins that was not read yet."""
        is_next = True
        while at < count and (is_next or self._affords(1 + _halvings(count - at - 1) + 1)):
            if not (yield Span(at, at + 1)):
                return at + 1
            self.bad.add(at)
            at, is_next = at + 1, False
        return (yield from self._border(at, count))

    def _border(self, low: int, count: int) -> _Steps[int]:
        """Halve cells [low, count) for the first good one, taking the bad range for contiguous.

        Single cells are asked for, so that no good one is given up because of a bad one far behind it; but they leave
        the rest to be read. Where the budget has no room for that, the rest is read along with them.
        """
        high = count
        by_cell = self._affords(_halvings(count - low) + 1)
        while low < high:
            middle = (low + high) // 2
            if (yield Span(middle, middle + 1 if by_cell else high)):
                if by_cell:
                    self.bad.add(middle)
                self._presume(low, middle + (not by_cell))
                low = middle + 1
            else:
                high = middle
        return high + 1 if by_cell else count

    def _presume(self, first: int, end: int) -> None:
        self.presumed.update(cell for cell in range(first, end) if not any(f <= cell < e for f, e in self.pieces))

    def _affords(self, requests: int) -> bool:
        return self._spent + requests <= self._budget


def _halvings(cells: int) -> int:
    """Requests that find one of `cells` + 1 places by halving."""
    return cells.bit_length()
