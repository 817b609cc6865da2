"""Devices are sick and another is well: what promises.md says of every Modbus fault, seen from the platform.

The process stays, the neighbour loses nothing, each tag of a sick one gets its reason in time and is good again
afterwards, no value is ever an old one, and the operator reads few lines. Of the sick ones one echoes transaction ids
and one answers each request with id 0, as some PLCs do.
"""

import asyncio
import itertools
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.fakes import faults
from tests.fakes.agent import Agent, Platform, agent, platform, site
from tests.fakes.mosquitto import mosquitto
from tests.fakes.plc import FakePlc

pytestmark = pytest.mark.needs("mosquitto")

PERIOD_S, TIMEOUT_S = 0.2, 0.3
IN_TIME_S = max(2 * PERIOD_S, 3 * TIMEOUT_S + PERIOD_S)
SLACK_S = 0.5
"""For a machine that does other things as well."""

FAULTS = {
    "row_02_reset_mid_reply": (faults.dropped(7), "bad.not_connected"),
    "row_03_mute": (faults.swallowed, "bad.timeout"),
    "row_04_slow": (faults.late(0.45), "bad.timeout"),
    "row_05_illegal_address": (faults.exception(2), "bad.config"),
    "row_05_illegal_function": (faults.exception(1), "bad.config"),
    "row_06_busy": (faults.exception(6), "bad.busy"),
    "row_06_acknowledge": (faults.exception(5), "bad.busy"),
    "row_07_gateway_path": (faults.exception(10), "bad.gateway"),
    "row_07_gateway_target": (faults.exception(11), "bad.gateway"),
    "row_08_late": (faults.late(0.35, 0.9), "bad.timeout"),
    "row_10_wrong_unit": (faults.other_unit, "bad.protocol"),
    "row_10_wrong_function": (faults.other_function, "bad.protocol"),
    "row_10_short": (faults.fewer(), "bad.protocol"),
    "row_10_odd_count": (faults.odd, "bad.protocol"),
    "row_10_garbage": (faults.garbage(), "bad.protocol"),
    "device_failure": (faults.exception(4), "bad.device"),
}


SICK = "echo", "id0"


def written(directory: Path, plcs: Mapping[str, FakePlc], port: int) -> Path:
    connections = [
        {
            "name": f"to_{name}",
            "driver": "modbus",
            "url": plc.url,
            "timeout": f"{round(TIMEOUT_S * 1000)}ms",
            "limits": {"quarantine": "1s"},
        }
        for name, plc in plcs.items()
    ]
    devices = [
        {
            "name": name,
            "connection": f"to_{name}",
            "every": f"{round(PERIOD_S * 1000)}ms",
            "tags": [{"name": "count_total", "address": "hr:10"}, {"name": "x_far", "address": "hr:300"}],
        }
        for name in plcs
    ]
    return site(directory, connections, devices, port)


@pytest.mark.parametrize("fault", FAULTS)
async def test_fault(tmp_path: Path, fault: str) -> None:
    change, quality = FAULTS[fault]
    async with (
        FakePlc() as echo,
        FakePlc() as id0,
        FakePlc() as well,
        mosquitto(tmp_path) as broker,
        platform(broker.port) as seen,
    ):
        plcs = {"echo": echo, "id0": id0, "well": well}
        for plc in plcs.values():
            plc.describe = lambda address, asked: asked.number & 0xFFFF
        id0.echoes = False
        async with agent(written(tmp_path, plcs, broker.port)) as running:
            for name in SICK:
                await seen.sees(name, "x_far", times=3)
            with echo.fault(change), id0.fault(change):
                await _both_tell(seen, quality)
            await _good_again(seen)
            assert running.process.returncode is None
            assert len(running.lines) <= 20 + 1
            for name in SICK:
                _told_once_each_way(running, name)
    _nothing_old(seen)
    _undisturbed(seen)


async def _both_tell(seen: Platform, quality: str) -> None:
    """All tags of the sick get the reason in time; it lasts for some polls of the well one."""
    began = asyncio.get_running_loop().time()
    for name, tag in itertools.product(SICK, ("count_total", "x_far")):
        await seen.sees(name, tag, quality)
    took = asyncio.get_running_loop().time() - began
    assert took <= IN_TIME_S + SLACK_S, f"{quality} after {took:.2f} s"
    mark = len(seen.samples("well", "count_total"))
    await seen.sees("well", "count_total", times=mark + 15)


async def _good_again(seen: Platform) -> None:
    for name, tag in itertools.product(SICK, ("count_total", "x_far")):
        mark = sum(quality == "good" for _, _, quality in seen.samples(name, tag))
        await seen.sees(name, tag, times=mark + 3)


def _told_once_each_way(running: Agent, name: str) -> None:
    """Every state that was entered was told once and left once, if it has lasted for some reads."""
    about = [line for line in running.lines if f" {name}: " in line or f" to_{name}: " in line]
    codes = {line.split()[3] for line in about}
    for code in codes:
        lines = [line.split()[2] for line in about if f" {code} " in line]
        assert lines.count("NOTICE") <= 1
        assert len(lines) <= 3, lines
    assert about, "the operator was told"


def _nothing_old(seen: Platform) -> None:
    """The PLC counts its requests: a reply that came for an earlier one would step back."""
    for device, tag in itertools.product((*SICK, "well"), ("count_total", "x_far")):
        values = [value for _, value, _ in seen.samples(device, tag) if value is not None]
        assert values == sorted(values)
        assert all(type(value) is int for value in values)


def _undisturbed(seen: Platform) -> None:
    """The neighbour's samples come in its own rhythm, by the time of acquisition."""
    assert {quality for _, _, quality in seen.samples("well", "count_total")} == {"good"}
    times = [at for at, _, _ in seen.samples("well", "count_total")][3:]
    worst = max(b - a for a, b in itertools.pairwise(times))
    assert worst <= 2 * PERIOD_S * 1000, f"a gap of {worst} ms"
    for name in (*SICK, "well"):
        assert seen.holes(name) == []


async def test_200_tags_7_illegal_registers_the_others_keep_every_sample(tmp_path: Path) -> None:
    """Over MQTT: five blocks of forty tags, seven of whose registers the PLC refuses."""
    bad = {3, 4, 41, 79, 120, 121, 199}
    async with FakePlc() as plc, mosquitto(tmp_path) as broker, platform(broker.port) as seen:
        plc.describe = lambda address, asked: asked.number & 0xFFFF
        for at in bad:
            plc.illegal(at + 1000 * (at // 40), at + 1000 * (at // 40) + 1)
        tags = [{"name": f"x_{at}", "address": f"hr:{at + 1000 * (at // 40)}"} for at in range(200)]
        device = {"name": "press01", "connection": "plc1", "every": "200ms", "tags": tags}
        connection = {"name": "plc1", "driver": "modbus", "url": plc.url}
        async with agent(site(tmp_path, [connection], [device], broker.port)) as running:
            await seen.sees("press01", "x_0", times=20)
            assert len([line for line in running.lines if " press01: " in line]) == 1
    polls = len(seen.samples("press01", "x_0")) - 1
    for at in range(200):
        samples = seen.samples("press01", f"x_{at}")
        qualities = {quality for _, _, quality in samples}
        if at in bad:
            assert qualities == {"bad.config"}
            assert {value for _, value, _ in samples} == {None}
        else:
            assert qualities == {"good"}
            assert len(samples) >= polls
