"""Frames are found again among anything, and only whole ones."""

import hypothesis.strategies as st
from hypothesis import given

from agent.outbox.bodies import body, from_json, record, to_json
from agent.outbox.frames import RECORD, frame, scan
from agent.record import Event, Moment, Record

BODIES = st.lists(st.tuples(st.text("ab缺", max_size=5), st.binary(max_size=50)), max_size=8)


def framed(bodies: list[tuple[str, bytes]]) -> list[bytes]:
    return [
        frame(RECORD, n, stream.encode(), content, time_ms=-n, boot=2**40, seq=n, is_end=n % 2 == 0)
        for n, (stream, content) in enumerate(bodies)
    ]


@given(BODIES, st.binary(max_size=80))
def test_whole_frames_are_found_behind_noise(bodies: list[tuple[str, bytes]], noise: bytes) -> None:
    data = noise + b"".join(framed(bodies))
    found = [one for one in scan(data) if one.at >= len(noise)]
    assert [(one.number, one.stream, data[one.body_at : one.at + one.length]) for one in found] == [
        (n, stream, content) for n, (stream, content) in enumerate(bodies)
    ]
    assert all((one.time_ms, one.boot, one.seq) == (-one.number, 2**40, one.number) for one in found)
    assert all(one.is_end == (one.number % 2 == 0) for one in found)


@given(BODIES, st.data())
def test_a_flipped_bit_costs_its_frame_only(bodies: list[tuple[str, bytes]], data: st.DataObject) -> None:
    parts = framed([*bodies, ("a", b"last")])
    hit = data.draw(st.integers(0, len(parts) - 1))
    spoilt = bytearray(parts[hit])
    spoilt[data.draw(st.integers(0, len(spoilt) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    found = [one.number for one in scan(b"".join([*parts[:hit], bytes(spoilt), *parts[hit + 1 :]]))]
    assert found == [n for n in range(len(parts)) if n != hit]


VALUES = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters())
)


@given(st.dictionaries(st.text("ab"), VALUES, max_size=4), st.none() | st.integers(0, 9))
def test_a_record_comes_back_the_same(values: dict[str, bool | int | float | str | None], offset: int | None) -> None:
    told = Record("a", [Moment(7, values, {"x": "bad.timeout"})], None, 3, offset, 41, 5)
    assert repr(record("a", 41, 5, body(told))) == repr(told)
    event = Record("a", (), Event("state", 8, {"n": 1}, values, "id"), 3, offset, 41, 6)
    assert repr(record("a", 41, 6, body(event))) == repr(event)


def test_what_is_no_record_is_refused() -> None:
    for written in (b"{}", b"7", b"[1,2]", b"["):
        try:
            record("a", 1, 1, written)
        except (TypeError, ValueError, KeyError):
            continue
        raise AssertionError(written)


def test_mappings_of_any_kind_are_written() -> None:
    from types import MappingProxyType

    assert from_json(to_json({"a": MappingProxyType({"b": 2**80})})) == {"a": {"b": 2**80}}
