"""The outbox ill-treated: killed, without power, over its bound, damaged, stopped. Afterwards the books must balance.

What the PLC showed, what arrived and what was announced as missing is counted from outside: `tests.fakes.conservation`.
"""

import asyncio
import random
import signal
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.agent import Agent, agent
from tests.fakes.disks import ext4
from tests.fakes.plant import ON_ITS_WAY_S, PERIOD_S, Plant, bulk, plant, started
from tests.fakes.proxy import ANSWERS

pytestmark = pytest.mark.needs("mosquitto")

WINDOW = 32
"""Messages in flight; each of them may arrive twice when the agent is killed."""
STOP_S = 5.0

Keys = dict[str, Any]


def heavy(*values: object) -> Any:
    return pytest.param(*values, marks=pytest.mark.acceptance)


@pytest.mark.parametrize("cycles", [5, heavy(100)])
async def test_t2_kill_9(tmp_path: Path, seed: int, cycles: int) -> None:
    chance = random.Random(seed)
    async with plant(tmp_path, seed) as site:
        file = site.file()
        for _ in range(cycles):
            (site.cut if chance.random() < 0.4 else site.mend)()
            async with agent(file) as running:
                if chance.random() < 0.8:  # the others may be killed while they start
                    await started(running)
                await asyncio.sleep(chance.uniform(0.3, 1.2))
                await site.ends_by(running, signal.SIGKILL)
        await site.settle(file)
        tails, ledger = site.tails(), site.ledger
    print(f"seed {seed}: {len(ledger.bodies)} records, {ledger.again} raw duplicates, worst tail {max(tails):.3f} s")
    assert len(ledger.bodies) >= cycles
    assert ledger.again <= WINDOW * cycles
    assert max(tails) <= ON_ITS_WAY_S


@pytest.mark.needs("ext4")
@pytest.mark.parametrize(("sync", "at_most_s"), [("always", 0.0), ("1s", 1.0)])
@pytest.mark.parametrize("cuts", [1, heavy(12)])
async def test_row_33_power_cut(tmp_path: Path, seed: int, cuts: int, sync: str, at_most_s: float) -> None:
    """While the broker is down, so that only the disk knows."""
    chance = random.Random(seed)
    with ext4(tmp_path, megabytes=128) as disk:
        async with plant(tmp_path, seed) as site:
            site.state_dir = disk.path / "state"
            file = site.file(outbox={"sync": sync})
            for _ in range(cuts):
                site.cut()
                async with agent(file) as running:
                    await started(running)
                    await asyncio.sleep(chance.uniform(0.5, 3.0))
                    await site.ends_by(running, signal.SIGKILL, before=disk.shut_down)
                disk.start_again()
            await site.settle(file)
            tails = site.tails()
    print(f"seed {seed}, {sync}: lost before the cuts, in seconds: {[round(tail, 3) for tail in tails[:-1]]}")
    assert len(site.produced.at[1]) >= 10 * cuts, "there was something to lose"
    assert max(tails) <= at_most_s + PERIOD_S + ON_ITS_WAY_S


@pytest.mark.needs("ext4")
@pytest.mark.acceptance
@pytest.mark.parametrize("cuts", [12])
async def test_row_33_power_cut_while_delivering(tmp_path: Path, seed: int, cuts: int) -> None:
    """What the platform has, the disk may have lost; but no number is ever given to two records."""
    chance = random.Random(seed)
    with ext4(tmp_path, megabytes=128) as disk:
        async with plant(tmp_path, seed) as site:
            site.state_dir = disk.path / "state"
            file = site.file()
            for _ in range(cuts):
                async with agent(file) as running:
                    await started(running)
                    await site.delivered()
                    await asyncio.sleep(chance.uniform(0.0, 2.0))
                    await site.ends_by(running, signal.SIGKILL, before=disk.shut_down)
                disk.start_again()
            await site.settle(file)
            tails = site.tails()
    boots = {boot for _, boot in site.ledger.streams()}
    assert len(boots) >= cuts + 2
    assert max(tails) <= 1.0 + PERIOD_S + ON_ITS_WAY_S


@pytest.mark.parametrize("wish", [signal.SIGKILL, heavy(signal.SIGTERM)])
async def test_row_34_restart_with_backlog(tmp_path: Path, seed: int, wish: signal.Signals) -> None:
    """The backlog is history, and what is new does not wait for it."""
    async with plant(tmp_path, seed) as site:
        file = site.file(backfill={"rate": "100/s", "live_first": True})
        site.cut()
        async with agent(file) as running:
            await started(running)
            await site.produced.more(200)
            await site.ends_by(running, wish)
        before = site.produced.newest()
        await site.settle(file)
        tails = site.tails()
    old = [n for n, body in enumerate(bodies(site, "press1")) if body["scans"][0]["v"]["x_reads"] <= before[1]]
    new = next(n for n, body in enumerate(bodies(site, "press1")) if body["scans"][0]["v"]["x_reads"] > before[1])
    assert len(old) >= 90
    assert all(bodies(site, "press1")[n].get("hist") for n in old)
    assert new < old[len(old) // 2], "live data came before half of the backlog had"
    assert max(tails) <= ON_ITS_WAY_S


def bodies(site: Plant, device: str) -> list[Keys]:
    return site.seen.of("data", device)


def small(site: Plant, seed: int) -> Path:
    """A configuration whose outbox is full after some seconds without a broker."""
    return site.file(outbox={"max_bytes": "9MiB"}, **bulk(random.Random(seed), kibibytes=192))


async def overfull(site: Plant, running: Agent) -> None:
    """Cut the broker off until records were dropped, and some time more."""
    await started(running)
    await site.delivered()
    await site.cut_between()
    await running.says("W3010")
    await site.produced.more(40)


async def test_row_24_bounded_backlog(tmp_path: Path, seed: int) -> None:
    """Over the bound the oldest goes: as many are announced as are missing, and the account says the same."""
    async with plant(tmp_path, seed) as site:
        file = small(site, seed)
        async with agent(file) as running:
            await overfull(site, running)
            site.mend()
            await site.drained()
            account = site.ledger.health
            assert await site.ends_by(running, signal.SIGTERM) == 0
        await site.settle(file)
        ledger = site.balanced()
    announced = sum(gap.records for gap in ledger.gaps)
    print(f"{len(ledger.bodies)} arrived, {announced} announced: {ledger.gaps}")
    assert ledger.announced("bulk") >= 10
    assert announced == sum(account["dropped"].values())
    assert ledger.announced("press1") == missing_values(site, 1)


@pytest.mark.parametrize("wish", [signal.SIGKILL, heavy(signal.SIGTERM)])
async def test_row_24_what_was_dropped_in_an_earlier_run_is_announced(
    tmp_path: Path, seed: int, wish: signal.Signals
) -> None:
    """The broker is down for days, the outbox full, and then the power goes: the loss is told all the same."""
    async with plant(tmp_path, seed) as site:
        file = small(site, seed)
        async with agent(file) as running:
            await overfull(site, running)
            await site.ends_by(running, wish)
        await site.settle(file)
        ledger = site.balanced()
    print(f"{len(ledger.bodies)} arrived, announced: {ledger.gaps}")
    assert ledger.announced("bulk") >= 10


def missing_values(site: Plant, unit: int) -> int:
    """Numbers that the register showed and that did not come, up to the newest that did.

    The last one before each end may have been on its way from the PLC.
    """
    arrived, shown = site.ledger.values[f"press{unit}"], site.produced.at[unit]
    on_their_way = {max(number for number, at in shown.items() if at <= end.over) for end in site.ends}
    return sum(number not in arrived for number in shown.keys() - on_their_way if number < max(arrived))


@pytest.mark.parametrize("stops", [2, heavy(20)])
async def test_t10_stop_with_a_backlog_and_a_mute_broker(tmp_path: Path, seed: int, stops: int) -> None:
    chance, took = random.Random(seed), []
    async with plant(tmp_path, seed) as site:
        file = site.file()
        for _ in range(stops):
            with site.proxy.frozen(ANSWERS):
                async with agent(file) as running:
                    await started(running)
                    await asyncio.sleep(chance.uniform(0.0, 1.5))
                    assert await site.ends_by(running, signal.SIGTERM) == 0
            took.append(site.ends[-1].over - site.ends[-1].at)
        await site.settle(file)
        tails = site.tails()
    print(f"seed {seed}: stops took {[round(one, 2) for one in took]} s")
    assert max(took) <= STOP_S
    assert max(tails) <= ON_ITS_WAY_S
