"""One connection between a transport and an exchange: what is sent when, and one timer for all deadlines.

`wires` has one kind for each transport.
"""

import asyncio
from time import monotonic  # what the loop's clock is, without its call
from typing import Protocol, cast

from drivers.modbus.batch import Batch
from drivers.modbus.exchange import Exchange
from drivers.modbus.request import Outcome


class Output(Protocol):
    """What a wire needs of its transport."""

    def write(self, data: bytes, /) -> object: ...
    def abort(self) -> object: ...


class Wire:
    """A connection for the whole of its life. It is used by one `run` at a time and ends itself when it is broken.

    A kind of wire gives it the transport (`begin`), what arrives (`arrived`) and the end (`ended`).
    """

    def __init__(self, exchange: Exchange, pause_s: float) -> None:
        self.exchange = exchange
        self.is_sound = True
        """Whether requests can be sent."""
        self.error: Exception | None = None
        """What ended it, where the transport knows."""
        self._pause_s = pause_s
        self._loop = asyncio.get_running_loop()
        self._gone = asyncio.Event()
        self._output: Output | None = None
        self._batch: Batch | None = None
        self._wake: asyncio.Future[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._turn: asyncio.TimerHandle | None = None
        self._not_before = 0.0

    # -- for the link

    def run(self, batch: Batch) -> asyncio.Future[None]:
        """Work through a batch; the future is done when the batch is, or when this connection is of no more use."""
        self.exchange.answered = False
        self._batch = batch
        self._wake = wake = self._loop.create_future()
        self._advance(monotonic())
        return wake

    async def end(self, *, reset: bool) -> None:
        """Close the transport and wait until it is closed. `reset`: free the device's place at once."""
        self.hang_up(reset=reset)
        await self._gone.wait()

    def hang_up(self, *, reset: bool) -> None:
        """Begin to close the transport."""
        self.is_sound = False
        if self._gone.is_set() or self._output is None:
            return
        if reset:
            self.linger_not()
        self._output.abort()

    # -- for the kinds of wire

    def begin(self, output: Output) -> None:
        self._output = output

    def arrived(self, data: bytes) -> None:
        now = monotonic()
        self._settle(self.exchange.receive(data, now), now)

    def ended(self) -> None:
        """The transport is closed."""
        self.is_sound = False
        self._gone.set()
        for timer in (self._deadline, self._turn):
            if timer is not None:
                timer.cancel()
        self._advance(self._loop.time())

    def linger_not(self) -> None:
        """Where a transport can, let the coming end be a reset."""

    # -- the conversation

    def _settle(self, ended: list[tuple[int, Outcome]], now: float) -> None:
        broke = self.exchange.broken is not None
        if broke:
            self.hang_up(reset=True)
        self._not_before = now + self._pause_s
        if self._batch is not None:
            self._batch.settle(ended, broke=broke)
            if self._batch.is_done:
                self._end_run()
            else:
                self._advance(now)

    def _advance(self, now: float) -> None:
        """Send what may be sent now; end the run when there is nothing left to wait for."""
        batch = self._batch
        if batch is None:
            return
        if batch.is_done or not self.is_sound:
            self._end_run()
        elif batch.has_next and self.exchange.has_room:
            when = self._not_before
            if self.exchange.debts:
                when = max(when, self.exchange.free_at(batch.unit))
            if now >= when:
                self._send(batch, now)
            elif self.exchange.has_room:
                self._wait_for_turn(when)

    def _end_run(self) -> None:
        wake, self._batch, self._wake = self._wake, None, None
        if wake is not None and not wake.done():
            wake.set_result(None)

    def _send(self, batch: Batch, now: float) -> None:
        frames = b""
        while batch.has_next and self.exchange.has_room:
            ticket = batch.take()
            frames += self.exchange.send(ticket, batch.requests[ticket], now)
            if self._pause_s:
                self._not_before = now + self._pause_s
                if self.exchange.has_room:
                    self._wait_for_turn(self._not_before)
                break
        if not frames:
            return
        assert self._output is not None
        self._output.write(frames)
        if self._deadline is None or self.exchange.is_uneven:
            deadline = cast("float", self.exchange.deadline)
            if self._deadline is None or deadline < self._deadline.when():
                self._expect(deadline)

    def _wait_for_turn(self, when: float) -> None:
        if self._turn is not None and self._turn.when() > when:
            self._turn.cancel()
            self._turn = None
        if self._turn is None:
            self._turn = self._loop.call_at(when, self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        self._advance(self._loop.time())

    def _expect(self, when: float) -> None:
        """Wake up at a deadline. Answers do not move it: it is looked at again when its time has come."""
        if self._deadline is not None:
            self._deadline.cancel()
        self._deadline = self._loop.call_at(when, self._reach_deadline)

    def _reach_deadline(self) -> None:
        self._deadline = None
        if not self.is_sound:
            return  # what is pending is the link's to take back: here nobody would hear of its end
        now = self._loop.time()
        deadline = self.exchange.deadline
        if deadline is not None and deadline <= now:
            self._settle(self.exchange.expire(now), now)
            deadline = self.exchange.deadline
        if deadline is not None and self._deadline is None and not self._gone.is_set():
            self._expect(deadline)
