"""How far a destination has come, against a plain set of numbers."""

import hypothesis.strategies as st
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


@given(SPANS, st.integers(0, 2**40))
def test_it_comes_back_from_a_file(spans: list[tuple[int, int]], generation: int) -> None:
    cursor = Cursor(3)
    for first, length in spans:
        cursor.settle(first, first + length)
    found = from_bytes(cursor.to_bytes(generation))
    assert found is not None
    assert found[0] == generation
    assert (found[1].base, found[1].intervals) == (cursor.base, cursor.intervals)


@given(st.data())
def test_a_file_that_is_torn_or_flipped_is_none(data: st.DataObject) -> None:
    whole = Cursor(7, [(9, 12), (20, 21)]).to_bytes(5)
    cut = data.draw(st.integers(0, len(whole) - 1))
    assert from_bytes(whole[:cut]) is None
    flipped = bytearray(whole)
    flipped[cut] ^= 1 << data.draw(st.integers(0, 7))
    assert from_bytes(bytes(flipped)) is None


def test_it_says_what_it_is() -> None:
    assert repr(Cursor(7, [(9, 12)])) == "Cursor(7, [(9, 12)])"
