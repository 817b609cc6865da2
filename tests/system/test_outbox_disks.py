"""The outbox on a disk that is full, read-only, failing or stuck: acquisition and delivery go on from memory.

And by itself back to the disk when that is well again: rows 30 and 31 of the faults that the agent has to survive.
"""

import asyncio
import errno
import itertools
import re
import signal
from collections.abc import AsyncIterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager
from pathlib import Path

import pytest

from tests.fakes.agent import Agent, agent
from tests.fakes.disks import Disk, ext4, tmpfs
from tests.fakes.fsync_shim import FsyncShim
from tests.fakes.plant import ON_ITS_WAY_S, Plant, plant, started
from tests.fakes.proxy import ANSWERS, REQUESTS

pytestmark = pytest.mark.needs("mosquitto")

BACK_S = 5.0
STOP_S = 5.0
LIVE_S = 4.0
"""A value is at the platform so soon although the disk does not answer."""
OF_DISK = re.compile(r"^\S+ \S+ (\w+) +[EWN]3(?!010 )\d{3} ")
"""A line about the state directory; W3010 is about the bound."""


def lost(running: Agent) -> list[str]:
    return [line for line in running.lines if (said := OF_DISK.match(line)) and said[1] != "NOTICE"]


async def says_so(running: Agent) -> None:
    """The operator reads that the disk is in trouble."""
    try:
        await running.until(lambda: lost(running))
    except TimeoutError:
        raise AssertionError(running.lines) from None


def back(running: Agent) -> list[str]:
    return [line for line in running.lines if (said := OF_DISK.match(line)) and said[1] == "NOTICE"]


async def _is_back_soon(running: Agent) -> None:
    begun = asyncio.get_running_loop().time()
    await running.until(lambda: back(running))
    assert asyncio.get_running_loop().time() - begun <= BACK_S, back(running)


async def _rides_it_out(site: Plant, running: Agent, fault: AbstractContextManager[object]) -> None:
    """The broker goes, the disk breaks, the broker comes back first, the disk later, and the log goes on."""
    site.cut()
    await site.produced.more(20)
    with fault:
        await says_so(running)
        await site.produced.more(50)
        site.mend()
        await site.delivered()
        with site.proxy.frozen(REQUESTS, ANSWERS):
            await site.produced.more(50)
    await _is_back_soon(running)
    await site.delivered()
    site.cut()
    await site.produced.more(50)


async def _kept_on_disk_since(site: Plant, running: Agent, file: Path, **environment: str) -> None:
    """Killed without a warning: what came after the return of the disk is there."""
    await site.ends_by(running, signal.SIGKILL)
    await site.settle(file, **environment)
    assert max(site.tails()) <= ON_ITS_WAY_S
    assert len(running.lines) <= 20, "few lines"


@asynccontextmanager
async def _delivering(site: Plant, file: Path, **environment: str) -> AsyncIterator[Agent]:
    """An agent of which something has arrived."""
    async with agent(file, **environment) as running:
        await started(running)
        await site.delivered()
        yield running


@asynccontextmanager
async def _on_a_small_disk(tmp_path: Path, seed: int) -> AsyncIterator[tuple[Disk, Plant, Path]]:
    """The disk, and a site with its configuration, that keeps its state there."""
    with tmpfs(tmp_path) as disk:
        async with plant(tmp_path, seed) as site:
            site.state_dir = disk.path / "state"
            yield disk, site, site.file(outbox={"max_bytes": "16MiB"})


@pytest.mark.needs("tmpfs")
async def test_row_30_disk_full(tmp_path: Path, seed: int) -> None:
    async with _on_a_small_disk(tmp_path, seed) as (disk, site, file), _delivering(site, file) as running:
        await _rides_it_out(site, running, disk.hog())
        await _kept_on_disk_since(site, running, file)


@pytest.mark.needs("tmpfs")
async def test_row_30_disk_full_from_the_start(tmp_path: Path, seed: int) -> None:
    """The run has no number on disk yet; it gets one with the first record that finds room."""
    async with _on_a_small_disk(tmp_path, seed) as (disk, site, file):
        with ExitStack() as full:
            full.enter_context(disk.hog())
            async with agent(file) as running:
                await started(running)
                await says_so(running)
                await site.produced.more(50)
                await site.delivered()
                full.close()
                await _is_back_soon(running)
                site.cut()
                await site.produced.more(50)
                await _kept_on_disk_since(site, running, file)


@pytest.mark.needs("cc")
@pytest.mark.parametrize(
    ("error", "writes"),
    [
        pytest.param(errno.EIO, False, id="sync"),
        pytest.param(errno.EIO, True, id="write", marks=pytest.mark.acceptance),
        pytest.param(errno.EROFS, True, id="read-only", marks=pytest.mark.acceptance),
    ],
)
async def test_row_31_failing_fsync(tmp_path: Path, seed: int, error: int, writes: bool) -> None:
    """A file whose sync failed is never synced again: the kernel has forgotten what it could not write."""
    async with plant(tmp_path, seed) as site:
        site.state_dir.mkdir()
        shim = FsyncShim(tmp_path, site.state_dir)
        file = site.file()
        async with _delivering(site, file, **shim.environment) as running:
            await _rides_it_out(site, running, shim.failing(error, write=writes))
            await _kept_on_disk_since(site, running, file)
    print(f"seed {seed}: {shim.counts}")
    assert shim.counts.failed + shim.counts.writes_failed > 0
    assert shim.counts.again == 0


@pytest.mark.needs("ext4")
async def test_row_31_read_only(tmp_path: Path, seed: int) -> None:
    """The card fails under the running agent; repaired, it has what was there before."""
    with ext4(tmp_path) as disk:
        async with plant(tmp_path, seed) as site:
            site.state_dir = disk.path / "state"
            file = site.file()
            async with _delivering(site, file) as running:
                site.cut()
                await site.produced.more(50)
                disk.fail()
                await says_so(running)
                await site.produced.more(50)
                site.mend()
                await site.delivered()
                assert await site.ends_by(running, signal.SIGTERM) == 0
            disk.start_again()
            await site.settle(file)
            assert max(site.tails()) <= ON_ITS_WAY_S
    assert site.ends[0].over - site.ends[0].at <= STOP_S


@pytest.mark.needs("ext4")
async def test_row_31_read_only_from_the_start(tmp_path: Path, seed: int) -> None:
    with ext4(tmp_path) as disk:
        async with plant(tmp_path, seed) as site:
            site.state_dir = disk.path / "state"
            file = site.file()
            with disk.read_only():
                async with agent(file) as running:
                    await started(running)
                    await says_so(running)
                    await site.produced.more(50)
                    await site.delivered()
                    assert await site.ends_by(running, signal.SIGTERM) == 0
            await site.settle(file)
            assert max(site.tails()) <= ON_ITS_WAY_S


@pytest.mark.needs("cc")
@pytest.mark.parametrize("seconds", [4.0, pytest.param(10.0, marks=pytest.mark.acceptance)])
async def test_a_disk_that_blocks(tmp_path: Path, seed: int, seconds: float) -> None:
    """A worn card may stop for seconds to tidy up: nobody waits for it."""
    now = asyncio.get_running_loop().time
    async with plant(tmp_path, seed) as site:
        site.state_dir.mkdir()
        shim = FsyncShim(tmp_path, site.state_dir)
        file = site.file()
        async with _delivering(site, file, **shim.environment) as running:
            begun = now()
            with shim.blocking(seconds):
                while now() - begun < seconds:
                    await site.produced.more(50)
                    await site.delivered(LIVE_S)
            ended = now()
            await site.delivered()
            assert running.process.returncode is None
            await _kept_on_disk_since(site, running, file)
    shown = sorted(at for at in site.produced.at[1].values() if begun <= at <= ended)
    print(f"seed {seed}: {shim.counts}")
    assert max(b - a for a, b in itertools.pairwise(shown)) <= 0.5, "polls did not wait"
    assert shim.counts.blocked > 0
