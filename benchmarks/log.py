"""The outbox against SQLite: the same records appended in batches of 100 and drained again, in one process, in turns.

SQLite as one would use it for this: WAL, synchronous FULL, one transaction for each batch, drained by primary key, and
every row made a record again, because that is what a format needs. It works in a thread of its own, because the loop
that polls must not wait for a disk; called on the loop itself it is measured too.

The outbox with `sync: always`, which promises the same: nothing is given to the reader that a power cut could take
back. How much is synced together is its own decision; up to `AHEAD` records wait for it. With one batch ahead both
sides are in lockstep.
"""

import asyncio
import contextlib
import gc
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import orjson

from agent.outbox import Backfill, open_outbox
from agent.outbox.contract import Outbox, Reader
from agent.outbox.glance import Quiet
from agent.record import Entry, Moment, Record

RECORDS = 20_000
BATCH = 100
AHEAD = 1000
"""A second of the highest rate that is promised."""
TAGS = [f"value_{i:02d}" for i in range(20)]


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_us: float
    """Of appending and draining one record."""
    device_bytes: float
    """Per record, as the kernel counts what goes to storage."""
    records_per_s: float


def records(count: int, first: int = 0) -> list[Record]:
    """About 400 bytes of JSON each."""
    return [
        Record("press01", [Moment(1_790_000_000_000 + n, {tag: n * 0.25 + i for i, tag in enumerate(TAGS)}, {})])
        for n in range(first, first + count)
    ]


def raw_bytes(made: Sequence[Record]) -> float:
    """Of one record, in the shortest JSON that has everything."""
    return sum(len(_json(record)) for record in made) / len(made)


def _json(record: Record) -> bytes:
    (moment,) = record.moments
    return orjson.dumps([record.stream, record.seq, moment.time_ms, moment.values])


class Supply:
    """Makes the records as they are asked for, as a driver does, and knows what that took."""

    def __init__(self) -> None:
        self.made = 0
        self.cpu_s = 0.0

    def __bool__(self) -> bool:
        return self.made < RECORDS

    def batch(self) -> list[Record]:
        began = time.thread_time()
        batch = records(BATCH, self.made)
        self.made += BATCH
        self.cpu_s += time.thread_time() - began
        return batch


def of_outbox(folder: Path, ahead: int = AHEAD) -> Cost:
    return _measured(lambda supply: asyncio.run(_through_outbox(folder, supply, ahead)))


def _opened(folder: Path, sync: Literal["1s", "always"]) -> AbstractAsyncContextManager[Outbox]:
    wish = {"county": Backfill(rate=1e9)}
    return open_outbox(folder, ["county"], 1 << 30, max_age_s=1e6, sync=sync, backfill=wish, now=_now, journal=Quiet())


async def _through_outbox(folder: Path, supply: Supply, ahead: int) -> None:
    async with _opened(folder, "always") as outbox:
        reader = outbox.reader("county")
        reader.begin()
        while supply or reader.queued:
            while supply and reader.queued + BATCH <= ahead:
                outbox.append(supply.batch())
            for entry in await reader.take(ahead):
                reader.confirm(entry.lsn)


def _now() -> tuple[int, int | None]:
    return time.time_ns() // 1_000_000, None


async def steadily(folder: Path, rate: int, seconds: float) -> float:
    """Append so many records a second with `sync: 1s`, and confirm them as they come; how many bytes they are raw."""
    made = records(round(rate * seconds))
    step = max(1, rate // 100)
    async with _opened(folder, "1s") as outbox, asyncio.TaskGroup() as tasks:
        confirming = tasks.create_task(_confirmed(outbox.reader("county"), len(made)), name="confirm")
        due = time.monotonic()
        for start in range(0, len(made), step):
            outbox.append(made[start : start + step])
            due += step / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
        await confirming
    return raw_bytes(made) * len(made)


async def _confirmed(reader: Reader, count: int) -> None:
    reader.begin()
    while count:
        for entry in await reader.take(1000):
            reader.confirm(entry.lsn)
            count -= 1


@dataclass(frozen=True, slots=True)
class Wear:
    """What reaches the device of a steady stream of records."""

    raw_bytes: float
    device_bytes: float
    seconds: float


def wear(rate: int, seconds: float) -> Wear:
    with tempfile.TemporaryDirectory(prefix="lineside-bench-") as folder:
        written = _written()
        raw = asyncio.run(steadily(Path(folder), rate, seconds))
        os.sync()
        return Wear(raw, _written() - written, seconds)


def of_sqlite(folder: Path) -> Cost:
    return _measured(lambda supply: asyncio.run(_through_sqlite(folder / "queue.db", supply)))


def of_sqlite_on_the_loop(folder: Path) -> Cost:
    def work(supply: Supply) -> None:
        with contextlib.closing(Queue(folder / "queue.db")) as queue:
            while supply:
                queue.append(supply.batch())
                queue.delete(queue.entries())

    return _measured(work)


async def _through_sqlite(path: Path, supply: Supply) -> None:
    loop = asyncio.get_running_loop()
    with ThreadPoolExecutor(1) as thread:
        queue = await loop.run_in_executor(thread, Queue, path)
        while supply:
            await loop.run_in_executor(thread, queue.append, supply.batch())
            entries = await loop.run_in_executor(thread, queue.entries)
            await loop.run_in_executor(thread, queue.delete, entries)
        await loop.run_in_executor(thread, queue.close)


class Queue:
    """An outbox for one destination in SQLite."""

    def __init__(self, path: Path) -> None:
        self._base = sqlite3.connect(path, isolation_level=None)
        self._base.execute("PRAGMA journal_mode=WAL")
        self._base.execute("PRAGMA synchronous=FULL")
        self._base.execute("CREATE TABLE queue (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB)")

    def append(self, records: Sequence[Record]) -> None:
        self._base.execute("BEGIN")
        self._base.executemany("INSERT INTO queue (body) VALUES (?)", [(_json(one),) for one in records])
        self._base.execute("COMMIT")

    def entries(self) -> list[Entry]:
        found = []
        for number, body in self._base.execute("SELECT id, body FROM queue ORDER BY id LIMIT ?", (BATCH,)):
            stream, seq, time_ms, values = orjson.loads(body)
            found.append(Entry(number, Record(stream, [Moment(time_ms, values, {})], seq=seq), False))
        return found

    def delete(self, entries: Sequence[Entry]) -> None:
        self._base.execute("BEGIN")
        self._base.execute("DELETE FROM queue WHERE id <= ?", (entries[-1].lsn,))
        self._base.execute("COMMIT")

    def close(self) -> None:
        self._base.close()


def _measured(work: Callable[[Supply], None]) -> Cost:
    gc.collect()
    gc.freeze()  # as the agent does when it has started
    supply = Supply()
    written, cpu, began = _written(), time.process_time(), time.monotonic()
    work(supply)
    os.sync()
    cpu_s, seconds = time.process_time() - cpu - supply.cpu_s, time.monotonic() - began - supply.cpu_s
    return Cost(cpu_s / RECORDS * 1e6, (_written() - written) / RECORDS, RECORDS / seconds)


def _written() -> int:
    """Bytes that this process made the kernel send to storage: proc(5), `write_bytes`."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


class Turn(NamedTuple):
    """Measured one after the other."""

    outbox: Cost
    sqlite: Cost
    on_the_loop: Cost
    """SQLite again, without a thread."""
    lockstep: Cost
    """The outbox again, with one batch ahead."""


def compared(turns: int) -> list[Turn]:
    made = []
    for _ in range(turns):
        with contextlib.ExitStack() as folders:
            one, two, three, four = (Path(folders.enter_context(tempfile.TemporaryDirectory())) for _ in range(4))
            made.append(Turn(of_outbox(one), of_sqlite(two), of_sqlite_on_the_loop(three), of_outbox(four, BATCH)))
    return made
