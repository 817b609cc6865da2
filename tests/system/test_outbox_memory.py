"""T13 and T12: what a backlog costs in memory and at the start, and what the log costs the disk."""

import asyncio
import random
import shutil
import signal
import string
from pathlib import Path

import pytest

from agent.record import Moment, Record
from benchmarks.backlog import fill
from benchmarks.log import steadily
from tests.fakes.agent import agent
from tests.fakes.disks import ext4
from tests.fakes.plant import Plant, bulk, plant, started

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.acceptance]

GIB = 1 << 30
T13_KIB = 20_000
"""20 MB."""
FIRST_S = 5.0
"""From the start of the process to the first records of the backlog and of now; row 32 allows as much to a start."""
T12 = 2.0


async def test_row_34_memory_does_not_grow_with_the_backlog(tmp_path: Path, seed: int) -> None:
    async with plant(tmp_path, seed) as site:
        file = site.file(outbox={"max_bytes": "512MiB"}, **bulk(random.Random(seed)))
        most = []
        for reads in (100, 6000):
            site.cut()
            async with agent(file) as running:
                await started(running)
                for _ in range(reads // 100):
                    await site.produced.more(100)
                await site.ends_by(running, signal.SIGKILL)
            async with agent(file) as running:
                await started(running)
                await site.produced.more(100)
                most.append(most_kib(running.pid))
                await site.ends_by(running, signal.SIGKILL)
    print(f"KiB at most after a short and a long outage: {most}")
    assert most[1] - most[0] <= 16 * 1024


def most_kib(pid: int) -> int:
    (line,) = [line for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmHWM")]
    return int(line.split()[1])


async def test_t13_memory_and_first_delivery_with_a_backlog_of_1_gib(tmp_path: Path, seed: int) -> None:
    async with plant(tmp_path, seed) as site:
        file = site.file(outbox={"max_bytes": "2GiB"}, backfill={"rate": "100/s", "live_first": True})
        empty, *_ = await _run(site, file, -1)
        shutil.rmtree(site.state_dir)
        letters = "".join(random.Random(seed).choices(string.ascii_letters, k=2000))
        count = GIB // len(letters)
        boot = fill(site.state_dir, "broker0", Record("press1", [Moment(1, {"x_old": letters}, {})]), count)
        kept = sum(path.stat().st_size for path in site.state_dir.glob("log/*"))
        full, first_s, first_old_s = await _run(site, file, boot)
        shutil.rmtree(site.state_dir)
        came = sorted(identity.seq for identity in site.ledger.look().bodies if identity.boot == boot)
    print(
        f"KiB at most: empty {empty}, with {kept / GIB:.2f} GiB in {count} records {full}; first new record "
        f"{first_s:.2f} s after the start, first old one {first_old_s:.2f} s"
    )
    assert kept >= GIB
    assert full - empty <= T13_KIB
    assert max(first_s, first_old_s) <= FIRST_S
    assert came == list(range(len(came)))
    assert site.ledger.gaps == []


async def _run(site: Plant, file: Path, boot: int) -> tuple[int, float, float]:
    """KiB at most, and seconds from the start until a record of this run arrived, and of the run before."""
    began = asyncio.get_running_loop().time()
    async with agent(file) as running:
        await started(running)
        await site.produced.more(1000)
        most = most_kib(running.pid)
        await site.ends_by(running, signal.SIGKILL)
    arrived = [message for message in site.seen.messages if message.topic.endswith("/data") and message.at > began]
    first = next(message.at for message in arrived if message.body["boot"] != boot)
    first_old = next((message.at for message in arrived if message.body["boot"] == boot), began)
    return most, first - began, first_old - began


@pytest.mark.needs("ext4")
async def test_t12_what_reaches_the_device(tmp_path: Path) -> None:
    """A thousand records a second of 400 bytes, with what the file system itself writes: its journal, its tables."""
    with ext4(tmp_path, megabytes=128) as disk:
        before = disk.written_bytes()
        raw = await steadily(disk.path, 1000, 10)
        ratio = (disk.written_bytes() - before) / raw
    print(f"{raw / 1e6:.1f} MB raw, {ratio:.2f} times as much on the device")
    assert ratio <= T12
