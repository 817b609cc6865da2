"""T1 for every transport: no wrong value at 10 % late, 3 % short and 1 % garbled replies, and few values lost.

Slaves run side by side. A late reply comes between the time-out and `max_late` after it. The slave keeps a distance to
that edge that a machine which stands still for tenths of a second does not use up; the edge itself is tested with the
exchange, where time is a number.
"""

import asyncio
import ssl
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from drivers.errors import NotConnected
from tests.drivers.modbus.talk import connected, describe, fresh, group, holding, talk
from tests.fakes.faults import fewer, flipped, garbage, late, truncated
from tests.fakes.framing import ASCII, MBAP, RTU
from tests.fakes.plc import FakePlc
from tests.fakes.sockets import Pty, TcpPort, UdpPort

TIMEOUT_S, MAX_LATE_S = 0.05, 0.5
LATEST_S = 0.15
TAGS = range(4)
SLAVES = 10


@asynccontextmanager
async def certified(folder: Path, seed: int) -> AsyncIterator[tuple[FakePlc, dict[str, str]]]:
    """A PLC with TLS, and the keys that trust it."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(folder / "ca.pem")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    async with FakePlc(seed=seed, at=TcpPort(tls=context)) as plc:
        yield plc, {"ca_file": str(folder / "ca.pem")}


PLCS: dict[str, Callable[[Path, int], FakePlc]] = {
    "rtu over tcp": lambda _, seed: FakePlc(seed=seed, framing=RTU),
    "ascii over tcp": lambda _, seed: FakePlc(seed=seed, framing=ASCII),
    "rtu on a serial line": lambda folder, seed: FakePlc(seed=seed, at=Pty(folder / f"tty{seed}"), framing=RTU),
    "ascii on a serial line": lambda folder, seed: FakePlc(seed=seed, at=Pty(folder / f"tty{seed}"), framing=ASCII),
    "udp": lambda _, seed: FakePlc(seed=seed, at=UdpPort(), framing=MBAP),
}
ALL = (*PLCS, "tls")


async def misread(plc: FakePlc, reads: int, tls: dict[str, str] | None = None) -> Counter[str]:
    """Read a sick PLC so often; fails at a value of another request.

    Returns how many values came, what the driver counted, and how many replies were made late, shorter or broken.
    """
    values = 0
    plc.describe = describe
    plc.latest_s = LATEST_S
    made_late = plc.fault(late(TIMEOUT_S * 1.1, LATEST_S * 0.95), fraction=0.1)
    made_shorter = plc.fault(fewer(), fraction=0.02)
    broken = [plc.fault(truncated(), fraction=0.01)]
    if plc.framing is MBAP:  # where TCP, TLS or UDP keep bits from flipping
        broken.append(plc.fault(garbage(), fraction=0.01))
    else:
        broken += [plc.fault(garbage(), fraction=0.005), plc.fault(flipped(1), fraction=0.005)]
    limits = {"max_late": f"{MAX_LATE_S * 1000:g}ms"}
    tags = group("press", holding(TAGS))
    url = f"{plc.url}?baud=115200" if "/tty" in plc.url else plc.url
    async with talk(url, tags, timeout=f"{TIMEOUT_S * 1000:g}ms", tls=tls, **limits) as it:
        for _ in range(reads):
            since = len(plc.requests)
            try:
                await it.read()
            except NotConnected:  # 50 ms are little for a new connection on a busy machine
                await it.driver.close()
                await connected(it.driver)
            else:
                values += fresh(it, plc, since)
    made = {"made late": made_late.hits, "made shorter": made_shorter.hits, "broken": sum(rule.hits for rule in broken)}
    return Counter(it.counts) + Counter(values=values) + Counter(made)


async def misread_side_by_side(transport: str, folder: Path, seed: int, reads: int) -> None:
    """All slaves together are read `reads` times; three of four values arrive all the same.

    What chance made of a reply is compared with what the driver made of it. A shorter reply can also be late or broken,
    and is no protocol error then; half of them would be far more than chance does.
    """
    tasks = []
    first = seed + SLAVES * ALL.index(transport)  # the same luck for no two of them
    async with asyncio.TaskGroup() as readers:
        for nth in range(SLAVES):
            tasks.append(readers.create_task(_one(transport, folder, first + nth, reads // SLAVES)))
    seen = sum((task.result() for task in tasks), Counter[str]())
    print(f"{transport}: {seen['values']:,} of {reads * len(TAGS):,} values came, none of them wrong; {dict(seen)}")
    assert seen["values"] > 0.75 * reads * len(TAGS)
    assert min(seen["made late"], seen["made shorter"], seen["broken"]) > 0
    assert seen["timeouts"] > 0.05 * reads
    assert seen["timeouts"] >= 0.9 * seen["made late"], "what comes after the time-out is not taken"
    assert seen["protocol_errors"] >= 0.5 * seen["made shorter"], "what is shorter is not taken"


async def _one(transport: str, folder: Path, seed: int, reads: int) -> Counter[str]:
    if transport == "tls":
        directory = folder / str(seed)
        directory.mkdir()
        async with certified(directory, seed) as (plc, tls):
            return await misread(plc, reads, tls)
    async with PLCS[transport](folder, seed) as plc:
        return await misread(plc, reads)


TRANSPORTS = pytest.mark.parametrize("transport", ALL)


@TRANSPORTS
async def test_t1_no_wrong_value_in_1000_reads(transport: str, seed: int, tmp_path: Path) -> None:
    await misread_side_by_side(transport, tmp_path, seed, 1000)


@pytest.mark.acceptance
@TRANSPORTS
async def test_t1_no_wrong_value_in_10000_reads(transport: str, seed: int, tmp_path: Path) -> None:
    await misread_side_by_side(transport, tmp_path, seed, 10_000)
