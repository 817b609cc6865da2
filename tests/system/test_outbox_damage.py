"""Row 32: files of the log damaged behind the agent's back. It starts, skips what is unreadable, counts exactly."""

import asyncio
import random
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.fakes.agent import agent
from tests.fakes.conservation import Identity, Ledger
from tests.fakes.plant import Plant, bulk, plant, started

pytestmark = pytest.mark.needs("mosquitto")

START_S = 5.0
HURTS = 15
"""At a time: one start of the agent costs more than they do."""
KINDS = ("flipped", "flipped", "zeroed", "cut off", "emptied", "removed")

Bodies = Mapping[Identity, Mapping[str, Any]]


def damage(folder: Path, chance: random.Random) -> str:
    """Hurt one file of a folder at a place that chance names; what was done."""
    files = sorted(folder.iterdir())
    if not files:
        return "nothing left"
    path = chance.choice(files)
    content = bytearray(path.read_bytes())
    at = chance.randrange(len(content)) if content else 0
    match how := chance.choice(KINDS):
        case "removed":
            path.unlink()
            return f"{path.name} removed"
        case "flipped" if content:
            content[at] ^= 1 << chance.randrange(8)
        case "zeroed":
            size = min(chance.choice([1, 512, 4096, 65536]), len(content) - at)
            content[at : at + size] = bytes(size)
        case "cut off":
            del content[at:]
        case "emptied":
            content.clear()
    path.write_bytes(content)
    return f"{path.name} {how} at {at} of {len(content)}"


@pytest.mark.parametrize("cases", [2, pytest.param(100, marks=[pytest.mark.acceptance, pytest.mark.timeout(1800)])])
async def test_row_32_damage(tmp_path: Path, seed: int, cases: int) -> None:
    """Of a backlog in several segments: missing is what is announced, or lies behind the last that can be read."""
    chance = random.Random(seed)
    async with plant(tmp_path, seed) as site:
        site.cut()
        async with agent(site.file(**bulk(random.Random(seed)))) as running:
            await started(running)
            await _kept(site, 9 << 20)
            await site.ends_by(running, signal.SIGTERM)
        whole, rarely = site.state_dir, bulk(random.Random(seed), every="1h")
        truth = await _brought_out(site, _copy(whole, "whole"), **rarely)
        boot = min(boot for _, boot in truth.streams())
        assert truth.gaps == []
        assert truth.unexplained() == []
        for case in range(cases):
            state = _copy(whole, f"hurt{case}")
            hurts = [damage(state / "log", chance) for _ in range(HURTS)]
            # What is found while it is read is announced a minute later on this connection, or on the next one.
            ledger = await _brought_out(site, state, runs=2, **rarely)
            _compare(_of(truth, boot), ledger, boot, f"seed {seed}, case {case}: {hurts}")
            shutil.rmtree(state)


@pytest.mark.parametrize("cases", [2, pytest.param(40, marks=[pytest.mark.acceptance, pytest.mark.timeout(600)])])
async def test_row_32_a_damaged_cursor_repeats_and_loses_nothing(tmp_path: Path, seed: int, cases: int) -> None:
    chance = random.Random(seed)
    async with plant(tmp_path, seed) as site:
        async with agent(site.file()) as running:
            await started(running)
            await site.produced.more(50)
            await site.delivered()
            site.cut()
            await site.produced.more(50)
            await site.ends_by(running, signal.SIGTERM)
        whole, first = site.state_dir, site.ledger
        (boot,) = {boot for _, boot in first.streams()}
        for case in range(cases):
            state = _copy(whole, f"hurt{case}")
            hurt = damage(state / "cursors", chance)
            ledger = await _brought_out(site, state)
            both = {**_of(first, boot), **_of(ledger, boot)}
            last = ledger.told[boot]
            assert {identity[::2] for identity in both} >= {
                (d, n) for d, seq in last.items() for n in range(seq + 1)
            }, hurt
            assert ledger.gaps == [], hurt
            assert all(body == first.bodies.get(identity, body) for identity, body in _of(ledger, boot).items()), hurt
            shutil.rmtree(state)


async def _kept(site: Plant, size: int) -> None:
    """Wait until the log is so large."""
    while sum(path.stat().st_size for path in site.state_dir.glob("log/*")) < size:
        await site.produced.more(20)


def _copy(whole: Path, name: str) -> Path:
    return Path(shutil.copytree(whole, whole.with_name(name)))


async def _brought_out(site: Plant, state: Path, runs: int = 1, **more: Any) -> Ledger:
    """All that an agent has to deliver from this state directory, with a broker that is there."""
    site.mend()
    site.state_dir, site.ledger = state, Ledger.from_now(site.seen)
    for _ in range(runs):
        await _drains(site, **more)
    assert site.ledger.look().changed == []
    return site.ledger


async def _drains(site: Plant, **more: Any) -> None:
    """A run from start to stop in which nothing is left behind."""
    began = asyncio.get_running_loop().time()
    async with agent(site.file(**more)) as running:
        await started(running)
        assert asyncio.get_running_loop().time() - began <= START_S
        await site.drained()
        assert await site.ends_by(running, signal.SIGTERM) == 0


def _of(ledger: Ledger, boot: int) -> Bodies:
    return {identity: body for identity, body in ledger.bodies.items() if identity.boot == boot}


def _compare(truth: Bodies, ledger: Ledger, boot: int, about: str) -> None:
    """Nothing that says something else, and as much missing as is announced."""
    arrived = _of(ledger, boot)
    assert all(truth.get(identity) == body for identity, body in arrived.items()), about
    for device in {identity.device for identity in truth}:
        spans = [gap for gap in ledger.gaps if (gap.device, gap.boot) == (device, boot)]
        seqs = {identity.seq for identity in arrived if identity.device == device}
        last = max([*seqs, *(gap.last for gap in spans)], default=-1)
        missing = {identity.seq for identity in truth if identity.device == device and identity.seq <= last} - seqs
        silent = [seq for seq in sorted(missing) if not any(gap.first <= seq <= gap.last for gap in spans)]
        assert not silent, f"{about}: {device}: missing without a word: {silent}; {spans}"
        assert sum(gap.records for gap in spans) == len(missing), f"{about}: {device}: {len(missing)} missing; {spans}"
