"""Servers that we did not write, each told the same map: libmodbus, modbus-serial and pymodbus."""

import asyncio
import json
import logging
import os
import ssl
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.fakes.peer_map import tables

if TYPE_CHECKING:
    from pymodbus.simulator import SimDevice

ROOT = Path(__file__).resolve().parents[2]


@asynccontextmanager
async def libmodbus(port: Path | None = None) -> AsyncIterator[str]:
    """On a free TCP port, or as RTU slave on that serial port; what it says once it is ready."""
    async with _served(sys.executable, "-m", "tests.fakes.libmodbus", *_given(port)) as said:
        yield said


@asynccontextmanager
async def modbus_serial(port: Path | None = None) -> AsyncIterator[str]:
    async with _served("node", "tests/peers/server.js", *_given(port)) as said:
        yield said


def _given(port: Path | None) -> tuple[str, ...]:
    return (str(port),) if port else ()


@asynccontextmanager
async def _served(*command: str) -> AsyncIterator[str]:
    """A server in a process of its own, told its tables and asked for its port."""
    pipe = asyncio.subprocess.PIPE
    server = await asyncio.create_subprocess_exec(*command, stdin=pipe, stdout=pipe, cwd=ROOT, env=dict(os.environ))
    assert server.stdin is not None
    assert server.stdout is not None
    try:
        server.stdin.write(json.dumps(tables()).encode() + b"\n")
        await server.stdin.drain()
        async with asyncio.timeout(20):
            said = (await server.stdout.readline()).decode().strip()
        yield said
    finally:
        server.kill()
        await server.wait()


def _device() -> "SimDevice":
    from pymodbus.simulator import DataType, SimData, SimDevice

    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL + 1)
    image = tables()
    registers = [[SimData(0, values=image[name], datatype=DataType.REGISTERS)] for name in ("holding", "input")]
    bits = [
        [SimData(0, values=[bool(bit) for bit in image[name]], datatype=DataType.BITS)] for name in ("coil", "discrete")
    ]
    return SimDevice(id=1, simdata=(*bits, *registers))


@asynccontextmanager
async def pymodbus(framer: str = "socket", tls: ssl.SSLContext | None = None) -> AsyncIterator[str]:
    """On a free TCP port, with frames of that kind."""
    from pymodbus.framer import FramerType
    from pymodbus.server import ModbusTcpServer, ModbusTlsServer

    kind, address = FramerType(framer), ("127.0.0.1", 0)
    server = (
        ModbusTlsServer(_device(), framer=kind, address=address, sslctx=tls)
        if tls
        else ModbusTcpServer(_device(), framer=kind, address=address)
    )
    await server.serve_forever(background=True)
    try:
        yield str(server.transport.sockets[0].getsockname()[1])
    finally:
        await server.shutdown()


@asynccontextmanager
async def pymodbus_udp() -> AsyncIterator[str]:
    from pymodbus.server import ModbusUdpServer

    server = ModbusUdpServer(_device(), address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    try:
        yield str(server.transport.get_extra_info("sockname")[1])
    finally:
        await server.shutdown()


@asynccontextmanager
async def pymodbus_serial(port: Path, framer: str = "rtu") -> AsyncIterator[str]:
    from pymodbus.framer import FramerType
    from pymodbus.server import ModbusSerialServer

    server = ModbusSerialServer(_device(), framer=FramerType(framer), port=str(port), baudrate=115200)
    await server.serve_forever(background=True)
    try:
        yield str(port)
    finally:
        await server.shutdown()
