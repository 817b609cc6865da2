"""Tables, types and points."""

import struct

import pytest

from drivers.modbus.address import CODINGS, Point, Table


def test_tables_have_their_function_codes_and_nothing_else() -> None:
    assert [(table.function, table.prefix, table.digit, table.is_bits) for table in Table] == [
        (1, "co", "0", True),
        (2, "di", "1", True),
        (3, "hr", "4", False),
        (4, "ir", "3", False),
    ]


def test_each_type_takes_the_registers_that_its_bytes_need() -> None:
    for kind, coding in CODINGS.items():
        if kind != "str":
            assert coding.registers == max(1, struct.calcsize(f">{coding.letter}") // 2), kind


@pytest.mark.parametrize(
    ("point", "source"),
    [
        (Point(Table.HOLDING, 4196, written="D100"), "D100 = hr:4196 (404197)"),
        (Point(Table.HOLDING, 500, type="bool", bit=3, written="D500.3"), "D500.3 = hr:500.3 (400501.3)"),
        (Point(Table.INPUT, 0), "ir:0 (300001)"),
        (Point(Table.COIL, 65535, type="bool", written="Y1777"), "Y1777 = co:65535 (065536)"),
        (Point(Table.DISCRETE, 1032, type="bool", written="X10"), "X10 = di:1032 (101033)"),
    ],
)
def test_both_notations_are_shown(point: Point, source: str) -> None:
    assert point.source == source


def test_a_point_occupies_its_registers_or_one_address_where_that_is_all_it_has() -> None:
    assert Point(Table.HOLDING, 10, 2, "u32").end == 12
    assert Point(Table.HOLDING, 10, 2, "u32", alone=True).end == 11
    assert Point(Table.COIL, 10, 1, "bool").end == 11
