"""`lineside export` beside a running agent and after it: a copy of what waits, which still arrives over MQTT."""

import asyncio
import gzip
import json
import random
import shutil
import signal
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from _pytest.capture import CaptureFixture

from agent.cli import main
from agent.outbox import frames, open_outbox
from agent.outbox.glance import ReadOnlyDisk
from agent.record import Moment, Record
from tests.fakes.agent import agent
from tests.fakes.command import Done, lineside, python
from tests.fakes.conservation import Identity
from tests.fakes.plant import Plant, bulk, plant, started
from tests.fakes.told import Told

pytestmark = pytest.mark.needs("mosquitto")

Bodies = Mapping[Identity, Mapping[str, Any]]


def carried(file: Path) -> Bodies:
    """The records of an exported file, without the mark of history."""
    content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
    payloads = [json.loads(line).get("payload", {}) for line in content.splitlines()]
    records = [payload for payload in payloads if "seq" in payload]
    assert all(record.pop("hist") for record in records)
    bodies = {Identity(record["dev"], record["boot"], record["seq"], 1): record for record in records}
    assert len(bodies) == len(records)
    return bodies


async def exported(site: Plant, file: Path, config: Path, *options: object) -> Bodies:
    done = await lineside("export", file, "--config", config, *options)
    assert (done.code, done.err) == (0, "")
    bodies = carried(file)
    devices = {identity.device for identity in bodies}
    assert f"{len(bodies)} records of {len(devices)} devices, from 20" in done.out
    return bodies


def verified(file: Path, capsys: CaptureFixture[str]) -> tuple[int, str]:
    """Exit code and report of `lineside sub`."""
    capsys.readouterr()
    code = main(["sub", "--file", str(file), "--verify"])
    return code, capsys.readouterr().out


def last(bodies: Bodies) -> Mapping[str, int]:
    return {device: max(i.seq for i in bodies if i.device == device) for device in {i.device for i in bodies}}


def hurt(state: Path, number: int) -> Identity:
    """Flip a bit of the record with that place in a log of one segment; which one that is."""
    (segment,) = (state / "log").iterdir()
    content = bytearray(segment.read_bytes())
    records = [found for found in frames.scan(bytes(content)) if found.is_record]
    found = records[number]
    content[found.body_at + 3] ^= 4
    segment.write_bytes(content)
    return Identity(found.stream, found.boot, found.seq, 1)


async def test_a_backlog_is_carried_home_and_arrives_all_the_same(
    tmp_path: Path, seed: int, capsys: CaptureFixture[str]
) -> None:
    async with plant(tmp_path, seed) as site:
        file, stick = site.file(), tmp_path / "stick"
        stick.mkdir()
        async with agent(file) as running:
            await started(running)
            await site.produced.more(40)
            await site.delivered()
            site.cut()
            await site.produced.more(100)
            first = await exported(site, stick / "running.jsonl.gz", file)
            await site.produced.more(100)
            assert running.process.returncode is None
            assert await site.ends_by(running, signal.SIGTERM) == 0
        before = {path: path.read_bytes() for path in site.state_dir.rglob("*") if path.is_file()}
        second = await exported(site, stick / "stopped.jsonl", file)
        assert {path: path.read_bytes() for path in site.state_dir.rglob("*") if path.is_file()} == before
        assert first.items() <= second.items()
        assert len(second) >= len(first) + 90
        for name in ("running.jsonl.gz", "stopped.jsonl"):
            code, report = verified(stick / name, capsys)
            assert code == 0, report
        await _damaged(site, file, stick, second, capsys)

        over_mqtt = set(site.ledger.look().bodies)
        site.mend()
        await site.settle(file)
        ledger = site.balanced()
        assert ledger.gaps == []
        everything = ledger.bodies
        assert second.items() <= everything.items(), "the same records, byte for byte, under the same identities"
        boot = next(iter(second)).boot
        before_cut = {identity for identity in over_mqtt if identity.boot == boot}
        for device, end in last(second).items():
            seqs = {i.seq for i in before_cut | set(second) if i.device == device}
            assert seqs == set(range(end + 1)), "the stick and what had arrived before are everything"


async def _damaged(site: Plant, file: Path, stick: Path, whole: Bodies, capsys: CaptureFixture[str]) -> None:
    """A record that is damaged on disk is passed over and announced: 1; a line that is missing is 3."""
    state = Path(shutil.copytree(site.state_dir, site.state_dir.with_name("hurt")))
    lost = hurt(state, -20)
    done = await lineside("export", stick / "hurt.jsonl", "--config", file, "--state-dir", state)
    assert done.code == 0
    assert "; 1 damaged." in done.out
    assert set(whole) - set(carried(stick / "hurt.jsonl")) == {lost}
    code, report = verified(stick / "hurt.jsonl", capsys)
    assert code == 1, report
    assert "1 announced as lost" in report
    mark = f'"seq":{lost.seq},'
    lines = (stick / "stopped.jsonl").read_text().splitlines(keepends=True)
    left = [line for line in lines if not (mark in line and f'"dev":"{lost.device}"' in line)]
    assert len(left) == len(lines) - 1
    (stick / "short.jsonl").write_text("".join(left))
    code, report = verified(stick / "short.jsonl", capsys)
    assert code == 3, report
    assert f"{lost.device}: boot {lost.boot}, seq {lost.seq} did not arrive, and no gap event announces it" in report


async def test_while_the_outbox_overflows_what_is_missing_is_announced(
    tmp_path: Path, seed: int, capsys: CaptureFixture[str]
) -> None:
    """Segments go while they are read."""
    async with plant(tmp_path, seed) as site:
        site.cut()
        file = site.file(outbox={"max_bytes": "2MiB"}, **bulk(random.Random(seed), kibibytes=64))
        async with agent(file) as running:
            await started(running)
            await running.says("W3010")
            for turn in range(2):
                name = tmp_path / f"{turn}.jsonl"
                assert (await lineside("export", name, "--config", file)).code == 0
                code, report = verified(name, capsys)
                assert code == 1, report
                assert carried(name)
            assert running.process.returncode is None
            assert running.said("E3006") == []


@pytest.mark.acceptance
@pytest.mark.timeout(600)
@pytest.mark.parametrize("max_bytes", ["64MiB", "2MiB"])
async def test_at_any_moment_a_file_says_what_it_lacks(
    tmp_path: Path, seed: int, max_bytes: str, capsys: CaptureFixture[str]
) -> None:
    """Outages, backfills, stops and kills, and an export in the middle of each."""
    chance, codes = random.Random(seed), []
    async with plant(tmp_path, seed) as site:
        backfill = {"rate": "50/s", "live_first": True}
        file = site.file(
            outbox={"max_bytes": max_bytes}, backfill=backfill, **bulk(random.Random(seed), "100ms", kibibytes=16)
        )
        for turn in range(6):
            async with agent(file) as running:
                await started(running)
                for _ in range(2):
                    site.cut() if chance.random() < 0.6 else site.mend()
                    await site.produced.more(chance.randint(20, 200))
                    name = tmp_path / f"{len(codes)}.jsonl"
                    exporting = asyncio.create_task(lineside("export", name, "--config", file), name="export")
                    await site.produced.more(chance.randint(20, 200))
                    site.mend() if chance.random() < 0.4 else site.cut()
                    codes.append(_code(await exporting, name, capsys, f"seed {seed}, turn {turn}"))
                await site.ends_by(running, chance.choice([signal.SIGTERM, signal.SIGKILL]))
            name = tmp_path / f"{len(codes)}.jsonl"
            done = await lineside("export", name, "--config", file)
            codes.append(_code(done, name, capsys, f"seed {seed}, after turn {turn}"))
    print(f"seed {seed}: {codes}")
    assert codes.count(-1) < len(codes) / 2


def _code(done: Done, name: Path, capsys: CaptureFixture[str], about: str) -> int:
    """Of `sub`; -1 where there was nothing to export. Asserts that nothing is missing in silence."""
    assert done.code == 0, (about, done)
    if not name.exists():
        return -1
    code, report = verified(name, capsys)
    assert code in (0, 1), f"{about}: {done}\n{report}"
    return code


async def left(state_dir: Path, records: int) -> None:
    """A run that kept so many records of 10 KiB, while nobody took any."""
    async with open_outbox(
        state_dir, ["broker0"], 1 << 30, max_age_s=1e9, now=lambda: (1_800_000_000_000, None), journal=Told()
    ) as box:
        for number in range(records):
            box.append([Record("press1", [Moment(1_800_000_000_000 + number, {"x_text": "x" * 10_000}, {})])])
            if number % 100 == 99:
                await reached(state_dir, box.boot, number)


async def reached(state_dir: Path, boot: int, seq: int) -> None:
    """Wait until the log has got so far: what is faster than a disk is dropped from memory."""
    mark = frames.HEAD.pack(b"", 0, 0, 0, 0, 0, 0, boot, seq)[-16:]
    disk = ReadOnlyDisk(state_dir / "log")
    async with asyncio.timeout(30):
        while True:
            newest = max((name for name, _ in disk.names()), default=None)
            if newest is not None and mark in disk.read(newest, 0, 1 << 30)[-100_000:]:
                return
            await asyncio.sleep(0.005)


MEASURED = """
import sys
from pathlib import Path
from agent.cli import main
assert main(sys.argv[1:]) == 0
print(*(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM")))
"""


@pytest.mark.acceptance
async def test_memory_does_not_grow_with_the_backlog(tmp_path: Path, seed: int) -> None:
    most = []
    async with plant(tmp_path, seed) as site:
        for records in (1_000, 20_000):
            site.state_dir = tmp_path / f"state{records}"
            await left(site.state_dir, records)
            done = await python("-c", MEASURED, "export", tmp_path / f"{records}.gz", "--config", site.file())
            assert done.code == 0, done
            assert f"{records} records of 1 devices" in done.out
            most.append(int(done.out.split()[-1]))
    print(f"KiB at most with 10 and with 200 MB of backlog: {most}")
    assert most[1] - most[0] <= 16 * 1024
