"""The whole agent: a fake PLC on one side, mosquitto and a platform on the other."""

import asyncio
import itertools
import signal
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from agent.clock import BUILT_MS
from tests.fakes.agent import Agent, Platform, agent, platform, site
from tests.fakes.faults import Asked
from tests.fakes.mosquitto import Mosquitto, free_port, mosquitto
from tests.fakes.plc import FakePlc
from tests.fakes.stalls import Stalls

pytestmark = pytest.mark.needs("mosquitto")

SPEED = {"name": "speed", "address": "hr:100:u16", "scale": 0.1, "unit": "m/min"}
COUNT = {"name": "count_good", "address": "hr:102:u32", "unit": "{piece}"}
FAKED_TIMEOUT = "5s"
"""libfaketime holds a process up for tenths of a second when a thread starts; its tests are about the clock."""


def modbus(name: str, url: str, **more: object) -> dict[str, object]:
    """Patient, because a busy machine can stand still for half a second; where the time-out matters, it is given."""
    return {"name": name, "driver": "modbus", "url": url, "timeout": "2s", **more}


def press(
    name: str, connection: str, *tags: Mapping[str, object], every: str = "200ms", **more: object
) -> dict[str, object]:
    return {"name": name, "connection": connection, "type": "press-flexo", "every": every, "tags": tags, **more}


async def test_registers_arrive_as_tagged_values(tmp_path: Path) -> None:
    async with FakePlc() as plc, mosquitto(tmp_path) as broker, platform(broker.port) as seen:
        memory = plc.unit(1).holding
        memory.update({100: 853, 102: 1, 103: 10})
        file = site(tmp_path, [modbus("plc1", plc.url)], [press("press01", "plc1", SPEED, COUNT)], broker.port)
        async with agent(file) as running:
            await seen.sees("press01", "count_good")
            memory[103] = 11
            await seen.sees("press01", "count_good", times=2)
            assert await running.stop() == 0
        await seen.until(lambda: len(seen.of("/state")) >= 2)
    (first,) = [body for body in seen.of("data", "press01") if body["seq"] == 0]
    assert first["scans"][0]["v"] == {"speed": 85.3, "count_good": 65546}
    assert [value for _, value, _ in seen.samples("press01", "count_good")] == [65546, 65547]
    assert [value for _, value, _ in seen.samples("press01", "speed")] == [85.3]
    meta = seen.of("meta", "press01")[0]
    assert meta["rev"] == first["rev"] == 1
    assert meta["tags"]["speed"]["type"] == "float"
    assert meta["tags"]["count_good"]["source"].startswith("hr:102")
    states = [body["online"] for body in seen.of("/state")]
    assert states == [True, False]
    assert seen.of("/state")[-1]["clean"] is True
    assert seen.holes("press01") == []
    assert [line.split()[3] for line in running.lines][:1] == ["I9001"]


async def test_row_01_a_plc_that_is_down_at_start(tmp_path: Path) -> None:
    plc = FakePlc(free_port())
    file_of = lambda port: site(tmp_path, [modbus("plc1", plc.url)], [press("press01", "plc1", SPEED)], port)  # noqa: E731  # one line says it
    async with mosquitto(tmp_path) as broker, platform(broker.port) as seen, agent(file_of(broker.port)) as running:
        await seen.sees("press01", "speed", "bad.not_connected")
        await running.until(lambda: _about(running, "plc1"))
        async with plc:
            started = asyncio.get_running_loop().time()
            await seen.sees("press01", "speed")
            assert asyncio.get_running_loop().time() - started < 4 + 0.2 + 1
        await running.until(lambda: len(_about(running, "plc1")) >= 3)
        await seen.sees("press01", "speed", "bad.not_connected", times=2)
    assert [value for _, value, quality in seen.samples("press01", "speed") if quality != "good"] == [None, None]
    assert ["NOTICE" in line for line in _about(running, "plc1")] == [False, True, False], "lost, back, lost"


def _about(running: Agent, subject: str) -> list[str]:
    return [line for line in running.lines if f" {subject}: " in line]


async def test_t9_nine_dead_plcs_do_not_disturb_the_tenth(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, platform(broker.port) as seen, FakePlc() as alive, FakePlc() as mute:
        mute.is_mute = True
        alive.describe = lambda address, asked: asked.number & 0xFFFF
        dead = [f"tcp://127.0.0.1:{free_port()}" for _ in range(4)]
        urls = [*dead, *[mute.url] * 5, alive.url]
        connections = [modbus(f"plc{n}", url) for n, url in enumerate(urls)]
        devices = [press(f"press{n}", f"plc{n}", SPEED, every="100ms") for n in range(10)]
        with Stalls() as stalls:
            async with agent(site(tmp_path, connections, devices, broker.port)) as running:
                periods: list[int] = []
                async with asyncio.timeout(80):
                    while len(periods) < 120:
                        await seen.sees("press9", "speed", times=len(seen.samples("press9", "speed")) + 25)
                        periods = _undisturbed(seen, stalls)
        assert periods[int(len(periods) * 0.99)] <= 10, "p99 of the jitter is at most 10 % of the period"
        assert seen.samples("press0", "speed")[0][2] == "bad.not_connected"
        assert seen.samples("press5", "speed")[0][2] == "bad.timeout"
        assert seen.holes("press9") == []
        assert len(running.lines) <= 20 + 1


def _undisturbed(seen: Platform, stalls: Stalls) -> list[int]:
    """How far from 100 ms the tenth's periods are, ascending: those in which the machine did not stand still."""
    to_monotonic_s = time.perf_counter() - time.time()
    times = [at for at, _, _ in seen.samples("press9", "speed")][5:]
    return sorted(
        abs(b - a - 100)
        for a, b in itertools.pairwise(times)
        if not stalls.touch(a / 1000 + to_monotonic_s - 0.01, b / 1000 + to_monotonic_s + 0.01)
    )


async def test_row_03_a_half_open_connection_is_noticed_within_three_timeouts(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, platform(broker.port) as seen, FakePlc() as plc:
        plc.describe = lambda address, asked: asked.number & 0xFFFF
        file = site(
            tmp_path, [modbus("plc1", plc.url, timeout="500ms")], [press("press01", "plc1", SPEED)], broker.port
        )
        async with agent(file):
            await seen.sees("press01", "speed", times=3)
            plc.is_mute = True
            mute_since = asyncio.get_running_loop().time()
            await seen.sees("press01", "speed", "bad.timeout")
            assert asyncio.get_running_loop().time() - mute_since <= 3 * 0.5 + 0.2
            plc.is_mute = False
            good = len(seen.samples("press01", "speed"))
            await seen.until(lambda: [q for _, _, q in seen.samples("press01", "speed")][good:].count("good") >= 3)


async def test_row_41_few_lines_and_no_traceback_under_a_flapping_plc(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, platform(broker.port) as seen, FakePlc() as plc:
        file = site(tmp_path, [modbus("plc1", plc.url)], [press("press01", "plc1", SPEED)], broker.port)
        async with agent(file) as running:
            for n in range(1, 13):
                await seen.sees("press01", "speed", times=n)
                await plc.stop()
                await seen.sees("press01", "speed", "bad.not_connected", times=n)
                await plc.start()
        assert len(running.lines) <= 20 + 1


@pytest.mark.needs("faketime")
async def test_row_22_a_clock_in_1970_and_then_right(tmp_path: Path) -> None:
    """What was taken before the step and not sent yet is corrected; what was sent had said that it is unsure."""
    hands = tmp_path / "clock"
    hands.write_text("@1970-01-01 00:10:00")
    broker = Mosquitto(tmp_path)
    polled: asyncio.Queue[int] = asyncio.Queue()

    def describe(address: int, asked: Asked) -> int:
        polled.put_nowait(asked.number)
        return asked.number & 0xFFFF

    async with FakePlc() as plc:
        plc.describe = describe
        file = site(
            tmp_path, [modbus("plc1", plc.url, timeout=FAKED_TIMEOUT)], [press("press01", "plc1", SPEED)], broker.port
        )
        async with agent(file, **_faked(hands)) as running:
            await running.says("W5001")
            await broker.start()
            async with platform(broker.port) as seen:
                await seen.sees("press01", "speed", "uncertain.clock", times=5)
                assert {body.get("clock") for body in seen.of("data", "press01")} == {"unsynced"}
            broker.stop()
            unsent = len(plc.requests) + 10
            while await polled.get() < unsent:
                pass
            hands.write_text("+0")
            await running.says("N5002")
            await running.says("W5001", times=2)
            await broker.start()
            async with platform(broker.port) as seen:
                await seen.sees("press01", "speed", times=15)
                await seen.until(lambda: [body for body in seen.of("event", "press01") if body["type"] == "clock"])
            broker.stop()
    late = [body for body in seen.of("data", "press01") if body.get("hist")]
    assert len(late) >= 10
    assert not any("clock" in body for body in late)
    times = [at for at, _, _ in seen.samples("press01", "speed")]
    assert min(times) > BUILT_MS
    gaps = [b - a for a, b in itertools.pairwise(times)]
    assert max(gaps) < 1500, "before and after the step stand on one time line"
    steps = [body for body in seen.of("event", "press01") if body["type"] == "clock"]
    assert steps[0]["data"]["synced"] is True


@pytest.mark.needs("faketime")
async def test_row_23_an_hour_back_changes_neither_order_nor_schedule(tmp_path: Path) -> None:
    hands = tmp_path / "clock"
    hands.write_text("+0")
    async with FakePlc() as plc, mosquitto(tmp_path) as broker, platform(broker.port) as seen:
        plc.describe = lambda address, asked: asked.number & 0xFFFF
        file = site(
            tmp_path, [modbus("plc1", plc.url, timeout=FAKED_TIMEOUT)], [press("press01", "plc1", SPEED)], broker.port
        )
        async with agent(file, **_faked(hands) | {"TZ": "Europe/Berlin"}) as running:
            await seen.sees("press01", "speed", times=5)
            hands.write_text("-3600")
            await running.says("N5002")
            before = len(seen.samples("press01", "speed"))
            await seen.sees("press01", "speed", times=before + 10)
    values = [value for _, value, _ in seen.samples("press01", "speed")]
    assert values == sorted(values), "order is that of the sequence numbers"
    assert seen.holes("press01") == []
    arrivals = [message.at for message in seen.messages if message.topic.endswith("press01/data")]
    assert max(b - a for a, b in itertools.pairwise(arrivals)) < 1.0, "polls did not wait for the wall clock"
    (step,) = [body for body in seen.of("event", "press01") if body["type"] == "clock"]
    assert step["data"]["step_ms"] == pytest.approx(-3_600_000, abs=1000)


def _faked(hands: Path) -> dict[str, str]:
    """libfaketime moves the wall clock as the file says, and leaves the monotonic one alone."""
    return {
        "LD_PRELOAD": "libfaketime.so.1",
        "LD_LIBRARY_PATH": "/usr/lib/x86_64-linux-gnu/faketime:/usr/lib/aarch64-linux-gnu/faketime",
        "FAKETIME_TIMESTAMP_FILE": str(hands),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_FORCE_MONOTONIC_FIX": "0",
        "TZ": "UTC",
    }


async def test_row_39_the_devices_own_not_available_is_null(tmp_path: Path) -> None:
    tag = {
        "name": "temperature",
        "address": "hr:5:u16",
        "scale": 0.1,
        "unit": "Cel",
        "null_values": [65535],
        "range": [0, 400],
    }
    async with FakePlc() as plc, mosquitto(tmp_path) as broker, platform(broker.port) as seen:
        memory = plc.unit(1).holding
        memory[5] = 65535
        file = site(tmp_path, [modbus("plc1", plc.url)], [press("press01", "plc1", tag)], broker.port)
        async with agent(file):
            await seen.sees("press01", "temperature", "bad.null")
            memory[5] = 1234
            await seen.sees("press01", "temperature", "good")
            memory[5] = 4001
            await seen.sees("press01", "temperature", "uncertain.range")
    assert [(v, q) for _, v, q in seen.samples("press01", "temperature")] == [
        (None, "bad.null"),
        (123.4, "good"),
        (400.1, "uncertain.range"),
    ]


async def test_row_38_what_is_no_number_and_no_text(tmp_path: Path) -> None:
    """NaN, infinity and bytes that are no characters go out as valid JSON, null where there is no value."""
    tags = [
        {"name": "x_nan", "address": "hr:0:f32"},
        {"name": "x_infinite", "address": "hr:2:f32"},
        {"name": "job", "address": "hr:10:str(8)", "encoding": "gb18030"},
        SPEED,
    ]
    async with FakePlc() as plc, mosquitto(tmp_path) as broker, platform(broker.port) as seen:
        plc.unit(1).holding.update({0: 0x7FC0, 2: 0xFF80, 10: 0xFFFE, 11: 0x0A1B, 12: 0x2241, 100: 5})
        file = site(tmp_path, [modbus("plc1", plc.url)], [press("press01", "plc1", *tags)], broker.port)
        async with agent(file):
            await seen.sees("press01", "speed")
    scans = [scan for body in seen.of("data", "press01") for scan in body["scans"]]
    values = {name: value for scan in scans for name, value in scan["v"].items()}
    assert values["x_nan"] is None
    assert values["x_infinite"] is None
    assert isinstance(values["job"], str)
    assert {"x_nan": "bad.decode", "x_infinite": "bad.decode"} in [scan.get("q") for scan in scans]


async def test_row_42_a_second_agent_leaves_with_75_and_says_who_is_there(tmp_path: Path) -> None:
    file = site(tmp_path, [{"name": "sim", "driver": "simulated"}], [press("press01", "sim", _sine())], free_port())
    async with agent(file) as first:
        await first.says("I9001")
        async with agent(file) as second:
            assert await second.process.wait() == 75
        assert f"process {first.pid}" in second.said("E9009")[0]
        assert await first.stop() == 0
    async with agent(file) as third:
        await third.says("I9001")


def _sine() -> dict[str, object]:
    return {"name": "speed", "address": "sine(10s, 0, 100)", "unit": "m/min"}


async def test_run_refuses_a_wrong_configuration_with_the_text_of_check(tmp_path: Path) -> None:
    cases = Path(__file__).parents[1] / "cases" / "config"
    wrong = cases / "twelve_mistakes.yaml"
    async with agent(wrong, LINESIDE_LANG="en") as running:
        assert await running.process.wait() == 78
    expected = (cases / "twelve_mistakes.en.txt").read_text().splitlines()
    assert [Path(line).name if "twelve" in line else line for line in running.lines] != []
    assert "\n".join(running.lines).count("twelve_mistakes.yaml:") >= 12
    assert [line.partition("yaml:")[2] for line in running.lines if "yaml:" in line] == [
        line.partition("yaml:")[2] for line in expected if "yaml:" in line
    ]


@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGINT])
async def test_a_stop_with_a_dead_broker_takes_less_than_five_seconds(tmp_path: Path, wish: signal.Signals) -> None:
    file = site(tmp_path, [{"name": "sim", "driver": "simulated"}], [press("press01", "sim", _sine())], free_port())
    async with agent(file) as running:
        await running.says("I9001")
        asked = asyncio.get_running_loop().time()
        assert await running.stop(wish) == 0
        assert asyncio.get_running_loop().time() - asked < 5
    assert "not delivered" in running.said("I9002")[0]


async def test_health_counts_expected_and_acquired_polls(tmp_path: Path) -> None:
    async with FakePlc() as plc, mosquitto(tmp_path) as broker, platform(broker.port) as seen:
        file = site(
            tmp_path,
            [modbus("plc1", plc.url)],
            [press("press01", "plc1", SPEED)],
            broker.port,
            health_interval="1s",
        )
        async with agent(file):
            await seen.until(lambda: len(seen.of("/health")) >= 4)
    health = seen.of("/health")[-1]
    under_way = [_polls(one, "expected") - _polls(one, "acquired") for one in seen.of("/health")]
    assert under_way.count(0) >= 2, "none is missing"
    assert set(under_way) <= {0, 1}, "only the newest may be on its way"
    assert 10 <= _polls(health, "expected") <= 25
    assert health["connections"]["plc1"]["state"] == "up"
    assert health["connections"]["plc1"]["wire"]["timeouts"] == 0
    account = health["destinations"]["broker0"]
    assert account["accepted"] == account["delivered"] + account["queued"] + sum(account["dropped"].values())
    assert health["clock"]["synced"] is True


def _polls(health: Mapping[str, Any], what: str) -> int:
    """Of press01, whenever the hour changed."""
    return sum(hour[what] for hour in health["devices"]["press01"])


async def test_meta_of_a_removed_device_is_cleared_after_a_restart(tmp_path: Path) -> None:
    simulated = [{"name": "sim", "driver": "simulated"}]
    two = [press("press01", "sim", _sine()), press("press02", "sim", _sine())]
    async with mosquitto(tmp_path) as broker, platform(broker.port) as seen:
        async with agent(site(tmp_path, simulated, two, broker.port)) as running:
            await seen.sees("press02", "speed")
            await running.stop()
        boots = {body["boot"] for body in seen.of("/state")}
        async with agent(site(tmp_path, simulated, two[:1], broker.port)) as running:
            await seen.until(lambda: len(seen.of("meta", "press02")) >= 2)
            await running.stop()
        assert seen.of("meta", "press02")[-1] == {}
        assert {body["boot"] for body in seen.of("/state")} - boots == {boots.pop() + 1}
        again = [body for body in seen.of("/state") if "previous" in body][-1]
        assert again["previous"]["clean"] is True
        async with platform(broker.port) as late:
            await late.until(lambda: late.of("meta", "press01"))
            assert all(message.retain for message in late.messages)
        assert late.of("meta", "press02") == []


async def test_a_text_that_follows_the_job_comes_with_the_job(tmp_path: Path) -> None:
    """Nobody reads 16 registers of text each second; when the job number changes they are read at once."""
    tags = (
        {"name": "x_job_number", "address": "hr:10:u16", "every": "100ms"},
        {"name": "job", "address": "hr:20:str(16)", "read_on": "x_job_number"},
        {"name": "x_serial", "address": "hr:40:str(8)", "read_on": "start"},
    )
    async with FakePlc() as plc, mosquitto(tmp_path) as broker, platform(broker.port) as seen:
        memory = plc.unit(1).holding

        def show(number: int, text: bytes) -> None:
            memory.update({20 + at: int.from_bytes(text.ljust(16)[2 * at : 2 * at + 2], "big") for at in range(8)})
            memory[10] = number

        show(1, b"GD-0001")
        memory.update({40: 0x5A59, 41: 0x3939, 42: 0, 43: 0})
        file = site(tmp_path, [modbus("plc1", plc.url)], [press("press01", "plc1", *tags)], broker.port)
        async with agent(file):
            await seen.until(lambda: [v for _, v, _ in seen.samples("press01", "job")] == ["GD-0001"])
            show(2, b"GD-0002")
            await seen.until(lambda: [v for _, v, _ in seen.samples("press01", "job")] == ["GD-0001", "GD-0002"])
            await plc.until(lambda: sum(one.start == 10 for one in plc.requests) >= 20)
    times = {name: {v: t for t, v, _ in seen.samples("press01", name)} for name in ("x_job_number", "job")}
    assert times["job"]["GD-0002"] - times["x_job_number"][2] < 100
    assert [v for _, v, _ in seen.samples("press01", "x_serial")] == ["ZY99"]
    assert sum(one.start == 20 for one in plc.requests) == 3
    assert sum(one.start == 40 for one in plc.requests) == 1
    meta = seen.of("meta", "press01")[-1]["tags"]
    assert (meta["job"]["read_on"], meta["x_serial"]["read_on"]) == ("x_job_number", "start")
    assert "every_s" not in meta["x_serial"]
