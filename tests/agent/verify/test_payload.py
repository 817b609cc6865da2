"""What payloads say, and that nothing but `Broken` comes of those that say nothing."""

import json
from collections.abc import Callable
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.formats.contract import Snapshot
from agent.formats.native import Native
from agent.record import Entry, Event, Moment, Record
from agent.verify.account import Account
from agent.verify.payload import Beside, Broken, Gap, Said, State, parse, read

TOPIC = "lineside/v1/f/l2/die01/data"
STATE = "lineside/v1/f/gateways/gw/state"


def data(**more: Any) -> dict[str, Any]:
    return {"gw": "gw", "dev": "die01", "boot": 1, "seq": 2, "scans": [{"t": 5, "v": {"a": 1}}], **more}


def event(**more: Any) -> dict[str, Any]:
    return {"gw": "gw", "dev": "die01", "boot": 1, "seq": 2, "id": "x", "type": "comm", "t": 5, "data": {}, **more}


def record(said: dict[str, Any], topic: str = TOPIC) -> Said:
    found = read(topic, said)
    assert isinstance(found, Said)
    return found


def test_a_record() -> None:
    scans = [{"t": 9, "v": {"a": 1, "b": None}, "q": {"b": "bad.timeout"}}, {"t": 5, "v": {"a": 2}}]
    said = record(data(scans=scans, hist=True, clock="unsynced", part=[1, 2], rev=3))
    assert (said.gateway, said.device, said.boot, said.seq, said.part) == ("gw", "die01", 1, 2, (1, 2))
    assert (said.hist, said.unsynced, said.oldest_ms, said.newest_ms, said.values) == (True, True, 5, 9, 3)
    assert not said.is_event


def test_what_the_agent_encodes_is_understood() -> None:
    native = Native("gw", {"site": "f", "line": "l2"}, {"die01": {"device_type": "x"}})
    moments = [Moment(5, {"a": 1.5, "n": None}, {"n": "bad.timeout"}), Moment(6, {"t": "文本"}, {})]
    gap = {"boot": 1, "from_seq": 3, "to_seq": 9, "from_t": 0, "to_t": 1, "records": 4, "reason": "age", "lost_by": []}
    records = [
        Record("die01", moments=moments, boot=1, seq=2),
        Record("die01", event=Event("gap", 7, gap, id="x"), boot=1, seq=3),
    ]
    snapshot = Snapshot(1, 0, "0", {})
    messages = [native.encode(None, Entry(0, one, True), snapshot)[1][0] for one in records]
    first, second = (record(orjson.loads(message.payload), message.topic) for message in messages)
    assert (first.values, first.newest_ms, first.hist) == (3, 6, True)
    assert (second.gap, second.is_event, second.newest_ms) == (Gap(1, 3, 9, 4), True, 7)


def test_topics_of_a_sites_own_are_understood() -> None:
    assert record(data(), "x/y").values == 1


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (data(), data(hist=True), True),
        (data(), data(scans=[{"t": 6, "v": {"a": 1}}]), True),
        (data(), data(clock="unsynced", scans=[{"t": 5, "v": {"a": 1}, "q": {"a": "uncertain.clock"}}]), True),
        (data(), data(scans=[{"t": 5, "v": {"a": 2}}]), False),
        (data(), data(scans=[{"t": 5, "v": {"a": 1.0}}]), False),
        (data(), data(scans=[{"t": 5, "v": {"a": 1}, "q": {"a": "uncertain.range"}}]), False),
        (event(), event(t=6), True),
        (event(), event(data={"state": "down"}), False),
    ],
)
def test_the_digest_is_of_the_values(one: dict[str, Any], other: dict[str, Any], is_same: bool) -> None:
    assert (record(one).digest == record(other).digest) is is_same


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ({**data(), "seq": -1}, "seq"),
        ({**data(), "seq": True}, "seq"),
        ({**data(), "seq": 1.0}, "seq"),
        ({**data(), "boot": 1 << 63}, "boot"),
        ({**data(), "gw": ""}, "gw"),
        ({**data(), "dev": None}, "dev"),
        (data(scans=[]), "scans"),
        (data(scans=[7]), "scans"),
        (data(scans=[{"v": {}}]), "t"),
        (data(scans=[{"t": 1}]), "v"),
        (data(scans=[{"t": 1, "v": {"a": [1]}}]), "v"),
        (data(scans=[{"t": 1, "v": {"a": 1}, "q": {"a": 7}}]), "q"),
        (data(scans=[{"t": 1, "v": {"a": 1}, "q": []}]), "q"),
        (data(part=[0, 2]), "part"),
        (data(part="1/2"), "part"),
        (data(hist=1), "hist"),
        (event(type=None), "type"),
        (event(data=[]), "data"),
        (event(type="gap", data={"boot": 1, "from_seq": 5, "to_seq": 4, "records": 1}), "to_seq"),
        (event(type="gap", data={"boot": 1, "from_seq": 5, "to_seq": 6}), "records"),
        ({"gw": "gw"}, "type"),
    ],
)
def test_what_is_wrong_is_named(said: dict[str, Any], field: str) -> None:
    with pytest.raises(Broken) as broken:
        read(TOPIC, said)
    assert (broken.value.code, broken.value.field) == ("I8043", field)


@pytest.mark.parametrize("scan", [{"v": {"a": None}}, {"v": {"a": 1}, "q": {"a": "bad.timeout"}}])
def test_null_is_bad_and_bad_is_null(scan: dict[str, Any]) -> None:
    with pytest.raises(Broken) as broken:
        read(TOPIC, data(scans=[{"t": 1, **scan}]))
    assert (broken.value.code, broken.value.field) == ("I8044", "a")


def test_a_state() -> None:
    said = {"online": True, "boot": 41, "t": 1, "previous": {"boot": 40, "clean": True, "last_seq": {"die01": 9}}}
    assert read(STATE, said) == State("gw", 41, True, False, 40, True, {"die01": 9})
    assert read(STATE, {"online": False, "boot": 41, "clean": True}) == State("gw", 41, False, True)
    assert read("x/gw/state", said) == Beside(), "whose it is stands in the topic alone"
    for wrong in ({"last_seq": {}}, {"boot": 1}, {"boot": 1, "last_seq": {"a": -1}}, []):
        with pytest.raises(Broken):
            read(STATE, {**said, "previous": wrong})
    with pytest.raises(Broken):
        read(STATE, {"boot": 1})


def test_meta_and_health_are_beside() -> None:
    assert read("lineside/v1/f/l2/die01/meta", {"rev": 1, "dev": "die01", "tags": {}}) == Beside()
    assert read("lineside/v1/f/gateways/gw/health", {"boot": 1}) == Beside()


@pytest.mark.parametrize("payload", [b"{", b"\xff", b'{"a":NaN}', b"[" * 5000])
def test_what_is_no_json(payload: bytes) -> None:
    with pytest.raises(Broken) as broken:
        parse(payload)
    assert broken.value.code == "I8041"


@pytest.mark.parametrize("said", [None, 7, [], "x"])
def test_what_is_no_object(said: object) -> None:
    with pytest.raises(Broken):
        read(TOPIC, said)


def test_what_is_nested_deep() -> None:
    deep: list[Any] = []
    for _ in range(400):
        deep = [deep]
    with pytest.raises(Broken) as broken:
        read(TOPIC, event(data={"x": deep}))
    assert broken.value.code == "I8042"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["gw", "dev", "boot", "t", "v", "q", "a", "last_seq"]), inner, max_size=4)
    ),
)
SHAPES: dict[str, Callable[..., dict[str, Any]]] = {"data": data, "event": event, "gap": lambda: event(type="gap")}
FIELDS = ("gw", "dev", "boot", "seq", "scans", "t", "type", "data", "part", "hist", "clock", "online", "previous", "id")
TOPICS = (TOPIC, STATE, "x", "", "gateways/state", "a/gateways//state")


@given(
    st.sampled_from(sorted(SHAPES)),
    st.dictionaries(st.sampled_from(FIELDS), JSON),
    st.sampled_from(TOPICS),
    st.booleans(),
)
def test_any_json_is_counted_and_nothing_breaks(shape: str, more: dict[str, Any], topic: str, retained: bool) -> None:
    account = Account()
    account.take(topic, json.dumps({**SHAPES[shape](), **more}).encode(), 10, retained)
    account.take_logged(topic, more)
    assert account.messages == 2
    assert list(account.streams()) or account.broken + account.beside or account.gateways


@given(st.binary(max_size=60))
def test_any_bytes(payload: bytes) -> None:
    account = Account()
    account.take(TOPIC, payload, 10)
    assert account.messages == account.beside + account.broken
