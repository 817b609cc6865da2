"""The outbox: where records wait until every destination has confirmed them. `contract.py` says what it promises.

state.py     the state directory: one agent at a time, the number of this run, what was remembered
opening.py   what is found there
store.py     who needs what: pure; reader.py for one destination, tail.py in memory, shelf.py on disk
pump.py      keeps the writing thread at work (desk.py, pen.py); feeding.py the reading one (walk.py)
damages.py   whose loss is what cannot be read; gaps.py until it is announced; standing.py keeps it, and cursors
frames.py    how records lie on disk, bodies.py what is in them, cursor.py who has had them
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from agent.outbox.contract import Outbox
from agent.outbox.durable import Durable
from agent.outbox.limits import Limits, Surroundings
from agent.outbox.pump import Threads
from agent.outbox.reader import Backfill
from agent.outbox.state import StateTaken, open_state
from drivers.contract import Journal

__all__ = ["MEMORY_BYTES", "Backfill", "StateTaken", "open_outbox"]

MEMORY_BYTES = 64 * 1024 * 1024
"""What memory may hold while the disk cannot be used: more would starve a small gateway."""
NO_WISHES: Mapping[str, Backfill] = {}


@asynccontextmanager
async def open_outbox(
    state_dir: Path,
    destinations: Sequence[str],
    max_bytes: int,
    *,
    max_age_s: float,
    sync: Literal["1s", "always", "never"] = "1s",
    backfill: Mapping[str, Backfill] = NO_WISHES,
    now: Callable[[], tuple[int, int | None]],
    journal: Journal,
    monotonic: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Outbox]:
    """Take the state directory, number this run and keep records until the block is left.

    `max_bytes` bounds what lies on disk for destinations that do not take it. `sync` says how often it is forced
    there: every second, at each append (then nothing is published before it is safe), or when the system likes.
    `backfill` says how a destination wants its backlog. `now` gives the wall time of gap events: UTC epoch
    milliseconds and, only while that is implausible, the offset of `Record.offset_ms`. Raises `StateTaken` when
    another agent holds the directory, and nothing for want of a disk.
    """
    threads = Threads(
        ThreadPoolExecutor(1, thread_name_prefix="outbox"), ThreadPoolExecutor(1, thread_name_prefix="outbox-read")
    )
    is_answering = True
    try:
        state = await asyncio.get_running_loop().run_in_executor(threads.writing, open_state, state_dir, journal)
        wishes = {name: backfill.get(name, Backfill()) for name in dict.fromkeys(destinations)}
        await asyncio.get_running_loop().run_in_executor(threads.reading, _wake_up)
        limits = Limits(max_bytes, min(max_bytes, MEMORY_BYTES), max_age_s)
        around = Surroundings(now, monotonic, journal, str(state_dir))
        durable = await Durable.open(state, wishes, threads, limits, sync, around)
        try:
            async with durable:
                yield durable
        finally:
            is_answering = durable.is_answering
    finally:
        for thread in threads:
            # A disk that does not answer is not waited for: the stop has a deadline.
            thread.shutdown(wait=is_answering)


def _wake_up() -> None:
    """Threads start while nobody waits for them."""
