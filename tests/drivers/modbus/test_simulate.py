"""The simulated PLC, read back by pymodbus's own client and by bare sockets."""

import asyncio
import logging
import socket
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusTcpClient

from drivers.contract import Group, Tag, Value
from drivers.modbus import PLUGIN
from drivers.modbus.config import Address, Connection, Device

SHOWN: dict[tuple[str, str], Value | None] = {
    ("press", "speed"): 1234,
    ("press", "count"): 70000,
    ("press", "temperature"): 21.5,
    ("press", "job"): "印刷A1",
    ("press", "running"): True,
    ("press", "jog"): False,
    ("press", "missing"): None,
    ("bag", "count"): 65535,
    ("bag", "door"): True,
}
CODED = {
    ("press", "speed"): "D100",
    ("press", "count"): "D102:u32",
    ("press", "temperature"): "D104:f32",
    ("press", "job"): "D110:str(8)",
    ("press", "running"): "M8",
    ("press", "jog"): "M10",
    ("press", "missing"): "D200",
    ("bag", "count"): "ir:0",
    ("bag", "door"): "di:7",
}


def groups() -> list[Group]:
    def tags(device: str) -> list[Tag]:
        return [
            Tag(tag, Address(address=written, encoding="gb18030"))
            for (owner, tag), written in CODED.items()
            if owner == device
        ]

    return [
        Group("press@1s", "press", Device(unit=1, plc="inovance-h5u"), tags("press"), 1.0),
        Group("bag@1s", "bag", Device(unit=7), tags("bag"), 1.0),
    ]


@pytest.fixture
async def port() -> AsyncIterator[int]:
    assert PLUGIN.simulate is not None
    world = lambda device, tag: SHOWN[device, tag]  # noqa: E731  # one line says it
    async with PLUGIN.simulate(Connection(url="tcp://192.0.2.1"), groups(), world) as url:
        assert url.startswith("tcp://127.0.0.1:")
        yield Connection(url=url).endpoint.port


@pytest.fixture
async def client(port: int) -> AsyncIterator[AsyncModbusTcpClient]:
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=2, retries=0, reconnect_delay=0)
    assert await client.connect()
    yield client
    client.close()


async def test_pymodbus_reads_what_the_world_shows(client: AsyncModbusTcpClient) -> None:
    words = (await client.read_holding_registers(100, count=6, device_id=1)).registers
    kinds = client.DATATYPE
    assert words[:2] == [1234, 0]
    assert client.convert_from_registers(words[2:4], kinds.UINT32, word_order="little") == 70000
    assert client.convert_from_registers(words[4:6], kinds.FLOAT32, word_order="little") == 21.5
    text = (await client.read_holding_registers(110, count=4, device_id=1)).registers
    assert b"".join(struct.pack("<H", word) for word in text).decode("gb18030").rstrip("\0") == "印刷A1"
    assert (await client.read_coils(8, count=3, device_id=1)).bits[:3] == [True, False, False]
    assert (await client.read_input_registers(0, count=1, device_id=7)).registers == [65535]
    assert (await client.read_discrete_inputs(7, count=1, device_id=7)).bits[:1] == [True]


async def test_values_are_asked_at_each_request(client: AsyncModbusTcpClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(SHOWN, ("press", "speed"), 4321)
    assert (await client.read_holding_registers(100, count=1, device_id=1)).registers == [4321]


@pytest.mark.parametrize(
    ("address", "count", "unit", "code"),
    [(200, 1, 1, 2), (199, 2, 1, 2), (300, 1, 1, 2), (100, 1, 9, 11), (0, 1, 7, 2)],
)
async def test_what_is_not_there_is_an_exception(
    client: AsyncModbusTcpClient, address: int, count: int, unit: int, code: int
) -> None:
    answer = await client.read_holding_registers(address, count=count, device_id=unit)
    assert answer.isError()
    assert answer.exception_code == code
    assert (await client.read_holding_registers(100, count=1, device_id=1)).registers == [1234]


async def test_nothing_can_be_written(client: AsyncModbusTcpClient) -> None:
    answer = await client.read_device_information(device_id=1)
    assert answer.exception_code == 1


def request(transaction: int, address: int, count: int, function: int = 3, unit: int = 1) -> bytes:
    return struct.pack(">HHHBBHH", transaction, 0, 6, unit, function, address, count)


async def answers(reader: asyncio.StreamReader, number: int) -> list[tuple[int, bytes]]:
    found = []
    for _ in range(number):
        transaction, _, length = struct.unpack(">HHH", await reader.readexactly(6))
        found.append((transaction, await reader.readexactly(length)))
    return found


async def test_many_requests_in_flight_are_answered_in_order(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    burst = b"".join(request(nth, 100, 1 + nth % 6) for nth in range(1, 33))
    writer.write(burst[:100])
    await writer.drain()
    writer.write(burst[100:])
    async with asyncio.timeout(5):
        got = await answers(reader, 32)
    assert [transaction for transaction, _ in got] == list(range(1, 33))
    assert all(body[2] == 2 * (1 + transaction % 6) for transaction, body in got)
    writer.close()
    await writer.wait_closed()


async def test_a_request_may_come_byte_by_byte(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for byte in request(5, 100, 1):
        writer.write(bytes([byte]))
        await writer.drain()
    async with asyncio.timeout(5):
        assert await answers(reader, 1) == [(5, bytes.fromhex("01030204d2"))]
    writer.close()
    await writer.wait_closed()


@pytest.mark.parametrize(("count", "function", "code"), [(0, 3, 3), (126, 3, 3), (2001, 1, 3)])
async def test_counts_outside_the_protocol_are_refused(port: int, count: int, function: int, code: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request(9, 100, count, function))
    async with asyncio.timeout(5):
        assert await answers(reader, 1) == [(9, bytes([1, function | 0x80, code]))]
    writer.close()
    await writer.wait_closed()


async def test_noise_ends_only_its_own_conversation(port: int, client: AsyncModbusTcpClient) -> None:
    for noise in (b"\xff" * 400, b"\0\1\0\0\0\1\1\0\0\0", request(1, 100, 1)[:5]):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(noise)
        await writer.drain()
        writer.transport.abort()
    assert (await client.read_holding_registers(100, count=1, device_id=1)).registers == [1234]


async def test_it_ends_with_clients_connected_and_leaves_nothing(caplog: pytest.LogCaptureFixture) -> None:
    assert PLUGIN.simulate is not None
    before = asyncio.all_tasks()
    with caplog.at_level(logging.DEBUG, logger="asyncio"):
        async with PLUGIN.simulate(Connection(url="tcp://x"), groups(), lambda device, tag: 0) as url:
            reader, writer = await asyncio.open_connection("127.0.0.1", Connection(url=url).endpoint.port)
            writer.write(request(1, 100, 1))
            async with asyncio.timeout(5):
                await answers(reader, 1)
            _, idle = await asyncio.open_connection("127.0.0.1", Connection(url=url).endpoint.port)
        async with asyncio.timeout(5):
            with pytest.raises((ConnectionError, asyncio.IncompleteReadError)):
                await reader.readexactly(1)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("127.0.0.1", Connection(url=url).endpoint.port)
        for each in (writer, idle):
            each.transport.abort()
    assert asyncio.all_tasks() == before
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


async def test_a_frame_without_a_function_ends_the_conversation(port: int) -> None:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(bytes.fromhex("000100000001010000000000"))
    async with asyncio.timeout(5):
        assert await reader.read() == b""
    writer.close()


async def test_two_simulations_do_not_know_each_other() -> None:
    assert PLUGIN.simulate is not None
    connection = Connection(url="tcp://x")
    async with (
        PLUGIN.simulate(connection, groups(), lambda device, tag: 1) as one,
        PLUGIN.simulate(connection, groups()[1:], lambda device, tag: 2) as other,
    ):
        found = []
        for url in (one, other):
            reader, writer = await asyncio.open_connection("127.0.0.1", Connection(url=url).endpoint.port)
            writer.write(request(1, 0, 1, function=4, unit=7))
            async with asyncio.timeout(5):
                found += await answers(reader, 1)
            writer.close()
            await writer.wait_closed()
    assert [body[-1] for _, body in found] == [1, 2]


def open_files() -> int:
    return len(list(Path("/proc/self/fd").iterdir()))


async def test_every_socket_is_closed_when_it_has_ended() -> None:
    assert PLUGIN.simulate is not None
    loop = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setblocking(False)
        before = open_files()
        async with PLUGIN.simulate(Connection(url="tcp://x"), groups(), lambda device, tag: 1) as url:
            await loop.sock_connect(client, ("127.0.0.1", Connection(url=url).endpoint.port))
            await loop.sock_sendall(client, request(1, 100, 1))
            async with asyncio.timeout(5):
                assert await loop.sock_recv(client, 100)
            assert open_files() > before
        assert open_files() == before


async def test_a_failure_inside_is_not_wrapped() -> None:
    assert PLUGIN.simulate is not None
    with pytest.raises(ZeroDivisionError):
        async with PLUGIN.simulate(Connection(url="tcp://x"), groups(), lambda device, tag: 0):
            raise ZeroDivisionError
