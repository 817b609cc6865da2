"""The search for bad ranges: what it finds, what it keeps, and what it costs."""

from collections.abc import Collection
from math import log2

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.search import Cell, Search, Span


class Device:
    """Cells of one register, two addresses apart. `holes`: cell numbers before which an illegal address lies."""

    def __init__(
        self, count: int, bad: Collection[int] = (), holes: Collection[int] = (), longest: int | None = None
    ) -> None:
        self.count = count
        self.bad, self.holes, self.longest = set(bad), set(holes), longest
        self.search = Search([Cell(2 * at, 2 * at + 1) for at in range(count)])
        while (span := self.search.next_span) is not None:
            assert 0 <= span.first < span.end <= count
            assert self.search.requests < 1000, "it ends"
            self.search.feed(self.refuses(span))

    def refuses(self, span: Span) -> bool:
        cells = range(span.first, span.end)
        too_long = self.longest is not None and len(cells) > self.longest
        return too_long or any(at in self.bad for at in cells) or any(at in self.holes for at in cells[1:])

    @property
    def read(self) -> set[int]:
        return {at for piece in self.search.pieces for at in range(piece.first, piece.end)}

    @property
    def ranges(self) -> int:
        """Bad ranges: runs of bad cells, and holes that touch none."""
        runs = sum(at - 1 not in self.bad for at in self.bad)
        return runs + sum(hole not in self.bad and hole - 1 not in self.bad for hole in self.holes)


def test_one_bad_cell_is_found_and_the_others_are_read() -> None:
    for count in range(1, 60):
        for bad in range(count):
            device = Device(count, {bad})
            assert device.search.bad == {bad}
            assert not device.search.presumed
            assert device.read == set(range(count)) - {bad}


def test_a_contiguous_range_is_found_exactly_within_its_budget() -> None:
    """At most 3 * log2(n) extra requests, for every size, place and length; no good cell is given up."""
    for count in (2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 16, 25, 40, 41, 64, 100, 125):
        for first in range(count):
            for end in range(first + 1, count + 1):
                device = Device(count, range(first, end))
                assert device.search.requests <= 3 * log2(count)
                assert device.search.bad | device.search.presumed == set(range(first, end))
                assert device.read == set(range(count)) - set(range(first, end))


def test_a_hole_between_good_cells_costs_no_cell() -> None:
    for count in range(2, 60):
        for hole in range(1, count):
            device = Device(count, holes={hole})
            assert device.search.holes == [(2 * hole - 1, 2 * hole)]
            assert device.read == set(range(count))
            assert device.search.requests <= 3 * log2(count)


def test_neighbours_that_cannot_be_read_together_make_a_joint() -> None:
    search = Search([Cell(0, 10), Cell(10, 20), Cell(20, 30), Cell(30, 40)])
    while (span := search.next_span) is not None:
        search.feed(refused=span.first < 2 < span.end)
    assert (search.joints, search.holes, search.bad) == ([20], [], set())


@pytest.mark.parametrize("longest", [50, 64, 99])
def test_a_length_that_the_device_refuses_is_learnt(longest: int) -> None:
    device = Device(100, longest=longest)
    assert device.search.longest == Span(0, longest)
    assert device.read == set(range(100))
    assert not device.search.holes
    assert not device.search.joints


def test_a_refusal_that_does_not_come_again_teaches_nothing() -> None:
    device = Device(40)
    assert (device.search.bad, device.search.holes, device.search.joints) == (set(), [], [])
    assert device.search.longest is None
    assert device.read == set(range(40))


def test_two_hundred_tags_with_seven_illegal_ones() -> None:
    """Five blocks of 40; isolated illegal registers, several of them in one block, cost no other tag a sample."""
    for bad in ({3, 40, 77, 81, 120, 160, 199}, {0, 7, 14, 21, 28, 35, 39}, {100, 101, 102, 103, 104, 105, 106}):
        for block in range(5):
            mine = {at - 40 * block for at in bad if 40 * block <= at < 40 * block + 40}
            if mine:
                device = Device(40, mine)
                assert device.read == set(range(40)) - mine
                assert device.search.requests <= 3 * log2(40) * device.ranges


@given(
    st.integers(2, 125).flatmap(
        lambda count: st.tuples(
            st.just(count), st.sets(st.integers(0, count - 1)), st.sets(st.integers(1, count - 1), max_size=3)
        )
    )
)
def test_any_set_of_bad_cells_and_holes(given_device: tuple[int, set[int], set[int]]) -> None:
    count, bad, holes = given_device
    if not bad and not holes:
        return
    device = Device(count, bad, holes)
    search = device.search
    assert search.bad <= bad, "what is said to be bad was refused alone"
    assert device.read.isdisjoint(bad | search.presumed), "what was read is not given up"
    assert device.read | search.bad | search.presumed == set(range(count)), "nothing is left open"
    assert bad <= search.bad | search.presumed
    assert search.requests <= 3 * log2(count) * max(device.ranges, 1)
    assert {at for at, hole in enumerate(range(count)) if (2 * hole - 1, 2 * hole) in search.holes} <= holes
