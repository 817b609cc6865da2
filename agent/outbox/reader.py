"""One destination's way through the ring: in order, with what was refused coming again when its time has come."""

import asyncio
import heapq
import math
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from agent.outbox.contract import Tally
from agent.record import Entry

if TYPE_CHECKING:
    from agent.outbox.ring import Item, Ring

BEHIND_S = 10.0
"""A record offered later than this after it was appended is history."""

MERGE_S = 60.0
"""How long losses on a living connection are gathered into one gap event."""


class RingReader:
    """`Reader` of a `Ring`."""

    def __init__(self, ring: "Ring", name: str, bit: int) -> None:
        self._ring = ring
        self._name = name
        self._bit = bit
        self._tally = Tally()
        self._queue: deque[int] = deque()
        """Not offered yet on this connection, in order; those that are gone are skipped."""
        self._taken: set[int] = set()
        self._held: dict[int, float] = {}
        """Refused -> monotonic time when it is offered again."""
        self._due: list[tuple[float, int]] = []
        self._begun_at_lsn = 0
        self._sleeper: asyncio.Future[None] | None = None

    @property
    def tally(self) -> Tally:
        now = self._ring.monotonic()
        oldest = min((item.at for item in self._waiting()), default=now)
        self._tally.oldest_age_s = max(now - oldest, 0.0)
        return self._tally

    def _waiting(self) -> Iterator["Item"]:
        """The oldest of the queue, of what is taken and of what is held back."""
        while self._queue and self._mine(self._queue[0]) is None:
            self._queue.popleft()
        heads = [self._queue[0]] if self._queue else []
        heads += [min(lsns) for lsns in (self._taken, self._held) if lsns]
        return (item for item in map(self._mine, heads) if item is not None)

    def _mine(self, lsn: int) -> "Item | None":
        item = self._ring.find(lsn)
        return item if item is not None and item.lacking & self._bit else None

    def accept(self, item: "Item") -> None:
        self._tally.accepted += 1
        self._tally.queued += 1
        self._tally.queued_bytes += item.size
        self._queue.append(item.lsn)
        if len(self._queue) > 2 * self._tally.queued + 64:
            self._queue = deque(lsn for lsn in self._queue if self._mine(lsn) is not None)

    def wake(self) -> None:
        if self._sleeper is not None and not self._sleeper.done():
            self._sleeper.set_result(None)

    def begin(self) -> None:
        self._begun_at_lsn = self._ring.next_lsn
        back = sorted(self._taken | self._held.keys())
        for lsn in self._taken:
            if (item := self._mine(lsn)) is not None:
                item.flying &= ~self._bit
        self._taken.clear()
        self._held.clear()
        self._due.clear()
        self._queue.extendleft(reversed(back))
        self._announce(0.0)
        self.wake()

    def _announce(self, merged_s: float) -> None:
        if self._ring.gaps:
            gaps = self._ring.gaps.due(self._name, self._ring.monotonic() - merged_s, self._ring.now)
            if gaps:
                self._ring.announce(gaps)

    async def take(self, room: int) -> Sequence[Entry]:
        while True:
            self._announce(MERGE_S)
            entries = self._offer(room)
            if entries:
                return entries
            await self._pause()

    async def _pause(self) -> None:
        self._sleeper = asyncio.get_running_loop().create_future()
        try:
            async with asyncio.timeout(self._until_due()):
                await self._sleeper
        except TimeoutError:
            return

    def _until_due(self) -> float | None:
        self._drop_stale()
        times = [self._due[0][0] - self._ring.monotonic()] if self._due else []
        if self._ring.gaps:
            times.append(MERGE_S)
        return max(min(times), 0.0) if times else None

    def _drop_stale(self) -> None:
        while self._due and self._held.get(self._due[0][1]) != self._due[0][0]:
            heapq.heappop(self._due)

    def _offer(self, room: int) -> list[Entry]:
        now = self._ring.monotonic()
        entries: list[Entry] = []
        while len(entries) < room and (item := self._next(now)) is not None:
            item.flying |= self._bit
            self._taken.add(item.lsn)
            hist = item.lsn < self._begun_at_lsn or now - item.at > BEHIND_S
            entries.append(Entry(item.lsn, item.record, hist))
        return entries

    def _next(self, now: float) -> "Item | None":
        if self._due:
            self._drop_stale()
            if self._due and self._due[0][0] <= now:
                _, lsn = heapq.heappop(self._due)
                del self._held[lsn]
                return self._mine(lsn)
        while self._queue:
            item = self._mine(self._queue.popleft())
            if item is not None:
                return item
        return None

    def confirm(self, lsn: int) -> None:
        item = self._mine(lsn)
        if item is not None:
            self._tally.delivered += 1
            self._let_go(item)
            self._ring.leave(item, self._bit)

    def refuse(self, lsn: int, again_in_s: float) -> bool:
        item = self._mine(lsn)
        if item is None or not (lsn in self._taken or lsn in self._held):
            return False
        self._taken.discard(lsn)
        item.flying &= ~self._bit
        due = self._ring.monotonic() + again_in_s
        self._held[lsn] = due
        if due != math.inf:
            heapq.heappush(self._due, (due, lsn))
            self.wake()
        return True

    def set_aside(self, lsn: int, reason: str) -> None:
        item = self._mine(lsn)
        if item is not None:
            self.lose(item, reason)
            self._ring.leave(item, self._bit)
            self._ring.gaps.lose(item.record, [self._name], reason, self._ring.monotonic())
            self.wake()

    def lose(self, item: "Item", reason: str) -> bool:
        """Count it as dropped; False where this destination has it."""
        if not item.lacking & self._bit:
            return False
        self._tally.dropped[reason] = self._tally.dropped.get(reason, 0) + 1
        self._let_go(item)
        return True

    def _let_go(self, item: "Item") -> None:
        self._tally.queued -= 1
        self._tally.queued_bytes -= item.size
        self._taken.discard(item.lsn)
        self._held.pop(item.lsn, None)
