"""Many units on one slow line: the dead ones do not slow the living, and the line is used."""

import asyncio
from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from drivers.modbus.endpoint import Line
from tests.drivers.modbus.talk import PLUGIN, Said, group, holding, open_driver
from tests.fakes.agent import agent, platform, site
from tests.fakes.line import PacedLine, Seen
from tests.fakes.mosquitto import mosquitto
from tests.fakes.stalls import Stalls

LIVE, DEAD = (1, 2, 4, 6, 7, 8, 10), (3, 5, 9)


def device(unit: int, every: str) -> dict[str, object]:
    tags = [{"name": f"x_word{at}", "address": f"hr:{at}"} for at in range(10)]
    return {"name": f"m{unit:02}", "connection": "bus", "unit": unit, "type": "meter", "every": every, "tags": tags}


async def run(
    tmp_path: Path, baud: int, period_s: float, warm_s: float, measured_s: float, enough: int
) -> tuple[Sequence[Seen], Sequence[float]]:
    """What is on the line while the agent reads ten units of which three are dead, after the first `warm_s` seconds.

    And the jitter of at least so many polls in which the machine did not stand still.
    """
    with Stalls() as stalls, PacedLine(baud, range(1, 11), DEAD, think_s=96 / baud) as line:
        bus = {"name": "bus", "driver": "modbus", "url": f"rtu://{line.path}?baud={baud}", "timeout": "300ms"}
        devices = [device(unit, f"{period_s * 1000:g}ms") for unit in range(1, 11)]
        async with mosquitto(tmp_path) as broker, platform(broker.port) as seen:
            async with agent(site(tmp_path, [bus], devices, broker.port)) as running:
                await asyncio.sleep(warm_s)
                begin = len(line.seen)
                await asyncio.sleep(measured_s)
                async with asyncio.timeout(2 * measured_s):
                    while len(late := jitter(line.seen[begin:], period_s, stalls)) < enough:  # noqa: ASYNC110  # of bytes on a line, which no event announces
                        await asyncio.sleep(period_s)
                assert len(running.lines) < 20
            for unit in LIVE:
                assert {q for _, _, q in seen.samples(f"m{unit:02}", "x_word0")} == {"good"}
            for unit in DEAD:
                assert {q for _, _, q in seen.samples(f"m{unit:02}", "x_word0")} == {"bad.timeout"}
        assert line.collisions == 0
        return line.seen[begin:], late


STALL_S = 0.02
"""After a longer one than that the line has to catch up for a period."""


def jitter(seen: Sequence[Seen], period_s: float, stalls: Stalls) -> list[float]:
    """How far the polls of the living are from their grid, as parts of the period, ascending; a skipped one counts.

    Those after which or before which the machine stood still say nothing of the agent.
    """
    times: dict[int, list[float]] = defaultdict(list)
    for one in seen:
        times[one.unit].append(one.at)
    stood = [stall for stall in stalls.all() if stall[1] - stall[0] > STALL_S]
    return sorted(
        abs(later - earlier - period_s) / period_s
        for unit in LIVE
        for earlier, later in pairwise(times[unit])
        if not any(first < later and last > earlier - period_s for first, last in stood)
    )


def share_of_the_dead(seen: Sequence[Seen]) -> float:
    """Of the time that was measured: from a dead unit's request to the next one on the line."""
    spent = sum(min(after.at - one.at, 0.4) for one, after in pairwise(seen) if one.unit in DEAD)
    return spent / (seen[-1].at - seen[0].at)


@pytest.mark.needs("mosquitto")
async def test_three_dead_units_of_ten_do_not_slow_the_others(tmp_path: Path) -> None:
    """At 38400 baud and more than twice the pace of the acceptance test."""
    seen, late = await run(tmp_path, 38400, 0.8, 10.0, 25.0, enough=7 * 28)
    assert late[len(late) * 99 // 100] <= 0.1
    assert share_of_the_dead(seen) <= 0.1


@pytest.mark.acceptance
@pytest.mark.timeout(600)
@pytest.mark.needs("mosquitto")
async def test_at_9600_baud_three_dead_units_of_ten_do_not_slow_the_others(tmp_path: Path) -> None:
    seen, late = await run(tmp_path, 9600, 2.0, 30.0, 150.0, enough=7 * 70)
    print(f"jitter p50 {late[len(late) // 2]:.3f}, p99 {late[len(late) * 99 // 100]:.3f} of the period", end=", ")
    print(f"dead units {share_of_the_dead(seen):.3f} of the bus time")
    assert late[len(late) * 99 // 100] <= 0.1
    assert share_of_the_dead(seen) <= 0.1


async def test_at_9600_baud_nine_tenths_of_what_the_line_can_carry_is_used() -> None:
    """Ten units, one read after the other: what the line must carry against what it took."""
    with PacedLine(9600, range(1, 11)) as line:
        groups = [group(f"m{unit}", holding(range(60)), unit) for unit in range(1, 11)]
        driver = open_driver(PLUGIN.connection.model_validate({"url": f"rtu://{line.path}?baud=9600"}), groups, Said())
        await driver.connect()
        began = asyncio.get_running_loop().time()
        for _ in range(3):
            for one in groups:
                (scan,) = await driver.read(one.name)
                assert not scan.faults
        took_s = asyncio.get_running_loop().time() - began
        await driver.close()
    bound_s = sum(one.busy_s for one in line.seen) + len(line.seen) * Line(9600).silence_s
    print(f"efficiency {bound_s / took_s:.3f}")
    assert line.collisions == 0
    assert bound_s / took_s >= 0.9
