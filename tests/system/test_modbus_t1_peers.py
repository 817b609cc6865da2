"""T1 with slaves that are not ours: libmodbus and modbus-serial behind serial lines that delay and spoil replies."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack
from pathlib import Path

import pytest

from drivers.contract import Quality
from tests.drivers.modbus.talk import group, talk
from tests.fakes.peers import libmodbus, modbus_serial
from tests.fakes.ptys import wired
from tests.fakes.sick_line import SickLine

TIMEOUT_S, MAX_LATE_S = 0.05, 0.6
LATE_S = (1.1 * TIMEOUT_S, 3.4 * TIMEOUT_S)
"""Far from `max_late`: each reply passes five programs, any of which may stand still."""
LINES = 5
WORDS = {"hr:0": 54321, "hr:27": 0x1234, "hr:28": 0x9876, "hr:29": 0x5432, "hr:30": 0x8000, "hr:180": 180}
"""Of the peers' map: a reply that answers another request is another value."""

PEERS: dict[str, Callable[[Path], AbstractAsyncContextManager[str]]] = {
    "libmodbus": libmodbus,
    "modbus-serial": modbus_serial,
}
EACH = pytest.mark.parametrize(
    "peer", [pytest.param(name, marks=pytest.mark.needs("socat", name)) for name in PEERS], ids=list(PEERS)
)


async def misread(peer: str, folder: Path, reads: int, chance: random.Random) -> Counter[str]:
    """Ask one slave in turn for registers that all differ; fails at a wrong value."""
    (folder / "near").mkdir(parents=True)
    (folder / "far").mkdir()
    seen: Counter[str] = Counter()
    async with AsyncExitStack() as stack:
        here, master = await stack.enter_async_context(wired(folder / "near"))
        slave, port = await stack.enter_async_context(wired(folder / "far"))
        await stack.enter_async_context(PEERS[peer](port))
        line = stack.enter_context(SickLine(master, slave, chance, LATE_S))
        limits = {"max_late": f"{MAX_LATE_S * 1000:g}ms"}
        groups = [group(address, {address: address}) for address in WORDS]
        url = f"rtu://{here}?baud=115200"
        it = await stack.enter_async_context(talk(url, *groups, timeout=f"{TIMEOUT_S * 1000:g}ms", **limits))
        for _ in range(reads):
            address = chance.choice(list(WORDS))
            await it.read(address)
            value = it.known[address]
            if isinstance(value, Quality):
                seen[value.value] += 1
            else:
                assert value == WORDS[address], f"{address} is {WORDS[address]}"
                seen["values"] += 1
        return seen + Counter(it.counts) + Counter(made_late=line.faults["late"])


async def side_by_side(peer: str, folder: Path, seed: int, reads: int) -> None:
    async with asyncio.TaskGroup() as tasks:
        lines = [
            tasks.create_task(misread(peer, folder / str(nth), reads // LINES, random.Random(seed + nth)))
            for nth in range(LINES)
        ]
    seen = sum((line.result() for line in lines), Counter[str]())
    print(f"{peer}: {seen['values']:,} of {reads:,} values came, none of them wrong; {dict(seen)}")
    assert seen["values"] > 0.75 * reads
    assert seen["made_late"]
    assert seen["timeouts"] > 0.05 * reads


@EACH
async def test_t1_no_wrong_value_in_500_reads(peer: str, seed: int, tmp_path: Path) -> None:
    await side_by_side(peer, tmp_path, seed, 500)


@pytest.mark.acceptance
@EACH
async def test_t1_no_wrong_value_in_10000_reads(peer: str, seed: int, tmp_path: Path) -> None:
    await side_by_side(peer, tmp_path, seed, 10_000)
