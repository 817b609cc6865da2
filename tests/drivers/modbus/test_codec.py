"""Decoding: every type and order, alone and in blocks with overlaps, and what makes no value."""

import math
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.client import ModbusTcpClient

from drivers.contract import NO_FAULTS, Quality, Value
from drivers.modbus.address import CODINGS, Point, Table
from drivers.modbus.codec import BlockCodec, encode
from drivers.modbus.plan import Block, plan
from tests.drivers.modbus.points import NUMBERS, ORDERS, bit_points, register_points, values, wire


def codec_of(points: dict[int, Point]) -> BlockCodec:
    (block,) = plan(points, registers=65536, bits=65536, gap=65536)
    return BlockCodec(block, points)


def decoded(point: Point, payload: bytes) -> Value:
    indexes, found, faults = codec_of({7: point}).decode(payload)
    assert (indexes, faults) == ((7,), NO_FAULTS)
    return found[0]


@pytest.mark.parametrize(
    ("order", "payload"),
    [("ABCD", "12345678"), ("CDAB", "56781234"), ("BADC", "34127856"), ("DCBA", "78563412")],
)
def test_the_four_orders_of_32_bits(order: str, payload: str) -> None:
    point = Point(Table.HOLDING, 0, 2, "u32", order)  # type: ignore[arg-type]  # a parameter is plain text for mypy
    assert decoded(point, bytes.fromhex(payload)) == 0x12345678
    assert encode(point, 0x12345678).hex() == payload


@pytest.mark.parametrize(
    ("order", "payload"),
    [
        ("ABCD", "123456789abcdef0"),
        ("CDAB", "def09abc56781234"),
        ("BADC", "34127856bc9af0de"),
        ("DCBA", "f0debc9a78563412"),
    ],
)
def test_the_four_orders_of_64_bits(order: str, payload: str) -> None:
    point = Point(Table.HOLDING, 0, 4, "u64", order)  # type: ignore[arg-type]  # a parameter is plain text for mypy
    assert decoded(point, bytes.fromhex(payload)) == 0x123456789ABCDEF0


@pytest.mark.parametrize(
    ("kind", "order", "payload", "expected"),
    [
        ("u8", "ABCD", "12f0", 0xF0),
        ("i8", "CDAB", "12f0", -16),
        ("u8", "BADC", "12f0", 0x12),
        ("i16", "ABCD", "8000", -32768),
        ("u16", "CDAB", "1234", 0x1234),
        ("u16", "DCBA", "1234", 0x3412),
        ("f16", "ABCD", "3e00", 1.5),
        ("f32", "CDAB", "00004048", 3.125),
        ("f64", "ABCD", "4009000000000000", 3.125),
        ("bcd16", "ABCD", "1234", 1234),
        ("bcd32", "CDAB", "56781234", 12345678),
        ("bool", "ABCD", "0000", False),
        ("bool", "ABCD", "0100", True),
    ],
)
def test_types_by_hand(kind: str, order: str, payload: str, expected: Value) -> None:
    point = Point(Table.HOLDING, 3, CODINGS[kind].registers, kind, order)  # type: ignore[arg-type]  # a parameter is plain text for mypy
    found = decoded(point, bytes.fromhex(payload))
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize(
    ("encoding", "order", "length", "payload", "expected"),
    [
        ("ascii", "high", 4, "41424344", "ABCD"),
        ("ascii", "low", 4, "42414443", "ABCD"),
        ("ascii", "high", 3, "41424344", "ABC"),
        ("ascii", "low", 3, "42414443", "ABC"),
        ("ascii", "high", 6, "414200430000", "AB"),
        ("ascii", "high", 4, "20412020", " A"),
        ("ascii", "high", 2, "c1f0", "\ufffd\ufffd"),
        ("gbk", "high", 4, "d3a1cba2", "印刷"),
        ("gbk", "low", 4, "a1d3a2cb", "印刷"),
        ("gb18030", "high", 6, "d3a1cba200d3", "印刷"),
        ("gbk", "high", 3, "d3a1cb00", "印\ufffd"),
        ("utf-8", "high", 6, "e58db0e588b7", "印刷"),
        ("utf-16-be", "high", 6, "00410042d800", "AB\ufffd"),
        ("utf-16-le", "high", 6, "410042000000", "AB"),
        ("utf-16-be", "high", 5, "004100420043", "AB"),
        ("utf-16-be", "high", 6, "002000410020", " A"),
    ],
)
def test_texts(encoding: str, order: str, length: int, payload: str, expected: str) -> None:
    point = Point(Table.HOLDING, 0, (length + 1) // 2, "str", "ABCD", None, order, encoding, length)  # type: ignore[arg-type]  # a parameter is plain text for mypy
    found = decoded(point, bytes.fromhex(payload))
    assert found == expected
    assert isinstance(found, str)
    found.encode()


def test_a_text_too_long_is_cut_at_a_whole_character() -> None:
    point = Point(Table.HOLDING, 0, 2, "str", encoding="gbk", length=3)
    assert encode(point, "印刷机") == bytes.fromhex("d3a10000")


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("u16", -1),
        ("u16", 65536),
        ("bcd16", 10000),
        ("bcd16", -5),
        ("u16", "x"),
        ("f32", 1e60),
        ("f32", "x"),
        ("u16", math.inf),
    ],
)
def test_what_a_type_cannot_hold_is_not_encoded(kind: str, value: Value) -> None:
    with pytest.raises(ValueError):
        encode(Point(Table.HOLDING, 0, CODINGS[kind].registers, kind), value)


def test_bits_of_an_answer_start_with_the_least_significant_of_the_first_byte() -> None:
    points = {index: Point(Table.COIL, 19 + index, 1, "bool") for index in range(19)}
    codec = codec_of(points)
    assert codec.payload_size == 3
    _, found, _ = codec.decode(bytes.fromhex("cd6b05"))  # the example of the specification V1.1b3, section 6.1
    assert [int(bit) for bit in found] == [int(bit) for bit in "1011001111010110101"]
    assert all(type(bit) is bool for bit in found)


def test_a_block_of_plain_numbers_passes_untouched() -> None:
    points = {4: Point(Table.HOLDING, 10), 9: Point(Table.HOLDING, 11, 2, "f32"), 2: Point(Table.HOLDING, 14, 1, "i16")}
    codec = codec_of(points)
    payload = struct.pack(">Hf2xh", 7, 1.5, -3)
    indexes, found, faults = codec.decode(payload)
    assert indexes is codec.indexes
    assert found == (7, 1.5, -3)
    assert type(found) is tuple
    assert faults is NO_FAULTS


def test_bits_and_numbers_of_the_same_words() -> None:
    points = {
        0: Point(Table.HOLDING, 0, 2, "u32"),
        1: Point(Table.HOLDING, 0, 2, "u32", "CDAB"),
        2: Point(Table.HOLDING, 1),
        3: Point(Table.HOLDING, 1, 1, "bool", bit=0),
        4: Point(Table.HOLDING, 1, 1, "bool", bit=15),
        5: Point(Table.HOLDING, 1, 1, "bool", "BADC", bit=0),
        6: Point(Table.HOLDING, 1),
    }
    indexes, found, _ = codec_of(points).decode(bytes.fromhex("12348001"))
    by_index = dict(zip(indexes, found, strict=True))
    assert by_index == {0: 0x12348001, 1: 0x80011234, 2: 0x8001, 3: True, 4: True, 5: False, 6: 0x8001}


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("kind", ["f16", "f32", "f64"])
def test_a_float_that_is_no_number_is_a_fault_and_the_others_are_values(kind: str, number: float) -> None:
    size = CODINGS[kind].registers
    points = {
        5: Point(Table.INPUT, 0, size, kind),
        6: Point(Table.INPUT, size, size, kind),
        7: Point(Table.INPUT, 2 * size),
    }
    letter = CODINGS[kind].letter
    indexes, found, faults = codec_of(points).decode(struct.pack(f">{letter}{letter}H", 1.5, number, 9))
    assert (tuple(indexes), tuple(found)) == ((5, 7), (1.5, 9))
    assert faults == {6: Quality.BAD_DECODE}


def test_finite_floats_whose_sum_is_infinite_are_values() -> None:
    points = {0: Point(Table.INPUT, 0, 4, "f64"), 1: Point(Table.INPUT, 4, 4, "f64")}
    indexes, found, faults = codec_of(points).decode(struct.pack(">dd", 1.7e308, 1.7e308))
    assert (tuple(indexes), tuple(found), faults) == ((0, 1), (1.7e308, 1.7e308), NO_FAULTS)


@pytest.mark.parametrize("payload", ["12a4", "f000", "000b"])
def test_a_bcd_digit_over_nine_is_a_fault(payload: str) -> None:
    points = {0: Point(Table.INPUT, 0, 1, "bcd16"), 1: Point(Table.INPUT, 1)}
    indexes, found, faults = codec_of(points).decode(bytes.fromhex(payload) + b"\0\5")
    assert (tuple(indexes), tuple(found), dict(faults)) == ((1,), (5,), {0: Quality.BAD_DECODE})


def test_an_alone_counter_is_decoded_from_its_two_registers() -> None:
    point = Point(Table.HOLDING, 3785, 2, "u32", "CDAB", alone=True)
    codec = BlockCodec(Block(Table.HOLDING, 3785, 2, (0,)), {0: point})
    assert codec.payload_size == 4
    assert codec.decode(bytes.fromhex("00020001"))[1] == (0x10002,)


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", NUMBERS)
@settings(deadline=None, max_examples=20)
@given(data=st.data())
def test_each_number_in_each_order_lies_on_the_wire_as_defined(kind: str, order: str, data: st.DataObject) -> None:
    point = Point(Table.HOLDING, 0, CODINGS[kind].registers, kind, order)  # type: ignore[arg-type]  # a parameter is plain text for mypy
    value = data.draw(values(point))
    assert encode(point, value) == wire(point, value)
    assert decoded(point, wire(point, value)) == value


@settings(deadline=None, max_examples=150)
@given(st.lists(register_points(), min_size=1, max_size=30), st.binary(min_size=250, max_size=250))
def test_in_a_block_every_point_reads_what_it_reads_alone(listed: list[Point], memory: bytes) -> None:
    points = {3 * index: point for index, point in enumerate(listed)}
    for block in plan(points, registers=125, bits=2000, gap=125):
        payload = memory[2 * block.start : 2 * (block.start + block.count)]
        codec = BlockCodec(block, points)
        assert codec.payload_size == len(payload)
        indexes, found, faults = codec.decode(payload)
        assert sorted([*indexes, *faults]) == sorted(block.members)
        by_index = dict(zip(indexes, found, strict=True))
        for index in block.members:
            point = points[index]
            alone = BlockCodec(Block(block.table, point.offset, point.count, (0,)), {0: point})
            _, one, one_fault = alone.decode(memory[2 * point.offset : 2 * point.end])
            assert list(one) == ([by_index[index]] if index in by_index else [])
            assert [type(value) for value in one] == ([type(by_index[index])] if index in by_index else [])
            assert dict(one_fault) == ({0: faults[index]} if index in faults else {})


@settings(deadline=None, max_examples=150)
@given(st.data())
def test_round_trip_in_random_blocks(data: st.DataObject) -> None:
    listed = data.draw(st.lists(register_points(), min_size=1, max_size=20))
    points: dict[int, Point] = {}
    taken: set[tuple[Table, int, int]] = set()
    for point in listed:
        needs = {
            (point.table, register, bit)
            for register in range(point.offset, point.end)
            for bit in range(16)
            if point.bit is None or bit == (point.bit ^ 8 if point.order in ("BADC", "DCBA") else point.bit)
        }
        if taken.isdisjoint(needs):
            taken |= needs
            points[len(points)] = point
    expected = {index: data.draw(values(point)) for index, point in points.items()}
    memory = {table: bytearray(250) for table in Table}
    for index, point in points.items():
        for at, byte in enumerate(encode(point, expected[index]), start=2 * point.offset):
            memory[point.table][at] |= byte
    got: dict[int, Value] = {}
    for block in plan(points, registers=125, bits=2000, gap=16):
        payload = bytes(memory[block.table][2 * block.start : 2 * (block.start + block.count)])
        indexes, found, faults = BlockCodec(block, points).decode(payload)
        assert not faults
        got.update(zip(indexes, found, strict=True))
    assert got == expected


@settings(deadline=None, max_examples=100)
@given(st.lists(bit_points(), min_size=1, max_size=40), st.binary(min_size=40, max_size=40))
def test_bits_are_those_of_their_addresses(listed: list[Point], memory: bytes) -> None:
    points = dict(enumerate(listed))
    numbers = {table: int.from_bytes(memory, "little") for table in Table}
    for block in plan(points, registers=125, bits=2000, gap=16):
        size = (block.count + 7) // 8
        shifted = numbers[block.table] >> block.start & (1 << block.count) - 1
        indexes, found, faults = BlockCodec(block, points).decode(shifted.to_bytes(size, "little"))
        assert not faults
        assert list(found) == [bool(numbers[block.table] >> points[index].offset & 1) for index in indexes]


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(0, 65535), min_size=4, max_size=4))
def test_pymodbus_reads_the_same_numbers(registers: list[int]) -> None:
    kinds = ModbusTcpClient.DATATYPE
    payload = struct.pack(">4H", *registers)
    for kind, theirs in (
        ("u16", kinds.UINT16), ("i16", kinds.INT16), ("u32", kinds.UINT32), ("i32", kinds.INT32),
        ("f32", kinds.FLOAT32), ("u64", kinds.UINT64), ("i64", kinds.INT64), ("f64", kinds.FLOAT64),
    ):  # fmt: skip
        for order, words in (("ABCD", "big"), ("CDAB", "little")):
            size = CODINGS[kind].registers
            point = Point(Table.HOLDING, 0, size, kind, order)  # type: ignore[arg-type]  # a parameter is plain text for mypy
            expected = ModbusTcpClient.convert_from_registers(registers[:size], theirs, word_order=words)  # type: ignore[arg-type]  # a parameter is plain text for mypy
            _, found, _ = BlockCodec(Block(Table.HOLDING, 0, size, (0,)), {0: point}).decode(payload[: 2 * size])
            assert list(found) == ([expected] if math.isfinite(expected) else [])  # type: ignore[arg-type]  # a number, of these types
