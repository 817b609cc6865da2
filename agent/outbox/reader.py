"""One destination's way through the log: the newest first, the backlog behind it, what was refused in its time.

Two lanes. The *live* lane is what was appended since the connection began, or at most 10 s before; it is served from
memory, in order, at once. The *backlog* is everything older, read from disk, in order too, at a measured pace.
"""

import asyncio
import math
from collections import deque
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from agent.outbox import account
from agent.outbox.bucket import Bucket
from agent.outbox.contract import Tally
from agent.outbox.cursor import Cursor
from agent.outbox.refused import Refused
from agent.outbox.tail import Item
from agent.outbox.walk import Piece
from agent.record import Entry

if TYPE_CHECKING:
    from agent.outbox.store import Store

BEHIND_S = 10.0
"""A record offered later than this after it was appended is history."""
MERGE_S = 10.0
"""How long losses on a living connection are gathered into one gap event."""


_entry = partial(tuple.__new__, Entry)
"""`Entry._make`, as `_item` of the tail."""


@dataclass(frozen=True, slots=True)
class Backfill:
    """How a destination wants its backlog."""

    rate: float = 50.0
    """Records a second."""
    live_first: bool = True
    """False: strictly in order, the backlog before everything new and as fast as it goes."""


class LogReader:
    """`Reader` of a `Store`. Records of the kept log have negative numbers here: -1 is its first."""

    def __init__(self, store: "Store", name: str, backfill: Backfill, main: Cursor, kept: Cursor) -> None:
        self.main = main
        self.kept = kept
        self.unsaved = 0
        """Confirmed since the cursors were last saved: what a kill would make come twice."""
        self.being_saved = 0
        """How many of them are in the job that runs."""
        self.name = name
        self._store = store
        self._backfill = backfill
        self._bucket = Bucket(backfill.rate, store.monotonic)
        waiting = main.unsettled(0, store.next) + kept.unsettled(0, store.next_kept)
        self._tally = Tally(accepted=waiting, queued=waiting)
        """After a start everything that waits counts as accepted."""
        self._taken: dict[int, Item] = {}
        self._moved: dict[int, int] = {}
        """What got another number while it was under way."""
        self._refused = Refused()
        self._begun = 0
        self._live = 0
        """The live lane goes on here."""
        self._backlog_end = 0
        self._paced_below = 0
        self._walked = main.base
        self._walked_kept = kept.base
        self._feed: deque[Item] = deque()
        """Backlog that was fetched from disk."""
        self._fetch = 0
        """Counts what was asked of the disk, so that late answers are known."""
        self._is_fetching = False
        self._sleeper: asyncio.Future[None] | None = None

    @property
    def tally(self) -> Tally:
        tally = self._tally
        tally.queued_bytes = account.bytes_of(self._store, self) if tally.queued else 0
        tally.oldest_age_s = account.age_of(self._store, self) if tally.queued else 0.0
        return tally

    @property
    def queued(self) -> int:
        return self._tally.queued

    def holds(self, number: int) -> Item | None:
        """What is on its way or refused, though it may be in no log any more."""
        return self._taken.get(number) or self._refused.get(number)

    def is_flying(self, number: int) -> bool:
        return number in self._taken

    def is_settled(self, number: int) -> bool:
        return self.main.is_settled(number) if number >= 0 else self.kept.is_settled(-1 - number)

    def accept(self, records: int) -> None:
        self._tally.accepted += records
        self._tally.queued += records

    def wake(self) -> None:
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)

    def begin(self) -> None:
        back = {**self._taken, **self._refused.clear()}
        self._taken.clear()
        self._moved.clear()
        for number, item in back.items():
            if not self._store.has(number) and self.lose(number, "overflow"):
                self._store.announce_loss(item.record, [self.name], "overflow")
        self._begun = self._store.next
        recent = self._store.next if not self._backfill.live_first else self._store.first_since(BEHIND_S)
        self._live = self._backlog_end = self._paced_below = recent
        self._rewind(self.main.base, self.kept.base)
        self._announce(0.0)
        self.wake()

    def look_again(self) -> None:
        """Something that was passed over is to be taken after all."""
        self._backlog_end = max(self._backlog_end, self._live)
        self._rewind(self.main.base, self.kept.base)

    def _rewind(self, main: int, kept: int) -> None:
        self._walked, self._walked_kept = main, kept
        self._feed.clear()
        self._fetch += 1
        self._is_fetching = False

    def _announce(self, merged_s: float) -> None:
        self._store.announce_gaps(self.name, merged_s)

    async def take(self, room: int) -> Sequence[Entry]:
        while True:
            self._announce(MERGE_S)
            entries = self._offer(room)
            if entries:
                return entries
            await self._pause()

    async def _pause(self) -> None:
        loop = asyncio.get_running_loop()
        self._sleeper = loop.create_future()
        due_s = self._until_due()
        alarm = None if due_s is None else loop.call_later(due_s, self.wake)
        try:
            await self._sleeper
        finally:
            if alarm is not None:
                alarm.cancel()

    def _until_due(self) -> float | None:
        next_due = self._refused.next_due
        times = [] if next_due is None else [next_due - self._store.monotonic()]
        if self._store.gaps:
            times.append(MERGE_S)
        if self._feed and self._is_paced(self._feed[0]):
            times.append(self._bucket.wait_s())
        return max(min(times), 0.0) if times else None

    def _is_paced(self, item: Item) -> bool:
        """What became backlog on this very connection, in a moment of weakness, only has to let the live lane pass."""
        return self._backfill.live_first and item.number < self._paced_below

    def _offer(self, room: int) -> list[Entry]:
        now = self._store.monotonic()
        # What was confirmed and is not saved would come twice after a kill, as would what flies: both share the window.
        unsaved = self._store.unsaved(self)
        if unsaved >= room:
            self._store.hurry()
        room -= unsaved
        entries: list[Entry] = []
        while len(entries) < room and (item := self._next_due(now)) is not None:
            self._fly([item], now - BEHIND_S, entries)
        if self._backfill.live_first:
            self._offer_live(room, now, entries)
            self._offer_backlog(len(entries) + math.ceil((room - len(entries)) / 2), entries)
        else:
            self._offer_backlog(room, entries)
            if self._is_backlog_done:
                self._offer_live(room, now, entries)
        return entries

    def _offer_live(self, room: int, now: float, entries: list[Entry]) -> None:
        ready = self._store.ready
        # Most of the time nothing is settled, refused or going from here on, and whatever comes is wanted.
        is_plain = self._live >= self.main.end and not (self._refused.held or self._store.going)
        while len(entries) < room and self._live < ready:
            found = self._store.tail.following(self._live, min(ready, self._live + room - len(entries)))
            if not found:
                self._jump(ready)
                continue
            self._live = found[-1].number + 1
            self._fly(found if is_plain else filter(self._is_wanted, found), now - BEHIND_S, entries)

    def _jump(self, ready: int) -> None:
        """What is next in the live lane is not in memory: it is settled, or memory has let it go."""
        run = next(self.main.runs(self._live, ready), None)
        self._live = run[0] if run else ready
        if run and self._store.tail.find(self._live) is None:
            # Too slow: it is backlog now, with all up to what memory has.
            self._live = self._backlog_end = self._store.first_in_memory(self._live)

    def _offer_backlog(self, room: int, entries: list[Entry]) -> None:
        while len(entries) < room and (item := self._next_backlog()) is not None:
            if self._is_paced(item):
                if not self._bucket.has_one():
                    self._feed.appendleft(item)
                    return
                self._bucket.take_one()
            self._fly([item], math.inf, entries)

    def _fly(self, items: Iterable[Item], late: float, entries: list[Entry]) -> None:
        """Offer them: as history what was appended before the connection, or before the time when it is too late."""
        taken, begun = self._taken, self._begun
        for item in items:
            number, record, at, _, _ = item
            taken[number] = item
            entries.append(_entry((number, record, number < begun or at < late)))

    def _next_due(self, now: float) -> Item | None:
        while (number := self._refused.due(now)) is not None:
            item = self._refused.get(number)
            self._release(number)
            if not self.is_settled(number):  # while it was held its segment may have gone
                return item
        return None

    def _release(self, number: int) -> None:
        again = self._refused.release(number)
        if again is not None:
            self._backlog_end = max(self._backlog_end, self._live)
            self._rewind(min(self._walked, again), self.kept.base)

    def _is_wanted(self, item: Item) -> bool:
        """Whether to offer it now: neither settled nor under way, and not one of a crowd that waits."""
        number = item.number
        refused = self._refused
        if number in self._taken or number in refused.held or number in self._store.going or self.is_settled(number):
            return False
        return not (refused.held and refused.passes_over(item))

    @property
    def _is_backlog_done(self) -> bool:
        return (
            not self._feed
            and next(self.kept.runs(self._walked_kept, self._store.next_kept), None) is None
            and next(self.main.runs(self._walked, self._backlog_end), None) is None
        )

    def _next_backlog(self) -> Item | None:
        while not self._is_fetching or self._feed:
            if self._feed:
                item = self._feed.popleft()
                if self._is_wanted(item):
                    return item
            elif (run := next(self.kept.runs(self._walked_kept, self._store.next_kept), None)) is not None:
                self._ask(run[0], self._store.next_kept, is_kept=True)
            elif (run := next(self.main.runs(self._walked, self._backlog_end), None)) is not None:
                number = self._walked = run[0]
                if number >= self._store.ready:
                    return None
                remembered = self._store.tail.find(number)
                if remembered is None:
                    self._ask(number, min(self._backlog_end, self._store.first_in_memory(number)), is_kept=False)
                    continue
                self._walked = number + 1
                if self._is_wanted(remembered):
                    return remembered
            else:
                return None
        return None

    def _ask(self, number: int, until: int, *, is_kept: bool) -> None:
        self._is_fetching = True
        self._fetch += 1
        self._store.fetch(self, self._fetch, number, until, is_kept=is_kept)

    def fetched(self, fetch: int, piece: Piece, *, is_kept: bool) -> None:
        """What the disk had. An answer to what was asked before the way changed is of no use."""
        if fetch != self._fetch:
            return
        self._is_fetching = False
        if is_kept:
            self._walked_kept = piece.walked
        else:
            self._walked = piece.walked
        now = self._store.monotonic()
        for number, record, size in piece.records:
            self._feed.append(Item(-1 - number if is_kept else number, record, now - math.inf, 0, size))
        self.wake()

    def confirm(self, lsn: int) -> None:
        if self._moved:
            lsn = self._moved.pop(lsn, lsn)
        if self._settle(lsn):
            self._tally.delivered += 1
            self.unsaved += 1
            self._store.left(lsn)
            if self.unsaved == 1:
                self._store.wanted()

    def _settle(self, number: int) -> int:
        fresh = self.main.settle(number, number + 1) if number >= 0 else self.kept.settle(-1 - number, -number)
        self._tally.queued -= fresh
        self._taken.pop(number, None)
        if number in self._refused.held:
            self._release(number)
        return fresh

    def refuse(self, lsn: int, again_in_s: float) -> bool:
        lsn = self._moved.get(lsn, lsn)
        item = self.holds(lsn)
        if item is None or self.is_settled(lsn):
            return False
        self._taken.pop(lsn, None)
        self._refused.hold(lsn, item, self._store.monotonic() + again_in_s)
        self.wake()
        return True

    def set_aside(self, lsn: int, reason: str, said: bytes = b"") -> None:
        lsn = self._moved.get(lsn, lsn)
        item = self.holds(lsn) or self._store.tail.find(lsn)
        if item is not None and self.lose(lsn, reason):
            record = item.record
            self._store.announce_loss(record, [self.name], reason)
            if said and self._store.aside is not None:
                self._store.aside(f"{reason}-{record.stream}-{record.boot}", record.seq, said)
            self._store.left(lsn)
            self._store.wanted()
            self.wake()

    def lose(self, number: int, reason: str) -> bool:
        """Count it as dropped; False where this destination has it."""
        fresh = self._settle(number)
        if fresh:
            self._tally.dropped[reason] = self._tally.dropped.get(reason, 0) + 1
            self._store.dirty = True
        return bool(fresh)

    def lose_all(self, first: int, end: int, reason: str, *, is_kept: bool = False) -> int:
        """Count what is not settled of these numbers as dropped; how many that were."""
        fresh = (self.kept if is_kept else self.main).settle(first, end)
        if fresh:
            self._tally.queued -= fresh
            self._tally.dropped[reason] = self._tally.dropped.get(reason, 0) + fresh
            self._store.dirty = True
        return fresh

    def move(self, number: int, kept: int) -> None:
        """A record goes on in the kept log under another number there; settled stays settled."""
        if not self.main.settle(number, number + 1):
            self.kept.settle(kept, kept + 1)
            return
        flying = self._taken.pop(number, None)
        if number in self._refused.held:
            self._release(number)
        if flying is not None:
            # Its answer comes under the old number.
            self._taken[-1 - kept] = flying._replace(number=-1 - kept)
            self._moved[number] = -1 - kept
