"""docs/asyncapi.yaml describes what the code really produces."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import orjson
import pytest
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from ruamel.yaml import YAML

from agent.formats.contract import Message, Meta, Snapshot
from agent.formats.native import Native
from agent.formats.topics import Templates
from agent.outbox.gaps import Gaps
from agent.publish import Delivery
from agent.record import Entry, Event, Moment, Record, ulid
from tests.agent.outbox.test_memory import ring
from tests.fakes.told import Told

DOCS = Path(__file__).parents[3] / "docs"
DOCUMENT = YAML(typ="safe").load((DOCS / "asyncapi.yaml").read_text())
T = 1772439330250
NATIVE = Native("gw", {"site": "f"}, {"die01": {"line": "l2"}})
NOW = Snapshot(T, 41, version="1")


def check(kind: str, payload: bytes) -> None:
    schema = {"$ref": f"#/components/schemas/{kind}", "components": DOCUMENT["components"]}
    Draft202012Validator(schema).validate(orjson.loads(payload))


def encoded(record: Record, snapshot: Snapshot = NOW, *, hist: bool = False) -> Sequence[Message]:
    record.boot, record.seq = 41, 5
    return NATIVE.encode(None, Entry(0, record, hist), snapshot)[1]


def test_data() -> None:
    moment = Moment(T, {"a": 1, "b": 1.5, "c": "x", "d": True, "e": None}, {"e": "bad.timeout"})
    for message in [
        *encoded(Record("die01", [moment], rev=3)),
        *encoded(Record("die01", [moment], offset_ms=4), Snapshot(T, 41, synced=False), hist=True),
        *encoded(Record("die01", [moment, Moment(T + 1, {"a": 2**70}, {})]), Snapshot(T, 41, max_packet=140)),
    ]:
        check("data", message.payload)


def test_events() -> None:
    (message,) = encoded(Record("die01", event=Event("comm", T, {"state": "up"}, {"job": "x"}, ulid(T)), rev=1))
    check("event", message.payload)


def test_gap_events() -> None:
    gaps = Gaps()
    gaps.lose(Record("die01", [Moment(T, {"a": 1}, {})], boot=41, seq=3), ["county"], "overflow", 0)
    (record,) = gaps.due("county", 0, lambda: (T, None))
    (message,) = encoded(record)
    check("event", message.payload)
    broken = orjson.loads(message.payload)
    del broken["data"]["records"]
    with pytest.raises(ValidationError):
        check("event", orjson.dumps(broken))


def test_state_and_meta_and_health() -> None:
    tags: Mapping[str, object] = {"speed": {"metric": "speed", "type": "float", "unit": "m/min", "every_s": 1.0}}
    meta = Meta(7, {"gw": "gw", "dev": "die01", "labels": {"line": "l2"}, "tags": tags})
    previous = {"boot": 40, "clean": True, "last_seq": {"die01": 4}}
    snapshot = Snapshot(T, 41, metas={"die01": meta}, previous=previous, version="1")
    state, explained = NATIVE.begin(None, snapshot)[1]
    check("state", state.payload)
    check("meta", explained.payload)
    check("state", NATIVE.will(None, snapshot).payload)
    check("state", NATIVE.end(None, snapshot)[1][0].payload)
    delivery = Delivery(
        "county", ring().reader("one"), NATIVE, None, None, "gw",  # type: ignore[arg-type]  # nothing of it is called
        snapshot=lambda: snapshot, report=dict, journal=Told(),
    )  # fmt: skip
    report = {"destinations": {"county": delivery.report()}, "connections": {}, "devices": {}, "clock": {}}
    check("health", NATIVE.health(None, report, snapshot)[1][0].payload)


@pytest.mark.parametrize(
    "wrong",
    [
        {"gw": "g", "dev": "d", "boot": 1, "seq": 0},
        {"gw": "g", "dev": "d", "boot": 1, "seq": -1, "scans": [{"t": 1, "v": {}}]},
        {"gw": "g", "dev": "d", "boot": 1, "seq": 1, "scans": [{"t": 1, "v": {"a": [1]}}]},
        {"gw": "g", "dev": "d", "boot": 1, "seq": 1, "scans": [{"t": 1, "v": {}}], "odd": 1},
    ],
)
def test_what_is_wrong_is_found(wrong: Mapping[str, object]) -> None:
    with pytest.raises(ValidationError):
        check("data", orjson.dumps(wrong))


def test_the_topics_are_the_defaults() -> None:
    templates = Templates()
    for kind in ("data", "event", "meta", "state", "health"):
        assert DOCUMENT["channels"][kind]["address"] == getattr(templates, kind)
    for language in ("mqtt.md", "mqtt.zh-CN.md"):
        text = (DOCS / language).read_text()
        assert all(channel["address"] in text for channel in DOCUMENT["channels"].values()), language


def test_every_quality_is_in_the_tables() -> None:
    from drivers.contract import Quality

    for language in ("mqtt.md", "mqtt.zh-CN.md"):
        text = (DOCS / language).read_text()
        assert [quality for quality in Quality if quality != Quality.GOOD and f"`{quality}`" not in text] == []
