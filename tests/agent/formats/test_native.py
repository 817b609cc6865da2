"""Lineside's own JSON: exactly what docs/mqtt.md says, whatever comes."""

import json
import math
from collections.abc import Mapping

import hypothesis.strategies as st
import orjson
import pytest
from hypothesis import given, settings

from agent.formats import native as native_module
from agent.formats.contract import Message, Meta, Snapshot
from agent.formats.native import Native
from agent.formats.plain import TEXT_MAX
from agent.formats.topics import InvalidTopic, Templates, expand
from agent.record import Entry, Event, Moment, Record

LABELS = {"site": "f1", "enterprise": "pingyang"}
NATIVE = Native("gw-0007", LABELS, {"die01": {"line": "l2", "device_type": "die-cutter"}})
NOW = Snapshot(1772439331000, 41, version="0.1.0")
T = 1772439330250


def said(
    *moments: Moment, snapshot: Snapshot = NOW, hist: bool = False, rev: int = 0, offset: int | None = None
) -> str:
    """The payload of one record of samples."""
    record = Record("die01", moments, rev=rev, offset_ms=offset, boot=41, seq=90817)
    (message,) = NATIVE.encode(None, Entry(5, record, hist), snapshot)[1]
    assert message[0] == "lineside/v1/f1/l2/die01/data"
    assert message[2:] == (1, False)
    return message.payload.decode()


def test_samples_are_as_documented() -> None:
    assert said(
        Moment(
            T, {"speed": 85.0, "count_good": 1012345, "temperature_dryer1": None}, {"temperature_dryer1": "bad.timeout"}
        ),
        Moment(T + 1000, {"speed": 86.5}, {}),
    ) == (
        '{"gw":"gw-0007","dev":"die01","boot":41,"seq":90817,"scans":['
        '{"t":1772439330250,"v":{"speed":85.0,"count_good":1012345,"temperature_dryer1":null},'
        '"q":{"temperature_dryer1":"bad.timeout"}},{"t":1772439331250,"v":{"speed":86.5}}]}'
    )


def test_an_event_is_as_documented() -> None:
    data = {"from": 6, "to": 11, "duration_s": 1835.2, "reason": {"id": 204, "text": "缺料"}}
    event = Event("state", T, data, {"job": "GD-07", "shift": None}, "01JNA")
    record = Record("die01", event=event, boot=41, seq=90818, rev=7)
    (message,) = NATIVE.encode(None, Entry(6, record, True), NOW)[1]
    assert message == Message(
        "lineside/v1/f1/l2/die01/event",
        '{"gw":"gw-0007","dev":"die01","boot":41,"seq":90818,"hist":true,"rev":7,"id":"01JNA","type":"state",'
        '"t":1772439330250,"data":{"from":6,"to":11,"duration_s":1835.2,"reason":{"id":204,"text":"缺料"}},'
        '"context":{"job":"GD-07","shift":null}}'.encode(),
    )


def test_history_and_the_meta_that_explains_it_are_marked() -> None:
    head = orjson.loads(said(Moment(T, {"a": 1}, {}), hist=True, rev=7))
    assert (head["hist"], head["rev"]) == (True, 7)
    assert {"hist", "rev", "clock", "part"}.isdisjoint(orjson.loads(said(Moment(T, {"a": 1}, {}))))


def test_values_of_one_time_share_one_entry() -> None:
    scans = orjson.loads(
        said(Moment(T, {"a": 1}, {}), Moment(T + 1, {"a": 3}, {}), Moment(T, {"b": None}, {"b": "bad.busy"}))
    )["scans"]
    assert scans == [{"t": T, "v": {"a": 1, "b": None}, "q": {"b": "bad.busy"}}, {"t": T + 1, "v": {"a": 3}}]


def test_two_values_of_one_tag_at_one_time_both_stay() -> None:
    scans = orjson.loads(said(Moment(T, {"a": 1}, {}), Moment(T, {"a": 2}, {}), Moment(T, {"b": 3}, {})))["scans"]
    assert [scan["v"] for scan in scans] == [{"a": 1, "b": 3}, {"a": 2}]


def test_an_unsynchronised_record_is_restamped_once_the_clock_is_right() -> None:
    moment = Moment(5_000, {"a": 1}, {})
    snapshot = Snapshot(T, 41, synced=True, offset_ms=T)
    payload = orjson.loads(said(moment, snapshot=snapshot, offset=1_000))
    assert payload["scans"][0]["t"] == T + 4_000
    assert "clock" not in payload


def test_an_unsynchronised_record_is_flagged_until_then() -> None:
    moment = Moment(5_000, {"a": 1, "b": None, "c": 3}, {"b": "bad.null", "c": "uncertain.range"})
    payload = orjson.loads(said(moment, snapshot=Snapshot(6_000, 41, synced=False), offset=1_000))
    assert payload["clock"] == "unsynced"
    assert payload["scans"][0]["t"] == 5_000
    assert payload["scans"][0]["q"] == {"a": "uncertain.clock", "b": "bad.null", "c": "uncertain.range"}


def test_events_are_restamped_too() -> None:
    record = Record("die01", event=Event("comm", 5_000, {}), offset_ms=1_000, boot=1, seq=1)
    (message,) = NATIVE.encode(None, Entry(0, record, False), Snapshot(T, 1, offset_ms=T))[1]
    assert orjson.loads(message.payload)["t"] == T + 4_000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (85.0, "85.0"),
        (-0.0, "-0.0"),
        (1e16, "1e+16"),
        (1.5e-300, "1.5e-300"),
        (2**64 - 1, "18446744073709551615"),
        (-(2**63), "-9223372036854775808"),
        (2**64, "18446744073709551616"),
        (-(2**80), "-1208925819614629174706176"),
        (True, "true"),
        ('a\0\n"', '"a\\u0000\\n\\""'),
        ("缺\ud800料", '"缺\ufffd料"'),
        ("\ud83d\ude00", '"😀"'),
    ],
)
def test_values_keep_their_kind(value: bool | float | str, text: str) -> None:
    assert f'"v":{{"a":{text}}}' in said(Moment(T, {"a": value}, {}))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 2**200])
def test_what_is_no_number_is_null_and_bad(value: float) -> None:
    payload = said(Moment(T, {"a": value, "b": 1.0, "c": None}, {"c": "bad.timeout"}))
    assert orjson.loads(payload)["scans"] == [
        {"t": T, "v": {"a": None, "b": 1.0, "c": None}, "q": {"c": "bad.timeout", "a": "bad.decode"}}
    ]


def test_a_long_text_is_cut_between_two_characters() -> None:
    value = orjson.loads(said(Moment(T, {"a": "x" + "料" * 5000}, {})))["scans"][0]["v"]["a"]
    assert value == "x" + "料" * ((TEXT_MAX - 1) // 3)


def test_a_record_larger_than_a_packet_goes_out_in_numbered_parts() -> None:
    values: dict[str, int | float | bool | str | None] = {f"tag_{n:03}": n for n in range(200)}
    moments = [Moment(T + n, dict(values), {"tag_007": "uncertain.range"}) for n in range(3)]
    record = Record("die01", moments, boot=41, seq=1)
    parts = NATIVE.encode(None, Entry(0, record, False), Snapshot(T, 41, max_packet=2000))[1]
    payloads = [orjson.loads(part.payload) for part in parts]
    assert max(len(part.payload) + len(part.topic) + 16 for part in parts) <= 2000
    assert [payload["part"] for payload in payloads] == [[n, len(parts)] for n in range(1, len(parts) + 1)]
    whole: dict[int, dict[str, int]] = {}
    marked = []
    for payload in payloads:
        assert (payload["boot"], payload["seq"]) == (41, 1)
        for scan in payload["scans"]:
            whole.setdefault(scan["t"], {}).update(scan["v"])
            marked += [(scan["t"], name) for name in scan.get("q", {})]
    assert whole == {T + n: values for n in range(3)}
    assert marked == [(T + n, "tag_007") for n in range(3)]


def test_a_single_value_that_does_not_fit_goes_out_as_it_is() -> None:
    record = Record("die01", [Moment(T, {"a": "x" * 500}, {})], boot=41, seq=1)
    (message,) = NATIVE.encode(None, Entry(0, record, False), Snapshot(T, 41, max_packet=200))[1]
    assert len(message.payload) > 500


def test_a_connection_begins_with_state_and_metas() -> None:
    previous = {"boot": 40, "clean": True, "last_seq": {"die01": 90411}}
    snapshot = Snapshot(T, 41, metas={"die01": Meta(7, {"dev": "die01"})}, previous=previous, version="0.1.0")
    state, meta = NATIVE.begin(None, snapshot)[1]
    assert state == Message(
        "lineside/v1/f1/gateways/gw-0007/state",
        b'{"online":true,"boot":41,"t":1772439330250,"version":"0.1.0",'
        b'"previous":{"boot":40,"clean":true,"last_seq":{"die01":90411}}}',
        1,
        True,
    )
    assert meta == Message("lineside/v1/f1/l2/die01/meta", b'{"rev":7,"dev":"die01"}', 1, True)


def test_the_will_and_the_end_say_offline() -> None:
    will, (end,) = NATIVE.will(None, NOW), NATIVE.end(None, NOW)[1]
    assert will == Message(end.topic, b'{"online":false,"boot":41,"t":1772439331000}', 1, True)
    assert orjson.loads(end.payload)["clean"] is True
    assert end.retain


def test_health_is_the_report() -> None:
    (message,) = NATIVE.health(None, {"clock": {"synced": True}}, NOW)[1]
    assert message.topic == "lineside/v1/f1/gateways/gw-0007/health"
    assert orjson.loads(message.payload) == {
        "gw": "gw-0007", "boot": 41, "t": 1772439331000, "clock": {"synced": True}
    }  # fmt: skip


def test_metas_that_changed_are_explained_again_and_no_others() -> None:
    before = {"die01": Meta(7, {"dev": "die01"}), "die02": Meta(1, {"dev": "die02"})}
    after = {**before, "die01": Meta(8, {"dev": "die01", "labels": {}})}
    (message,) = NATIVE.explain(None, Snapshot(T, 41, metas=after), before)[1]
    assert message.topic.endswith("/die01/meta")
    assert (orjson.loads(message.payload)["rev"], message.retain) == (8, True)


def test_the_meta_of_what_is_gone_is_cleared() -> None:
    removed: list[Mapping[str, str]] = [
        {"site": "f1", "line": "l9", "device": "old"},
        {"site": "f1", "line": "l9", "device": "old"},
        {"site": "f1", "line": "l2", "device": "die01"},
        {"site": "f1", "device": "nowhere"},
    ]
    messages = NATIVE.begin(None, Snapshot(T, 41, removed=removed))[1]
    assert messages[1:] == [Message("lineside/v1/f1/l9/old/meta", b"", 1, True)]


def test_templates_can_be_ones_own() -> None:
    native = Native(
        "g",
        {},
        {"d": {"device_type": "press"}},
        Templates("{stream}/{device_type}", "e/{device}", "m", "s/{gateway}", "h"),
    )
    record = Record("d", [Moment(1, {"a": 1}, {})], boot=1, seq=0)
    assert native.encode(None, Entry(0, record, False), NOW)[1][0].topic == "d/press"


@pytest.mark.parametrize(
    ("template", "labels", "problem"),
    [
        ("a/{line}/b", {}, "missing"),
        ("a/{line}", {"line": ""}, "missing"),
        ("a/{lime}", {"lime": "x"}, "unknown"),
        ("a/{line", {"line": "x"}, "character"),
        ("a/{line}", {"line": "x/y"}, "level"),
        ("a/{line}", {"line": "x+"}, "character"),
        ("a/{line}", {"line": "#"}, "character"),
        ("a/{line}", {"line": "\0"}, "character"),
        ("a/{line}", {"line": "\ud800"}, "character"),
        ("$SYS/a", {}, "start"),
        ("a//b", {}, "empty"),
        ("/a", {}, "empty"),
        ("", {}, "empty"),
        ("a" * 513, {}, "long"),
    ],
)
def test_a_template_that_makes_no_topic_is_refused(template: str, labels: dict[str, str], problem: str) -> None:
    with pytest.raises(InvalidTopic) as refused:
        expand(template, labels)
    assert refused.value.problem == problem


def test_a_label_that_a_default_topic_needs_is_asked_for() -> None:
    with pytest.raises(InvalidTopic, match="missing 'line'"):
        Native("g", {"site": "f"}, {"d": {}})
    with pytest.raises(InvalidTopic, match="missing 'site'"):
        Native("g", {}, {})


anything = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**140), 2**140),
    st.floats(),
    st.text(st.characters(exclude_categories=[]), max_size=50),
    st.sampled_from(["\ud800", "x" * 9000, "null", ":null"]),
)
moments = st.builds(Moment, st.integers(0, 2**42), st.dictionaries(st.sampled_from("abcdefgh"), anything), st.just({}))


def refuse(name: str) -> float:
    raise AssertionError(f"{name} is no JSON")


@settings(max_examples=200)
@given(st.lists(moments, min_size=1, max_size=5), st.booleans(), st.sampled_from([300, 3000, 2**28]))
def test_samples_are_always_valid_json(given_moments: list[Moment], hist: bool, room: int) -> None:
    record = Record("die01", given_moments, boot=1, seq=2)
    messages = NATIVE.encode(None, Entry(0, record, hist), Snapshot(T, 1, max_packet=room))[1]
    count = 0
    for message in messages:
        payload = json.loads(message.payload.decode("utf-8"), parse_constant=refuse)
        for scan in payload["scans"]:
            count += len(scan["v"])
            for value in scan["v"].values():
                assert not isinstance(value, str) or len(value.encode()) <= TEXT_MAX
    assert count == sum(len(moment.values) for moment in given_moments)


nested = st.recursive(
    anything,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=5), inner, max_size=3)),
)


@settings(max_examples=200)
@given(st.dictionaries(st.text(st.characters(exclude_categories=[]), max_size=5), nested, max_size=4))
def test_events_are_always_valid_json(data: dict[str, object]) -> None:
    record = Record("die01", event=Event("x", T, data), boot=1, seq=2)
    (message,) = NATIVE.encode(None, Entry(0, record, False), NOW)[1]
    json.loads(message.payload.decode("utf-8"), parse_constant=refuse)


@settings(max_examples=200)
@given(st.text(st.characters(exclude_categories=[]), max_size=20))
def test_a_label_makes_a_valid_topic_or_is_refused(label: str) -> None:
    try:
        topic = expand("a/{line}/b", {"line": label})
    except InvalidTopic:
        return
    encoded = topic.encode("utf-8")
    assert 0 < len(encoded) <= 512
    assert topic.count("/") == 2
    assert not set(topic) & set("+#\0\n\u007f")


def test_strange_kinds_in_events_become_plain() -> None:
    data = {"set": frozenset({"b", "a"}), 5: (1, 2), "bytes": b"x", "big": 2**100, "nan": math.nan}
    record = Record("die01", event=Event("x", T, data), boot=1, seq=2)  # type: ignore[arg-type]  # wrong on purpose
    (message,) = NATIVE.encode(None, Entry(0, record, False), NOW)[1]
    assert json.loads(message.payload)["data"] == {
        "set": ["a", "b"], "5": [1, 2], "bytes": "b'x'", "big": 2**100, "nan": None
    }  # fmt: skip


def test_a_record_is_one_call_of_orjson_and_no_look_at_each_value(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ratio to a bare dumps is a matter of `make bench`; what makes it small is held here."""
    calls: list[object] = []

    class Counting:
        @staticmethod
        def dumps(content: object) -> bytes:
            calls.append(content)
            return orjson.dumps(content)

    def never(*_: object) -> bool:
        raise AssertionError("looked at each value")

    monkeypatch.setattr(native_module, "orjson", Counting)
    monkeypatch.setattr(native_module, "_is_sayable", never)
    values: dict[str, int | float | bool | str | None] = {f"x_tag_{n:03}": n * 1.37 for n in range(1000)}
    said(Moment(T, values, {}))
    assert calls == [values]
