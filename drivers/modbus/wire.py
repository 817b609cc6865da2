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


class Wire(asyncio.Protocol):
    """A connection for the whole of its life. It is used by one `run` at a time and ends itself when it is broken."""

    def __init__(self, exchange: Exchange, pause_s: float) -> None:
        self.exchange = exchange
        self._pause_s = pause_s
        self._loop = asyncio.get_running_loop()
        self._gone = asyncio.Event()
        self._batch: Batch | None = None
        self._wake: asyncio.Future[None] | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._turn: asyncio.TimerHandle | None = None
        self._not_before = 0.0

    @property
    def is_sound(self) -> bool:
        """Whether requests can be sent."""
        return self.exchange.broken is None and not self._gone.is_set() and not self._transport.is_closing()

    async def run(self, batch: Batch) -> None:
        """Work through a batch until it is done or this connection cannot be used any more."""
        self.exchange.answered = False
        self._batch = batch
        self._wake = self._loop.create_future()
        self._advance()
        try:
            await self._wake
        finally:
            self._batch = self._wake = None

    async def end(self, *, reset: bool) -> None:
        """Close the socket and wait until it is closed. `reset`: free the device's place at once."""
        self._abort(reset=reset)
        await self._gone.wait()

    def _abort(self, *, reset: bool) -> None:
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

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone.set()
        for timer in (self._deadline, self._turn):
            if timer is not None:
                timer.cancel()
        self._advance()

    def data_received(self, data: bytes) -> None:
        now = self._loop.time()
        self._settle(self.exchange.receive(data, now), now)

    def _settle(self, ended: list[tuple[int, Outcome]], now: float) -> None:
        broke = self.exchange.broken is not None
        if self._batch is not None and ended:
            self._not_before = now + self._pause_s
            self._batch.settle(ended, broke=broke)
        if broke:
            self._abort(reset=True)
        self._advance()

    def _advance(self) -> None:
        """Send what may be sent now; end the run when there is nothing left to wait for."""
        batch, wake = self._batch, self._wake
        if batch is None or wake is None or wake.done():
            return
        if batch.is_done or not self.is_sound:
            wake.set_result(None)
        elif batch.has_next and self.exchange.has_room:
            now = self._loop.time()
            if now < self._not_before:
                self._wait_for_turn()
            else:
                self._send(batch, now)

    def _send(self, batch: Batch, now: float) -> None:
        frames = []
        while batch.has_next and self.exchange.has_room:
            ticket = batch.take()
            frames.append(self.exchange.send(ticket, batch.requests[ticket], now))
            if self._pause_s:
                self._not_before = now + self._pause_s
                self._wait_for_turn()
                break
        self._transport.write(frames[0] if len(frames) == 1 else b"".join(frames))
        if self._deadline is None:
            self._expect(cast("float", self.exchange.deadline))

    def _wait_for_turn(self) -> None:
        if self._turn is None:
            self._turn = self._loop.call_at(self._not_before, self._take_turn)

    def _take_turn(self) -> None:
        self._turn = None
        self._advance()

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
