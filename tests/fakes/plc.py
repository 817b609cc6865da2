"""A programmable PLC on a free loopback port: Modbus from the standard's text, not from the driver's code.

    async with FakePlc() as plc:
        plc.unit(1).holding[100] = 42
        with plc.fault(exception(2), unit=1, start=110, end=117):
            ...

Modbus TCP where nothing else is said; `FakePlc(at=Pty(path), framing=RTU)` is a slave on a serial line.

Every register answers 0 until it is set. `illegal(...)` makes addresses that answer exception 2.
"""

import argparse
import asyncio
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Self

from tests.fakes.faults import Asked, Change, Reply, Rule, exception
from tests.fakes.framing import MBAP, Framing
from tests.fakes.sockets import Place, TcpPort
from tests.fakes.talks import Talk

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
    """One place to be spoken to, any number of units."""

    def __init__(self, port: int = 0, *, seed: int = 0, at: Place | None = None, framing: Framing = MBAP) -> None:
        self.framing = framing
        self.echoes = True
        """Whether replies carry the transaction id of their request, or always 0."""
        self.is_mute = False
        """Accept and read, never answer."""
        self.max_connections: int | None = None
        """More than these are accepted by the kernel and reset at once."""
        self.delay_s = 0.0
        """From the arrival of each request to its reply."""
        self.latest_s = float("inf")
        """Replies with a delay that cannot be sent within this time are not sent at all."""
        self.sends_back = False
        """Every byte that is heard comes back at once: the echo of an RS-485 line."""
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
        self.talks: set[Talk] = set()
        self._at: Place = TcpPort(port) if at is None else at
        self._changed = asyncio.Event()

    @property
    def url(self) -> str:
        return self._at.url(self.framing.scheme)

    @property
    def port(self) -> int:
        """Of a socket."""
        return int(self.url.rpartition(":")[2])

    def unit(self, number: int) -> Memory:
        return self._memories.setdefault(number, Memory())

    async def start(self) -> None:
        """Listen, at the same place as before if there was one."""
        await self._at.open(self)

    async def stop(self) -> None:
        """Power off: nobody listens, all connections are reset."""
        await self._at.close()
        self.cut()
        while self.talks:
            await next(iter(self.talks)).gone.wait()

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

    def stir(self) -> None:
        """Something changed."""
        self._changed.set()

    def cut(self) -> None:
        """Reset all connections; new ones are welcome."""
        for talk in list(self.talks):
            talk.abort()

    def say(self, data: bytes) -> None:
        """Send bytes that nobody asked for, on all connections."""
        for talk in self.talks:
            talk.write(data)

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
        self.requests.append(asked)
        self._changed.set()
        transaction = asked.transaction if self.echoes else 0
        reply = Reply(transaction, asked.unit, self._pdu(asked), delay_s=self.delay_s, framing=self.framing)
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
