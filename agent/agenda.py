"""When the groups of one conversation are read: turns on a grid of monotonic time, and what is wanted in between."""

import asyncio
import heapq
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from agent.clock import Clock
from agent.device import Device


@dataclass(slots=True)
class Turns:
    """When a group of a device is looked at: read by the agent, or by the device itself where it is subscribed."""

    group: str
    device: Device
    every_s: float
    start_s: float
    """Monotonic time of turn 0."""
    follows: bool = False
    """Whether it is read when something happens; its period is then long, or without end."""
    is_subscribed: bool = False
    """Whether its Scans come by themselves."""
    counted: int = field(default=-1, init=False)
    """The newest turn that was expected."""
    late_in_a_row: int = field(default=0, init=False)
    is_live: bool = field(default=False, init=False)
    """Whether the newest Scan of this conversation had values; what comes next confirms the turns since."""

    def turn_at(self, now_s: float) -> int:
        return math.floor((now_s - self.start_s) / self.every_s)

    def due_s(self, turn: int) -> float:
        return self.start_s + turn * self.every_s

    def expect(self, turn: int, now_ms: int) -> int:
        """Count the turns up to this one as expected; returns how many of them are counted for the first time."""
        fresh = max(turn - self.counted, 0)
        if fresh:
            self.device.health.count(now_ms, expected=fresh)
            self.counted = turn
        return fresh


class Agenda:
    """What is read next over one conversation, in order of time. Everything is due at once at first."""

    def __init__(self, turns: Sequence[Turns], clock: Clock) -> None:
        self._turns = turns
        self._clock = clock
        now = clock.monotonic()
        self._orders = {one.group: order for order, one in enumerate(turns)}
        self._due = [(now, order, False) for order in range(len(turns))]
        self._alarm: asyncio.Future[None] | None = None

    async def next(self) -> tuple[Turns, bool]:
        """Wait until something is due and take it out; whether it is an extra one, beside its turns."""
        wait_s = self._due[0][0] - self._clock.monotonic()
        # Late or not, others get their turn of the loop: a driver may answer without waiting for anything.
        await (self._sleep(wait_s) if wait_s > 0 else asyncio.sleep(0))
        _, order, is_extra = heapq.heappop(self._due)
        return self._turns[order], is_extra

    def add(self, turns: Turns, at_s: float, *, is_extra: bool = False) -> None:
        heapq.heappush(self._due, (at_s, self._orders[turns.group], is_extra))

    def want(self, groups: Iterable[str], every_s: float) -> None:
        """Read these now, and once more a period later: a PLC program seldom writes all at the same moment."""
        now = self._clock.monotonic()
        for group in groups:
            self.add(self._turns[self._orders[group]], now, is_extra=True)
            self.add(self._turns[self._orders[group]], now + every_s, is_extra=True)
            self._wake()

    async def _sleep(self, wait_s: float) -> None:
        """As `asyncio.sleep`, but what is wanted meanwhile ends it."""
        loop = asyncio.get_running_loop()
        self._alarm = loop.create_future()
        timer = loop.call_later(wait_s, self._wake)
        try:
            await self._alarm
        finally:
            timer.cancel()
            self._alarm = None

    def _wake(self) -> None:
        if self._alarm is not None and not self._alarm.done():
            self._alarm.set_result(None)
