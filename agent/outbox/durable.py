"""The outbox on disk: a store, the two threads that serve it, and the state directory."""

import asyncio
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor
from functools import partial
from types import TracebackType
from typing import Self

from agent.outbox.contract import Checkpoint, Reader
from agent.outbox.desk import Desk, quarantine
from agent.outbox.feeding import Feeding
from agent.outbox.limits import Limits, Surroundings
from agent.outbox.opening import Folder, Recovered, last_seq, open_logs
from agent.outbox.pen import SEGMENT_BYTES
from agent.outbox.pump import Pump, Threads
from agent.outbox.reader import Backfill
from agent.outbox.state import State
from agent.outbox.store import Store
from agent.outbox.walk import Walk
from agent.record import Record
from agent.scope import Scope
from drivers.contract import Journal
from drivers.phrase import of_system

SMALLEST_SEGMENT = 64 * 1024
REMEMBER_S = 2.0
"""How long `remember` waits for a disk that blocks."""
DESTINATIONS = "destinations"
"""Under this name the state directory remembers who there was."""


class Durable:
    """`Outbox`. An asynchronous context: the pump runs while it is open."""

    def __init__(
        self,
        state: State,
        store: Store,
        pump: Pump | None,
        feeding: Feeding | None,
        writing: Executor,
        previous: Mapping[str, object] | None,
        newest_ms: int,
    ) -> None:
        """Without a disk there is neither pump nor feeding."""
        self._state = state
        self._store = store
        self._pump = pump
        self._feeding = feeding
        self._writing = writing
        self._previous = previous
        self._newest_ms = newest_ms
        self._scope = Scope()
        self._is_open = True

    @classmethod
    async def open(
        cls,
        state: State,
        backfill: Mapping[str, Backfill],
        threads: Threads,
        limits: Limits,
        sync: str,
        around: Surroundings,
    ) -> "Durable":
        """Find what an earlier run left. Without a directory that can be used everything stays in memory."""
        folder = Folder.of(state.path)
        logs: tuple[Recovered, Desk] | None = None
        if state.is_ours:
            segment_bytes = min(SEGMENT_BYTES, max(limits.max_bytes // 16, SMALLEST_SEGMENT))
            opening = partial(
                _open,
                state,
                folder,
                list(backfill),
                around.journal,
                segment_bytes,
                syncs=sync != "never",
                now_s=around.monotonic(),
            )
            logs = await asyncio.get_running_loop().run_in_executor(threads.writing, opening)
        found = logs[0] if logs else Recovered()
        store = Store(state.boot, backfill, found, limits, around, publishes_synced=sync == "always")
        pump, feeding = None, None
        if logs:
            aside = quarantine(state.path / "quarantine")
            walks = {
                (name, is_kept): Walk(folder.kept if is_kept else folder.main, aside)
                for name in backfill
                for is_kept in (False, True)
            }
            loop = asyncio.get_running_loop()
            store.aside = lambda name, at, data: loop.run_in_executor(threads.writing, aside, name, at, data)
            feeding = store.ask = Feeding(store, walks, threads.reading, around)
            pump = Pump(store, logs[1], folder, threads, around, syncs=sync != "never")
        return cls(state, store, pump, feeding, threads.writing, _previous(state, found), found.newest_ms)

    async def __aenter__(self) -> Self:
        await self._scope.__aenter__()
        if self._pump is not None:
            self._store.resume()
            self._scope.start(self._pump.for_ever(), "outbox")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._scope.__aexit__(kind, error, trace)
        await self.close()

    @property
    def boot(self) -> int:
        return self._state.boot

    @property
    def previous(self) -> Mapping[str, object] | None:
        return self._previous

    @property
    def newest_ms(self) -> int:
        return self._newest_ms

    @property
    def is_durable(self) -> bool:
        return self._pump is not None and self._store.is_on_disk and not self._store.is_stalled

    @property
    def is_answering(self) -> bool:
        """Whether the disk answered to the last."""
        return not self._store.is_stalled

    def append(self, records: Sequence[Record], checkpoint: Mapping[str, Checkpoint] | None = None) -> None:
        self._store.append(records, checkpoint)

    def checkpoint(self, stream: str) -> Checkpoint | None:
        return self._store.checkpoint(stream)

    def recall(self, name: str) -> object | None:
        return self._state.recall(name)

    async def remember(self, name: str, value: object) -> None:
        written = asyncio.get_running_loop().run_in_executor(self._writing, self._state.remember, name, value)
        await asyncio.wait((written,), timeout=REMEMBER_S)
        if written.done():
            written.result()

    def reader(self, destination: str) -> Reader:
        return self._store.readers[destination]

    async def close(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        if self._feeding is not None:
            self._feeding.close()
        if self._pump is not None:
            await self._pump.finish()
        closing = asyncio.get_running_loop().run_in_executor(self._writing, self._state.close, self._store.last_seq)
        await asyncio.wait((closing,), timeout=1.0)


def _open(
    state: State,
    folder: Folder,
    destinations: Sequence[str],
    journal: Journal,
    segment_bytes: int,
    *,
    syncs: bool,
    now_s: float,
) -> tuple[Recovered, Desk] | None:
    known = state.recall(DESTINATIONS)
    before = [name for name in known if isinstance(name, str)] if isinstance(known, list) else []
    try:
        logs = open_logs(
            folder, destinations, before, journal, segment_bytes, syncs=syncs, now_s=now_s, begin=state.number
        )
    except OSError as error:
        journal.note("E3001", str(state.path), reason=of_system(error))
        return None
    state.remember(DESTINATIONS, list(destinations))
    return logs


def _previous(state: State, found: Recovered) -> Mapping[str, object] | None:
    """What the run before left: after an unclean end the log knows better than nobody."""
    previous = state.previous
    if previous is None or previous.get("clean"):
        return previous
    boot = previous["boot"]
    return {**previous, "last_seq": last_seq(found.last_seq, boot)} if isinstance(boot, int) else previous
