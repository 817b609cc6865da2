"""A serial line in a test's head: slaves that are late, wrong and noisy, and a master that asks when it may.

Time is a number. What each slave does with a request is a `Turn`; every good payload says which request it answers, so
that a value of another request is seen.
"""

from bisect import insort
from dataclasses import dataclass, field
from typing import Literal

from drivers.modbus.address import Table
from drivers.modbus.counts import Counts
from drivers.modbus.frames import Framing
from drivers.modbus.plan import Block
from drivers.modbus.request import Outcome, Request, Result, request
from drivers.modbus.serial_exchange import Debts, Manner, SerialExchange

TIMEOUT, MAX_LATE = 1.0, 3.0
Kind = Literal["good", "fewer", "more", "refusal", "other function", "silence"]


def ask(start: int = 0, count: int = 2, unit: int = 1, table: Table = Table.HOLDING) -> Request:
    return request(unit, Block(table, start, count, ()))


def answer(asked: Request, payload: bytes) -> bytes:
    """From the unit on."""
    return bytes((*asked.pdu[:2], len(payload))) + payload


def payload_of(number: int, asked: Request) -> bytes:
    """What only the reply to request `number` holds."""
    return (number.to_bytes(2, "big") * 128)[: asked.size - 3]


@dataclass(frozen=True)
class Turn:
    """One request, and what comes back."""

    unit: int = 1
    table: Table = Table.HOLDING
    start: int = 0
    count: int = 2
    kind: Kind = "good"
    after: float = 0.1
    """From the request to the reply."""
    split: int | None = None
    """The reply comes in two pieces."""
    gap: float = 0.01
    """Between the pieces."""
    noise: bytes = b""
    """In front of the reply."""
    flips: tuple[int, ...] = ()
    """Bits of the reply that are turned over, counted modulo its length."""
    flips_echo: tuple[int, ...] = ()
    foreign: bool = False
    """A frame of a unit that nobody asked comes first."""
    gives_up: float | None = None
    """The master goes away so long after its request, and comes back on a new connection."""

    @property
    def request(self) -> Request:
        return ask(self.start, self.count, self.unit, self.table)

    def reply(self, number: int, framing: Framing) -> bytes:
        """The bytes on the line."""
        asked = self.request
        payload = payload_of(number, asked)
        frames = {
            "good": answer(asked, payload),
            "fewer": answer(asked, payload[:-1]),
            "more": answer(asked, payload + b"\0"),
            "refusal": bytes((asked.pdu[0], asked.pdu[1] | 0x80, 2)),
            "other function": bytes((asked.pdu[0], asked.pdu[1] % 4 + 1, len(payload))) + payload,
        }
        if self.kind == "silence":
            return b""
        data = framing.encode(frames[self.kind])
        foreign = framing.encode(bytes((99, 3, 4)) + number.to_bytes(4, "big")) if self.foreign else b""
        return foreign + self.noise + flipped(data, self.flips)


def flipped(data: bytes, bits: tuple[int, ...]) -> bytes:
    spoilt = bytearray(data)
    for bit in bits:
        spoilt[bit // 8 % len(spoilt)] ^= 1 << bit % 8
    return bytes(spoilt)


@dataclass
class Line:
    """The master and its slaves, one turn after another."""

    framing: Framing
    echoes: bool = False
    is_replaced: bool = False
    counts: Counts = field(default_factory=Counts)
    debts: Debts = field(default_factory=dict)
    now: float = 0.0
    outcomes: list[Outcome | None] = field(default_factory=list)
    """Of each turn; None where the master went away."""
    _coming: list[tuple[float, int, bytes]] = field(default_factory=list)
    _owed: dict[int, float] = field(default_factory=dict)
    """Unit -> when the last byte of its reply arrives."""

    def __post_init__(self) -> None:
        self.connect()

    def connect(self) -> None:
        manner = Manner(self.framing, None, TIMEOUT, MAX_LATE, self.is_replaced)
        self.exchange = SerialExchange(manner, self.debts, self.counts)

    def take(self, turn: Turn) -> None:
        """Ask as soon as the unit may be asked, and wait for the end of it."""
        self._wait_for(turn.unit)
        number = len(self.outcomes)
        frame = self.exchange.send(number, turn.request, self.now)
        assert frame == self.framing.encode(turn.request.pdu)
        if self.echoes:
            self._bring(self.now + 0.01, flipped(frame, turn.flips_echo))
        self._bring_reply(turn, turn.reply(number, self.framing))
        gone = self.now + turn.gives_up if turn.gives_up is not None else float("inf")
        ended: list[tuple[int, Outcome]] = []
        while not ended:
            deadline = self.exchange.deadline
            assert deadline is not None
            if gone <= min(deadline, self._next):
                self.now = gone
                assert self.exchange.give_up() == [number]
                assert self.exchange.give_up() == []
                self.connect()
                self.outcomes.append(None)
                return
            ended = self._deliver() if self._next <= deadline else self._expire(deadline)
        ((ticket, outcome),) = ended
        assert ticket == number
        if outcome.result is Result.ANSWER:
            assert outcome.payload == payload_of(number, turn.request), "a value of another request"
            assert turn.kind == "good"
        self.outcomes.append(outcome)
        if self.exchange.broken:
            self.connect()

    def _wait_for(self, unit: int) -> None:
        """Bytes arrive until the unit may be asked; before a reply of its that keeps its promise, it may not."""
        while (when := self.exchange.free_at(unit)) > self.now and min(when, self._next) < float("inf"):
            if self._next <= when:
                assert self._deliver() == []
            else:
                self.now = when
        assert self._owed.get(unit, self.now) <= self.now, "asked while its reply is under way"

    def _bring_reply(self, turn: Turn, data: bytes) -> None:
        if not data:
            return
        cut = len(data) if turn.split is None else turn.split % len(data)
        self._bring(self.now + turn.after, data[:cut])
        self._bring(self.now + turn.after + turn.gap, data[cut:])
        self._owed[turn.unit] = self.now + turn.after + (turn.gap if cut < len(data) else 0.0)

    def _bring(self, when: float, data: bytes) -> None:
        if data:
            insort(self._coming, (when, len(self.outcomes), data))

    @property
    def _next(self) -> float:
        return self._coming[0][0] if self._coming else float("inf")

    def _deliver(self) -> list[tuple[int, Outcome]]:
        when, _, data = self._coming.pop(0)
        self.now = max(self.now, when)
        return self.exchange.receive(data, self.now)

    def _expire(self, deadline: float) -> list[tuple[int, Outcome]]:
        assert self.exchange.expire(deadline - 0.001) == []
        self.now = deadline
        return self.exchange.expire(deadline)

    def results(self) -> list[Result | None]:
        return [outcome and outcome.result for outcome in self.outcomes]
