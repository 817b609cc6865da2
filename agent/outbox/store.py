"""The outbox itself: what is in memory, what is on disk, who needs it. Pure but for the two threads it asks.

    append -> tail (memory) -> main log -> readers -> settled by all -> segment removed
                                 |  over the bound: samples lost and announced, events moved
                                 v
                              kept log (events only) -> readers

Nothing here blocks: a `Job` for the writing thread is made by `job` and its `Outcome` taken by `worked`; what the disk
has is asked for with `fetch`.
"""

import math
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from agent.outbox.bodies import record as record_of
from agent.outbox.contract import Checkpoint
from agent.outbox.cursor import Cursor
from agent.outbox.desk import Job, Kept, Listed, Outcome
from agent.outbox.gaps import Gaps
from agent.outbox.opening import KEPT, MAIN, Recovered
from agent.outbox.pen import Append
from agent.outbox.reader import Backfill, LogReader
from agent.outbox.shelf import Segment, Shelf, bytes_of
from agent.outbox.tail import Item, Tail, estimated_bytes
from agent.outbox.walk import Hole, Piece, Span
from agent.record import Record
from drivers.contract import Journal

PAGE_BYTES = 1024 * 1024
"""How much is written at once, about."""
TAIL_BYTES = 4 * 1024 * 1024
"""What memory keeps of records that are safe on disk, for those who want them next."""
ROOM_AGAIN = 0.5
"""Share of the bound below which an overflow is over; between the two nothing is said."""


class Fetch(Protocol):
    """Asks the reading thread for a piece of a log, for one reader; the answer goes to `Store.fetched`."""

    def __call__(
        self, reader: str, fetch: int, number: int, until: int, spans: Sequence[Span], *, is_kept: bool
    ) -> None: ...


class Store:
    """Records of all streams, and where each destination stands."""

    def __init__(
        self,
        boot: int,
        destinations: Mapping[str, Backfill],
        recovered: Recovered,
        *,
        max_bytes: int,
        memory_bytes: int,
        max_age_s: float,
        publishes_synced: bool = False,
        now: Callable[[], tuple[int, int | None]],
        journal: Journal,
        monotonic: Callable[[], float],
        place: str = "outbox",
    ) -> None:
        """`publishes_synced` keeps from the readers what a power cut could take back."""
        self.boot = boot
        self.monotonic = monotonic
        self.gaps = Gaps()
        self.tail = Tail()
        self.main = recovered.main
        self.kept = recovered.kept
        self.next = recovered.next
        self.next_kept = recovered.next_kept
        self.is_on_disk = False
        """Whether what is appended reaches the disk; else memory is all there is."""
        self.is_stalled = False
        """Whether the disk does not answer just now."""
        self.ask: Fetch | None = None
        self.wanted: Callable[[], None] = lambda: None
        """Called when there is something to do for the writing thread."""
        self._written = self._synced = recovered.next
        self._publishes_synced = publishes_synced
        self._max_bytes = max_bytes
        self._memory_bytes = min(memory_bytes, max_bytes)
        self._max_age_s = max_age_s
        self._now = now
        self._journal = journal
        self._place = place
        self._next_seq: dict[str, int] = {}
        self._checkpoints: dict[str, Mapping[str, object]] = dict(recovered.checkpoints)
        self._loose: dict[str, object] = {}
        """Checkpoints whose records are gone from memory; they are written all the same."""
        self._queue: deque[Item] = deque()
        """What is to be written, in order, while the disk is fine."""
        self._generation = recovered.generation
        self._dirty: set[str] = set(destinations)
        self._unsynced_since: float | None = None
        self._losing: dict[str, int] = {}
        self._blamed: list[str] = []
        """Who lost something by the newest damage."""
        self.readers = {
            name: LogReader(self, name, backfill, *recovered.cursors.get(name, self._at_head()))
            for name, backfill in destinations.items()
        }

    def _at_head(self) -> tuple[Cursor, Cursor]:
        """Where a destination begins that was not there before."""
        return Cursor(self.next), Cursor(self.next_kept)

    # --- records in

    def append(self, records: Sequence[Record], checkpoints: Mapping[str, Checkpoint] | None = None) -> None:
        now = self.monotonic()
        for record in records:
            self._keep(record, now, self.next)
        if checkpoints:
            self._checkpoints.update(checkpoints)
            last = self.tail.find(self.next - 1) if records else None
            if last is not None:
                last.checkpoints = checkpoints
            else:
                self._loose.update(checkpoints)
        self._bound_memory(now)
        self.wake()
        self.wanted()

    def _keep(self, record: Record, now: float, append: int) -> None:
        seq = self._next_seq.get(record.stream, 0)
        self._next_seq[record.stream] = seq + 1
        record.boot, record.seq = self.boot, seq
        if not self.readers:
            return
        item = Item(self.next, record, now, estimated_bytes(record), append)
        self.next += 1
        self.tail.add(item)
        if self.is_on_disk:
            self._queue.append(item)
        for reader in self.readers.values():
            reader.accept()

    @property
    def last_seq(self) -> dict[str, int]:
        return {stream: seq - 1 for stream, seq in self._next_seq.items()}

    def checkpoint(self, stream: str) -> Checkpoint | None:
        return self._checkpoints.get(stream)

    @property
    def now_ms(self) -> int:
        """Wall time, UTC epoch milliseconds."""
        return self._now()[0]

    def wake(self) -> None:
        for reader in self.readers.values():
            reader.wake()

    def reader(self, destination: str) -> LogReader:
        return self.readers[destination]

    # --- bounds of memory

    def _bound_memory(self, now: float) -> None:
        if self.is_on_disk:
            while self.tail.size > TAIL_BYTES and (item := self.tail.oldest(self._synced)) is not None:
                self.tail.remove(item.number)
        else:
            for item in self.tail.older_than(now - self._max_age_s):
                self._drop(item, "age")
        if self.tail.size > self._memory_bytes:
            for item in self.tail.least_wanted():
                if self.tail.size <= self._memory_bytes:
                    break
                self._drop(item, "overflow")

    def _drop(self, item: Item, reason: str) -> None:
        """Out of memory, and there is no disk; what is under way stays: it may have arrived."""
        if any(reader.is_flying(item.number) for reader in self.readers.values()):
            return
        losers = [name for name, reader in self.readers.items() if reader.lose(item.number, reason)]
        self.tail.remove(item.number)
        self._loose.update(item.checkpoints)
        self._lost(item.record, losers, reason)

    def _lost(self, record: Record, losers: Iterable[str], reason: str) -> None:
        losers = list(losers)
        if losers:
            self.gaps.lose(record, losers, reason, self.monotonic())
            self._say_losing(losers if reason == "overflow" else ())

    def _say_losing(self, losers: Iterable[str], records: int = 1) -> None:
        for name in losers:
            self._losing[name] = self._losing.get(name, 0) + records
            self._journal.lost("W3010", name)

    def _look_for_room(self) -> None:
        if self._losing and self.size <= ROOM_AGAIN * self._max_bytes and (
            self.is_on_disk or self.tail.size <= ROOM_AGAIN * self._memory_bytes
        ):
            for name, records in self._losing.items():
                self._journal.back("W3010", name, records=records)
            self._losing.clear()

    # --- what the readers need

    @property
    def ready(self) -> int:
        """Numbers below it may be published."""
        if not self.is_on_disk or self.is_stalled:
            return self.next
        return self._synced if self._publishes_synced else self._written

    @property
    def has_gaps(self) -> bool:
        return bool(self.gaps)

    def has(self, number: int) -> bool:
        """Whether it is still in memory or in a segment."""
        if number < 0:
            return bool(self.kept.segments) and -1 - number >= self.kept.segments[0].first
        on_disk = bool(self.main.segments) and self.main.segments[0].first <= number < self._written
        return on_disk or self.tail.find(number) is not None

    def first_since(self, seconds: float) -> int:
        """The first number that was appended within the last seconds."""
        return self.tail.first_since(self.monotonic() - seconds, self.next)

    def first_in_memory(self, number: int) -> int:
        """The first number from there on that need not be fetched."""
        return self.tail.first_from(number, self.next)

    def disk_end(self, number: int, until: int) -> int:
        """Up to where the disk must be asked, from a number that memory does not have."""
        return min(until, self.first_in_memory(number))

    def unsaved(self, reader: LogReader) -> int:
        return reader.unsaved if self.is_on_disk and not self.is_stalled else 0

    def left(self, number: int) -> None:
        """A destination needs it no more."""
        if number >= 0 and self._is_done(number):
            item = self.tail.find(number)
            if item is not None and number >= self._written:
                self._loose.update(item.checkpoints)
            self.tail.remove(number)
        self._look_for_room()
        self.wanted()

    def bytes_of(self, reader: LogReader) -> int:
        """About how many bytes wait for a destination."""
        runs = list(reader.main.runs(0, self.next))
        on_disk = bytes_of(self.main, self._written, [(a, min(b, self._written)) for a, b in runs if a < self._written])
        in_memory = sum(
            item.size for item in self.tail.since(self._written) if not reader.main.is_settled(item.number)
        )
        return on_disk + in_memory + bytes_of(self.kept, self.next_kept, list(reader.kept.runs(0, self.next_kept)))

    def age_of(self, reader: LogReader) -> float:
        """Seconds since the oldest record that waits for a destination was appended, as far as that is known."""
        if next(reader.kept.runs(0, self.next_kept), None) is not None and self.kept.segments:
            return self._since(self.kept.segments[0].opened_ms)
        number = reader.main.base
        item = self.tail.find(number) or reader.holds(number)
        if item is not None and item.at > -math.inf:
            return max(self.monotonic() - item.at, 0.0)
        place = self.main.place_of(number)
        return self._since(self.main.segments[place].opened_ms) if place >= 0 else 0.0

    def _since(self, time_ms: int) -> float:
        return max(self.now_ms - time_ms, 0) / 1000 if time_ms else 0.0

    def fetch(self, reader: LogReader, fetch: int, number: int, until: int, *, is_kept: bool) -> None:
        assert self.ask is not None, "there is nothing on a disk"
        spans = (self.kept if is_kept else self.main).spans(until, number)
        self.ask(reader.name, fetch, number, until, spans, is_kept=is_kept)

    def fetched(self, reader: str, fetch: int, piece: Piece, *, is_kept: bool) -> None:
        """The answer to `fetch`."""
        self._mourn(piece, is_kept=is_kept)
        self.readers[reader].fetched(fetch, piece, is_kept=is_kept)

    def _mourn(self, piece: Piece, *, is_kept: bool) -> None:
        """What is damaged is damaged for every destination that still needs it."""
        for first, end in piece.damaged:
            lost = {name: reader.lose_all(first, end, "damaged", is_kept=is_kept) for name, reader in self.readers.items()}
            self._blamed = [name for name, count in lost.items() if count]
            if self._blamed:
                self._journal.note("E3006", self._place, records=max(lost.values()))
        for hole in piece.holes if self._blamed else ():
            self.gaps.lose_hole(hole, self._blamed, "damaged", self.monotonic())
        if piece.damaged:
            self.wanted()

    # --- losses and what is said of them

    def announce_loss(self, record: Record, losers: Sequence[str], reason: str) -> None:
        self.gaps.lose(record, losers, reason, self.monotonic())

    def announce_gaps(self, destination: str, merged_s: float) -> None:
        """Append gap events without making room for them: that would be the next loss to announce."""
        if not self.gaps:
            return
        for gap in self.gaps.due(destination, self.monotonic() - merged_s, self._now):
            self._keep(gap, self.monotonic(), self.next)
            self.wake()
            self.wanted()

    # --- the disk

    @property
    def size(self) -> int:
        """Bytes in both logs."""
        return self.main.size + self.kept.size

    def job(self, *, sync: bool = False, save: bool = True) -> Job:
        """What there is to do for the writing thread now."""
        appends, end = self._appends()
        floor = min((reader.main.base for reader in self.readers.values()), default=self.next)
        floor_kept = min((reader.kept.base for reader in self.readers.values()), default=self.next_kept)
        return Job(
            appends,
            end,
            sync or (self._publishes_synced and bool(appends)),
            self._cursors() if save else (),
            [segment.name for segment in self.main.done(min(floor, self._synced))],
            [segment.name for segment in self.kept.done(floor_kept)],
            now_ms=self.now_ms,
        )

    def _appends(self) -> tuple[list[Append], int]:
        appends: list[Append] = []
        size, end = 0, self._queue[0].number if self._queue else self.next
        if self._loose:
            appends.append(Append((), self._loose))
            self._loose = {}
        while self._queue and size < PAGE_BYTES:
            together = self._queue[0].append
            items: list[Item] = []
            while self._queue and self._queue[0].append == together:
                items.append(self._queue.popleft())
            end = items[-1].number + 1
            size += sum(item.size for item in items)
            appends.append(Append([(item.number, item.record) for item in items], items[-1].checkpoints))
        return appends, end

    def _cursors(self) -> list[tuple[str, bytes]]:
        saved = []
        for name, reader in self.readers.items():
            if reader.unsaved or name in self._dirty:
                self._generation += 1
                for suffix, cursor in ((MAIN, reader.main), (KEPT, reader.kept)):
                    saved.append((f"{name}.{suffix}.{self._generation % 2}", cursor.to_bytes(self._generation)))
                reader.unsaved = 0
        self._dirty.clear()
        return saved

    @property
    def has_work(self) -> bool:
        return bool(self._queue or self._loose or self._dirty) or any(r.unsaved for r in self.readers.values())

    @property
    def wants_sync(self) -> bool:
        """Whether something is on disk that a power cut could take, and somebody waits for it."""
        return self._synced < self._written and any(reader.queued for reader in self.readers.values())

    def worked(self, outcome: Outcome) -> None:
        """Take what the writing thread did."""
        for shelf, begun, size in (
            (self.main, outcome.begun, outcome.size),
            (self.kept, outcome.kept_begun, outcome.kept_size),
        ):
            for one in begun:
                shelf.add(Segment(one.first, one.name, 0, one.opened_ms))
            if shelf.segments and (begun or outcome.error is None):
                shelf.segments[-1].size = max(size, shelf.segments[-1].size)
        self._written, self._synced = outcome.written, outcome.synced
        if outcome.error is not None:
            self.fail()
        self.wake()

    def _is_done(self, number: int) -> bool:
        return all(reader.main.is_settled(number) for reader in self.readers.values())

    def fail(self) -> None:
        """The disk is not usable now: memory is all there is, and what is not synced is written again one day."""
        self.is_on_disk = False
        self._queue.clear()
        self._loose = dict(self._checkpoints)
        self._dirty.update(self.readers)
        self.wake()

    def resume(self) -> None:
        """Try the disk again: everything that is not safe there is to be written."""
        self.is_on_disk = True
        self._queue = deque(self.tail.since(self._synced))

    # --- bounds of the disk

    def surplus(self) -> tuple[bool, Segment, int] | None:
        """The segment that must go because there is no room: is it of the kept log, which one, where it ends."""
        if self.size <= self._max_bytes:
            return None
        return self._oldest()

    def outdated(self) -> tuple[bool, Segment, int] | None:
        """A segment of which all records are older than they may be."""
        now_ms = self.now_ms
        for is_kept, shelf, end in ((True, self.kept, self.next_kept), (False, self.main, self._written)):
            if len(shelf.segments) > 1 and 0 < shelf.segments[1].opened_ms < now_ms - self._max_age_s * 1000:
                return is_kept, shelf.segments[0], shelf.end_of(0, end)
        return None

    def _oldest(self) -> tuple[bool, Segment, int] | None:
        for is_kept, shelf, end in ((False, self.main, self._written), (True, self.kept, self.next_kept)):
            if len(shelf.segments) > 1:
                return is_kept, shelf.segments[0], shelf.end_of(0, end)
        return None

    def rescued(self, content: Sequence[Listed]) -> list[Kept]:
        """The events of a segment that somebody still needs, under their numbers in the kept log."""
        wanted = [
            one
            for one in content
            if one.is_event and not self._is_done(one.number)
        ]
        return [
            Kept(self.next_kept + i, one.stream, one.boot, one.seq, one.time_ms, one.body)
            for i, one in enumerate(wanted)
        ]

    def let_go(
        self, segment: Segment, end: int, content: Sequence[Listed], kept: Sequence[Kept], reason: str, *, is_kept: bool
    ) -> Job:
        """A segment goes: its events went on as `kept`, everything else in it is lost to those who need it."""
        moved = {(one.stream, one.boot, one.seq): one.number for one in kept}
        self.next_kept += len(kept)
        for one in content:
            number = moved.get((one.stream, one.boot, one.seq))
            if number is not None:
                for reader in self.readers.values():
                    reader.move(one.number, number)
            else:
                self._let_go_of(one, reason, is_kept=is_kept)
        for reader in self.readers.values():
            if not is_kept or segment.first < end:
                self._forget_damaged(reader, segment.first, end, is_kept=is_kept)
        shelf = self.kept if is_kept else self.main
        if segment in shelf.segments:  # else everybody has had it meanwhile
            shelf.segments.remove(segment)
        self._dirty.update(self.readers)
        return Job(remove=() if is_kept else [segment.name], remove_kept=[segment.name] if is_kept else ())

    def _let_go_of(self, one: Listed, reason: str, *, is_kept: bool) -> None:
        number = -1 - one.number if is_kept else one.number
        losers = [
            name
            for name, reader in self.readers.items()
            if not reader.is_flying(number) and reader.lose(number, reason)
        ]
        if losers:
            hole = Hole(one.stream, one.boot, one.seq, one.seq, one.time_ms, one.time_ms)
            self.gaps.lose_hole(hole, losers, reason, self.monotonic())
            if one.is_event:
                record = record_of(one.stream, one.boot, one.seq, one.body)
                self.gaps.pass_on(record, losers, self.monotonic())
            self._say_losing(losers if reason == "overflow" else ())

    def _forget_damaged(self, reader: LogReader, first: int, end: int, *, is_kept: bool) -> None:
        """What was counted and could not be read is lost too; what flies may arrive."""
        cursor = reader.kept if is_kept else reader.main
        for start, stop in list(cursor.runs(first, end)):
            for number in range(start, stop):
                if not reader.is_flying(-1 - number if is_kept else number):
                    reader.lose_all(number, number + 1, "damaged", is_kept=is_kept)

