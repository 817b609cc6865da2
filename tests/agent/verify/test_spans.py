"""Intervals against sets of numbers."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from agent.verify.spans import Spans, size

NUMBERS = st.integers(0, 40)
RANGES = st.tuples(NUMBERS, NUMBERS).map(lambda pair: (min(pair), max(pair)))


@given(st.lists(RANGES), RANGES)
def test_they_are_a_set_of_numbers(added: list[tuple[int, int]], asked: tuple[int, int]) -> None:
    spans, numbers = Spans(), set[int]()
    for first, last in added:
        spans.add(first, last)
        numbers |= set(range(first, last + 1))
    assert {number for span in spans for number in range(span[0], span[1] + 1)} == numbers
    assert [number for number in range(42) if number in spans] == sorted(numbers)
    assert spans.last == max(numbers, default=-1)
    wanted = set(range(asked[0], asked[1] + 1))
    missing = list(spans.missing(*asked))
    assert {number for span in missing for number in range(span[0], span[1] + 1)} == wanted - numbers
    assert missing == sorted(missing)
    assert spans.within(*asked) == len(wanted & numbers)
    between = list(spans)
    assert all(one[1] + 1 < other[0] for one, other in pairwise(between)), "few and apart"


def test_the_lowest_hole_can_be_closed() -> None:
    spans = Spans()
    for number in (0, 3, 9):
        spans.add(number)
    assert spans.close_lowest() == (1, 2)
    assert list(spans) == [(0, 3), (9, 9)]
    assert len(spans) == 2


def test_nothing_lies_between_numbers_in_the_wrong_order() -> None:
    assert list(Spans().missing(5, 4)) == []
    assert Spans().within(5, 4) == 0
    assert size((5, 5)) == 1
