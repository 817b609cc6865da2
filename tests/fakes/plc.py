"""A programmable PLC on a free loopback port: Modbus TCP from the standard's text, not from the driver's code.

    async with FakePlc() as plc:
        plc.unit(1).holding[100] = 42
        with plc.fault(exception(2), unit=1, start=110, end=117):
            ...

Every register answers 0 until it is set. `illegal(...)` makes addresses that answer exception 2.
"""

import argparse
import asyncio
import random
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from typing import Self, cast

from tests.fakes.faults import Asked, Change, Reply, Rule, exception
from tests.fakes.recorder import record

_ESTABLISHED = 1
"""First byte of Linux's `struct tcp_info`."""

Describe = Callable[[int, Asked], int]
"""(address, request) -> the value of a register: so that a test can tell which request a value answers."""


@dataclass(slots=True)
class Memory:
    """The four tables of one unit: address -> value."""

    coils: dict[int, int] = field(default_factory=dict)
    discrete: dict[int, int] = field(default_factory=dict)
    holding: dict[int, int] = field(default_factory=dict)
    input: dict[int, int] = field(default_factory=dict)

    def table(self, function: int) -> dict[int, int]:
        return (self.coils, self.discrete, self.holding, self.input)[function - 1]


class FakePlc:
    """One listening socket, any number of units."""

    def __init__(self, port: int = 0, *, seed: int = 0) -> None:
        self.port = port
        self.echoes = True
        """Whether replies carry the transaction id of their request, or always 0."""
        self.is_mute = False
        """Accept and read, never answer."""
        self.max_connections: int | None = None
        """More than these are accepted by the kernel and reset at once."""
        self.delay_s = 0.0
        """From the arrival of each request to its reply."""
        self.units: dict[int, Memory] | None = None
        """Which units there are; others answer exception 11. None: every unit that is asked for."""
        self.describe: Describe | None = None
        self.requests: list[Asked] = []
        self.open = 0
        self.most_open = 0
        """Most connections that were held by clients at one time, without those that were refused."""
        self.accepted = 0
        self.chance = random.Random(seed)
        self._memories: dict[int, Memory] = {}
        self._rules: list[Rule] = []
        self._server: asyncio.Server | None = None
        self._talks: set[_Talk] = set()
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        return f"tcp://127.0.0.1:{self.port}"

    def unit(self, number: int) -> Memory:
        return self._memories.setdefault(number, Memory())

    async def start(self) -> None:
        """Listen, on the same port as before if there was one."""
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Talk(self), "127.0.0.1", self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        """Power off: nobody listens, all connections are reset."""
        if self._server is not None:
            self._server.close()
            self._server = None
        self.cut()
        while self._talks:
            await next(iter(self._talks)).gone.wait()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.stop()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what shows in requests or connections."""
        while not condition():
            self._changed.clear()
            await self._changed.wait()

    def cut(self) -> None:
        """Reset all connections; new ones are welcome."""
        for talk in list(self._talks):
            talk.transport.abort()

    def say(self, data: bytes) -> None:
        """Send bytes that nobody asked for, on all connections."""
        for talk in self._talks:
            talk.transport.write(data)

    def fault(
        self,
        change: Change,
        *,
        unit: int | None = None,
        function: int | None = None,
        start: int = 0,
        end: int = 65536,
        fraction: float = 1.0,
        times: int | None = None,
    ) -> Rule:
        """Apply `change` to replies to the requests that touch [start, end), until the rule is lifted."""
        rule = Rule(change, unit, function, start, end, fraction, times, rules=self._rules)
        self._rules.append(rule)
        return rule

    def illegal(
        self, start: int, end: int, *, function: int | None = None, unit: int | None = None, code: int = 2
    ) -> Rule:
        """Addresses [start, end) that cannot be read."""
        return self.fault(exception(code), unit=unit, function=function, start=start, end=end)

    def answer(self, asked: Asked) -> Reply:
        """The reply to a request, with all that is wrong with it."""
        record(asked.function)
        self.requests.append(asked)
        self._changed.set()
        reply = Reply(asked.transaction if self.echoes else 0, asked.unit, self._pdu(asked), delay_s=self.delay_s)
        for rule in list(self._rules):
            if rule.applies(asked, self.chance):
                rule.hits += 1
                rule.change(reply, asked, self.chance)
        return reply

    def _pdu(self, asked: Asked) -> bytes:
        if asked.function not in {1, 2, 3, 4}:
            return bytes((asked.function | 0x80, 1))
        if self.units is not None and asked.unit not in self.units:
            return bytes((asked.function | 0x80, 11))
        most = 2000 if asked.function <= 2 else 125
        if not 1 <= asked.count <= most:
            return bytes((asked.function | 0x80, 3))
        if asked.start + asked.count > 65536:
            return bytes((asked.function | 0x80, 2))
        values = self._values(asked)
        data = _packed(values) if asked.function <= 2 else b"".join(v.to_bytes(2, "big") for v in values)
        return bytes((asked.function, len(data))) + data

    def _values(self, asked: Asked) -> list[int]:
        addresses = range(asked.start, asked.start + asked.count)
        if self.describe is not None:
            return [self.describe(address, asked) for address in addresses]
        memory = self.units[asked.unit] if self.units is not None else self.unit(asked.unit)
        table = memory.table(asked.function)
        return [table.get(address, 0) & 0xFFFF for address in addresses]


def _packed(bits: Sequence[int]) -> bytes:
    """Bits as Modbus has them: the first one lowest in the first byte."""
    number = sum(1 << at for at, bit in enumerate(bits) if bit)
    return number.to_bytes((len(bits) + 7) // 8, "little")


class _Talk(asyncio.Protocol):
    """One connection, as the PLC sees it."""

    def __init__(self, plc: FakePlc) -> None:
        self.plc = plc
        self.gone = asyncio.Event()
        self.number = -1
        self._received = b""
        self._timers: set[asyncio.TimerHandle] = set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        plc = self.plc
        self.number = plc.accepted
        plc.accepted += 1
        plc.open += 1
        plc._talks.add(self)
        plc._changed.set()
        held = sum(talk.is_held for talk in plc._talks)
        if plc.max_connections is not None and held > plc.max_connections:
            self.transport.abort()
        else:
            plc.most_open = max(plc.most_open, held)

    @property
    def is_held(self) -> bool:
        """Whether the client still has its end open: the kernel knows before this loop has come to hear of it."""
        peer: socket.socket = self.transport.get_extra_info("socket")
        return peer.fileno() >= 0 and peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _ESTABLISHED

    def connection_lost(self, exc: Exception | None) -> None:
        self.plc.open -= 1
        self.plc._talks.discard(self)
        self.plc._changed.set()
        for timer in self._timers:
            timer.cancel()
        self.gone.set()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while len(self._received) >= 12:
            frame, self._received = self._received[:12], self._received[12:]
            transaction, protocol, length = (int.from_bytes(frame[at : at + 2], "big") for at in (0, 2, 4))
            if protocol != 0 or length != 6:
                record(frame[7])
                raise AssertionError(f"not a read request: {frame.hex()}")
            start, count = int.from_bytes(frame[8:10], "big"), int.from_bytes(frame[10:], "big")
            asked = Asked(len(self.plc.requests), self.number, transaction, frame[6], frame[7], start, count)
            reply = self.plc.answer(asked)
            if not self.plc.is_mute:
                self._reply(reply)

    def _reply(self, reply: Reply) -> None:
        data = reply.data * reply.times
        if reply.drop_at is not None:
            data = data[: reply.drop_at]
        edges = [0, *[at for at in reply.split_at if at < len(data)], len(data)]
        when = reply.delay_s
        for low, high in pairwise(edges):
            self._later(when, partial(self.transport.write, data[low:high]))
            when += reply.gap_s
        if reply.drop_at is not None:
            self._later(when, self.transport.abort)

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        if delay_s <= 0:
            if not self.transport.is_closing():
                action()
            return

        def act() -> None:
            self._timers.discard(timer)
            if not self.transport.is_closing():
                action()

        timer = asyncio.get_running_loop().call_later(delay_s, act)
        self._timers.add(timer)


async def _serve(port: int, delay_s: float) -> None:
    """A PLC in a process of its own: prints its port, answers until it is killed; register = low word of the count."""
    async with FakePlc(port) as plc:
        plc.delay_s = delay_s
        plc.describe = lambda address, asked: (7 * address + asked.number) & (1 if asked.function <= 2 else 0xFFFF)
        print(plc.port, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--delay", type=float, default=0.0)
    options = parser.parse_args()
    asyncio.run(_serve(options.port, options.delay))
