"""What a variable holds, for people; units and ranges; addresses that lead back to where they came from."""

import math
from typing import Any

import pytest
from asyncua import ua
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Quality
from drivers.opcua.holding import PARTS, held, parts
from drivers.opcua.node import UA, Node, node
from drivers.opcua.path import parse
from drivers.opcua.units import UNECE, range_of, unit_of
from drivers.opcua.written import written

NAMESPACES = [UA, "urn:server", "http://example.org/line"]
BAD_NODE_ID_UNKNOWN = 0x8034_0000


@pytest.mark.parametrize(
    ("decoded", "text", "type_"),
    [
        (12.5, "12.5", "float"),
        (True, "True", "bool"),
        (7, "7", "int"),
        ("缺料", "缺料", "str"),
        (ua.LocalizedText("Run"), "Run", "str"),
        (b"\x01", "01", "str"),
    ],
)
def test_a_plain_value(decoded: object, text: str, type_: str) -> None:
    assert held(decoded, 0) == (text, type_, Quality.GOOD, "", True)


def test_no_value_has_a_reason() -> None:
    assert held(None, 0).quality is Quality.BAD_NULL
    assert held(math.nan, 0).quality is Quality.BAD_DECODE
    assert held(None, BAD_NODE_ID_UNKNOWN).quality is Quality.BAD_CONFIG


def test_an_array_is_counted_and_its_first_elements_are_parts() -> None:
    many = list(range(1000))
    found = held(many, 0)
    assert (found.size, found.is_whole) == ("[1000]", False)
    assert found.text.startswith("[0, 1, 2, ")
    assert found.text.endswith(", ...]")
    inside = list(parts(many))
    assert [part.name for part in inside] == [f"[{n}]" for n in range(PARTS)]
    assert inside[3].path == ((3,),)


def test_a_matrix_is_parts_in_parts() -> None:
    found = [(part.level, part.path) for part in parts([[1, 2], [3, 4]])]
    assert held([[1, 2], [3, 4]], 0).size == "[2,2]"
    assert (2, ((1,), (0,))) in found


def test_a_structure_that_is_known_has_fields() -> None:
    assert not held(ua.Range(1.0, 2.0), 0).is_whole
    assert [(part.name, part.held.text) for part in parts(ua.Range(1.0, 2.0))] == [("Low", "1.0"), ("High", "2.0")]


def test_one_that_is_not_known_is_said_to_be_one() -> None:
    raw = ua.ExtensionObject(ua.NodeId(ua.Int32(5), ua.Int16(2)), ua.ByteString(b"\x01"))
    assert held(raw, 0).quality is Quality.BAD_TYPE
    assert not list(parts(raw))


@pytest.mark.parametrize(
    ("unit_id", "space", "unit"),
    [
        (4408652, UNECE, "Cel"),
        (12888, UNECE, "m/min"),
        (13384, "", "um"),
        (4408652, "urn:own", ""),
        (1, UNECE, ""),
    ],
)
def test_units_of_unece(unit_id: int, space: str, unit: str) -> None:
    found = ua.EUInformation(ua.String(space), ua.Int32(unit_id), ua.LocalizedText("shown"), ua.LocalizedText("more"))
    assert unit_of(found) == (unit, "shown")


def test_what_is_no_unit_and_no_range() -> None:
    assert unit_of(None) == ("", "")
    assert range_of(None) is None
    assert range_of(ua.Range(ua.Double(0), ua.Double(0))) is None
    assert range_of(ua.Range(ua.Double(0), ua.Double(math.inf))) is None
    assert range_of(ua.Range(ua.Double(0), ua.Double(120))) == (0.0, 120.0)


IDENTIFIERS = st.one_of(
    st.integers(0, 0xFFFF_FFFF),
    st.text(min_size=1),
    st.binary(min_size=1),
    st.uuids(),
)


@given(IDENTIFIERS, st.sampled_from([0, 1, 2, 3]), st.text(min_size=1), st.sampled_from(["", "[0]", "Orders[1].Name"]))
def test_what_is_written_leads_back(identifier: Any, index: int, name: str, within: str) -> None:
    path = parse(within) if within else ()
    text = written(ua.NodeId(identifier, ua.Int16(index)), NAMESPACES, [(NAMESPACES[2], name)], path)
    if text:
        found = node(text)
        assert found.within == within
        assert str(Node(found.place, within)) == text


@pytest.mark.parametrize(
    ("identifier", "text"),
    [
        ("a|b", "nsu=http://example.org/line;s=a&|b"),
        ("|var|PLC.GVL.x", "nsu=http://example.org/line;s=|var|PLC.GVL.x"),
        ('DB1"."Speed', 'nsu=http://example.org/line;s=DB1"."Speed'),
        ("速度", "nsu=http://example.org/line;s=速度"),
        (" lost ", "/nsu=http://example.org/line;Line&/1"),
    ],
)
def test_odd_names(identifier: str, text: str) -> None:
    found = ua.NodeId(ua.String(identifier), ua.Int16(2))
    assert written(found, NAMESPACES, [(NAMESPACES[2], "Line/1")]) == text


def test_a_namespace_that_the_server_does_not_name_is_reached_by_path_or_not_at_all() -> None:
    found = ua.NodeId(ua.String("a"), ua.Int16(9))
    assert written(found, NAMESPACES, [(UA, "Plant")]) == "/Plant"
    assert written(found, NAMESPACES, []) == ""
