"""What a frame holds of a record comes back the same, and what was said of its values is kept for others."""

from types import MappingProxyType

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.outbox.bodies import body, record
from agent.record import Event, Moment, Record

NAMES = st.text(max_size=5)


def _finite(found: dict[str, object]) -> dict[str, object]:
    return {name: value for name, value in found.items() if not isinstance(value, float) or abs(value) < 1e308}


VALUES = st.dictionaries(NAMES, st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text())
MOMENTS = st.builds(Moment, st.integers(0, 1 << 45), VALUES.map(_finite), st.dictionaries(NAMES, NAMES))


def again(before: Record) -> Record:
    return record(before.stream, before.boot, before.seq, body(before))


@given(st.lists(MOMENTS, min_size=1, max_size=4), st.integers(0, 9), st.none() | st.integers(-(1 << 45), 1 << 45))
def test_moments_come_back_the_same(moments: list[Moment], rev: int, offset_ms: int | None) -> None:
    before = Record("press01", moments, None, rev, offset_ms, 41, 7)
    assert again(before) == before


@pytest.mark.parametrize("count", [1, 2, 3])
def test_what_was_said_of_the_values_is_kept(count: int) -> None:
    moments = [
        Moment(n, {"speed": n + 0.5, "job": "缺料"}, {"speed": "uncertain.range"} if n else {}) for n in range(count)
    ]
    one = Record("press01", moments, boot=41, seq=7)
    body(one)
    assert [orjson.loads(said) for said in one.said] == [moment.values for moment in moments]


def test_whole_numbers_of_any_size_and_half_characters_come_back() -> None:
    before = Record("press01", [Moment(1, {"x": 1 << 70, "y": "\ud800"}, {})], boot=41, seq=7)
    assert again(before) == before
    assert before.said == ()


def test_an_event_comes_back_the_same() -> None:
    before = Record("press01", (), Event("stop", 5, {"reason": [1]}, {"job": "A"}, "01J"), 3, None, 41, 7)
    assert again(before) == before


def test_what_only_looks_like_lists_and_mappings_is_written_as_such() -> None:
    said = MappingProxyType({"counts": range(2)})
    before = Record("press01", (), Event("stop", 5, said, {}, "01J"), boot=41, seq=7)
    event = again(before).event
    assert event is not None
    assert event.data == {"counts": [0, 1]}


@pytest.mark.parametrize("written", [b"{}", b"[1", b"[1,2]", b"[1,2,3]", b" {"])
def test_what_was_something_else_is_refused(written: bytes) -> None:
    with pytest.raises((ValueError, TypeError, KeyError)):
        record("press01", 41, 7, written)
