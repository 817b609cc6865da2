"""T16: all faults at random with a seed; afterwards every record is accounted for and the log can be read."""

import asyncio
import itertools
import random
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from tests.fakes import faults
from tests.fakes.agent import Platform, agent, platform, site
from tests.fakes.mosquitto import mosquitto
from tests.fakes.plc import FakePlc
from tests.fakes.proxy import ANSWERS, REQUESTS, FaultProxy

PLCS = 3
EVERY = "200ms"
LINES_A_MINUTE = 20
LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \w+ +(\w\d{4}) ")

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

Fault = Callable[[FakePlc, FaultProxy, random.Random], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def wrong_replies(plc: FakePlc, proxy: FaultProxy, chance: random.Random) -> AsyncIterator[None]:
    with plc.fault(REPLIES[chance.choice(sorted(REPLIES))], fraction=chance.choice([0.1, 0.5, 1.0])):
        yield


@asynccontextmanager
async def power_off(plc: FakePlc, proxy: FaultProxy, chance: random.Random) -> AsyncIterator[None]:
    await plc.stop()
    try:
        yield
    finally:
        await plc.start()


@asynccontextmanager
async def mute(plc: FakePlc, proxy: FaultProxy, chance: random.Random) -> AsyncIterator[None]:
    plc.is_mute = True
    try:
        yield
    finally:
        plc.is_mute = False


@asynccontextmanager
async def broker_cut(plc: FakePlc, proxy: FaultProxy, chance: random.Random) -> AsyncIterator[None]:
    proxy.cut()
    proxy.refuses = chance.random() < 0.5
    try:
        yield
    finally:
        proxy.refuses = False


@asynccontextmanager
async def broker_mute(plc: FakePlc, proxy: FaultProxy, chance: random.Random) -> AsyncIterator[None]:
    """PUBACKs, or publishes, or both wait in the network."""
    with proxy.frozen(*chance.choice([(ANSWERS,), (REQUESTS,), (ANSWERS, REQUESTS)])):
        yield


FAULTS: tuple[Fault, ...] = (wrong_replies, wrong_replies, power_off, mute, broker_cut, broker_mute)


async def rage(plcs: list[FakePlc], proxy: FaultProxy, chance: random.Random, minutes: float) -> Counter[str]:
    """One fault after the other on one PLC or on the way to the broker; how often each came."""
    loop = asyncio.get_running_loop()
    ends, came = loop.time() + 60 * minutes, Counter[str]()
    while loop.time() < ends:
        fault = chance.choice(FAULTS)
        came[fault.__name__] += 1
        async with fault(chance.choice(plcs), proxy, chance):
            await asyncio.sleep(chance.uniform(0.2, 6.0))
        await asyncio.sleep(chance.uniform(0.0, 3.0))
    return came


@pytest.mark.acceptance
@pytest.mark.needs("mosquitto")
async def test_t16_all_faults_at_random(tmp_path: Path, seed: int, minutes: float) -> None:
    chance = random.Random(seed)
    async with (
        mosquitto(tmp_path) as broker,
        platform(broker.port) as seen,
        FaultProxy(broker.port, seed=seed) as proxy,
        FakePlc(seed=seed) as one,
        FakePlc(seed=seed + 1) as two,
        FakePlc(seed=seed + 2) as three,
    ):
        plcs = [one, two, three]
        for plc in plcs:
            plc.describe = lambda address, asked: asked.number & 0xFFFF
        async with agent(_site(tmp_path, plcs, proxy.port)) as running:
            await _all_good(seen)
            came = await rage(plcs, proxy, chance, minutes)
            await _all_good(seen)
            assert await running.stop() == 0, running.lines
    print(f"seed {seed}, {minutes:g} min: {dict(came)}, {len(running.lines)} lines, {len(seen.messages)} messages")
    (farewell,) = running.said("I9002")
    assert ", 0 not delivered, 0 dropped" in farewell
    for n in range(PLCS):
        assert seen.holes(f"press{n}") == []
        _no_stale_value(seen, f"press{n}")
    assert _busiest_minute(running.lines) <= LINES_A_MINUTE


def _site(directory: Path, plcs: list[FakePlc], port: int) -> Path:
    """Two blocks for each press; a broker that is given up after two seconds of silence."""
    tags = [{"name": "x_first", "address": "hr:100"}, {"name": "x_second", "address": "hr:1000"}]
    modbus = {"driver": "modbus", "timeout": "500ms"}
    return site(
        directory,
        [{"name": f"plc{n}", "url": plc.url, **modbus} for n, plc in enumerate(plcs)],
        [{"name": f"press{n}", "connection": f"plc{n}", "every": EVERY, "tags": tags} for n in range(len(plcs))],
        destinations=[{"name": "broker0", "url": f"mqtt://127.0.0.1:{port}", "ack_timeout": "2s"}],
    )


async def _all_good(seen: Platform) -> None:
    """Each press delivers good values again; back-off may take half a minute after a long outage."""
    before = {n: _good(seen, n) for n in range(PLCS)}
    await seen.until(lambda: all(_good(seen, n) >= before[n] + 5 for n in range(PLCS)), 60)


def _good(seen: Platform, n: int) -> int:
    return sum(quality == "good" for _, _, quality in seen.samples(f"press{n}", "x_second"))


def _identity(body: Mapping[str, Any]) -> tuple[str, int, int]:
    return body["dev"], body["boot"], body["seq"]


def _no_stale_value(seen: Platform, device: str) -> None:
    """A register shows the number of the request that asked for it, so what is read later is larger."""
    for tag in ("x_first", "x_second"):
        records = {_identity(body): body for body in seen.of("data", device)}
        scans = [scan for identity in sorted(records) for scan in records[identity]["scans"]]
        numbers = [scan["v"][tag] for scan in scans if scan["v"].get(tag) is not None]
        assert all(a < b for a, b in itertools.pairwise(numbers)), f"{device} {tag}"


def _busiest_minute(lines: list[str]) -> int:
    """Most lines of one code within any minute."""
    told: dict[str, list[float]] = {}
    for line in lines:
        if match := LINE.match(line):
            told.setdefault(match[2], []).append(datetime.fromisoformat(match[1]).timestamp())
    return max(sum(1 for at in times if first <= at < first + 60) for times in told.values() for first in times)
