"""Numeric targets of the promises that the Modbus driver keeps: T1 (no wrong value), T8 (detection), T9 (isolation)."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from time import perf_counter

import pytest

from drivers.contract import Group, Quality
from drivers.errors import NotConnected
from tests.drivers.modbus.talk import connected, describe, fresh, group, holding, talk
from tests.fakes.faults import (
    fewer,
    garbage,
    late,
    truncated,
)
from tests.fakes.plc import FakePlc
from tests.fakes.proxy import ANSWERS, REQUESTS, FaultProxy
from tests.fakes.stalls import Stalls


@asynccontextmanager
async def plc_process(*arguments: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, int]]:
    """A PLC that can be stopped like a machine."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.fakes.plc", *arguments, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        yield process, int(await process.stdout.readline())
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()


@contextmanager
def stopped(process: asyncio.subprocess.Process) -> Iterator[None]:
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)


async def misread(echoes: bool, seed: int, reads: int, tags: Group, **limits: object) -> int:
    """Read a PLC with 10 % late, 3 % short (whole and cut-off frames) and 1 % garbage; returns how many values came."""
    timeout_s, values = 0.02, 0
    async with FakePlc(seed=seed) as plc, talk(plc, tags, timeout=f"{timeout_s * 1000:g}ms", **limits) as it:
        plc.echoes = echoes
        plc.describe = describe
        plc.fault(late(timeout_s * 1.1, timeout_s * 3), fraction=0.1)
        plc.fault(fewer(), fraction=0.02)
        plc.fault(truncated(), fraction=0.01)
        plc.fault(garbage(), fraction=0.01)
        for _ in range(reads):
            since = len(plc.requests)
            try:
                await it.read()
            except NotConnected:  # 20 ms are little for a new connection on a busy machine
                await it.driver.close()
                await connected(it.driver)
            else:
                values += fresh(it, plc, since)
        assert plc.most_open == 1
        assert it.counts["timeouts"] > 0.05 * reads
    return values


@pytest.mark.parametrize("echoes", [True, False], ids=["tcp", "tcp with id 0"])
async def test_t1_no_wrong_value_in_10000_reads(echoes: bool, seed: int) -> None:
    """Five PLCs side by side, 2000 reads each. Most reads bring their values all the same."""
    tags = group("press", holding(range(4)))
    async with asyncio.TaskGroup() as readers:
        tasks = [readers.create_task(misread(echoes, seed + nth, 2000, tags)) for nth in range(5)]
    assert sum(task.result() for task in tasks) > 0.75 * 10_000 * 4


async def test_t1_no_wrong_value_with_requests_in_flight_together(seed: int) -> None:
    tags = group("press", {f"t{at}": f"hr:{at}" for at in range(0, 800, 20)})
    assert await misread(True, seed, 150, tags, pipeline=8, gap=0) > 0.4 * 150 * 40


async def test_t8_half_open_is_found_within_3_time_outs() -> None:
    tags = group("press", holding(range(4)))
    async with plc_process() as (process, port), talk(port, tags, timeout="200ms") as it:
        await it.read()
        with stopped(process):
            began = perf_counter()
            while not it.faults():
                await it.read()
            assert perf_counter() - began < 3 * 0.2
            while it.counts["timeouts"] < 3:
                await it.read()
            assert perf_counter() - began < 3 * 0.2 + 0.1
            await it.read()
            assert it.counts["connects"] == 2, "the dead connection was replaced"
        async with asyncio.timeout(5):
            while it.faults():
                await it.read()


async def test_t8_half_open_behind_a_network_that_swallows_everything() -> None:
    async with (
        FakePlc() as plc,
        FaultProxy(plc.port) as proxy,
        talk(proxy.port, group("press", holding(range(4))), timeout="100ms") as it,
    ):
        await it.read()
        with proxy.frozen(REQUESTS, ANSWERS):
            began = perf_counter()
            await it.read()
            assert set(it.faults().values()) == {Quality.BAD_TIMEOUT}
            assert perf_counter() - began < 0.3
        await it.read()
        assert it.faults() == {}


async def test_t9_nine_mute_plcs_do_not_slow_the_tenth() -> None:
    """Own connections: while nine drivers wait for devices that say nothing, the tenth is read on and on."""
    tags = group("press", holding(range(300)))
    async with FakePlc() as good, FakePlc() as mute, AsyncExitStack() as stack:
        mute.is_mute = True
        others = [await stack.enter_async_context(talk(mute, tags, timeout="900ms")) for _ in range(9)]
        tenth = await stack.enter_async_context(talk(good, tags, timeout="1s"))
        stalls = stack.enter_context(Stalls())
        async with asyncio.TaskGroup() as reads:
            waiting = [reads.create_task(it.read()) for it in others]
            turns = []
            while not all(task.done() for task in waiting):
                began = perf_counter()
                await tenth.read()
                turns.append(perf_counter() - began - stalls.within(began, perf_counter()))
        assert tenth.faults() == {}
        assert all(set(it.faults().values()) == {Quality.BAD_TIMEOUT} for it in others)
        assert len(turns) > 20
        assert sorted(turns)[len(turns) * 99 // 100] < 0.1, "a tenth of a period of 1 s"
