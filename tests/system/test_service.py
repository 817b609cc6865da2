"""The agent as a service: what it tells systemd, when it is silent, and how it ends."""

import asyncio
import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes import stuck
from tests.fakes.agent import Agent, agent, site
from tests.fakes.broker import Habits, broker
from tests.fakes.mosquitto import free_port, mosquitto
from tests.fakes.plc import FakePlc
from tests.fakes.systemd import Heard, systemd

SPEED = {"name": "speed", "address": "hr:100:u16", "unit": "m/min"}
STOP_S = 5.0
LOOP = asyncio.get_running_loop


@pytest.fixture
def heard() -> Iterator[Heard]:
    with systemd() as listening:
        yield listening


def dead(directory: Path, broker_port: int | None = None) -> Path:
    """A PLC and a broker that are not there."""
    return plant(directory, f"tcp://127.0.0.1:{free_port()}", broker_port or free_port())


def plant(directory: Path, plc: str, broker_port: int) -> Path:
    connection = {"name": "plc1", "driver": "modbus", "url": plc, "timeout": "500ms"}
    device = {"name": "press01", "connection": "plc1", "type": "press-flexo", "every": "200ms", "tags": [SPEED]}
    return site(directory, [connection], [device], broker_port)


def hanging(directory: Path, how: str) -> tuple[Path, Path, dict[str, str]]:
    """The configuration, the file whose coming makes it hang, and the environment in which the driver is found."""
    trigger = directory / "hang"
    connection = {"name": "old", "driver": "stuck", "how": how, "file": str(trigger)}
    device = {
        "name": "press01",
        "connection": "old",
        "type": "press-flexo",
        "every": "100ms",
        "tags": [{"name": "x_a"}],
    }
    file = site(directory, [connection], [device], free_port())
    return file, trigger, {"PYTHONPATH": str(stuck.install(directory / "site-packages"))}


async def test_ready_comes_first_and_the_watchdog_is_fed_with_everything_dead(tmp_path: Path, heard: Heard) -> None:
    async with agent(dead(tmp_path), **heard.environment(watchdog_s=0.6)) as running:
        await heard.until("WATCHDOG=1", times=8)
        assert await running.stop() == 0
    assert heard.states[0] == ["READY=1"]
    assert "STATUS=connections up 0/1, destinations up 0/1, 2 records queued" in heard.lines
    assert heard.count("READY=1") == 1


@pytest.mark.needs("mosquitto")
async def test_the_status_says_what_is_up(tmp_path: Path, heard: Heard) -> None:
    async with (
        FakePlc() as plc,
        mosquitto(tmp_path) as there,
        agent(plant(tmp_path, plc.url, there.port), **heard.environment(watchdog_s=0.6)) as running,
    ):
        await heard.until("STATUS=connections up 1/1, destinations up 1/1, 0 records queued")
        assert await running.stop() == 0


async def test_no_watchdog_where_none_was_asked_for(tmp_path: Path, heard: Heard) -> None:
    async with agent(dead(tmp_path), **heard.environment()) as running:
        await heard.until("STATUS=")
        assert await running.stop() == 0
        await heard.until("STOPPING=1")
    assert heard.count("WATCHDOG=1") == 0
    assert [line.partition("=")[0] for line in heard.lines] == ["READY", "STATUS", "STOPPING", "STATUS"]


async def test_the_status_is_in_the_operators_language(tmp_path: Path, heard: Heard) -> None:
    async with agent(dead(tmp_path), LINESIDE_LANG="zh", **heard.environment()) as running:
        await heard.until("STATUS=")
        assert heard.lines[-1].startswith("STATUS=设备通信 0/1 正常")
        assert await running.stop() == 0


async def test_a_loop_that_hangs_feeds_no_more_and_shows_where_when_it_is_killed(tmp_path: Path, heard: Heard) -> None:
    file, trigger, installed = hanging(tmp_path, "loop")
    async with agent(file, **installed, **heard.environment(watchdog_s=0.3)) as running:
        await heard.until("WATCHDOG=1", times=5)
        trigger.touch()
        with pytest.raises(TimeoutError):
            while True:
                await heard.next(within_s=2.0)
        assert await running.stop(signal.SIGABRT) == -signal.SIGABRT, "what systemd does then"
    assert any("stuck.py" in line and "_hang" in line for line in running.lines)


@pytest.mark.acceptance
async def test_a_task_that_hangs_starves_the_watchdog_though_the_loop_runs(tmp_path: Path, heard: Heard) -> None:
    file, trigger, installed = hanging(tmp_path, "task")
    async with agent(file, **installed, **heard.environment(watchdog_s=0.6)) as running:
        await heard.until("WATCHDOG=1", times=5)
        trigger.touch()
        began = LOOP().time()
        while "E9015" not in "".join(running.lines):
            await heard.next()
        assert 25 <= LOOP().time() - began <= 35
        fed = heard.count("WATCHDOG=1")
        await heard.until("STATUS=", times=heard.count("STATUS=") + 10)
        assert heard.count("WATCHDOG=1") == fed
        assert "connection old" in running.said("E9015")[0]
        assert await running.stop() == 0, "it can still be stopped in order"


@pytest.mark.acceptance
async def test_everything_dead_for_longer_than_the_patience_is_no_reason_to_starve(
    tmp_path: Path, heard: Heard
) -> None:
    async with (
        broker(Habits(mute=True)) as mute,
        agent(dead(tmp_path, mute.port), **heard.environment(watchdog_s=3)) as running,
    ):
        await heard.until("WATCHDOG=1", times=90, within_s=100)
        assert heard.count("STATUS=") == heard.count("WATCHDOG=1")
        assert running.said("E9015") == []
        assert await running.stop() == 0


async def _stopped(running: Agent, heard: Heard, *, impatient: bool = False) -> float:
    """Stop it as systemd does and return how long it took."""
    began, stops = LOOP().time(), heard.count("STOPPING=1")
    running.process.send_signal(signal.SIGTERM)
    await heard.until("STOPPING=1", times=stops + 1)
    if impatient:
        running.process.send_signal(signal.SIGTERM)
    async with asyncio.timeout(20):
        assert await running.process.wait() == 0
    return LOOP().time() - began


async def test_a_stop_is_told_and_over_in_five_seconds_and_faster_when_asked_twice(
    tmp_path: Path, heard: Heard
) -> None:
    took = []
    for impatient in (False, True):
        async with (
            broker(Habits(acks=False)) as mute,
            agent(dead(tmp_path, mute.port), **heard.environment()) as running,
        ):
            await mute.until(lambda: bool(mute.published))
            took.append(await _stopped(running, heard, impatient=impatient))
    patient, impatient_s = took
    assert patient < STOP_S
    assert impatient_s < patient / 2


@pytest.mark.parametrize("habits", [Habits(mute=True), Habits(acks=False), Habits(connack=0x88)])
async def test_row_35_a_stop_with_a_mute_broker_and_a_dead_plc(tmp_path: Path, heard: Heard, habits: Habits) -> None:
    async with broker(habits) as mute, agent(dead(tmp_path, mute.port), **heard.environment()) as running:
        await mute.until(lambda: bool(mute.connects))
        assert await _stopped(running, heard) < STOP_S
    assert "not delivered" in running.said("I9002")[0]


@pytest.mark.acceptance
async def test_row_35_sigterm_at_200_random_moments(tmp_path: Path, heard: Heard, seed: int) -> None:
    """Between READY and a few seconds later, with a broker that never acknowledges."""
    chance = random.Random(seed)
    async with broker(Habits(acks=False)) as mute, FakePlc() as plc:
        file = plant(tmp_path, plc.url, mute.port)
        for n in range(1, 201):
            async with agent(file, **heard.environment()) as running:
                await heard.until("READY=1", times=n)
                with pytest.raises(TimeoutError):
                    await asyncio.wait_for(running.process.wait(), chance.uniform(0, 1.5))
                assert await _stopped(running, heard) < STOP_S, f"run {n}, seed {seed}"


async def test_a_stop_before_everything_is_started_is_a_stop(tmp_path: Path, heard: Heard) -> None:
    """As soon as the outbox is there, before READY: a stop during a slow start."""
    async with agent(dead(tmp_path), **heard.environment()) as running:
        while not (tmp_path / "state").exists():
            assert running.process.returncode is None
            await asyncio.sleep(0.001)
        assert await _stopped(running, heard) < STOP_S
    assert running.said("I9002")
