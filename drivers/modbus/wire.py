"""One TCP connection as asyncio sees it: between a socket and an exchange, with one timer for all deadlines."""

import asyncio
import socket
import struct
from typing import cast

from drivers.modbus.batch import Batch
from drivers.modbus.exchange import Exchange
from drivers.modbus.request import Outcome

_LINGER_NOT = struct.pack("ii", 1, 0)
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))
"""Finds a dead peer between reads that are minutes apart; within a read the time-outs are faster."""

_BUFFER_SIZE = 16 * 1024
"""Asyncio's own buffer is 256 KiB, newly allocated for every answer of 260 bytes."""


class Wire(asyncio.BufferedProtocol):
    """A connection for the whole of its life. It is used by one `run` at a time and ends itself when it is broken."""

    def __init__(self, exchange: Exchange, pause_s: float) -> None:
        self.exchange = exchange
        self.is_sound = True
        """Whether requests can be sent."""
        self._pause_s = pause_s
        self._loop = asyncio.get_running_loop()
        self._gone = asyncio.Event()
        self._buffer = memoryview(bytearray(_BUFFER_SIZE))
        self._batch: Batch | None = None
        self._wake: asyncio.Future[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._turn: asyncio.TimerHandle | None = None
        self._not_before = 0.0

    def run(self, batch: Batch) -> asyncio.Future[None]:
        """Work through a batch; the future is done when the batch is, or when this connection is of no more use."""
        self.exchange.answered = False
        self._batch = batch
        self._wake = wake = self._loop.create_future()
        self._advance(self._loop.time())
        return wake

    async def end(self, *, reset: bool) -> None:
        """Close the socket and wait until it is closed. `reset`: free the device's place at once."""
        self._abort(reset=reset)
        await self._gone.wait()

    def _abort(self, *, reset: bool) -> None:
        self.is_sound = False
        if reset and not self._gone.is_set():
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._socket: socket.socket = transport.get_extra_info("socket")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            self._socket.setsockopt(socket.IPPROTO_TCP, option, value)

    def eof_received(self) -> None:
        self.is_sound = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_sound = False
        self._gone.set()
        for timer in (self._deadline, self._turn):
            if timer is not None:
                timer.cancel()
        self._advance(self._loop.time())

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        now = self._loop.time()
        self._settle(self.exchange.receive(self._buffer[:nbytes].tobytes(), now), now)

    def _settle(self, ended: list[tuple[int, Outcome]], now: float) -> None:
        broke = self.exchange.broken is not None
        if broke:
            self._abort(reset=True)
        if self._batch is not None:
            self._batch.settle(ended, broke=broke)
            self._not_before = now + self._pause_s
            self._advance(now)

    def _advance(self, now: float) -> None:
        """Send what may be sent now; end the run when there is nothing left to wait for."""
        batch = self._batch
        if batch is None:
            return
        if batch.is_done or not self.is_sound:
            self._end_run()
        elif batch.has_next and self.exchange.has_room:
            if now < self._not_before:
                self._wait_for_turn()
            else:
                self._send(batch, now)

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
                self._wait_for_turn()
                break
        self._transport.write(frames)
        if self._deadline is None:
            self._expect(cast("float", self.exchange.deadline))

    def _wait_for_turn(self) -> None:
        if self._turn is None:
            self._turn = self._loop.call_at(self._not_before, self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        self._advance(self._loop.time())

    def _expect(self, when: float) -> None:
        """Wake up at a deadline. Answers do not move it: it is looked at again when its time has come."""
        self._deadline = self._loop.call_at(when, self._reach_deadline)

    def _reach_deadline(self) -> None:
        self._deadline = None
        now = self._loop.time()
        deadline = self.exchange.deadline
        if deadline is not None and deadline <= now:
            self._settle(self.exchange.expire(now), now)
            deadline = self.exchange.deadline
        if deadline is not None and self._deadline is None and not self._gone.is_set():
            self._expect(deadline)
