"""`lineside sub --verify` over agents and brokers that end: it says "complete" where it is, and else what is missing.

Its word is compared with what the PLC showed and what another listener received.
"""

import asyncio
import contextlib
import json
import random
import signal
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from agent.outbox import frames
from tests.fakes.agent import agent
from tests.fakes.conservation import Gap
from tests.fakes.plant import ON_ITS_WAY_S, Plant, plant, started
from tests.fakes.subscriber import Subscriber, subscriber
from tests.fakes.swallow import swallower

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.acceptance]

CUTS = KILLS = 3


@contextlib.asynccontextmanager
async def verified(directory: Path, seed: int) -> AsyncIterator[tuple[Plant, Subscriber]]:
    """A plant, and whoever verifies it from before the first run on."""
    async with (
        plant(directory, seed) as site,
        subscriber(f"mqtt://127.0.0.1:{site.broker.port}", "--verify") as seen,
    ):
        yield site, seen


async def hears_all(site: Plant, seen: Subscriber) -> None:
    """Wait until it has every record that the other listener has."""
    await seen.counts("records", len(site.ledger.look().bodies))


async def ill_treated(site: Plant, file: Path, chance: random.Random) -> None:
    """Runs in which the broker is stopped and the agent killed so many times, in an order that chance names."""
    faults = chance.sample(["cut"] * CUTS + ["kill"] * KILLS, CUTS + KILLS)
    print(faults)
    while faults:
        async with agent(file) as running:
            await started(running)
            while faults and running.process.returncode is None:
                await site.produced.more(chance.randrange(20, 200))
                if faults.pop() == "kill":
                    await site.ends_by(running, signal.SIGKILL)
                    continue
                site.broker.stop()
                await site.produced.more(chance.randrange(20, 200))
                if faults and faults[-1] == "kill" and chance.random() < 0.5:
                    faults.pop()
                    await site.ends_by(running, signal.SIGKILL)
                await site.broker.start()
            if running.process.returncode is None:
                await site.ends_by(running, signal.SIGTERM)


async def test_3_broker_cuts_and_3_kills_are_complete(tmp_path: Path, seed: int) -> None:
    async with verified(tmp_path, seed) as (site, seen):
        file = site.file()
        await ill_treated(site, file, random.Random(seed))
        await site.settle(file)
        tails = site.tails()
        await hears_all(site, seen)
        assert await seen.end() == 0, seen.lines
    rows = {device: seen.row(device) for device in ("press1", "press2")}
    print(f"seed {seed}: {seen.verdict}; worst tail {max(tails):.3f} s; {rows}")
    assert seen.verdict.startswith("complete: ")
    assert all((row["announced"], row["unannounced"], row["dup after"]) == ("0", "0", "0") for row in rows.values())
    assert max(tails) <= ON_ITS_WAY_S


@pytest.mark.parametrize("wish", [signal.SIGTERM, signal.SIGKILL])
async def test_a_record_that_is_taken_out_of_a_segment_is_announced(
    tmp_path: Path, seed: int, wish: signal.Signals
) -> None:
    """Of a backlog, while the agent is stopped."""
    async with verified(tmp_path, seed) as (site, seen):
        file = site.file()
        await ill_treated(site, file, random.Random(seed))
        async with agent(file) as running:
            await started(running)
            await site.delivered()
            site.cut()
            await site.produced.more(200)
            await site.ends_by(running, wish)
        gone, value = taken_out(site, random.Random(seed))
        await site.settle(file)
        ledger = site.balanced()
        tails = site.tails_without({gone.device: [value]})
        await hears_all(site, seen)
        assert await seen.end() == 1, seen.lines
    print(f"seed {seed}: taken out: {gone}; {seen.verdict}")
    assert ledger.gaps == [gone]
    rows = {device: seen.row(device) for device in ("press1", "press2")}
    assert {device: int(row["announced"]) for device, row in rows.items()} == {
        device: int(device == gone.device) for device in rows
    }
    assert all(row["unannounced"] == "0" for row in rows.values())
    assert max(tails) <= ON_ITS_WAY_S


def taken_out(site: Plant, chance: random.Random) -> tuple[Gap, int]:
    """Remove the bytes of one record from the middle of what waits in the newest segment; the gap that this should
    be, and the value that the record had."""
    path = max((site.state_dir / "log").iterdir())
    data = path.read_bytes()
    arrived = {identity[:3] for identity in site.ledger.look().bodies}
    waiting = [
        one for one in frames.scan(data) if one.kind == frames.RECORD and (one.stream, one.boot, one.seq) not in arrived
    ]
    assert len(waiting) >= 100, "there is a backlog"
    one = waiting[len(waiting) // 2 + chance.randrange(-20, 20)]
    path.write_bytes(data[: one.at] + data[one.at + one.length :])
    _, _, ((_, values, _),) = json.loads(data[one.body_at : one.at + one.length])
    return Gap(one.stream, one.boot, one.seq, one.seq, 1, "damaged"), values["x_reads"]


async def test_a_record_that_is_lost_on_the_wire_is_named(tmp_path: Path, seed: int) -> None:
    """A proxy takes one message for itself and acknowledges it, so that the agent believes it arrived."""
    swallowed: list[dict[str, Any]] = []
    is_hungry = asyncio.Event()

    def takes(topic: str, body: dict[str, Any]) -> bool:
        if not is_hungry.is_set() or swallowed or not topic.endswith("/press2/data"):
            return False
        swallowed.append(body)
        return True

    async with verified(tmp_path, seed) as (site, seen):
        file = site.file()
        await ill_treated(site, file, random.Random(seed))
        async with swallower(site.broker.port, takes) as wire:
            site.proxy.target_port = wire.port
            async with agent(file) as running:
                await started(running)
                await site.delivered()
                is_hungry.set()
                await site.produced.more(100)
                assert await site.ends_by(running, signal.SIGTERM) == 0
            async with agent(file) as running:
                await site.seen.until(lambda: swallowed[0]["boot"] in site.ledger.look().told)
                await site.drained()
                assert await site.ends_by(running, signal.SIGTERM) == 0
        ledger = site.ledger.look()
        await hears_all(site, seen)
        assert await seen.end() == 3, seen.lines
    (body,) = swallowed
    boot, seq = body["boot"], body["seq"]
    tails = site.tails_without({"press2": [body["scans"][0]["v"]["x_reads"]]})
    print(f"seed {seed}: swallowed seq {seq}; {seen.verdict}")
    named = [line for line in seen.lines if "did not arrive" in line]
    assert named == [f"gw-test press2: boot {boot}, seq {seq} did not arrive, and no gap event announces it"]
    assert (seen.row("press2")["unannounced"], seen.row("press1")["unannounced"]) == ("1", "0")
    assert ledger.unexplained() == [
        f"press2 boot {boot}: missing without a word: [{seq}]",
        f"press2 boot {boot}: 1 missing, 0 announced by []",
    ]
    assert ledger.gaps == []
    assert max(tails) <= ON_ITS_WAY_S
