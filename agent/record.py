"""Record: what travels and is kept. One record is one message of one stream; a stream is a device."""

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from drivers.contract import Value


class Moment(NamedTuple):
    """What a device reported at one time."""

    time_ms: int
    """UTC epoch milliseconds of acquisition."""
    values: dict[str, Value | None]
    """Tag name -> value; None exactly where the quality is bad."""
    qualities: dict[str, str]
    """Tag name -> reason (`bad.timeout`), only where it is not good."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, rather than a value: comm, clock, gap, state, alarm ..."""

    type: str
    time_ms: int
    data: Mapping[str, object]
    context: Mapping[str, Value | None] = field(default_factory=dict)
    id: str = ""


@dataclass(slots=True)
class Record:
    """Moments, or one event, of one stream. Its identity is (gateway, stream, boot, seq).

    `boot` and `seq` are given by the outbox when the record is appended; a record is not changed after that.
    """

    stream: str
    moments: Sequence[Moment] = ()
    event: Event | None = None
    rev: int = 0
    """Revision of the meta that explains it."""
    offset_ms: int | None = None
    """Only of a record taken while the wall clock was implausible: wall minus monotonic time at that moment."""
    boot: int = -1
    seq: int = -1
    said: Sequence[bytes] = field(default=(), compare=False, repr=False)
    """The values of each moment in JSON, as `orjson` says them: kept by whoever needed them first, for the others."""

    @property
    def time_ms(self) -> int:
        """When the newest thing in it happened: UTC epoch milliseconds."""
        if self.event is not None:
            return self.event.time_ms
        if len(self.moments) == 1:
            return self.moments[0].time_ms
        return max((moment.time_ms for moment in self.moments), default=0)


class Entry(NamedTuple):
    """A record on its way to one destination."""

    lsn: int
    """Log sequence number: counts from 0 over all streams of this outbox."""
    record: Record
    hist: bool
    """Delivered out of the live order: appended before this connection, or more than 10 s behind."""


_CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid(time_ms: int) -> str:
    """A sortable unique id: 48 bits of time, 80 of chance, in Crockford's base 32 (the ULID specification)."""
    number = (max(time_ms, 0) & (1 << 48) - 1) << 80 | secrets.randbits(80)
    return "".join(_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5))
