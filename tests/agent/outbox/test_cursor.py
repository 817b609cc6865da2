"""How far a destination has come, against a plain set of numbers."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from agent.outbox.cursor import Cursor, from_bytes

SPANS = st.lists(st.tuples(st.integers(0, 60), st.integers(0, 12)), max_size=30)


@given(SPANS)
def test_it_knows_what_a_set_knows(spans: list[tuple[int, int]]) -> None:
    cursor, settled = Cursor(), set[int]()
    for first, length in spans:
        fresh = set(range(first, first + length)) - settled
        assert cursor.settle(first, first + length) == len(fresh)
        settled |= fresh
        assert all(cursor.is_settled(number) == (number in settled) for number in range(80))
        assert cursor.base not in settled
        assert settled >= set(range(cursor.base))
        assert cursor.end == max(settled, default=-1) + 1
        assert all(a < b for a, b in cursor.intervals)
    wanted = [number for start, stop in cursor.runs(5, 70) for number in range(start, stop)]
    assert wanted == [number for number in range(5, 70) if number not in settled]
    assert cursor.unsettled(5, 70) == len(wanted)


@given(SPANS, SPANS)
def test_two_come_back_from_one_file(one: list[tuple[int, int]], other: list[tuple[int, int]]) -> None:
    cursors = Cursor(3), Cursor()
    for cursor, spans in zip(cursors, (one, other), strict=True):
        for first, length in spans:
            cursor.settle(first, first + length)
    found = from_bytes(b"".join(cursor.to_bytes() for cursor in cursors))
    assert [(it.base, it.intervals) for it in found] == [(it.base, it.intervals) for it in cursors]


@pytest.mark.parametrize("data", [b"1234567", bytes(8), bytes(8) + b"\1" + bytes(7) + bytes(8)])
def test_what_is_no_cursor(data: bytes) -> None:
    with pytest.raises(ValueError):
        from_bytes(data)


def test_it_says_what_it_is() -> None:
    assert repr(Cursor(7, [(9, 12)])) == "Cursor(7, [(9, 12)])"
