"""Records in memory, bounded by bytes and age: the oldest samples go first, events last, and every loss is counted."""

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass

from agent.outbox.contract import Checkpoint, Reader
from agent.outbox.gaps import Gaps
from agent.outbox.reader import RingReader
from agent.outbox.state import State
from agent.record import Event, Moment, Record
from drivers.contract import Journal

ROOM_AGAIN = 0.5
"""Share of the bound below which an overflow is over; between the two nothing is said."""

RECORD_BYTES = 600
VALUE_BYTES = 90
"""Estimates of what a record and one of its values cost in memory (CPython 3.11: slots, dict entry, number)."""


@dataclass(slots=True)
class Item:
    """A record and who still lacks it; destinations are bits."""

    lsn: int
    record: Record
    at: float
    """Monotonic time when it was appended."""
    size: int
    lacking: int
    flying: int = 0
    """By whom it is taken and not answered. Such a record is not dropped: it may have arrived."""


class Ring:
    """`Outbox` in memory."""

    def __init__(
        self,
        state: State,
        disk: Executor,
        destinations: Sequence[str],
        max_bytes: int,
        *,
        max_age_s: float,
        now: Callable[[], tuple[int, int | None]],
        journal: Journal,
        monotonic: Callable[[], float],
    ) -> None:
        self.gaps = Gaps()
        self.now = now
        self.monotonic = monotonic
        self.next_lsn = 0
        self._state = state
        self._disk = disk
        self._max_bytes = max_bytes
        self._max_age_s = max_age_s
        self._journal = journal
        self._samples: OrderedDict[int, Item] = OrderedDict()
        self._events: OrderedDict[int, Item] = OrderedDict()
        self._bytes = 0
        self._next_seq: dict[str, int] = {}
        self._checkpoints: dict[str, Checkpoint] = {}
        self._readers = {name: RingReader(self, name, 1 << i) for i, name in enumerate(dict.fromkeys(destinations))}
        self._losing: dict[str, int] = {}
        self._is_open = True

    @property
    def boot(self) -> int:
        return self._state.boot

    @property
    def previous(self) -> Mapping[str, object] | None:
        return self._state.previous

    def reader(self, destination: str) -> Reader:
        return self._readers[destination]

    def checkpoint(self, stream: str) -> Checkpoint | None:
        return self._checkpoints.get(stream)

    def recall(self, name: str) -> object | None:
        return self._state.recall(name)

    async def remember(self, name: str, value: object) -> None:
        await asyncio.get_running_loop().run_in_executor(self._disk, self._state.remember, name, value)

    def append(self, records: Sequence[Record], checkpoint: Mapping[str, Checkpoint] | None = None) -> None:
        if checkpoint:
            self._checkpoints.update(checkpoint)
        now = self.monotonic()
        for record in records:
            self._keep(record, now)
        self._expire(now)
        self._shrink()
        self._wake()

    def announce(self, gaps: Sequence[Record]) -> None:
        """Append gap events without making room for them: that would be the next loss to announce."""
        for gap in gaps:
            self._keep(gap, self.monotonic())
        self._wake()

    def _wake(self) -> None:
        for reader in self._readers.values():
            reader.wake()

    def _keep(self, record: Record, now: float) -> None:
        seq = self._next_seq.get(record.stream, 0)
        self._next_seq[record.stream] = seq + 1
        record.boot, record.seq = self._state.boot, seq
        lsn = self.next_lsn
        self.next_lsn = lsn + 1
        if not self._readers:
            return
        item = Item(lsn, record, now, estimated_bytes(record), (1 << len(self._readers)) - 1)
        (self._events if record.event else self._samples)[lsn] = item
        self._bytes += item.size
        for reader in self._readers.values():
            reader.accept(item)

    def find(self, lsn: int) -> Item | None:
        return self._samples.get(lsn) or self._events.get(lsn)

    def leave(self, item: Item, bit: int) -> None:
        """One destination no longer needs it."""
        item.lacking &= ~bit
        item.flying &= ~bit
        if not item.lacking:
            self._forget(item)
            if self._losing and self._bytes <= ROOM_AGAIN * self._max_bytes:
                self._room_again()

    def _forget(self, item: Item) -> None:
        del (self._events if item.record.event else self._samples)[item.lsn]
        self._bytes -= item.size

    def _expire(self, now: float) -> None:
        limit = now - self._max_age_s
        for items in (self._samples, self._events):
            while items and next(iter(items.values())).at < limit:
                item = next(_resting(items), None)
                if item is None or item.at >= limit:
                    break
                self._drop(item, "age")

    def _shrink(self) -> None:
        """Over the bound the oldest samples go, then the oldest events; what is in flight stays."""
        if self._bytes <= self._max_bytes:
            return
        for items in (self._samples, self._events):
            while self._bytes > self._max_bytes and (item := next(_resting(items), None)) is not None:
                self._drop(item, "overflow")

    def _drop(self, item: Item, reason: str) -> None:
        losers = [name for name, reader in self._readers.items() if reader.lose(item, reason)]
        self._forget(item)
        self.gaps.lose(item.record, losers, reason, self.monotonic())
        for name in losers if reason == "overflow" else ():
            self._losing[name] = self._losing.get(name, 0) + 1
            self._journal.lost("W3010", name)

    def _room_again(self) -> None:
        for name, records in self._losing.items():
            self._journal.back("W3010", name, records=records)
        self._losing.clear()

    async def close(self) -> None:
        if self._is_open:
            self._is_open = False
            last_seq = {stream: seq - 1 for stream, seq in self._next_seq.items()}
            await asyncio.get_running_loop().run_in_executor(self._disk, self._state.close, last_seq)


def _resting(items: Mapping[int, Item]) -> Iterator[Item]:
    return (item for item in items.values() if not item.flying)


def estimated_bytes(record: Record) -> int:
    """What a record costs in memory, within a factor of two; long texts are counted."""
    if record.event:
        return RECORD_BYTES + _event_bytes(record.event)
    return RECORD_BYTES + sum(map(_moment_bytes, record.moments))


def _moment_bytes(moment: Moment) -> int:
    values = moment.values.values()
    texts = sum(len(v) for v in values if type(v) is str) if str in set(map(type, values)) else 0
    return 300 + VALUE_BYTES * (len(values) + len(moment.qualities)) + 2 * texts


def _event_bytes(event: Event) -> int:
    texts = sum(len(v) for v in itertools.chain(event.data.values(), event.context.values()) if isinstance(v, str))
    return 300 + VALUE_BYTES * (len(event.data) + len(event.context)) + 2 * texts
