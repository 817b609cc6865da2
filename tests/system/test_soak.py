"""T16: all faults at random with a seed; afterwards every record is accounted for and the log can be read.

Four PLCs, of which one is well all the time: what it showed is compared with what arrived, value by value. Of all
of them each number of the durable log arrived or was announced.
"""

import asyncio
import errno
import itertools
import random
import signal
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import faults
from tests.fakes.agent import LINE, Agent, Platform, agent, busiest_minute
from tests.fakes.fsync_shim import FsyncShim
from tests.fakes.plant import Plant, plant, started
from tests.fakes.plc import FakePlc
from tests.fakes.proxy import ANSWERS, REQUESTS

PLCS = 3
EVERY = "200ms"
LINES_A_MINUTE = 20
TAIL_S = 1.0
"""What the PLC that is well showed so shortly before a kill may be lost, where other things run as well."""

REPLIES: Mapping[str, faults.Change] = {
    "late": faults.late(0.1, 1.2),
    "swallowed": faults.swallowed,
    "fewer registers": faults.fewer(),
    "truncated": faults.truncated(),
    "garbage": faults.garbage(),
    "other unit": faults.other_unit,
    "other transaction": faults.other_transaction,
    "twice": faults.twice,
    "dropped": faults.dropped(5),
    "byte by byte": faults.byte_by_byte,
    "busy": faults.exception(6),
    "gateway": faults.exception(11),
    "device failure": faults.exception(4),
}


@dataclass(slots=True)
class Soak:
    """What is ill-treated, and the agent's lives."""

    site: Plant
    plcs: Sequence[FakePlc]
    shim: FsyncShim
    file: Path
    chance: random.Random
    lines: list[list[str]] = field(default_factory=list)
    """Of each life."""
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _running: Agent | None = None

    async def begin(self) -> None:
        self._running = await self._stack.enter_async_context(agent(self.file, **self.shim.environment))
        self.lines.append(self._running.lines)
        await started(self._running)

    async def end(self, wish: signal.Signals) -> int:
        assert self._running is not None
        code = await self.site.ends_by(self._running, wish)
        await self._stack.aclose()
        return code


Fault = Callable[[Soak], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def wrong_replies(soak: Soak) -> AsyncIterator[None]:
    chance = soak.chance
    with chance.choice(soak.plcs).fault(REPLIES[chance.choice(sorted(REPLIES))], fraction=chance.choice([0.1, 0.5, 1])):
        yield


@asynccontextmanager
async def power_off(soak: Soak) -> AsyncIterator[None]:
    plc = soak.chance.choice(soak.plcs)
    await plc.stop()
    yield
    await plc.start()


@asynccontextmanager
async def mute(soak: Soak) -> AsyncIterator[None]:
    plc = soak.chance.choice(soak.plcs)
    plc.is_mute = True
    yield
    plc.is_mute = False


@asynccontextmanager
async def broker_cut(soak: Soak) -> AsyncIterator[None]:
    soak.site.proxy.cut()
    soak.site.proxy.refuses = soak.chance.random() < 0.5
    yield
    soak.site.mend()


@asynccontextmanager
async def broker_mute(soak: Soak) -> AsyncIterator[None]:
    """PUBACKs, or publishes, or both wait in the network."""
    with soak.site.proxy.frozen(*soak.chance.choice([(ANSWERS,), (REQUESTS,), (ANSWERS, REQUESTS)])):
        yield


@asynccontextmanager
async def broker_restart(soak: Soak) -> AsyncIterator[None]:
    soak.site.broker.stop()
    yield
    await soak.site.broker.start()


@asynccontextmanager
async def killed(soak: Soak) -> AsyncIterator[None]:
    await soak.end(signal.SIGKILL)
    yield
    await soak.begin()


@asynccontextmanager
async def disk_full(soak: Soak) -> AsyncIterator[None]:
    with soak.shim.failing(errno.ENOSPC, sync=False, write=True):
        yield


@asynccontextmanager
async def disk_fails(soak: Soak) -> AsyncIterator[None]:
    with soak.shim.failing(errno.EIO, write=soak.chance.random() < 0.5):
        yield


@asynccontextmanager
async def disk_blocks(soak: Soak) -> AsyncIterator[None]:
    with soak.shim.blocking(soak.chance.uniform(0.5, 5.0)):
        yield


FAULTS: tuple[Fault, ...] = (
    *(wrong_replies, wrong_replies, power_off, mute),
    *(broker_cut, broker_mute, broker_restart, killed, disk_full, disk_fails, disk_blocks),
)


async def rage(soak: Soak, minutes: float) -> Counter[str]:
    """One fault after the other; how often each came."""
    loop = asyncio.get_running_loop()
    ends, came = loop.time() + 60 * minutes, Counter[str]()
    while loop.time() < ends:
        fault = soak.chance.choice(FAULTS)
        came[fault.__name__] += 1
        async with fault(soak):
            await asyncio.sleep(soak.chance.uniform(0.2, 6.0))
        await asyncio.sleep(soak.chance.uniform(0.0, 3.0))
    return came


@pytest.mark.acceptance
@pytest.mark.needs("mosquitto", "cc")
async def test_t16_all_faults_at_random(tmp_path: Path, seed: int, minutes: float) -> None:
    async with (
        plant(tmp_path, seed) as site,
        FakePlc(seed=seed + 1) as one,
        FakePlc(seed=seed + 2) as two,
        FakePlc(seed=seed + 3) as three,
    ):
        plcs = [one, two, three]
        for plc in plcs:
            plc.describe = lambda address, asked: asked.number & 0xFFFF
        site.state_dir.mkdir()
        shim = FsyncShim(tmp_path, site.state_dir)
        soak = Soak(site, plcs, shim, _file(site, plcs), random.Random(seed))
        await soak.begin()
        await _all_good(site.seen)
        came = await rage(soak, minutes)
        await _all_good(site.seen)
        await site.delivered(60)
        assert await soak.end(signal.SIGTERM) == 0, soak.lines[-1]
        await site.settle(soak.file)
        tails = site.tails()
    print(f"seed {seed}, {minutes:g} min: {dict(came)}, {shim.counts}")
    print(
        f"{len(site.seen.messages)} messages, {len(site.ledger.bodies)} records, {site.ledger.again} raw duplicates, "
        f"{sum(map(len, soak.lines))} lines in {len(soak.lines)} lives, worst tail {max(tails):.3f} s"
    )
    assert any(", 0 not delivered, 0 dropped" in line for line in soak.lines[-1] if " I9002 " in line)
    assert max(tails) <= TAIL_S
    assert shim.counts.again == 0
    for n in range(PLCS):
        _no_stale_value(site.seen, f"sick{n}")
    # Of each life: who is killed four times in a minute says four times that it began.
    assert max(map(_most_of_one_code, soak.lines)) <= LINES_A_MINUTE


def _file(site: Plant, plcs: Sequence[FakePlc]) -> Path:
    """Two blocks for each press that is ill-treated; a broker that is given up after two seconds of silence."""
    tags = [{"name": "x_first", "address": "hr:100"}, {"name": "x_second", "address": "hr:1000"}]
    modbus = {"driver": "modbus", "timeout": "500ms"}
    return site.file(
        destination={"ack_timeout": "2s"},
        connections=[{"name": f"sick{n}", "url": plc.url, **modbus} for n, plc in enumerate(plcs)],
        devices=[{"name": f"sick{n}", "connection": f"sick{n}", "every": EVERY, "tags": tags} for n in range(PLCS)],
        period_s=0.1,
    )


async def _all_good(seen: Platform) -> None:
    """Each press delivers good values again; back-off may take half a minute after a long outage."""
    before = {n: _good(seen, n) for n in range(PLCS)}
    await seen.until(lambda: all(_good(seen, n) >= before[n] + 5 for n in range(PLCS)), 60)


def _good(seen: Platform, n: int) -> int:
    return sum(quality == "good" for _, _, quality in seen.samples(f"sick{n}", "x_second"))


def _identity(body: Mapping[str, Any]) -> tuple[int, int]:
    return body["boot"], body["seq"]


def _no_stale_value(seen: Platform, device: str) -> None:
    """A register shows the number of the request that asked for it, so what is read later is larger."""
    for tag in ("x_first", "x_second"):
        records = {_identity(body): body for body in seen.of("data", device)}
        scans = [scan for identity in sorted(records) for scan in records[identity]["scans"]]
        numbers = [scan["v"][tag] for scan in scans if scan["v"].get(tag) is not None]
        assert all(a < b for a, b in itertools.pairwise(numbers)), f"{device} {tag}"


def _most_of_one_code(lines: Sequence[str]) -> int:
    """In the busiest minute: several faults may be told of in one."""
    of_code: dict[str, list[str]] = defaultdict(list)
    for line in lines:
        if match := LINE.match(line):
            of_code[match[2]].append(line)
    return max(map(busiest_minute, of_code.values()), default=0)
