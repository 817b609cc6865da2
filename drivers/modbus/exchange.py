"""Which reply belongs to which request on one Modbus TCP connection. Bytes in, bytes out: no socket and no timer.

A peer either **echoes** the transaction id of a request or it does not (some gateways answer 0 for ever). That is
learnt on every connection anew, with one request alone, whose id starts at a random number other than 0:

* Our id comes back: the peer echoes. Requests may overlap, a time-out does no harm, a late reply is known by its id.
* Another id comes with a reply that fits: the peer does not echo. Then one request at a time; after a time-out, or
  anything unexpected, nobody could say to what the next reply belongs: the connection is `broken` and must be replaced.

A reply that does not fit its request in unit, function and length is never a value. Bytes that are no MBAP frame
(MODBUS Messaging on TCP/IP V1.0b, section 3.1.3) break the connection, for nothing after them can be trusted.
"""

from collections.abc import Collection
from enum import Enum
from struct import Struct
from typing import NamedTuple, Protocol

from drivers.modbus.counts import Counts
from drivers.modbus.request import Outcome, Request, Result

_MBAP = Struct(">HHH")
_LENGTH_MIN, _LENGTH_MAX = 2, 254
_REMEMBERED = 1024
"""Ids of timed-out requests that are kept out of use: more than a peer can owe."""
_ALWAYS = float("-inf")
SILENCES = 3
"""Time-outs in a row, over all units, after which a connection counts as dead."""


class Exchange(Protocol):
    """The conversation on one connection, as the link drives it."""

    broken: str | None
    """Why this connection must be replaced, in plain English; None as long as it is sound."""
    answered: bool
    """Something that fits has come on this connection."""
    is_uneven: bool
    """Whether a request may time out before one that was sent earlier."""

    @property
    def debts(self) -> Collection[int]:
        """Units that may not be asked at any time, because a late reply of theirs may still come."""

    @property
    def has_room(self) -> bool: ...
    def free_at(self, unit: int) -> float: ...
    @property
    def deadline(self) -> float | None: ...
    def send(self, ticket: int, request: Request, now: float) -> bytes: ...
    def receive(self, data: bytes, now: float) -> list[tuple[int, Outcome]]: ...
    def expire(self, now: float) -> list[tuple[int, Outcome]]: ...
    def give_up(self) -> list[int]: ...


class Echo(Enum):
    """What is known of the peer's transaction ids."""

    UNKNOWN = "unknown"
    YES = "yes"
    NO = "no"


_YES, _ANSWER = Echo.YES, Result.ANSWER


class _Pending(NamedTuple):
    ticket: int
    request: Request
    sent: float
    deadline: float


class MbapExchange:
    """Requests and replies in MBAP frames. Tickets are the caller's numbers for his requests."""

    def __init__(self, first_id: int, timeout_s: float, window: int, counts: Counts) -> None:
        self.broken: str | None = None
        self.answered = False
        self.is_uneven = False
        self.debts: Collection[int] = ()
        self.echo = Echo.UNKNOWN
        self._timeout_s = timeout_s
        self._window = window
        self._counts = counts
        self._id = first_id
        self._constant = 0
        self._pending: dict[int, _Pending] = {}
        self._missed: dict[int, None] = {}
        self._rest = b""
        self._silences = 0
        self._silent_since = float("-inf")

    @property
    def has_room(self) -> bool:
        """Whether one more request may be sent now."""
        window = self._window if self.echo is _YES else 1
        return self.broken is None and len(self._pending) < window

    def free_at(self, unit: int) -> float:
        """When that unit may be asked: at any time, since late replies are known by their ids."""
        return _ALWAYS

    @property
    def deadline(self) -> float | None:
        """When the oldest request times out."""
        for pending in self._pending.values():
            return pending.deadline
        return None

    def send(self, ticket: int, request: Request, now: float) -> bytes:
        """The bytes to write for a request, which is pending from now on."""
        self._id = transaction = self._next_id()
        patience_s = self._timeout_s
        if request.patience_s < patience_s:
            patience_s, self.is_uneven = request.patience_s, True
        self._pending[transaction] = _Pending(ticket, request, now, now + patience_s)
        self._counts.requests += 1
        return _MBAP.pack(transaction, 0, 6) + request.pdu

    def _next_id(self) -> int:
        following = self._id
        while True:
            following = following % 0xFFFF + 1
            if following not in self._missed and following not in self._pending:
                return following

    def receive(self, data: bytes, now: float) -> list[tuple[int, Outcome]]:
        """What ends with these bytes: (ticket, outcome). Never raises, whatever the bytes are."""
        if (
            len(self._pending) == 1
            and self.echo is _YES
            and not self._rest
            and (answer := self._whole_answer(data, now)) is not None
        ):
            return [answer]
        ended: list[tuple[int, Outcome]] = []
        data = self._rest + data if self._rest else data
        start, size = 0, len(data)
        while size - start >= 6 and self.broken is None:
            transaction, protocol, length = _MBAP.unpack_from(data, start)
            if protocol != 0 or not _LENGTH_MIN <= length <= _LENGTH_MAX:
                self._lose_stream(ended, now)
                break
            end = start + 6 + length
            if end > size:
                break
            self._frame(transaction, data[start + 6 : end], now, ended)
            start = end
        self._rest = data[start:] if start < size and self.broken is None else b""
        if self._rest and not self._pending and self.echo is not Echo.YES:
            self._break("unsolicited bytes")
        return ended

    def _whole_answer(self, data: bytes, now: float) -> tuple[int, Outcome] | None:
        """The fitting answer that these bytes are, nothing before and nothing behind it; nearly always they are one."""
        transaction = int.from_bytes(data[:2], "big")
        pending = self._pending.get(transaction)
        if pending is None:
            return None
        request = pending.request
        if len(data) != 6 + request.size or not data.startswith(request.mbap_head, 2):
            return None
        del self._pending[transaction]
        self.answered = True
        self._silences = 0
        self._counts.answers += 1
        return pending.ticket, Outcome(_ANSWER, pending.sent, now, data[9:])

    def _frame(self, transaction: int, frame: bytes, now: float, ended: list[tuple[int, Outcome]]) -> None:
        pending = self._pending.get(transaction)
        if pending is None or self.echo is Echo.NO:
            self._foreign(transaction, frame, now, ended)
            return
        self.echo = Echo.YES
        del self._pending[transaction]
        ended.append((pending.ticket, self._judge(pending, frame, now)))

    def _judge(self, pending: _Pending, frame: bytes, now: float) -> Outcome:
        """What a reply means for the request that it claims to answer."""
        request = pending.request
        if len(frame) == request.size and frame.startswith(request.head):
            self._heard()
            self._counts.answers += 1
            return Outcome(Result.ANSWER, pending.sent, now, frame[3:])
        if len(frame) == 3 and frame.startswith(request.refusal):
            self._heard()
            self._counts.exceptions += 1
            return Outcome(Result.EXCEPTION, pending.sent, now, code=frame[2])
        return self._misfit(pending, now)

    def _heard(self) -> None:
        self.answered = True
        self._silences = 0

    def _misfit(self, pending: _Pending, now: float) -> Outcome:
        self._counts.protocol_errors += 1
        return Outcome(Result.PROTOCOL, pending.sent, now)

    def _foreign(self, transaction: int, frame: bytes, now: float, ended: list[tuple[int, Outcome]]) -> None:
        """A frame whose id is not that of a pending request, or that comes from a peer that does not echo ids."""
        if transaction in self._missed and self.echo is not Echo.NO:
            self.echo = Echo.YES
            del self._missed[transaction]
            self._counts.late += 1
        elif self.echo is Echo.YES:
            self._counts.protocol_errors += 1
        elif not self._pending:
            self._counts.protocol_errors += 1
            self._break("unsolicited reply")
        elif self._missed:
            # The first reply of all, and it may be a late one: only a connection without a past can tell.
            self._break("a reply that could be a late one")
        else:
            self._unechoed(transaction, frame, now, ended)

    def _unechoed(self, transaction: int, frame: bytes, now: float, ended: list[tuple[int, Outcome]]) -> None:
        """The reply of a peer that does not echo, to the only request that is pending."""
        _, pending = self._pending.popitem()
        strange = self.echo is Echo.NO and transaction != self._constant
        outcome = self._misfit(pending, now) if strange else self._judge(pending, frame, now)
        ended.append((pending.ticket, outcome))
        if outcome.result is Result.PROTOCOL:
            self._break("a reply that does not fit")
        elif self.echo is Echo.UNKNOWN:
            self.echo, self._constant = Echo.NO, transaction
            self._counts.unechoed += 1

    def _lose_stream(self, ended: list[tuple[int, Outcome]], now: float) -> None:
        """The bytes are no frames any more, so what came in one piece with them is not believed either."""
        for at, (ticket, outcome) in enumerate(ended):
            self._counts.answers -= outcome.result is Result.ANSWER
            self._counts.exceptions -= outcome.result is Result.EXCEPTION
            self._counts.protocol_errors += outcome.result is not Result.PROTOCOL
            ended[at] = ticket, Outcome(Result.PROTOCOL, outcome.sent, now)
        if not ended and self._pending:
            pending = self._pending.pop(next(iter(self._pending)))
            ended.append((pending.ticket, self._misfit(pending, now)))
        elif not ended:
            self._counts.protocol_errors += 1
        self._break("bytes that are not Modbus TCP")

    def expire(self, now: float) -> list[tuple[int, Outcome]]:
        """What has waited too long by now: (ticket, time-out)."""
        ended = []
        while self._pending:
            transaction, pending = next(iter(self._pending.items()))
            if pending.deadline > now:
                break
            del self._pending[transaction]
            self._counts.timeouts += 1
            self._remember(transaction)
            self._count_silence(pending.sent, now)
            ended.append((pending.ticket, Outcome(Result.TIMEOUT, pending.sent, now)))
        if ended:
            self._judge_silence()
        return ended

    def _remember(self, transaction: int) -> None:
        self._missed[transaction] = None
        if len(self._missed) > _REMEMBERED:
            del self._missed[next(iter(self._missed))]

    def _count_silence(self, sent: float, now: float) -> None:
        """Requests that were in flight together fall silent together: that is one time-out in a row."""
        if sent >= self._silent_since:
            self._silences += 1
            self._silent_since = now

    def _judge_silence(self) -> None:
        if self.echo is Echo.NO:
            self._break("a time-out of a peer that does not echo transaction ids")
        elif self._rest:
            self._break("a reply that stopped half-way")
        elif self._silences >= SILENCES:
            self._break(f"{SILENCES} time-outs in a row")

    def _break(self, reason: str) -> None:
        self.broken = self.broken or reason
        self._rest = b""

    def give_up(self) -> list[int]:
        """Tickets of what is still pending, oldest first; nothing is pending after that."""
        tickets = [pending.ticket for pending in self._pending.values()]
        self._pending.clear()
        return tickets


class DatagramExchange(MbapExchange):
    """The same over UDP, where every datagram is whole or worth nothing."""

    def receive(self, data: bytes, now: float) -> list[tuple[int, Outcome]]:
        """What ends with this datagram. What is left of it would be glued to the next one, so the port is given up."""
        ended = super().receive(data, now)
        if self._rest:
            self._lose_stream(ended, now)
        return ended
