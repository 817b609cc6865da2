"""The outbox: where records wait until every destination has confirmed them. `contract.py` says what it promises.

This form keeps them in a ring in memory; what must survive a restart now (the number of the run, what was remembered,
how the last run ended) is in the state directory.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

from agent.outbox.contract import Outbox
from agent.outbox.ring import Ring
from agent.outbox.state import StateTaken, open_state
from drivers.contract import Journal

__all__ = ["MEMORY_BYTES", "StateTaken", "open_outbox"]

MEMORY_BYTES = 64 * 1024 * 1024
"""What a ring may hold of `max_bytes`, which is a bound on a disk: more would starve a small gateway."""


@asynccontextmanager
async def open_outbox(
    state_dir: Path,
    destinations: Sequence[str],
    max_bytes: int,
    *,
    max_age_s: float,
    sync: Literal["1s", "always", "never"] = "1s",
    now: Callable[[], tuple[int, int | None]],
    journal: Journal,
    monotonic: Callable[[], float] = time.monotonic,
) -> AsyncIterator[Outbox]:
    """Take the state directory, number this run and keep records until the block is left.

    `sync` says how often a log on disk is forced there; a ring has nothing to force. `now` gives the wall time of gap
    events: UTC epoch milliseconds and, only while that is implausible, the offset of `Record.offset_ms`. Raises
    `StateTaken` when another agent holds the directory, and nothing for want of a disk.
    """
    disk = ThreadPoolExecutor(1, thread_name_prefix="outbox")
    try:
        state = await asyncio.get_running_loop().run_in_executor(disk, open_state, state_dir, journal)
        ring = Ring(
            state,
            disk,
            destinations,
            min(max_bytes, MEMORY_BYTES),
            max_age_s=max_age_s,
            now=now,
            journal=journal,
            monotonic=monotonic,
        )
        try:
            yield ring
        finally:
            await ring.close()
    finally:
        disk.shutdown()
