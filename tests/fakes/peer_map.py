"""One map of 24 tags, the memory that holds them, packed by hand, and what a driver reads of it."""

import struct
from collections.abc import Mapping
from types import MappingProxyType

from drivers.contract import Group, Tag, Value
from drivers.registry import plugin
from tests.fakes.silent import SILENT

Tables = Mapping[str, list[int]]

TAGS: Mapping[str, tuple[str, Value]] = MappingProxyType(
    {
        "u16": ("hr:0", 54321),
        "i16": ("hr:1:i16", -12345),
        "u32_abcd": ("hr:2:u32", 0xDEADBEEF),
        "u32_cdab": ("hr:4:u32@CDAB", 0xDEADBEEF),
        "i32_badc": ("hr:6:i32@BADC", -123456789),
        "i32_dcba": ("hr:8:i32@DCBA", -123456789),
        "f32_abcd": ("hr:10:f32", 85.25),
        "f32_cdab": ("40013:f32@CDAB", -0.15625),
        "f64": ("400015:f64", 1234567.890625),
        "u64_cdab": ("hr:18:u64@CDAB", 0x0123456789ABCDEF),
        "i64": ("hr:22:i64", -(2**60) + 12345),
        "f16": ("hr:26:f16", 1.5),
        "bcd": ("hr:27:bcd16", 1234),
        "bcd_long": ("hr:28:bcd32", 98765432),
        "bit": ("hr:30.15", True),
        "no_bit": ("hr:30.3", False),
        "job": ("hr:40:str(16)", "GD001缺料"),
        "input": ("ir:7", 777),
        "input_5_digits": ("30009:i16", -888),
        "coil_on": ("co:3", True),
        "coil_off": ("co:4", False),
        "coil_late": ("00020", True),
        "discrete": ("di:11", True),
        "discrete_off": ("10013", False),
        "far": ("hr:180:u16", 180),
    }
)


def tables() -> Tables:
    """The memory of the device, packed here by hand with `struct` and nothing of ours."""
    holding = [0] * 200
    for start, packed in (
        (0, struct.pack(">Hh", 54321, -12345)),
        (2, struct.pack(">I", 0xDEADBEEF)),
        (4, bytes.fromhex("BEEFDEAD")),
        (6, _swapped(struct.pack(">i", -123456789))),
        (8, struct.pack("<i", -123456789)),
        (10, struct.pack(">f", 85.25)),
        (12, _words_turned(struct.pack(">f", -0.15625))),
        (14, struct.pack(">d", 1234567.890625)),
        (18, bytes.fromhex("CDEF 89AB 4567 0123")),
        (22, struct.pack(">q", -(2**60) + 12345)),
        (26, struct.pack(">e", 1.5)),
        (27, bytes.fromhex("1234 9876 5432")),
        (30, bytes.fromhex("8000")),
        (40, "GD001缺料".encode("gbk").ljust(16, b"\0")),
        (180, struct.pack(">H", 180)),
    ):
        words = struct.unpack(f">{len(packed) // 2}H", packed)
        holding[start : start + len(words)] = words
    inputs = [0] * 20
    inputs[7:9] = 777, 0x10000 - 888
    return {
        "holding": holding,
        "input": inputs,
        "coil": [int(place in {3, 19}) for place in range(32)],
        "discrete": [int(place == 11) for place in range(32)],
    }


def _swapped(data: bytes) -> bytes:
    return b"".join(data[place + 1 : place - 1 if place else None : -1] for place in range(0, len(data), 2))


def _words_turned(data: bytes) -> bytes:
    return b"".join(data[place : place + 2] for place in range(len(data) - 2, -1, -2))


async def assert_same_values(url: str, *, tls: Mapping[str, str] | None = None, pipeline: int = 1) -> None:
    """Read the map once, from unit 1 at that endpoint."""
    modbus = plugin("modbus")
    names = list(TAGS)
    tags = [
        Tag(name, modbus.address.model_validate({"address": TAGS[name][0], "encoding": "gb18030"})) for name in names
    ]
    group = Group("press01@1s", "press01", modbus.device(), tags, 1.0)
    written = {"url": url, "tls": tls, "limits": {"pipeline": pipeline}}
    driver = modbus.open(modbus.connection.model_validate(written), [group], SILENT)
    try:
        await driver.connect()
        scans = await driver.read(group.name)
    finally:
        await driver.close()
    read = {names[i]: value for scan in scans for i, value in zip(scan.indexes, scan.values, strict=True)}
    assert [scan.faults for scan in scans if scan.faults] == []
    assert read == {name: value for name, (_, value) in TAGS.items()}
    assert all(type(read[name]) is type(value) for name, (_, value) in TAGS.items())
