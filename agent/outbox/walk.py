"""Reads one log from disk in order, in pieces, and says exactly what is damaged. Used by one thread at a time.

Every stream counts its records without holes, and so does the log: a number that jumps says how much is lost, a seq
that jumps says of what.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from agent.outbox import frames
from agent.outbox.bodies import from_json
from agent.outbox.bodies import record as record_of
from agent.outbox.disk import Disk
from agent.outbox.frames import Frame
from agent.record import Record

PIECE_BYTES = 256 * 1024
WHOLE = 1 << 30
"""More than any segment has: a record may be larger than a segment should be."""


class Span(NamedTuple):
    """A segment: it holds the numbers of [first, end); what its frames say beyond that was written anew elsewhere."""

    name: str
    first: int
    end: int


class Hole(NamedTuple):
    """Records of one stream that are not there."""

    stream: str
    boot: int
    from_seq: int
    to_seq: int
    from_t: int
    to_t: int
    numbers: tuple[int, int] = (0, 0)
    """They are among the missing ones of this half-open range."""


class Found(NamedTuple):
    number: int
    record: Record
    size: int


@dataclass(slots=True)
class Piece:
    """What one look brought."""

    walked: int
    """All numbers below it were looked at."""
    records: list[Found] = field(default_factory=list)
    damaged: list[tuple[int, int]] = field(default_factory=list)
    """Half-open ranges of numbers that are not there."""
    holes: list[Hole] = field(default_factory=list)
    """What was in them, as far as that is known by now; the rest may follow in later pieces."""
    unsure: Mapping[str, tuple[int, int, int]] = field(default_factory=dict)
    """Streams that may have been in them too, and of which the log has nothing afterwards: where they stood before, as
    boot, next seq, time of the newest record."""


class Walk:
    """One way through a log. `read` raises `OSError` and may be asked again."""

    def __init__(
        self,
        disk: Disk,
        aside: Callable[[str, int, bytes], None],
        piece_bytes: int = PIECE_BYTES,
        *,
        looks_ahead: bool = True,
    ) -> None:
        """`aside` is given what is damaged: name of the segment, where it was, the bytes.

        `looks_ahead`: whether what a damage took is looked for beyond what is asked for.
        """
        self._looks_ahead = looks_ahead
        self._disk = disk
        self._aside = aside
        self._piece_bytes = piece_bytes
        self._name = ""
        self._at = 0
        """Where the newest whole frame of the segment ends."""
        self._next = -1
        """The number that comes next."""
        self._frames: Iterator[tuple[Frame, bytes]] = iter(())
        self._early: tuple[Frame, bytes] | None = None
        """A frame beyond what was asked for."""
        self._streams: dict[str, tuple[int, int, int]] = {}
        """Stream -> boot, next seq, time of the newest record."""
        self._seen_ahead: set[tuple[str, int, int, int]] = set()
        """Holes that were told before the way came to their end: stream, boot, first seq, the seq after."""
        self._has_all = False
        """Whether every stream of this log so far is among them."""
        self._lacks_from = -1
        """The first number that is missing as long as not all streams have told what of them; -1 where all have."""

    def read(self, number: int, until: int, spans: Sequence[Span]) -> Piece:
        """Records from `number` on and below `until`, about `piece_bytes` of them, and what is missing there.

        `spans` are the segments of the log in order; the last one may still grow.
        """
        span = next((span for span in spans if span.end > number), None)
        if span is None or span.first > number:
            return self._nothing(number, until if span is None else min(span.first, until))
        if self._name != span.name or self._next > number:
            self._enter(span)
        piece, end = Piece(number), min(span.end, until)
        size = 0
        while self._next < end and size < self._piece_bytes:
            found = self._following(end)
            if found is None:
                self._lack(piece, number, end)
            else:
                size += self._take(piece, number, *found)
        piece.walked = max(min(self._next, end), number)
        if piece.damaged and self._lacks_from >= 0 and self._looks_ahead:
            self._look_ahead(piece, spans)
        return piece

    def _look_ahead(self, piece: Piece, spans: Sequence[Span]) -> None:
        """Nobody may come to read on here, as what follows may be in memory: see there what is missing of whom."""
        later: dict[str, tuple[int, int, int]] = {}
        for frame, data in self._ahead(spans):
            if frame.kind == frames.SEGMENT:
                for stream, (boot, seq) in _standing(frame, data).items():
                    later.setdefault(stream, (boot, seq, frame.time_ms))
                break  # it names all streams
            if frame.is_record and frame.number >= self._next:
                later.setdefault(frame.stream, (frame.boot, frame.seq, frame.time_ms))
        told = len(piece.holes)
        for stream, (boot, seq, time_ms) in later.items():
            self._count(piece, stream, boot, seq, time_ms)
        self._seen_ahead.update((one.stream, one.boot, one.from_seq, one.to_seq + 1) for one in piece.holes[told:])
        piece.unsure = {stream: stood for stream, stood in self._streams.items() if stream not in later}

    def _ahead(self, spans: Sequence[Span]) -> Iterator[tuple[Frame, bytes]]:
        """The frames that follow, without moving: the rest of this segment, and those after it."""
        if self._early is not None:
            yield self._early
        for span in spans:
            if span.name != self._name and span.first < self._next:
                continue
            try:
                data = self._disk.read(span.name, self._at if span.name == self._name else 0, WHOLE)
            except FileNotFoundError:
                continue
            yield from ((frame, data) for frame in frames.scan(data))

    def _nothing(self, number: int, end: int) -> Piece:
        """No segment has these numbers."""
        self._miss(number, end)
        if number == 0:
            # From its very beginning on a log has no stream but those that come.
            self._streams, self._has_all = {}, True
        if number in (self._next, 0):
            self._next = end
        return Piece(max(number, end), damaged=[(number, end)] if number < end else [])

    def _enter(self, span: Span) -> None:
        if self._next != span.first or self._name == span.name:
            self._streams, self._lacks_from, self._has_all = {}, -1, span.first == 0
            self._seen_ahead.clear()
        self._name, self._at, self._next, self._early = span.name, 0, span.first, None
        self._frames = self._whole()

    def _whole(self) -> Iterator[tuple[Frame, bytes]]:
        """The frames of the segment; looks again when all were seen, because it may have grown."""
        while data := self._content():
            begun = at = self._at
            for found in frames.scan(data):
                if begun + found.at > at:
                    self._aside(self._name, at, data[at - begun : found.at])
                at = self._at = begun + found.at + found.length
                yield found, data
            if at == begun:
                self._aside(self._name, at, data)
                return

    def _content(self) -> bytes:
        try:
            return self._disk.read(self._name, self._at, WHOLE)
        except FileNotFoundError:
            return b""

    def _following(self, end: int) -> tuple[Frame, bytes] | None:
        try:
            found = self._early or next(self._frames, None)
        except OSError:
            # A generator that raised is at its end: the next one goes on where this one was.
            self._frames = self._whole()
            raise
        self._early = None
        if found is None:
            self._frames = self._whole()
        if found is not None and found[0].is_record and found[0].number >= end:
            self._early = found
            return None
        return found

    def _lack(self, piece: Piece, number: int, end: int) -> None:
        """Numbers up to there should have come and did not."""
        self._miss(self._next, end)
        first = max(self._next, number)
        if first < end:
            piece.damaged.append((first, end))
        self._next = max(end, self._next)

    def _miss(self, first: int, end: int) -> None:
        """Also what nobody needs any more: its streams must not be taken for those of what comes."""
        if first < end and self._lacks_from < 0:
            self._lacks_from = first

    def _take(self, piece: Piece, number: int, found: Frame, data: bytes) -> int:
        """How many bytes of records that counts for."""
        if found.kind == frames.SEGMENT:
            self._compare(piece, found, data)
        if not found.is_record or found.number < self._next:
            return 0
        if found.number > self._next:
            self._lack(piece, number, found.number)
        self._count(piece, found.stream, found.boot, found.seq, found.time_ms)
        self._streams[found.stream] = (found.boot, found.seq + 1, found.time_ms)
        self._next = found.number + 1
        if found.number < number:
            return 0
        body = data[found.body_at : found.at + found.length]
        try:
            record = record_of(found.stream, found.boot, found.seq, body)
        except (ValueError, TypeError, KeyError):
            piece.damaged.append((found.number, found.number + 1))
            numbers = found.number, found.number + 1
            piece.holes.append(
                Hole(found.stream, found.boot, found.seq, found.seq, found.time_ms, found.time_ms, numbers)
            )
        else:
            piece.records.append(Found(found.number, record, found.length))
        return found.length

    def _compare(self, piece: Piece, head: Frame, data: bytes) -> None:
        """The head of a segment knows where every stream stood: what is missing before it is known now."""
        for stream, (boot, seq) in _standing(head, data).items():
            self._count(piece, stream, boot, seq, head.time_ms)
            self._streams[stream] = (boot, seq, self._streams.get(stream, (0, 0, head.time_ms))[2])
        self._lacks_from, self._has_all = -1, True

    def _count(self, piece: Piece, stream: str, boot: int, seq: int, time_ms: int) -> None:
        if self._lacks_from < 0:
            return
        its, next_, newest_ms = self._streams.get(stream, (boot, 0, time_ms) if self._has_all else (boot, seq, 0))
        if its != boot:
            # Its run is another one, and counts from 0 again.
            next_ = 0
        if next_ < seq and (stream, boot, next_, seq) not in self._seen_ahead:
            piece.holes.append(Hole(stream, boot, next_, seq - 1, newest_ms, time_ms, (self._lacks_from, self._next)))


def _standing(head: Frame, data: bytes) -> Mapping[str, tuple[int, int]]:
    """Stream -> boot and next seq, as the head of a segment has them."""
    said = from_json(data[head.body_at : head.at + head.length])
    streams = said.get("streams") if isinstance(said, dict) else None
    return streams if isinstance(streams, dict) else {}
