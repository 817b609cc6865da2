"""One decoded value: every type of the standard, what is no value, and the status beside it."""

from datetime import UTC, datetime, timedelta, timezone
from enum import Enum, IntEnum, IntFlag
from math import inf, nan
from uuid import UUID

import pytest
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Quality, Value
from drivers.opcua.decode import published
from drivers.opcua.path import parse
from drivers.opcua.value import are_values, settled, value_of
from tests.drivers.opcua.messages import CHANGES, publish_response, wire


class Mode(IntEnum):
    MANUAL = 2


class Bits(IntFlag):
    A = 1
    B = 4


class Word(Enum):
    ON = "on"


class Own(int):
    """asyncua has subclasses for its types."""


GUID = UUID("12345678-1234-5678-1234-567812345678")
NODE = ua.NodeId("Speed", 3)


@pytest.mark.parametrize(
    ("decoded", "value"),
    [
        (True, True),
        (False, False),
        (-128, -128),
        (2**64 - 1, 2**64 - 1),
        (Own(7), 7),
        (1.5, 1.5),
        (-0.0, -0.0),
        ("", ""),
        ("纸张 №1", "纸张 №1"),
        (ua.String("a"), "a"),
        (datetime(2026, 11, 28, 7, 30, 15, 123999, UTC), "2026-11-28T07:30:15.123Z"),
        (datetime(2026, 11, 28, 7, 30, 15, 0, timezone(timedelta(hours=8))), "2026-11-27T23:30:15.000Z"),
        (datetime(1601, 1, 1, 0, 0, 0, 1000, UTC), "1601-01-01T00:00:00.001Z"),
        (GUID, "12345678-1234-5678-1234-567812345678"),
        (b"", ""),
        (b"\x00\xffA", "00ff41"),
        (ua.XmlElement("<a/>"), "<a/>"),
        (NODE, "ns=3;s=Speed"),
        (ua.NodeId(85), "i=85"),
        (ua.NodeId(GUID, 2), f"ns=2;g={GUID}"),
        (ua.NodeId(b"ab", 2), "ns=2;b=YWI="),
        (ua.ExpandedNodeId("Speed", 0, ua.NodeIdType.String, "urn:press", 0), "nsu=urn:press;s=Speed"),
        (ua.ExpandedNodeId(7, 4, ua.NodeIdType.Numeric, None, 2), "svr=2;ns=4;i=7"),
        (ua.ExpandedNodeId(7, 0, ua.NodeIdType.Numeric, "a;b%", 0), "nsu=a%3Bb%25;i=7"),
        (ua.StatusCode(0x8034_0000), 0x8034_0000),
        (ua.QualifiedName("Speed", 3), "Speed"),
        (ua.LocalizedText("运行", "zh-CN"), "运行"),
        (ua.ServerState.Suspended, 3),
        (Mode.MANUAL, 2),
        (Bits.A | Bits.B, 5),
        (Word.ON, "on"),
        (ua.Variant(1.5), 1.5),
        (ua.Variant(ua.LocalizedText("on")), "on"),
    ],
)
def test_every_type_becomes_a_value(decoded: object, value: Value) -> None:
    found, fault = value_of(decoded)
    assert fault is None
    assert found == value
    assert type(found) is type(value)


@pytest.mark.parametrize(
    ("decoded", "fault"),
    [
        (None, Quality.BAD_NULL),
        (ua.Variant(), Quality.BAD_NULL),
        (ua.LocalizedText(None), Quality.BAD_NULL),
        (ua.QualifiedName(None), Quality.BAD_NULL),
        (ua.XmlElement(None), Quality.BAD_NULL),
        (ua.NodeId(), Quality.BAD_NULL),
        (ua.ExtensionObject(), Quality.BAD_NULL),
        (datetime(1601, 1, 1, tzinfo=UTC), Quality.BAD_NULL),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), Quality.BAD_NULL),
        (nan, Quality.BAD_DECODE),
        (inf, Quality.BAD_DECODE),
        (-inf, Quality.BAD_DECODE),
        ("a\udcff", Quality.BAD_DECODE),
        (ua.LocalizedText("\udc80"), Quality.BAD_DECODE),
        (ua.NodeId("\udc80", 1), Quality.BAD_DECODE),
        ([], Quality.BAD_TYPE),
        ([1], Quality.BAD_TYPE),
        ((1,), Quality.BAD_TYPE),
        ({"a": 1}, Quality.BAD_TYPE),
        (ua.Variant([1, 2]), Quality.BAD_TYPE),
        (ua.Range(1.0, 2.0), Quality.BAD_TYPE),
        (ua.ExtensionObject(ua.NodeId(9, 2), b"x"), Quality.BAD_TYPE),
        (ua.DataValue(ua.Variant(1)), Quality.BAD_TYPE),
        (ua.DiagnosticInfo(), Quality.BAD_TYPE),
    ],
)
def test_what_is_no_value_has_a_reason(decoded: object, fault: Quality) -> None:
    assert value_of(decoded) == (None, fault)


@pytest.mark.parametrize(
    ("decoded", "path", "outcome"),
    [
        ([1, 2], "[1]", (2, None)),
        ([1, 2], "[2]", (None, Quality.BAD_CONFIG)),
        ([[1, 2]], "[0]", (None, Quality.BAD_TYPE)),
        (ua.Range(1.0, nan), "High", (None, Quality.BAD_DECODE)),
        (ua.Range(1.0, nan), "Low", (1.0, None)),
        (ua.EUInformation(DisplayName=ua.LocalizedText("m/min")), "DisplayName", ("m/min", None)),
        (None, "a", (None, Quality.BAD_NULL)),
    ],
)
def test_a_path_goes_before_the_value(decoded: object, path: str, outcome: object) -> None:
    assert value_of(decoded, parse(path)) == outcome


@pytest.mark.parametrize(
    ("decoded", "status", "outcome"),
    [
        (1.5, 0, (1.5, None)),
        (1.5, 0x0000_0480, (1.5, None)),
        (1.5, 0x4090_0000, (1.5, Quality.UNCERTAIN_STALE)),
        (1.5, 0x8034_0000, (None, Quality.BAD_CONFIG)),
        (None, 0x800A_0000, (None, Quality.BAD_TIMEOUT)),
        (None, 0, (None, Quality.BAD_NULL)),
        (nan, 0x4090_0000, (None, Quality.BAD_DECODE)),
    ],
)
def test_a_bad_status_means_no_value(decoded: object, status: int, outcome: object) -> None:
    assert settled(decoded, status) == outcome


def test_a_path_is_followed_where_the_status_allows_it() -> None:
    assert settled([1, 2], 0x4094_0000, parse("[0]")) == (1, Quality.UNCERTAIN_RANGE)
    assert settled([1, 2], 0x8034_0000, parse("[9]")) == (None, Quality.BAD_CONFIG)


@pytest.mark.parametrize(
    ("found", "is_plain"),
    [
        ([], True),
        ([1, True, 1.5, "a", "纸"], True),
        ([1.5, nan], False),
        ([inf, -inf], False),
        ([1e308, 1e308], False),  # each is a value, their sum is none: a second look finds them
        ([None], False),
        (["a", "\udcff"], False),
        ([[1]], False),
        ([Own(1)], False),
    ],
)
def test_a_whole_column_at_once(found: list[object], is_plain: bool) -> None:
    assert are_values(found, [0] * len(found)) is is_plain
    assert not are_values([*found, 1], [0] * len(found) + [0x4000_0000])


@given(CHANGES)
def test_a_column_that_is_taken_as_it_is_would_be_the_same_one_by_one(change: ua.DataChangeNotification) -> None:
    found = published(wire(publish_response(change)))
    assert found is not None
    each = [settled(value, status) for value, status in zip(found.values, found.statuses, strict=True)]
    if are_values(found.values, found.statuses):
        assert [(value, None) for value in found.values] == each
    for value, reason in each:
        assert (value is None) is (reason is not None and reason.is_bad)
        assert type(value) in (bool, int, float, str, type(None))


@given(st.lists(st.booleans() | st.integers() | st.floats(allow_nan=False, width=32) | st.text()))
def test_a_column_of_good_values_is_taken_as_it_is(values: list[Value]) -> None:
    finite = [value for value in values if value not in (inf, -inf)]
    assert are_values(finite, [0] * len(finite))
