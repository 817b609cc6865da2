"""Which reply belongs to which request where frames have no transaction id: serial lines and what carries them. Pure.

One request at a time. A reply that came too late cannot be told from the reply to the next request, so:

* **Drain.** A unit that owes a reply, because none came in time or what came did not fit, is asked nothing more until
  one came that fits, or until `max_late` has passed since; other units are told apart by their number and may be asked
  meanwhile. What a unit owes outlives the connection, since a gateway may pass the late reply on to the next one.
* **Echo.** On some RS-485 adapters every request comes back before its reply. Whether a line echoes is learnt from a
  request that no reply can look like, and that it does not only where nothing at all came before the reply; until then
  bytes that equal the request are never a value.

A frame counts when unit, function, length and checksum are right; what is around it is passed over.
"""

from typing import NamedTuple

from drivers.modbus.counts import Counts
from drivers.modbus.endpoint import Line
from drivers.modbus.exchange import SILENCES, Echo
from drivers.modbus.frames import Framing
from drivers.modbus.request import Outcome, Request, Result

_ALWAYS = float("-inf")
_MOST = 1100
"""Bytes that are kept unread: two ASCII frames of the longest kind. More is noise, of which the newest is kept."""


class Pending(NamedTuple):
    """The request that is on its way."""

    ticket: int
    request: Request
    frame: bytes
    sent: float
    deadline: float
    owed_until: float
    """When its reply can be expected no more."""


class Manner(NamedTuple):
    """What does not change from one connection to the next."""

    framing: Framing
    line: Line | None
    """The serial line, if its speed is known: what is long on it is waited for longer."""
    timeout_s: float
    max_late_s: float
    is_replaced: bool
    """Whether three time-outs in a row say that the connection is dead: a socket yes, a serial port no."""


class Debt(NamedTuple):
    """A reply that may still come."""

    until: float
    """In monotonic seconds."""
    request: Request


Debts = dict[int, Debt]
"""Unit -> what it owes. Shared by all exchanges of one endpoint."""


class SerialExchange:
    """Requests and replies in RTU or ASCII frames. Tickets are the caller's numbers for his requests."""

    def __init__(self, manner: Manner, debts: Debts, counts: Counts) -> None:
        self.broken: str | None = None
        self.answered = False
        self.echo = Echo.UNKNOWN
        """Whether our own requests come back."""
        self._its = manner
        self.is_uneven = True
        self.debts = debts
        self._counts = counts
        self._pending: Pending | None = None
        self._rest = b""
        self._is_echoed = False
        """Whether the pending request came back."""
        self._is_clean = True
        """Whether nothing was passed over since the pending request."""
        self._silences = 0

    @property
    def has_room(self) -> bool:
        """Whether a request may be sent now, as far as the line is concerned."""
        return self._pending is None and self.broken is None

    def free_at(self, unit: int) -> float:
        """When that unit may be asked, in monotonic seconds."""
        return self.debts[unit].until if unit in self.debts else _ALWAYS

    @property
    def deadline(self) -> float | None:
        """When the request times out."""
        return self._pending.deadline if self._pending is not None else None

    def send(self, ticket: int, request: Request, now: float) -> bytes:
        """The bytes to write for a request, which is pending from now on. What came before it is forgotten."""
        frame = self._its.framing.encode(request.pdu)
        sent = now + self._transmission_s(len(frame), request)
        deadline, last = sent + min(self._its.timeout_s, request.patience_s), sent + self._its.timeout_s
        self._pending = Pending(ticket, request, frame, now, deadline, last + self._its.max_late_s)
        self._rest, self._is_echoed, self._is_clean = b"", False, True
        self.debts.pop(request.unit, None)
        self._counts.requests += 1
        return frame

    def _transmission_s(self, asking: int, request: Request) -> float:
        line = self._its.line
        return line.transmission_s(asking + self._its.framing.size(request.size)) if line is not None else 0.0

    def receive(self, data: bytes, now: float) -> list[tuple[int, Outcome]]:
        """What ends with these bytes: (ticket, outcome). Never raises, whatever the bytes are."""
        rest = self._rest + data
        self._rest = rest[-_MOST:]
        self._is_clean = self._is_clean and len(rest) <= _MOST
        pending = self._pending
        if pending is not None and self.echo is not Echo.NO and not self._is_echoed:
            self._strip_echo(pending.frame)
        return self._take_frames(now)

    def _strip_echo(self, frame: bytes) -> None:
        """Our own request in front of everything else."""
        if self._rest.startswith(frame):
            self._rest = self._rest[len(frame) :]
            self._is_echoed = True

    def _take_frames(self, now: float, *, is_over: bool = False) -> list[tuple[int, Outcome]]:
        ended: list[tuple[int, Outcome]] = []
        while (pending := self._pending) is not None or self.debts:
            units = self.debts.keys() if pending is None else {pending.request.unit, *self.debts}
            cut = self._its.framing.cut(self._rest, units, is_over=is_over)
            if cut is None:
                break
            self._rest = self._rest[cut.end :]
            self._is_clean = self._is_clean and cut.begin == 0
            if pending is None or cut.frame[0] != pending.request.unit:
                self._settle_debt(cut.frame)
            elif self._is_own(cut.frame, pending):
                self._is_echoed = True
            else:
                self._pending = None
                ended.append((pending.ticket, self._judge(pending, cut.frame, now)))
        return ended

    def _settle_debt(self, frame: bytes) -> None:
        """A frame from a unit that owes one, unless it is our own request that comes back late as well."""
        request = self.debts[frame[0]].request
        is_own = frame == request.pdu and self.echo is not Echo.NO
        if not is_own and (_answers(frame, request) or _refuses(frame, request)):
            del self.debts[request.unit]
            self._counts.late += 1
            self._silences = 0

    def _is_own(self, frame: bytes, pending: Pending) -> bool:
        """Whether it is our request coming back behind some noise; a reply that looks like it is lost with that."""
        return frame == pending.request.pdu and self.echo is not Echo.NO and not self._is_echoed

    def _judge(self, pending: Pending, frame: bytes, now: float) -> Outcome:
        """What a reply means for the request."""
        request = pending.request
        self._learn_echo(pending)
        if _answers(frame, request):
            self._heard()
            self._counts.answers += 1
            return Outcome(Result.ANSWER, pending.sent, now, frame[3:])
        if _refuses(frame, request):
            self._heard()
            self._counts.exceptions += 1
            return Outcome(Result.EXCEPTION, pending.sent, now, code=frame[2])
        self._counts.protocol_errors += 1
        self._owe(pending)  # what came may be a reply of long ago, and the right one still on its way
        return Outcome(Result.PROTOCOL, pending.sent, now)

    def _learn_echo(self, pending: Pending) -> None:
        """A reply came: behind our request, or behind nothing, where no reply could be taken for the request."""
        if self.echo is not Echo.UNKNOWN:
            return
        if self._is_echoed:
            self.echo = Echo.YES
            self._counts.echoed += 1
        elif self._is_clean and not _may_look_alike(pending.request):
            self.echo = Echo.NO

    def _heard(self) -> None:
        self.answered = True
        self._silences = 0

    def expire(self, now: float) -> list[tuple[int, Outcome]]:
        """What has waited too long by now: (ticket, outcome)."""
        pending = self._pending
        if pending is None or pending.deadline > now:
            return []
        if ended := self._take_frames(now, is_over=True):  # noise may have looked like the beginning of a frame
            return ended
        self._pending = None
        self._counts.timeouts += 1
        self._counts.garbled += bool(self._rest)
        self._owe(pending)
        self._silences += 1
        if self._its.is_replaced and self._silences >= SILENCES:
            self.broken = self.broken or f"{SILENCES} time-outs in a row"
        return [(pending.ticket, Outcome(Result.TIMEOUT, pending.sent, now))]

    def _owe(self, pending: Pending) -> None:
        self.debts[pending.request.unit] = Debt(pending.owed_until, pending.request)

    def give_up(self) -> list[int]:
        """Tickets of what is still pending; nothing is pending after that, but its reply may still come."""
        pending, self._pending = self._pending, None
        if pending is None:
            return []
        self._owe(pending)
        return [pending.ticket]


def _answers(frame: bytes, request: Request) -> bool:
    return len(frame) == request.size and frame.startswith(request.head)


def _refuses(frame: bytes, request: Request) -> bool:
    return len(frame) == 3 and frame.startswith(request.refusal)


def _may_look_alike(request: Request) -> bool:
    """Whether a right reply could have the very bytes of its request."""
    return _answers(request.pdu, request)
