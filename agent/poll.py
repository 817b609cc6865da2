"""Look after one connection: connect, poll on time, say once when it is lost, and connect again.

Policy lives here and only here; the protocol is the driver's. Turns stand on a grid of monotonic time: a late turn does
not move the next one, and turns that cannot be kept are skipped and counted, never queued.
"""

import asyncio
import heapq
import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from agent.backoff import Backoff
from agent.clock import Clock
from agent.device import Device
from agent.health import ConnectionHealth
from drivers.contract import Driver, Journal, Quality
from drivers.errors import NotConnected

LATE_READS = 3
"""Late reads in a row before the operator is told."""
CLOSE_S = 2.0
"""A driver that cannot even close in this time must not hold up the stop."""
REST_S = 5.0
AGAIN_S = 5.0
"""What is read when something happens, and could not be, is tried again after this."""


@dataclass(slots=True)
class Turns:
    """When a group of a device is read."""

    group: str
    device: Device
    every_s: float
    start_s: float
    """Monotonic time of turn 0."""
    follows: bool = False
    """Whether it is read when something happens; its period is then long, or without end."""
    counted: int = field(default=-1, init=False)
    """The newest turn that was expected."""
    late_in_a_row: int = field(default=0, init=False)

    def turn_at(self, now_s: float) -> int:
        return math.floor((now_s - self.start_s) / self.every_s)

    def due_s(self, turn: int) -> float:
        return self.start_s + turn * self.every_s


@dataclass(frozen=True, slots=True)
class Connection:
    """One conversation and what is read over it."""

    name: str
    url: str
    driver: Driver
    turns: Sequence[Turns]
    timeout_s: float = 0.0
    """How long the driver may wait for one thing, where its settings say so."""


class ForgetfulJournal(Journal, Protocol):
    """A journal that can also let go of a state without a word: an outage has one end, whatever its causes were."""

    def forget(self, code: str, about: str, /) -> None: ...


class Poller:
    """Looks after one connection until it is cancelled; `turned_s` may be read at any time."""

    def __init__(
        self, connection: Connection, clock: Clock, journal: ForgetfulJournal, health: ConnectionHealth
    ) -> None:
        self._connection = connection
        self._clock = clock
        self._journal = journal
        self._health = health
        self.turned_s = clock.monotonic()
        """Monotonic time of the newest completed turn: a read or an attempt to connect, successful or not."""
        self._backoff = Backoff()
        self._lost_code: str | None = None
        self._newest_code: str | None = None

    async def look_after(self) -> NoReturn:
        """Connect, poll, close, wait, for ever. One of the three places that survive a defect."""
        while True:
            try:
                try:
                    await self._connection.driver.connect()
                    await self._poll()
                finally:
                    async with asyncio.timeout(CLOSE_S):
                        await self._connection.driver.close()
            except NotConnected as lost:
                self._lost(lost.code or "E2001", lost.reason)
            except Exception as defect:  # one connection must not end the others
                if _is_cancelled():  # closing failed on the way out; the end is the end all the same
                    raise asyncio.CancelledError from defect
                self._journal.lost("E9003", self._connection.name, error=repr(defect), where=origin(defect))
                self._lost("E2001", "defect")
            await self._rest(self._backoff.pause(self._clock.monotonic()))

    async def _rest(self, pause_s: float) -> None:
        """Wait, in slices, because waiting long is no sign of being stuck."""
        self._turned()
        until = self.turned_s + pause_s
        while (left := until - self.turned_s) > 0:
            await asyncio.sleep(min(left, REST_S))
            self._turned()

    def _turned(self) -> None:
        self.turned_s = self._clock.monotonic()

    async def _poll(self) -> NoReturn:
        """Read what is due, in order of time, until the conversation is lost. Everything is due at once at first."""
        now = self._clock.monotonic()
        orders = {turns.group: order for order, turns in enumerate(self._connection.turns)}
        due = [(now, order, False) for order in orders.values()]
        heapq.heapify(due)
        while True:
            at, order, is_extra = due[0]
            # Late or not, others get their turn of the loop: a driver may answer without waiting for anything.
            await asyncio.sleep(max(at - self._clock.monotonic(), 0))
            turns = self._connection.turns[order]
            turn = await self._read(turns)
            now = self._clock.monotonic()
            if is_extra:
                heapq.heappop(due)
            else:
                heapq.heapreplace(due, (self._next(turns, turn), order, False))
            if turns.follows and not turns.device.is_whole(turns.group):
                heapq.heappush(due, (now + AGAIN_S, order, True))
            for group in turns.device.wanted(turns.group):
                # Now, and once more a period later: a PLC program seldom writes all at the same moment.
                heapq.heappush(due, (now, orders[group], True))
                heapq.heappush(due, (now + turns.every_s, orders[group], True))

    async def _read(self, turns: Turns) -> int:
        """Read a group once and return which of its turns that was; -1 before its turn 0."""
        actual = turns.turn_at(self._clock.monotonic() + 1e-6)
        turn = max(actual, 0)
        fresh = self._expect(turns, turn)
        scans = await self._connection.driver.read(turns.group)
        self._turned()
        self._health.reads += 1
        if turns.device.take(turns.group, scans):
            self._answered()
            if fresh:
                turns.device.health.count(self._clock.now_ms(), acquired=1)
        return actual

    def _next(self, turns: Turns, turn: int) -> float:
        """The next turn that can still be kept; those before it are skipped and counted."""
        after = turn + 1
        possible = max(turns.turn_at(self._clock.monotonic()), 0)
        skipped = max(possible - after, 0)
        turns.late_in_a_row = turns.late_in_a_row + 1 if skipped else 0
        self._health.overruns += skipped
        about = f"{self._connection.name}/{turns.group}"
        if turns.late_in_a_row >= LATE_READS and not turns.device.is_troubled:
            facts = {"device": turns.device.name, "every": f"{turns.every_s:g} s", "skipped": skipped}
            self._journal.lost("W2002", about, **facts)
        elif not skipped:
            self._journal.back("W2002", about, device=turns.device.name)
        return turns.due_s(max(after, possible))

    def _expect(self, turns: Turns, turn: int) -> bool:
        """Count the turns up to this one as expected; whether this one is counted for the first time."""
        fresh = turn - turns.counted
        if fresh > 0:
            turns.device.health.count(self._clock.now_ms(), expected=fresh)
            turns.counted = turn
        return fresh > 0

    def _answered(self) -> None:
        self._backoff.reset()
        if self._health.state == "connecting":
            self._journal.note("I2005", self._connection.name, url=self._connection.url)
        if self._health.state != "up":
            self._health.enter("up", self._clock.now_ms())
            if self._lost_code is not None:
                self._journal.back(self._lost_code, self._connection.name, url=self._connection.url)
                self._lost_code = self._newest_code = None
            self._journal.back("E9003", self._connection.name)

    def _lost(self, code: str, reason: str) -> None:
        self._health.failures += 1
        self._health.enter("down", self._clock.now_ms())
        code = self._cause(code)
        self._journal.lost(code, self._connection.name, url=self._connection.url, reason=reason)
        for turns in self._connection.turns:
            turns.device.lost(turns.group, Quality.BAD_NOT_CONNECTED)
            now = self._clock.monotonic()
            if now >= turns.start_s:
                self._expect(turns, turns.turn_at(now))

    def _cause(self, code: str) -> str:
        """The code under which this outage is told: another one takes over when it came twice in a row."""
        is_settled = code == self._newest_code
        self._newest_code = code
        if self._lost_code is not None and code != self._lost_code and not is_settled:
            return self._lost_code
        if self._lost_code not in (None, code):
            self._journal.forget(self._lost_code, self._connection.name)
        self._lost_code = code
        return code


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def origin(defect: BaseException) -> str:
    """File and line where a defect was raised: all that an operator can pass on without a traceback."""
    trace = defect.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    path = trace.tb_frame.f_code.co_filename.replace("\\", "/").split("/")
    return f"{'/'.join(path[-2:])}:{trace.tb_lineno}"
