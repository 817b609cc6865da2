from typing import Any

import orjson
import pytest

from agent.demo.arrivals import Arrivals
from drivers.contract import Value

TOPIC = "lineside/v1/factory-a/line2/press01/"


class Machines:
    """Showed 1.0 as speed, and has no ink register."""

    def showed(self, device: str, tag: str, value: Value) -> bool:
        return (device, tag, value, type(value)) == ("press01", "speed", 1.0, float)

    def has(self, device: str, tag: str) -> bool:
        return tag == "speed"


@pytest.fixture
def arrivals() -> Arrivals:
    return Arrivals("gw", Machines())


def data(arrivals: Arrivals, seq: int, now_ms: int = 1_000, **more: Any) -> None:
    scans = more.pop("scans", [{"t": 990, "v": {"speed": 1.0}}])
    said = {"gw": "gw", "dev": "press01", "boot": 5, "seq": seq, "scans": scans, **more}
    arrivals.take(TOPIC + "data", orjson.dumps(said), now_ms)


def test_what_arrives_is_counted_with_its_latency(arrivals: Arrivals) -> None:
    data(arrivals, 0)
    data(arrivals, 1, now_ms=2_000, scans=[{"t": 1_950, "v": {"speed": 1.0}}])
    assert (arrivals.messages, arrivals.values, arrivals.missing, arrivals.wrong_count) == (2, 2, 0, 0)
    assert list(arrivals.latencies_ms) == [10, 50]
    assert arrivals.rate(2_000) == pytest.approx(0.4)
    assert arrivals.rate(20_000) == 0
    row = arrivals.devices["press01"]["speed"]
    assert (row.value, row.quality, row.time_ms, list(row.history)) == (1.0, "good", 1_950, [1.0, 1.0])


def test_a_hole_in_the_numbers_is_missing_until_it_comes(arrivals: Arrivals) -> None:
    data(arrivals, 0)
    data(arrivals, 3)
    assert arrivals.missing == 2
    data(arrivals, 2, hist=True)
    assert arrivals.missing == 1
    assert len(arrivals.latencies_ms) == 2, "history has no latency"
    data(arrivals, 2)
    assert (arrivals.duplicates, arrivals.missing, arrivals.values) == (1, 1, 3)


def test_a_first_record_that_is_not_number_0_is_missing_some(arrivals: Arrivals) -> None:
    data(arrivals, 2)
    assert arrivals.missing == 2


def test_an_announced_gap_is_not_missing(arrivals: Arrivals) -> None:
    data(arrivals, 0)
    data(arrivals, 4)
    event = {"gw": "gw", "dev": "press01", "boot": 5, "seq": 5, "type": "gap", "t": 1}
    event["data"] = {"boot": 5, "from_seq": 1, "to_seq": 3, "records": 3, "reason": "overflow"}
    arrivals.take(TOPIC + "event", orjson.dumps(event), 1_000)
    assert (arrivals.missing, arrivals.announced, arrivals.events) == (0, 3, 1)


def test_a_value_that_no_machine_showed_is_wrong(arrivals: Arrivals) -> None:
    data(arrivals, 0, scans=[{"t": 1, "v": {"speed": 2.0}}])
    assert arrivals.wrong == ["press01.speed = 2.0 (good)"]


def test_a_register_that_is_not_there_is_bad_config_and_true(arrivals: Arrivals) -> None:
    data(arrivals, 0, scans=[{"t": 1, "v": {"ink": None}, "q": {"ink": "bad.config"}}])
    assert arrivals.wrong_count == 0


@pytest.mark.parametrize(
    ("value", "quality"),
    [
        (None, "good"),
        (None, "bad.config"),
        (1.0, "bad.timeout"),
        ("1.0", "good"),
        (True, "good"),
        (None, "uncertain.range"),
    ],
)
def test_bad_means_null_and_null_means_bad(arrivals: Arrivals, value: Value | None, quality: str) -> None:
    data(arrivals, 0, scans=[{"t": 1, "v": {"speed": value}, "q": {"speed": quality}}])
    assert arrivals.wrong_count == 1


@pytest.mark.parametrize("payload", [b"{", b"\xff", b'{"gw":"gw","dev":"press01"}', b'{"gw":"gw","scans":[1]}'])
def test_what_cannot_be_read_is_counted(arrivals: Arrivals, payload: bytes) -> None:
    arrivals.take(TOPIC + "data", payload, 1_000)
    assert (arrivals.unreadable, arrivals.values) == (1, 0)


def test_another_gateway_is_not_looked_at(arrivals: Arrivals) -> None:
    arrivals.take(TOPIC + "data", b'{"gw":"other"}', 1_000)
    arrivals.take(TOPIC + "meta", b"", 1_000)
    assert (arrivals.messages, arrivals.unreadable) == (0, 0)


def test_meta_gives_unit_and_title_and_state_is_remembered(arrivals: Arrivals) -> None:
    meta = {"rev": 1, "gw": "gw", "dev": "press01", "tags": {"speed": {"unit": "m/min", "title": {"zh": "车速"}}}}
    arrivals.take(TOPIC + "meta", orjson.dumps(meta), 1_000)
    arrivals.take("lineside/v1/factory-a/gateways/gw/state", b'{"online":true}', 1_000)
    row = arrivals.devices["press01"]["speed"]
    assert (row.unit, row.title) == ("m/min", {"zh": "车速"})
    assert arrivals.online is True
    arrivals.take("lineside/v1/factory-a/gateways/gw/state", b'{"online":false}', 1_000)
    assert arrivals.online is False
    assert len(arrivals.retained) == 2
