"""A TCP proxy that does to a connection what cables and switches do, between a client and any server.

async with FaultProxy(port) as proxy:           # the client connects to proxy.port
    with proxy.frozen(ANSWERS):
        ...
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Literal, Self, cast

from tests.fakes.recorder import record

Direction = Literal["requests", "answers"]
REQUESTS: Direction = "requests"
ANSWERS: Direction = "answers"


class FaultProxy:
    """One listening socket before one server. `records_modbus`: function codes that pass go to the suite's recorder."""

    def __init__(self, target_port: int, *, seed: int = 0, records_modbus: bool = False) -> None:
        self.target_port = target_port
        self.port = 0
        self.records_modbus = records_modbus
        self.delay_s: dict[Direction, float] = {REQUESTS: 0.0, ANSWERS: 0.0}
        self.corrupt: dict[Direction, float] = {REQUESTS: 0.0, ANSWERS: 0.0}
        """Fraction of pieces in which one bit is flipped."""
        self.trickle_s: float | None = None
        """Seconds between single bytes of answers."""
        self.refuses = False
        """Reset every new connection."""
        self.accepted = 0
        self.chance = random.Random(seed)
        self._frozen: set[Direction] = set()
        self._server: asyncio.Server | None = None
        self._pairs: set[_Pair] = set()

    @property
    def open(self) -> int:
        return len(self._pairs)

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Client(self), "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._server is not None:
            self._server.close()
        self.cut()
        while self._pairs:
            await next(iter(self._pairs)).gone.wait()

    def cut(self) -> None:
        """Reset all connections on both sides."""
        for pair in list(self._pairs):
            pair.abort()

    @contextmanager
    def frozen(self, *directions: Direction) -> Iterator[None]:
        """Bytes of these directions wait until the end of the block: a connection that is only half there."""
        self._frozen.update(directions)
        try:
            yield
        finally:
            self._frozen.difference_update(directions)
            for pair in list(self._pairs):
                pair.thaw()

    def is_frozen(self, direction: Direction) -> bool:
        return direction in self._frozen

    def spoil(self, direction: Direction, data: bytes) -> bytes:
        if self.chance.random() >= self.corrupt[direction]:
            return data
        spoilt = bytearray(data)
        spoilt[self.chance.randrange(len(data))] ^= 1 << self.chance.randrange(8)
        return bytes(spoilt)


class _Pair:
    """The two connections that belong together, and what waits to pass."""

    def __init__(self, proxy: FaultProxy, client: asyncio.Transport) -> None:
        self.proxy = proxy
        self.gone = asyncio.Event()
        self.ends: dict[Direction, asyncio.Transport | None] = {REQUESTS: None, ANSWERS: client}
        self._waiting: dict[Direction, bytearray] = {REQUESTS: bytearray(), ANSWERS: bytearray()}
        self._timers: set[asyncio.TimerHandle] = set()
        self._unread = b""
        proxy._pairs.add(self)

    def carry(self, direction: Direction, data: bytes) -> None:
        if direction == REQUESTS and self.proxy.records_modbus:
            self._record(data)
        data = self.proxy.spoil(direction, data)
        delay_s, trickle_s = self.proxy.delay_s[direction], self.proxy.trickle_s
        if direction == ANSWERS and trickle_s is not None:
            for at in range(len(data)):
                self._later(delay_s + at * trickle_s, partial(self._pass, direction, data[at : at + 1]))
        elif delay_s:
            self._later(delay_s, lambda: self._pass(direction, data))
        else:
            self._pass(direction, data)

    def _record(self, data: bytes) -> None:
        self._unread += data
        while len(self._unread) >= 8:
            record(self._unread[7])
            self._unread = self._unread[6 + int.from_bytes(self._unread[4:6], "big") :]

    def _pass(self, direction: Direction, data: bytes) -> None:
        end = self.ends[direction]
        if end is None or self.proxy.is_frozen(direction):
            self._waiting[direction] += data
        elif not end.is_closing():
            end.write(data)

    def thaw(self) -> None:
        for direction, waiting in self._waiting.items():
            if waiting and not self.proxy.is_frozen(direction):
                data = bytes(waiting)
                waiting.clear()
                self._pass(direction, data)

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        def act() -> None:
            self._timers.discard(timer)
            action()

        timer = asyncio.get_running_loop().call_later(delay_s, act)
        self._timers.add(timer)

    def abort(self) -> None:
        for timer in self._timers:
            timer.cancel()
        for end in self.ends.values():
            if end is not None:
                end.abort()

    def lost(self) -> None:
        self.abort()
        self.proxy._pairs.discard(self)
        self.gone.set()


class _Client(asyncio.Protocol):
    """The client's side: connects to the server as soon as it is connected itself."""

    def __init__(self, proxy: FaultProxy) -> None:
        self.proxy = proxy
        self.pair: _Pair | None = None
        self._connecting: asyncio.Task[object] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        client = cast("asyncio.Transport", transport)
        self.proxy.accepted += 1
        if self.proxy.refuses:
            client.abort()
            return
        self.pair = _Pair(self.proxy, client)
        self._connecting = asyncio.get_running_loop().create_task(self._connect(self.pair), name="proxy connects")

    async def _connect(self, pair: _Pair) -> None:
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: _Server(pair), "127.0.0.1", self.proxy.target_port
            )
        except OSError:
            pair.abort()

    def data_received(self, data: bytes) -> None:
        if self.pair is not None:
            self.pair.carry(REQUESTS, data)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._connecting is not None:
            self._connecting.cancel()
        if self.pair is not None:
            self.pair.lost()


class _Server(asyncio.Protocol):
    """The server's side of a pair."""

    def __init__(self, pair: _Pair) -> None:
        self.pair = pair

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.pair.ends[REQUESTS] = cast("asyncio.Transport", transport)
        if self.pair.gone.is_set():
            self.pair.abort()
        else:
            self.pair.thaw()

    def data_received(self, data: bytes) -> None:
        self.pair.carry(ANSWERS, data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.pair.abort()
