"""Keeps the writing thread at work: appends, cursors, syncs, room. One task of the loop."""

import asyncio
import contextlib
from concurrent.futures import Executor, Future
from functools import partial
from typing import NamedTuple, NoReturn

from agent.outbox.desk import Desk, Job, Outcome, listed
from agent.outbox.limits import Surroundings
from agent.outbox.opening import Folder
from agent.outbox.room import Going, Room
from agent.outbox.store import Store
from drivers.phrase import of_system

GATHER_S = 0.015
"""What comes within it is written together."""
SYNC_S = 1.0
RETRY_S = 1.0
"""A disk that failed is tried again after this."""
STALL_S = 1.0
"""A disk that takes longer is not waited for: what is in memory is published meanwhile."""
PATIENCE_S = 2.0
"""How long a stop waits for a disk that does not answer."""
AGE_S = 60.0
"""How often it is looked whether something is too old."""


class Threads(NamedTuple):
    """One for everything that changes the disk, one for what only reads."""

    writing: Executor
    reading: Executor


class Pump:
    """`for_ever` runs until it is cancelled, `finish` once after that."""

    def __init__(
        self,
        store: Store,
        desk: Desk,
        folder: Folder,
        threads: Threads,
        around: Surroundings,
        *,
        syncs: bool,
    ) -> None:
        self._store = store
        self._room = Room(store)
        self._desk = desk
        self._folder = folder
        self._threads = threads
        self._place = around.place
        self._syncs = syncs
        self._now = around.now
        self._journal = around.journal
        self._wanted = asyncio.Event()
        self._synced_s = self._aged_s = store.monotonic()
        self._is_failing = False
        self._idle = asyncio.Event()
        self._idle.set()
        self._defect: BaseException | None = None
        self._hurried = asyncio.Event()
        store.wanted = self._wanted.set
        store.hurry = self._hurried.set

    async def for_ever(self) -> NoReturn:
        while True:
            await self._until_wanted()
            await self._turn()
            if self._store.is_on_disk:
                await self._make_room()
                self._hurried.clear()
                await _at_latest_in(GATHER_S, self._hurried)
            else:
                await asyncio.sleep(RETRY_S)
                self._store.resume()
                self._wanted.set()

    async def _until_wanted(self) -> None:
        if self._store.has_work:
            return
        self._wanted.clear()
        wait_s = AGE_S
        if self._syncs and self._store.wants_sync:
            wait_s = max(self._synced_s + SYNC_S - self._store.monotonic(), 0.0)
        await _at_latest_in(wait_s, self._wanted)

    async def _turn(self) -> None:
        now = self._store.monotonic()
        is_due = self._syncs and self._store.wants_sync and now >= self._synced_s + SYNC_S
        job = self._store.job(sync=is_due)
        if job.sync:
            self._synced_s = now
        if job:
            await self._work(job)

    def _take(self, job: Job, outcome: Outcome) -> None:
        self._store.worked(outcome)
        if outcome.error is not None:
            self._is_failing = True
            self._journal.lost("E3005", self._place, reason=of_system(outcome.error))
        elif self._is_failing and job.page:  # cursors can be written over where there is no room
            self._is_failing = False
            self._journal.back("E3005", self._place)

    async def _work(self, job: Job) -> None:
        """A disk that does not answer is not waited for by anybody else; its answer is taken whenever it comes."""
        loop = asyncio.get_running_loop()
        self._idle.clear()
        asked = self._threads.writing.submit(self._desk.work, job)
        asked.add_done_callback(partial(self._tell, loop, job))
        alarm = loop.call_later(STALL_S, self._stall)
        try:
            await self._idle.wait()
        finally:
            alarm.cancel()
        if self._defect is not None:
            raise self._defect

    def _tell(self, loop: asyncio.AbstractEventLoop, job: Job, asked: Future[Outcome]) -> None:
        """Called in the writing thread."""
        with contextlib.suppress(RuntimeError):  # a loop that is closed waits for nothing any more
            loop.call_soon_threadsafe(self._answered, job, asked)

    def _stall(self) -> None:
        self._store.is_stalled = True
        self._store.wake()
        self._journal.lost("E3008", self._place)

    def _answered(self, job: Job, asked: Future[Outcome]) -> None:
        self._idle.set()
        if self._store.is_stalled:
            self._store.is_stalled = False
            self._journal.back("E3008", self._place)
        self._defect = asked.exception()
        if self._defect is None:
            self._take(job, asked.result())

    async def _make_room(self) -> None:
        while self._store.is_on_disk and (going := self._room.surplus()) is not None:
            await self._let_go(going, "overflow")
        if self._store.monotonic() - self._aged_s >= AGE_S and self._now()[1] is None:
            self._aged_s = self._store.monotonic()
            while self._store.is_on_disk and (going := self._room.outdated()) is not None:
                await self._let_go(going, "age")

    async def _let_go(self, going: Going, reason: str) -> None:
        self._store.going = range(0) if going.is_kept else range(going.segment.first, going.end)
        try:
            await self._empty(going, reason)
        finally:
            self._store.going = range(0)

    async def _empty(self, going: Going, reason: str) -> None:
        disk = self._folder.kept if going.is_kept else self._folder.main
        listing = partial(listed, disk, going.segment.name, going.end)
        try:
            content = await asyncio.get_running_loop().run_in_executor(self._threads.reading, listing)
        except OSError:
            content = []
        kept = [] if going.is_kept else self._room.rescued(content, reason)
        if kept:
            await self._work(Job(kept=kept, now_ms=self._store.now_ms))
            if not self._store.is_on_disk:
                for reader in self._store.readers.values():
                    reader.look_again()
                return
        await self._work(self._room.let_go(going, content, kept, reason))

    async def finish(self) -> None:
        """Write, save and sync what there is, if the disk does it in time."""
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._finish()
        except TimeoutError:
            self._store.is_stalled = True

    async def _finish(self) -> None:
        await self._idle.wait()
        if not self._store.is_on_disk:
            self._store.resume()
        while self._store.is_on_disk and (job := self._store.job()):
            await self._work(job)
        if self._store.is_on_disk and self._syncs:
            loop = asyncio.get_running_loop()
            error = await loop.run_in_executor(self._threads.writing, self._desk.finish)
            if error is not None:
                self._journal.lost("E3005", self._place, reason=of_system(error))


async def _at_latest_in(seconds: float, event: asyncio.Event) -> None:
    """Until the event is set, which it is after that time."""
    alarm = asyncio.get_running_loop().call_later(seconds, event.set)
    try:
        await event.wait()
    finally:
        alarm.cancel()
