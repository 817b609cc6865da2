"""What can be wrong with a PLC's replies: rules that a `FakePlc` applies, in the order in which they were made."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from types import TracebackType
from typing import Self

from tests.fakes.framing import MBAP, Framing


@dataclass(frozen=True, slots=True)
class Asked:
    """A request as the PLC understood it."""

    number: int
    """Counts all requests of this PLC from 0."""
    connection: int
    transaction: int
    unit: int
    function: int
    start: int
    count: int


@dataclass(slots=True)
class Reply:
    """A reply on its way out; rules change it."""

    transaction: int
    unit: int
    pdu: bytes
    length: int | None = None
    """A false MBAP length; None for the right one."""
    protocol: int = 0
    raw: bytes | None = None
    """These bytes instead of a frame."""
    delay_s: float = 0.0
    times: int = 1
    split_at: tuple[int, ...] = ()
    """Positions at which the bytes are sent in pieces; the pieces are `gap_s` apart."""
    gap_s: float = 0.001
    drop_at: int | None = None
    """Cut the connection after so many bytes."""
    framing: Framing = MBAP

    @property
    def data(self) -> bytes:
        if self.raw is not None:
            return self.raw
        return self.framing.put(self)


Change = Callable[[Reply, Asked, random.Random], None]


@dataclass(slots=True)
class Rule:
    """A fault: which requests it hits, how often, and what it does. A context manager: it is lifted at the end."""

    change: Change
    unit: int | None = None
    function: int | None = None
    start: int = 0
    end: int = 65536
    fraction: float = 1.0
    times: int | None = None
    hits: int = 0
    rules: list["Rule"] = field(default_factory=list)

    def applies(self, asked: Asked, chance: random.Random) -> bool:
        return (
            (self.unit is None or self.unit == asked.unit)
            and (self.function is None or self.function == asked.function)
            and asked.start < self.end
            and self.start < asked.start + asked.count
            and (self.times is None or self.hits < self.times)
            and (self.fraction >= 1 or chance.random() < self.fraction)
        )

    def lift(self) -> None:
        if any(rule is self for rule in self.rules):
            self.rules[:] = [rule for rule in self.rules if rule is not self]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.lift()


def exception(code: int) -> Change:
    """Answer with an exception."""

    def change(reply: Reply, asked: Asked, chance: random.Random) -> None:
        reply.pdu = bytes((asked.function | 0x80, code))

    return change


def late(least_s: float, most_s: float | None = None) -> Change:
    def change(reply: Reply, asked: Asked, chance: random.Random) -> None:
        reply.delay_s += least_s if most_s is None else chance.uniform(least_s, most_s)

    return change


def fewer(registers: int = 1) -> Change:
    """A whole frame with fewer registers (or bytes of bits) than were asked for."""

    def change(reply: Reply, asked: Asked, chance: random.Random) -> None:
        data = reply.pdu[2 : len(reply.pdu) - 2 * registers]
        reply.pdu = bytes((asked.function, len(data))) + data

    return change


def more(registers: int = 1) -> Change:
    def change(reply: Reply, asked: Asked, chance: random.Random) -> None:
        data = reply.pdu[2:] + bytes(2 * registers)
        reply.pdu = bytes((asked.function, len(data) & 0xFF)) + data

    return change


def truncated(by: int = 3) -> Change:
    """A frame that ends before the length that it claims."""

    def change(reply: Reply, asked: Asked, chance: random.Random) -> None:
        reply.raw = reply.data[:-by]

    return change


def garbage(size: int = 40) -> Change:
    def change(reply: Reply, asked: Asked, chance: random.Random) -> None:
        reply.raw = b"\xff\xff\xa5\xa5" + chance.randbytes(size)

    return change


def odd(reply: Reply, asked: Asked, chance: random.Random) -> None:
    """A byte count that is no number of registers."""
    data = reply.pdu[2:-1]
    reply.pdu = bytes((asked.function, len(data))) + data


def false_count(reply: Reply, asked: Asked, chance: random.Random) -> None:
    """A byte count that does not agree with the length of the frame."""
    reply.pdu = bytes((asked.function, (reply.pdu[1] + 2) & 0xFF)) + reply.pdu[2:]


def other_unit(reply: Reply, asked: Asked, chance: random.Random) -> None:
    reply.unit = (asked.unit + 1) & 0xFF


def other_function(reply: Reply, asked: Asked, chance: random.Random) -> None:
    reply.pdu = bytes((asked.function % 4 + 1,)) + reply.pdu[1:]


def other_transaction(reply: Reply, asked: Asked, chance: random.Random) -> None:
    reply.transaction = (asked.transaction + 7) & 0xFFFF


def twice(reply: Reply, asked: Asked, chance: random.Random) -> None:
    reply.times = 2


def byte_by_byte(reply: Reply, asked: Asked, chance: random.Random) -> None:
    reply.split_at = tuple(range(1, len(reply.data)))
    reply.gap_s = 0.0


def in_two(at: int, gap_s: float) -> Change:
    def change(reply: Reply, asked: Asked, chance: random.Random) -> None:
        reply.split_at, reply.gap_s = (at,), gap_s

    return change


def dropped(at: int = 0) -> Change:
    """The connection ends after so many bytes of the reply."""

    def change(reply: Reply, asked: Asked, chance: random.Random) -> None:
        reply.drop_at = at

    return change


def flipped(most: int = 3) -> Change:
    """One to `most` bits of the frame are turned over."""

    def change(reply: Reply, asked: Asked, chance: random.Random) -> None:
        spoilt = bytearray(reply.data)
        for bit in chance.sample(range(8 * len(spoilt)), chance.randint(1, most)):
            spoilt[bit // 8] ^= 1 << bit % 8
        reply.raw = bytes(spoilt)

    return change


def behind(noise: bytes) -> Change:
    """Noise in front of a right frame."""

    def change(reply: Reply, asked: Asked, chance: random.Random) -> None:
        reply.raw = noise + reply.data

    return change


def swallowed(reply: Reply, asked: Asked, chance: random.Random) -> None:
    """No reply at all."""
    reply.raw = b""
