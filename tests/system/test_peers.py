"""Servers that we did not write give the same values for the same map: libmodbus, modbus-serial and pymodbus."""

import asyncio
import json
import logging
import os
import struct
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.contract import Group, Tag, Value
from drivers.registry import plugin
from tests.fakes.silent import SILENT

ROOT = Path(__file__).resolve().parents[2]
Tables = Mapping[str, list[int]]

TAGS: Mapping[str, tuple[str, Value]] = {
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


@asynccontextmanager
async def libmodbus() -> AsyncIterator[int]:
    async with _served(sys.executable, "-m", "tests.fakes.libmodbus") as port:
        yield port


@asynccontextmanager
async def modbus_serial() -> AsyncIterator[int]:
    async with _served("node", "tests/peers/server.js") as port:
        yield port


@asynccontextmanager
async def _served(*command: str) -> AsyncIterator[int]:
    """A server in a process of its own, told its tables and asked for its port."""
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT, env=dict(os.environ))
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        server.stdin.write(json.dumps(tables()).encode() + b"\n")
        await server.stdin.drain()
        async with asyncio.timeout(20):
            yield int(await server.stdout.readline())
    finally:
        server.kill()
        await server.wait()


@asynccontextmanager
async def pymodbus() -> AsyncIterator[int]:
    from pymodbus.server import ModbusTcpServer
    from pymodbus.simulator import DataType, SimData, SimDevice

    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL + 1)
    image = tables()
    registers = [[SimData(0, values=image[name], datatype=DataType.REGISTERS)] for name in ("holding", "input")]
    bits = [
        [SimData(0, values=[bool(bit) for bit in image[name]], datatype=DataType.BITS)] for name in ("coil", "discrete")
    ]
    server = ModbusTcpServer(SimDevice(id=1, simdata=(*bits, *registers)), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    try:
        yield server.transport.sockets[0].getsockname()[1]
    finally:
        await server.shutdown()


@pytest.mark.parametrize(
    ("peer", "pipeline"),
    [
        pytest.param(libmodbus, 1, marks=pytest.mark.needs("libmodbus")),
        pytest.param(libmodbus, 4, marks=pytest.mark.needs("libmodbus")),
        pytest.param(modbus_serial, 1, marks=pytest.mark.needs("modbus-serial")),
        pytest.param(modbus_serial, 4, marks=pytest.mark.needs("modbus-serial")),
        (pymodbus, 1),  # its server answers one request of a segment, so nothing can be in flight beside it
    ],
)
async def test_the_same_map_gives_the_same_values(peer: object, pipeline: int) -> None:
    modbus = plugin("modbus")
    names = list(TAGS)
    tags = [
        Tag(name, modbus.address.model_validate({"address": TAGS[name][0], "encoding": "gb18030"})) for name in names
    ]
    group = Group("press01@1s", "press01", modbus.device(), tags, 1.0)
    async with peer() as port:  # type: ignore[operator]
        url = f"tcp://127.0.0.1:{port}"
        limits = {"pipeline": pipeline}
        driver = modbus.open(modbus.connection.model_validate({"url": url, "limits": limits}), [group], SILENT)
        try:
            await driver.connect()
            scans = await driver.read(group.name)
        finally:
            await driver.close()
    read = {names[i]: value for scan in scans for i, value in zip(scan.indexes, scan.values, strict=True)}
    assert [scan.faults for scan in scans if scan.faults] == []
    assert read == {name: value for name, (_, value) in TAGS.items()}
    assert all(type(read[name]) is type(value) for name, (_, value) in TAGS.items())
