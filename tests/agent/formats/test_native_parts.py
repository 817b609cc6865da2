"""A record that is larger than the broker's packets: cut as small as need be, and whole again at the other end."""

from collections import Counter

import hypothesis.strategies as st
import orjson
from hypothesis import given, settings

from agent.formats.contract import Message, Snapshot
from agent.formats.native import Native
from agent.mqtt import packet_bytes
from agent.record import Entry, Event, Moment, Record

NATIVE = Native("gw-0007", {"site": "f1"}, {"die01": {"line": "l2"}})
NAMES = st.sampled_from([f"tag_{n}" for n in range(12)] + ["温度", "long_" * 8])
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**63), 2**64 - 1),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=60),
    st.text(st.just("x"), min_size=200, max_size=400),
)


@st.composite
def moments(draw: st.DrawFn) -> Moment:
    values = draw(st.dictionaries(NAMES, VALUES, min_size=1))
    doubtful = draw(st.sets(st.sampled_from(sorted(values))))
    return Moment(draw(st.integers(0, 5)), values, dict.fromkeys(doubtful | _bad(values), "bad.timeout"))


def _bad(values: dict[str, bool | int | float | str | None]) -> set[str]:
    return {name for name, value in values.items() if value is None}


def said(messages: list[Message]) -> Counter[bytes]:
    """Every value with its time, name and quality, as often as it comes."""
    bodies = [orjson.loads(message.payload) for message in messages]
    return Counter(
        orjson.dumps([scan["t"], name, value, scan.get("q", {}).get(name)])
        for body in bodies
        for scan in body["scans"]
        for name, value in scan["v"].items()
    )


def encoded(given_moments: list[Moment], room: int) -> list[Message]:
    record = Record("die01", given_moments, boot=41, seq=7)
    return NATIVE.encode(None, Entry(0, record, False), Snapshot(9, 41, max_packet=room))[1]


@settings(max_examples=200)
@given(st.lists(moments(), min_size=1, max_size=8), st.integers(150, 1500))
def test_nothing_is_lost_nothing_comes_twice_and_every_part_fits(given_moments: list[Moment], room: int) -> None:
    (whole,) = encoded(given_moments, 1 << 28)
    parts = encoded(given_moments, room)
    assert said(parts) == said([whole])
    bodies = [orjson.loads(part.payload) for part in parts]
    if len(parts) == 1:
        assert parts == [whole] or len(said(parts)) == 1
    else:
        assert [body["part"] for body in bodies] == [[n, len(parts)] for n in range(1, len(parts) + 1)]
        assert {(body["gw"], body["dev"], body["boot"], body["seq"]) for body in bodies} == {
            ("gw-0007", "die01", 41, 7)
        }
    for part in parts:
        is_single = sum(said([part]).values()) == 1
        assert is_single or packet_bytes(part.topic, part.payload) <= room


@given(st.lists(moments(), min_size=1, max_size=8))
def test_what_fits_is_not_split(given_moments: list[Moment]) -> None:
    (whole,) = encoded(given_moments, 1 << 28)
    # The estimate of what surrounds a payload is a little larger than what does.
    assert encoded(given_moments, packet_bytes(whole.topic, whole.payload) + 4) == [whole]


def test_an_event_is_never_split() -> None:
    record = Record("die01", event=Event("note", 1, {"text": "x" * 1000}), boot=41, seq=7)
    (message,) = NATIVE.encode(None, Entry(0, record, False), Snapshot(9, 41, max_packet=300))[1]
    assert b"part" not in message.payload
