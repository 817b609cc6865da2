"""The outbox against SQLite: the same records appended in batches of 100 and drained again, in one process, in turns.

SQLite as one would use it for this: WAL, synchronous FULL, one transaction for each batch, drained by primary key, and
every row made a record again, because that is what a format needs. The outbox with `sync: always`, which promises the
same.
"""

import asyncio
import gc
import os
import sqlite3
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import orjson

from agent.outbox import Backfill, open_outbox
from agent.outbox.contract import Outbox, Reader
from agent.outbox.glance import Quiet
from agent.record import Entry, Moment, Record

RECORDS = 10_000
BATCH = 100
VALUES = 20


@dataclass(frozen=True, slots=True)
class Cost:
    cpu_us: float
    """Of appending and draining one record."""
    device_bytes: float
    """Per record, as the kernel counts what goes to storage."""
    seconds: float


def records(count: int) -> list[Record]:
    """About 400 bytes of JSON each."""
    return [
        Record("press01", [Moment(1_790_000_000_000 + n, {f"value_{i:02d}": n * 0.25 + i for i in range(VALUES)}, {})])
        for n in range(count)
    ]


def raw_bytes(made: Sequence[Record]) -> float:
    """Of one record, in the shortest JSON that has everything."""
    return sum(len(_json(record)) for record in made) / len(made)


def _json(record: Record) -> bytes:
    (moment,) = record.moments
    return orjson.dumps([record.stream, record.seq, moment.time_ms, moment.values])


def batches() -> list[list[Record]]:
    """Taken from the end and let go: a record lives as long as it waits, not as long as the benchmark."""
    made = records(RECORDS)
    return [made[start : start + BATCH] for start in range(0, RECORDS, BATCH)]


def of_outbox(folder: Path) -> Cost:
    made = batches()
    return _measured(lambda: asyncio.run(_through_outbox(folder, made)))


def _opened(folder: Path, sync: Literal["1s", "always"]) -> AbstractAsyncContextManager[Outbox]:
    wish = {"county": Backfill(rate=1e9)}
    return open_outbox(folder, ["county"], 1 << 30, max_age_s=1e6, sync=sync, backfill=wish, now=_now, journal=Quiet())


async def _through_outbox(folder: Path, made: list[list[Record]]) -> None:
    async with _opened(folder, "always") as outbox:
        reader = outbox.reader("county")
        reader.begin()
        while made:
            outbox.append(made.pop())
            taken = 0
            while taken < BATCH:
                entries = await reader.take(BATCH)
                for entry in entries:
                    reader.confirm(entry.lsn)
                taken += len(entries)


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
    made = batches()
    return _measured(lambda: _through_sqlite(folder / "queue.db", made))


def _through_sqlite(path: Path, made: list[list[Record]]) -> None:
    base = sqlite3.connect(path, isolation_level=None)
    base.execute("PRAGMA journal_mode=WAL")
    base.execute("PRAGMA synchronous=FULL")
    base.execute("CREATE TABLE queue (id INTEGER PRIMARY KEY AUTOINCREMENT, body BLOB)")
    while made:
        base.execute("BEGIN")
        base.executemany("INSERT INTO queue (body) VALUES (?)", [(_json(one),) for one in made.pop()])
        base.execute("COMMIT")
        rows = base.execute("SELECT id, body FROM queue ORDER BY id LIMIT ?", (BATCH,)).fetchall()
        for _, body in rows:
            stream, seq, time_ms, values = orjson.loads(body)
            Entry(seq, Record(stream, [Moment(time_ms, values, {})], seq=seq), False)
        base.execute("BEGIN")
        base.execute("DELETE FROM queue WHERE id <= ?", (rows[-1][0],))
        base.execute("COMMIT")
    base.close()


def _measured(work: Callable[[], None]) -> Cost:
    gc.collect()
    gc.freeze()  # the records that wait for their turn are the benchmark's, not the outbox's
    written, cpu, began = _written(), time.process_time(), time.monotonic()
    work()
    os.sync()
    gc.unfreeze()
    return Cost((time.process_time() - cpu) / RECORDS * 1e6, (_written() - written) / RECORDS, time.monotonic() - began)


def _written() -> int:
    """Bytes that this process made the kernel send to storage: proc(5), `write_bytes`."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("write_bytes"))


def compared(turns: int) -> list[tuple[Cost, Cost]]:
    """The outbox and SQLite, one after the other, so many times."""
    pairs = []
    for _ in range(turns):
        with tempfile.TemporaryDirectory(prefix="lineside-bench-") as one, tempfile.TemporaryDirectory() as other:
            pairs.append((of_outbox(Path(one)), of_sqlite(Path(other))))
    return pairs
