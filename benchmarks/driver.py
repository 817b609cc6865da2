"""What the Modbus driver costs beside pymodbus's client, in one process that does nothing else.

    python -m benchmarks.driver {transactions,decode,pipeline} [PLC-PORT]
    python -m benchmarks.driver rtu PLC-PORT RTU-PLC-PORT

Prints one JSON object. Both sides take turns; each figure is the median of the turns.
"""

import asyncio
import json
import logging
import struct
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from statistics import median

from pymodbus.client import AsyncModbusTcpClient

from agent.outbox.glance import Quiet
from drivers.contract import Driver, Group, Tag
from drivers.modbus import PLUGIN
from drivers.modbus.address import Point
from drivers.modbus.codec import BlockCodec
from drivers.modbus.plan import plan
from drivers.modbus.resolve import resolve

TURNS = 31
READS = 500
REGISTERS = 125


def group(addresses: Sequence[str]) -> Group:
    tags = [Tag(f"x_{place:04}", PLUGIN.address(address=address)) for place, address in enumerate(addresses)]
    return Group("bench", "device", PLUGIN.device(), tags, 1.0)


@asynccontextmanager
async def driver(port: int, addresses: Sequence[str], scheme: str = "tcp", **limits: object) -> AsyncIterator[Driver]:
    connection = PLUGIN.connection(url=f"{scheme}://127.0.0.1:{port}", limits=limits)
    opened = PLUGIN.open(connection, [group(addresses)], Quiet())
    await opened.connect()
    try:
        yield opened
    finally:
        await opened.close()


async def cpu_us(do: Callable[[], Awaitable[object]], times: int) -> float:
    begun = time.process_time()
    for _ in range(times):
        await do()
    return (time.process_time() - begun) / times * 1e6


async def transactions(port: int) -> dict[str, float]:
    """CPU of one request for 125 registers, all of which changed and become values on both sides."""
    theirs = AsyncModbusTcpClient("127.0.0.1", port=port, retries=0, reconnect_delay=0)
    await theirs.connect()
    async with driver(port, [f"hr:{i}" for i in range(REGISTERS)]) as ours:
        turns = [
            (
                await cpu_us(lambda: ours.read("bench"), READS),
                await cpu_us(lambda: theirs.read_holding_registers(0, count=REGISTERS), READS),
            )
            for _ in range(TURNS)
        ]
    theirs.close()
    ours_us, theirs_us = (median(turn[side] for turn in turns) for side in (0, 1))
    return {"ours_us": ours_us, "pymodbus_us": theirs_us, "ratio": median(a / b for a, b in turns)}


async def rtu(port: int, rtu_port: int) -> dict[str, float]:
    """CPU of one request for 125 registers, all of which changed: in RTU frames over TCP beside Modbus TCP."""
    addresses = [f"hr:{i}" for i in range(REGISTERS)]
    async with driver(port, addresses) as tcp, driver(rtu_port, addresses, "rtu+tcp") as serial:
        turns = [
            (await cpu_us(lambda: serial.read("bench"), READS), await cpu_us(lambda: tcp.read("bench"), READS))
            for _ in range(TURNS)
        ]
    rtu_us, tcp_us = (median(turn[side] for turn in turns) for side in (0, 1))
    return {"rtu_us": rtu_us, "tcp_us": tcp_us, "ratio": median(a / b for a, b in turns)}


def mixed(count: int) -> list[str]:
    """u16, u32 and f32 in turns until `count` registers are used."""
    addresses, at = [], 0
    while at < count - 4:
        addresses += [f"hr:{at}:u16", f"hr:{at + 1}:u32", f"hr:{at + 3}:f32"]
        at += 5
    return addresses


def decode() -> dict[str, float]:
    """Decoding one block of 100 mixed registers against `convert_from_registers` for each tag of it."""
    asked = group(mixed(100))
    points: dict[int, Point] = dict(enumerate(resolve(asked)))
    (block,) = plan(points, registers=REGISTERS, bits=2000, gap=16)
    payload = b"".join(_bytes(point) for point in points.values())
    codec, client = BlockCodec(block, points), AsyncModbusTcpClient
    registers = list(struct.unpack(f">{block.count}H", payload))
    kinds = {"u16": client.DATATYPE.UINT16, "u32": client.DATATYPE.UINT32, "f32": client.DATATYPE.FLOAT32}
    slices = [(p.offset - block.start, p.offset - block.start + p.count, kinds[p.type]) for p in points.values()]

    def theirs() -> list[object]:
        return [client.convert_from_registers(registers[low:high], kind) for low, high, kind in slices]

    assert list(codec.decode(payload)[1]) == theirs()
    turns = [(_cpu_us(lambda: codec.decode(payload)), _cpu_us(theirs)) for _ in range(TURNS)]
    tags = len(points)
    return {
        "ours_us": median(a for a, _ in turns) / tags,
        "pymodbus_us": median(b for _, b in turns) / tags,
        "ratio": median(a / b for a, b in turns),
    }


def _bytes(point: Point) -> bytes:
    return {"u16": struct.pack(">H", 4711), "u32": struct.pack(">I", 1_234_567), "f32": struct.pack(">f", 82.5)}[
        point.type
    ]


def _cpu_us(do: Callable[[], object], times: int = READS) -> float:
    begun = time.process_time()
    for _ in range(times):
        do()
    return (time.process_time() - begun) / times * 1e6


async def pipeline(port: int) -> dict[str, float]:
    """Values per second of one device of 16 blocks, with one and with eight requests in flight."""
    addresses = [f"hr:{block * 1000 + i}" for block in range(16) for i in range(100)]
    rates: dict[int, list[float]] = {1: [], 8: []}
    for _ in range(3):
        for window, seen in rates.items():
            async with driver(port, addresses, pipeline=window) as ours:
                await ours.read("bench")
                begun, values = time.perf_counter(), 0
                while (spent := time.perf_counter() - begun) < 1.5:
                    values += sum(len(scan.values) for scan in await ours.read("bench"))
                seen.append(values / spent)
    one, eight = median(rates[1]), median(rates[8])
    return {"one_per_s": one, "eight_per_s": eight, "ratio": eight / one}


def main(what: str, *ports: str) -> None:
    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL + 1)
    if what == "decode":
        print(json.dumps(decode()), flush=True)
    else:
        measures: Mapping[str, Callable[..., Coroutine[None, None, dict[str, float]]]] = {
            "transactions": transactions,
            "pipeline": pipeline,
            "rtu": rtu,
        }
        print(json.dumps(asyncio.run(measures[what](*map(int, ports)))), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
