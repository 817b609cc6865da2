"""The memory of a simulated PLC."""

import struct

import pytest

from drivers.contract import Group, Tag, Value
from drivers.errors import InvalidConfig
from drivers.modbus.address import Table
from drivers.modbus.config import Address, Device, Limits
from drivers.modbus.memory import Memory, memories


def unit(shown: dict[str, Value | None], plc: str | None = None, gap: int = 16) -> Memory:
    """A unit whose tags are named by their addresses."""
    tags = [Tag(written, Address(address=written)) for written in shown]
    group = Group("g", "d", Device(unit=3, plc=plc), tags, 1.0)
    return memories([group], Limits(gap=gap), lambda device, tag: shown[tag])[3]


def test_values_lie_where_their_addresses_are_and_holes_are_zero() -> None:
    memory = unit({"hr:10": 7, "hr:12:u32@CDAB": 0x12345678, "ir:10": 9})
    assert memory.read(Table.HOLDING, 10, 4) == bytes.fromhex("0007000056781234")
    assert memory.read(Table.HOLDING, 13, 1) == bytes.fromhex("1234")
    assert memory.read(Table.INPUT, 10, 1) == b"\0\x09"


def test_what_no_tag_has_does_not_exist() -> None:
    memory = unit({"hr:10": 7, "hr:40": 8})
    assert memory.read(Table.HOLDING, 9, 2) is None
    assert memory.read(Table.HOLDING, 10, 31) is None
    assert memory.read(Table.HOLDING, 11, 1) is None
    assert memory.read(Table.INPUT, 10, 1) is None
    assert memory.read(Table.COIL, 10, 1) is None
    assert memory.read(Table.HOLDING, 65535, 2) is None


def test_a_tag_that_the_world_does_not_have_is_an_address_that_does_not_exist() -> None:
    memory = unit({"hr:0": 1, "hr:1:u32": None, "hr:3": 4})
    assert memory.read(Table.HOLDING, 0, 1) == b"\0\1"
    assert [memory.read(Table.HOLDING, at, 1) for at in (1, 2)] == [None, None]
    assert memory.read(Table.HOLDING, 0, 4) is None
    assert memory.read(Table.HOLDING, 3, 1) == b"\0\4"


def test_two_bytes_share_a_register() -> None:
    memory = unit({"MB4": 0x34, "MB5:i8": -2, "MX6.1": True, "MX7.0": True}, plc="inovance-am")
    assert memory.read(Table.HOLDING, 2, 2) == bytes.fromhex("fe340102")
    assert unit({"MB5": 0x12}, plc="inovance-am").read(Table.HOLDING, 2, 1) == bytes.fromhex("1200")


def test_single_bits_lie_over_words() -> None:
    memory = unit({"hr:5.0": True, "hr:5.9": False, "hr:5.15@BADC": True, "hr:5": 0xFF00})
    assert memory.read(Table.HOLDING, 5, 1) == bytes.fromhex("fd81")


def test_bits_of_a_table() -> None:
    memory = unit({"co:3": True, "co:5": True, "di:3": False})
    assert memory.read(Table.COIL, 3, 3) == b"\1\0\1"
    assert memory.read(Table.DISCRETE, 3, 1) == b"\0"


def test_a_long_text_is_found_from_its_end() -> None:
    memory = unit({"hr:0:str(250)": "x" * 250, "hr:125": 5})
    assert memory.read(Table.HOLDING, 124, 2) == b"xx\0\5"


def test_a_counter_with_one_address_answers_only_a_request_of_its_own() -> None:
    memory = unit({"C200": 70000, "C201": 5, "C199": 3, "C202": None}, plc="delta-dvp")
    assert memory.read(Table.HOLDING, 0x0EC8, 2) == struct.pack("<I", 70000)[1::-1] + struct.pack("<I", 70000)[:1:-1]
    assert memory.read(Table.HOLDING, 0x0EC9, 2) == bytes.fromhex("00050000")
    assert memory.read(Table.HOLDING, 0x0ECA, 2) is None
    assert memory.read(Table.HOLDING, 0x0EC8, 4) is None
    assert memory.read(Table.HOLDING, 0x0EC7, 1) == b"\0\3"


def test_a_border_of_the_map_is_not_read_across() -> None:
    memory = unit({"C199": 1, "hr:3784": 2}, plc="delta-dvp")
    assert memory.read(Table.HOLDING, 3783, 2) is None


def test_devices_of_one_unit_share_it_and_others_have_their_own() -> None:
    def group(device: str, unit: int, written: str) -> Group:
        return Group(device, device, Device(unit=unit), [Tag("t", Address(address=written))], 1.0)

    shown = {"a": 1, "b": 2, "c": 3}
    groups = [group("a", 1, "hr:0"), group("b", 1, "hr:1"), group("c", 2, "hr:0")]
    found = memories(groups, Limits(), lambda device, tag: shown[device])
    assert found[1].read(Table.HOLDING, 0, 2) == b"\0\1\0\2"
    assert found[2].read(Table.HOLDING, 0, 1) == b"\0\3"


def test_wrong_addresses_are_the_same_problem_as_for_the_driver() -> None:
    with pytest.raises(InvalidConfig):
        unit({"hr:99999": 1})
