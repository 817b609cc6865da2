"""The outbox itself: what is in memory, what is on disk, who needs it. Pure but for the two threads it asks.

    append -> tail (memory) -> main log -> readers -> settled by all -> segment removed
                                 |  over the bound: samples lost and announced, events moved
                                 v
                              kept log (events only) -> readers

Nothing here blocks: a `Job` for the writing thread is made by `job` and its `Outcome` taken by `worked`; what the disk
has is asked for with `fetch`.
"""

from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter
from typing import Protocol

from agent.outbox import standing
from agent.outbox.bodies import to_json
from agent.outbox.contract import Checkpoint
from agent.outbox.cursor import Cursor
from agent.outbox.damages import Damages, up_to_now
from agent.outbox.desk import Job, Outcome
from agent.outbox.limits import Limits, Surroundings
from agent.outbox.opening import Recovered
from agent.outbox.overflow import Overflow
from agent.outbox.page import Appended, Page, frames_of
from agent.outbox.reader import Backfill, LogReader
from agent.outbox.shelf import Segment
from agent.outbox.slots import STANDING
from agent.outbox.tail import NOTHING, Item, Tail
from agent.outbox.walk import Piece, Span
from agent.record import Record

PAGE_BYTES = 1024 * 1024
"""How much is written at once, about."""
ROOM_AGAIN = 0.5
"""Share of the bound below which an overflow is over; between the two nothing is said."""


class Fetch(Protocol):
    """Asks the reading thread for a piece of a log, for one reader; the answer goes to `Store.fetched`."""

    def __call__(
        self, reader: str, fetch: int, number: int, until: int, spans: Sequence[Span], *, is_kept: bool
    ) -> None: ...


Aside = Callable[[str, int, bytes], object]
"""Keeps bytes in quarantine, under a name and a number."""


class Store:
    """Records of all streams, and where each destination stands."""

    def __init__(
        self,
        boot: int,
        destinations: Mapping[str, Backfill],
        recovered: Recovered,
        limits: Limits,
        around: Surroundings,
        *,
        publishes_synced: bool = False,
    ) -> None:
        """`publishes_synced` keeps from the readers what a power cut could take back."""
        self.boot = boot
        self.monotonic = around.monotonic
        self.limits = limits
        self.gaps = recovered.gaps
        self.tail = Tail()
        self.main, self.kept = recovered.main, recovered.kept
        self.next = self.written = self._synced = recovered.next
        self.next_kept = recovered.next_kept
        self.is_on_disk = False  # whether what is appended reaches the disk; else memory is all there is
        self.is_stalled = False  # whether the disk does not answer just now
        self.ask: Fetch | None = None
        self.wanted: Callable[[], None] = lambda: None  # called when there is something to do for the writing thread
        self.hurry: Callable[[], None] = lambda: None  # called when a reader cannot go on before that is done
        self.aside: Aside | None = None
        self.going = range(0)  # numbers of a segment that is just let go: nobody takes them any more
        self.dirty = True  # whether a cursor was moved by anything but what was confirmed
        self._publishes_synced = publishes_synced
        self._around = around
        self._next_seq: dict[str, int] = {}
        self._checkpoints: dict[str, Mapping[str, object]] = dict(recovered.checkpoints)
        self._loose: dict[str, object] = {}
        """Checkpoints whose records are gone from memory; they are written all the same."""
        self._queue: deque[Appended] = deque()  # what is to be written while the disk is fine
        self._slots = recovered.slots
        self._losses = to_json(recovered.gaps.to_json())
        self._is_resuming = False
        self.overflow = Overflow(around.journal)
        self._damages, self._damages_kept = Damages(), Damages()
        self.readers = {
            name: LogReader(self, name, backfill, *recovered.cursors.get(name, self._at_head()))
            for name, backfill in destinations.items()
        }

    def _at_head(self) -> tuple[Cursor, Cursor]:
        """Where a destination begins that was not there before."""
        return Cursor(self.next), Cursor(self.next_kept)

    # --- records in

    def append(self, records: Sequence[Record], checkpoints: Mapping[str, Checkpoint] | None = None) -> None:
        if checkpoints:
            self._checkpoints.update(checkpoints)
        if records and self.readers:
            self._keep(records, checkpoints or NOTHING)
        else:
            self._count(records)
            self._loose.update(checkpoints or {})
        self._bound_memory()
        self.wake()
        self.wanted()

    def _count(self, records: Sequence[Record]) -> None:
        boot, next_seq = self.boot, self._next_seq
        for record in records:
            record.boot, record.seq = boot, next_seq.get(record.stream, 0)
            next_seq[record.stream] = record.seq + 1

    def _keep(self, records: Sequence[Record], checkpoints: Mapping[str, object] = NOTHING) -> None:
        """What came in one append."""
        self._count(records)
        first = self.next
        self.next += len(records)
        frames = frames_of(enumerate(records, first), -1 if checkpoints else self.next - 1)
        items = self.tail.add(first, records, frames, checkpoints, self.monotonic())
        if self.is_on_disk:
            self._queue.append(Appended(items, checkpoints, frames))
        for reader in self.readers.values():
            reader.accept(len(records))

    @property
    def last_seq(self) -> dict[str, int]:
        return {stream: seq - 1 for stream, seq in self._next_seq.items()}

    def checkpoint(self, stream: str) -> Checkpoint | None:
        return self._checkpoints.get(stream)

    @property
    def now_ms(self) -> int:
        """Wall time, UTC epoch milliseconds."""
        return self._around.now()[0]

    def wake(self) -> None:
        for reader in self.readers.values():
            reader.wake()

    def reader(self, destination: str) -> LogReader:
        return self.readers[destination]

    # --- bounds of memory

    def _bound_memory(self) -> None:
        if self.is_on_disk:
            self._leave_to_disk(self._synced, self.limits.tail_bytes)
            self._leave_to_disk(self.written, self.limits.memory_bytes)
        else:
            for item in self.tail.older_than(self.monotonic() - self.limits.max_age_s):
                self._drop(item, "age")
        if self.tail.size > self.limits.memory_bytes:
            for item in self.tail.least_wanted():
                if self.tail.size <= self.limits.memory_bytes:
                    break
                self._drop(item, "overflow")

    def _leave_to_disk(self, below: int, room: int) -> None:
        """The disk has these numbers, so memory need not."""
        while self.tail.size > room and (item := self.tail.oldest(below)) is not None:
            self.tail.remove(item.number)

    def _drop(self, item: Item, reason: str) -> None:
        """Out of memory, and there is no disk; what is under way stays: it may have arrived."""
        if any(reader.is_flying(item.number) for reader in self.readers.values()):
            return
        losers = [name for name, reader in self.readers.items() if reader.lose(item.number, reason)]
        self._loose.update(self.tail.remove(item.number))
        self._lost(item.record, losers, reason)

    def _lost(self, record: Record, losers: Iterable[str], reason: str) -> None:
        losers = list(losers)
        if losers:
            self.gaps.lose(record, losers, reason, self.monotonic())
            self.overflow.lose(losers if reason == "overflow" else ())

    def _look_for_room(self) -> None:
        if self.size <= ROOM_AGAIN * self.limits.max_bytes and (
            self.is_on_disk or self.tail.size <= ROOM_AGAIN * self.limits.memory_bytes
        ):
            self.overflow.end()

    # --- what the readers need

    @property
    def ready(self) -> int:
        """Numbers below it may be published."""
        if not self.is_on_disk or self.is_stalled:
            return self.next
        return self._synced if self._publishes_synced else self.written

    def has(self, number: int) -> bool:
        """Whether it is still in memory or in a segment."""
        if number < 0:
            return bool(self.kept.segments) and -1 - number >= self.kept.segments[0].first
        on_disk = bool(self.main.segments) and self.main.segments[0].first <= number < self.written
        return on_disk or self.tail.find(number) is not None

    def first_since(self, seconds: float) -> int:
        """The first number that was appended within the last seconds."""
        return self.tail.first_since(self.monotonic() - seconds, self.next)

    def first_in_memory(self, number: int) -> int:
        """The first number from there on that need not be fetched."""
        return self.tail.first_from(number, self.next)

    def unsaved(self, reader: LogReader) -> int:
        return reader.unsaved if self.is_on_disk and not self.is_stalled else 0

    def left(self, number: int) -> None:
        """A destination needs it no more."""
        if number >= 0 and (len(self.readers) == 1 or self.is_done(number)):
            checkpoints = self.tail.remove(number)
            if checkpoints and number >= self.written:
                self._loose.update(checkpoints)
        if self.overflow.lost:
            self._look_for_room()

    def fetch(self, reader: LogReader, fetch: int, number: int, until: int, *, is_kept: bool) -> None:
        assert self.ask is not None, "there is nothing on a disk"
        # All of the main log: what a damage took may show beyond what is asked for.
        spans = self.kept.spans(until, number) if is_kept else self.main.spans(self.next, number)
        self.ask(reader.name, fetch, number, until, spans, is_kept=is_kept)

    def fetched(self, reader: str, fetch: int, piece: Piece, *, is_kept: bool) -> None:
        """The answer to `fetch`."""
        self._mourn(piece, is_kept=is_kept)
        self.readers[reader].fetched(fetch, piece, is_kept=is_kept)

    def _mourn(self, piece: Piece, *, is_kept: bool) -> None:
        """What is damaged is damaged for every destination that still needs it."""
        damages = self._damages_kept if is_kept else self._damages
        for first, end in piece.damaged:
            lost = {
                name: reader.lose_all(first, end, "damaged", is_kept=is_kept) for name, reader in self.readers.items()
            }
            if any(lost.values()):
                damages.lose(first, end, [name for name, count in lost.items() if count])
                self._around.journal.note("E3006", self._around.place, records=max(lost.values()))
        unsaid = () if is_kept else up_to_now(piece, self.tail, self.boot, self._next_seq, self.now_ms)
        for hole in (*piece.holes, *unsaid):
            untold, losers = damages.untold(hole)
            if untold is not None:
                self.gaps.lose_hole(untold, losers, "damaged", self.monotonic())
        if piece.damaged:
            self.wanted()

    # --- losses and what is said of them

    def announce_loss(self, record: Record, losers: Sequence[str], reason: str) -> None:
        self.gaps.lose(record, losers, reason, self.monotonic())

    def announce_gaps(self, destination: str, merged_s: float) -> None:
        """Append gap events without making room for them: that would be the next loss to announce."""
        if not self.gaps:
            return
        for gap in self.gaps.due(destination, self.monotonic() - merged_s, self._around.now, self.next):
            self._keep([gap])
            self.wake()
            self.wanted()

    # --- the disk

    @property
    def size(self) -> int:
        """Bytes in both logs."""
        return self.main.size + self.kept.size

    def job(self, *, sync: bool = False) -> Job:
        """What there is to do for the writing thread now."""
        if self._is_resuming:
            # The log will have no record of what was delivered or lost meanwhile: only the cursors know.
            self._is_resuming = False
            job = self.tidying()
            job.is_safe = True
            return job
        page = self._page()
        floor = min((reader.main.base for reader in self.readers.values()), default=self.next)
        floor_kept = min((reader.kept.base for reader in self.readers.values()), default=self.next_kept)
        self.main.done(min(floor, self._synced))
        self.kept.done(floor_kept)
        job = self.tidying()
        job.page, job.sync = page, sync or (self._publishes_synced and page is not None)
        return job

    def tidying(self) -> Job:
        """What is to be saved and removed, without what is to be written."""
        self._forget_announced()
        # What was lost, and what was announced by now, is known for good before anything else happens.
        return Job(
            is_safe=self.gaps.is_changed,
            standing=self._standing(),
            remove=list(self.main.leaving),
            remove_kept=list(self.kept.leaving),
            now_ms=self.now_ms,
        )

    def _page(self) -> Page | None:
        """The next records that are to be written, in whole appends; None where there is nothing."""
        if not self._queue and not self._loose:
            return None
        first = self._queue[0].items[0].number if self._queue else self.next
        page = Page(first, first)
        if self._loose:
            page.add(Appended((), self._loose))
            self._loose = {}
        while self._queue and page.size < PAGE_BYTES:
            page.add(self._queue.popleft())
        return page

    def _standing(self) -> tuple[str, bytes] | None:
        """The cursors and the losses that are not announced; None while nothing changed.

        What the cursors settle counts as saved when the job has come back (`worked`).
        """
        if not (self.dirty or self.gaps.is_changed or any(reader.unsaved for reader in self.readers.values())):
            return None
        if self.gaps.is_changed:
            self._losses = to_json(self.gaps.to_json())
        self.dirty, self.gaps.is_changed = False, False
        for reader in self.readers.values():
            reader.being_saved = reader.unsaved
        cursors = {name: (reader.main, reader.kept) for name, reader in self.readers.items()}
        return self._slots.put(STANDING, standing.to_bytes(cursors, self._losses))

    def _forget_announced(self) -> None:
        self.gaps.forget(lambda number: number < self._synced or self.is_done(number))

    @property
    def has_work(self) -> bool:
        return bool(self._queue or self._loose or self.dirty or self.gaps.is_changed) or any(
            r.unsaved for r in self.readers.values()
        )

    @property
    def wants_sync(self) -> bool:
        """Whether something is on disk that a power cut could take, and somebody waits for it."""
        return self._synced < self.written and any(reader.queued for reader in self.readers.values())

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
        self.written, self._synced = outcome.written, outcome.synced
        removed, removed_kept = outcome.removed
        del self.main.leaving[:removed], self.kept.leaving[:removed_kept]
        self._forget_announced()
        for reader in self.readers.values():
            reader.unsaved -= reader.being_saved
            reader.being_saved = 0
        if outcome.error is not None:
            self.fail()
        self.wake()

    def is_done(self, number: int) -> bool:
        return all(reader.main.is_settled(number) for reader in self.readers.values())

    def fail(self) -> None:
        """The disk is not usable now: memory is all there is, and what is not synced is written again one day."""
        self.is_on_disk = False
        self.gaps.is_changed = True
        self._queue.clear()
        self._loose = dict(self._checkpoints)
        self.dirty = True
        self.wake()

    def resume(self) -> None:
        """Try the disk again: what is not safe there is to be written."""
        self.is_on_disk = self._is_resuming = True
        self.dirty = True
        self._queue = deque()
        for _, items in groupby(self.tail.since(self._synced), key=attrgetter("append")):
            # Their frames are made anew: another record may end the append now.
            left = list(items)
            self._queue.append(Appended(left, self.tail.checkpoints(left[-1].number)))
