"""How soon records arrive: beside a destination that is dead, and after a long outage of the only one."""

import asyncio
import signal
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import median

import pytest

from tests.fakes.agent import Arrived, Platform, agent, platform
from tests.fakes.conservation import TAG, Ledger
from tests.fakes.mosquitto import mosquitto
from tests.fakes.plant import NO_BOUNDS, ON_ITS_WAY_S, PLENTY, Plant, plant, started
from tests.fakes.proxy import FaultProxy

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.acceptance, pytest.mark.alone]

PAIRS = 5
READS = 800
"""In each run of a pair."""
MOST_SLOWER = 1.1


def samples(seen: Platform, since: int = 0) -> Iterable[tuple[Arrived, int, int]]:
    """Messages from that place on that bring a value: message, unit, value."""
    for message in seen.messages[since:]:
        if message.topic.endswith("/data"):
            yield message, int(message.body["dev"].removeprefix("press")), message.body["scans"][0]["v"][TAG["name"]]


async def median_latency_s(site: Plant, file: Path) -> float:
    """Of one run: from the PLC's answer to the arrival at the platform."""
    async with agent(file) as running:
        await started(running)
        await site.delivered()
        mark = len(site.seen.messages)
        await site.produced.more(READS)
        late_s = [message.at - site.produced.at[unit][value] for message, unit, value in samples(site.seen, mark)]
        assert len(late_s) >= READS * 0.8
        assert await site.ends_by(running, signal.SIGTERM) == 0
    return median(late_s)


async def test_a_dead_destination_costs_the_other_no_time(tmp_path: Path, seed: int) -> None:
    """And when it comes back it gets everything, from the first run on."""
    (tmp_path / "dead").mkdir()
    async with (
        plant(tmp_path, seed) as site,
        mosquitto(tmp_path / "dead", NO_BOUNDS) as broker,
        platform(broker.port) as back,
        FaultProxy(broker.port, seed=seed) as way,
    ):
        way.refuses = True
        dead = {"name": "dead", "url": f"mqtt://127.0.0.1:{way.port}", "client_id": "gw-test-1", "backfill": PLENTY}
        alone_s, beside_s = [], []
        for _ in range(PAIRS):
            site.state_dir = tmp_path / "alone"
            alone_s.append(await median_latency_s(site, site.file()))
            site.state_dir = tmp_path / "beside"
            beside_s.append(await median_latency_s(site, site.file(destinations=[dead])))
        assert not back.messages
        way.refuses = False
        there, file = Ledger(back, "dead"), site.file(destinations=[dead])
        async with agent(file) as running:
            await started(running)
            await site.drained(60, there)
            assert await site.ends_by(running, signal.SIGTERM) == 0
        await site.settle(file)
        there.look()
        tails, here = site.tails(), site.ledger
    ratio = median(one / other for one, other in zip(beside_s, alone_s, strict=True))
    print(f"seed {seed}: medians in ms: alone {_ms(alone_s)}, beside a dead one {_ms(beside_s)}; ratio {ratio:.3f}")
    assert ratio <= MOST_SLOWER
    boots = {boot for _, boot in there.streams()}
    assert len(boots) == PAIRS + 3
    assert set(there.bodies) == {identity for identity in here.bodies if identity.boot in boots}
    assert [*there.changed, *there.unbalanced, *there.unexplained(), *there.gaps] == []
    assert max(tails) <= ON_ITS_WAY_S


def _ms(seconds: Sequence[float]) -> list[float]:
    return [round(1000 * one, 1) for one in seconds]


OLD_S = 75.0
"""Of an outage: pauses between attempts grow for the first minute. Everything but the length of the backlog is then as
it is after ten minutes: whatever is older than ten seconds is backlog, and the agent has stopped hurrying."""
RATE = 200
BEHIND_S = 10.0
"""What was appended so shortly before the connection belongs to the live lane."""
RETURN_S = 2.0
LIVE_P99_S = 0.2


async def test_after_a_long_outage_live_data_comes_at_once_and_the_backlog_at_its_rate(
    tmp_path: Path, seed: int
) -> None:
    """Ten minutes of a plant with 12 records a second, which here are made in 75 s."""
    now = asyncio.get_running_loop().time
    async with plant(tmp_path, seed) as site:
        site.port = site.broker.port
        file = site.file(backfill={"rate": f"{RATE}/s", "live_first": True})
        async with agent(file) as running:
            await started(running)
            await site.delivered()
            site.broker.stop()
            gone = now()
            while now() - gone < OLD_S:
                await site.produced.more(50)
            await site.broker.start()
            returned, mark = now(), len(site.seen.messages)
            await site.delivered(120)
            drained = now()
            assert await site.ends_by(running, signal.SIGTERM) == 0
        await site.settle(file)
        tails = site.tails()
    came = [
        (message.at, site.produced.at[unit][value])
        for message, unit, value in samples(site.seen, mark)
        if message.at <= drained
    ]
    first = min(at for at, made in came if made > returned)
    backlog = sorted(at for at, made in came if gone < made < returned - BEHIND_S - 1)
    live_s = sorted(at - made for at, made in came if made > first)
    rate = (len(backlog) - RATE) / (backlog[-1] - backlog[RATE])
    p99_s = live_s[int(len(live_s) * 0.99)]
    print(
        f"seed {seed}: first live record {first - returned:.2f} s after the broker; {len(backlog)} of backlog at "
        f"{rate:.1f}/s of {RATE}/s; live p50 {1000 * median(live_s):.0f} ms, p99 {1000 * p99_s:.0f} ms of {len(live_s)}"
    )
    assert len(backlog) >= 20 * RATE
    assert first - returned <= RETURN_S
    assert rate == pytest.approx(RATE, rel=0.1)
    assert p99_s <= LIVE_P99_S
    assert max(tails) <= ON_ITS_WAY_S
