"""What was dropped and is not announced yet: one span per stream, run, reason and set of losers. Pure.

Spans grow while the loss lasts, so that a week of it is one event and not a flood of them.
"""

from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from agent.outbox.walk import Hole
from agent.record import Event, Record, ulid


@dataclass(slots=True)
class _Span:
    from_seq: int
    to_seq: int
    from_t: int
    to_t: int
    records: int
    since: float
    """Monotonic time of the first loss."""

    def widen(self, other: "_Span") -> None:
        self.from_seq = min(self.from_seq, other.from_seq)
        self.to_seq = max(self.to_seq, other.to_seq)
        self.from_t = min(self.from_t, other.from_t)
        self.to_t = max(self.to_t, other.to_t)
        self.records += other.records


_Key = tuple[str, int, str, tuple[str, ...]]


class Gaps:
    """Losses on their way to becoming gap events."""

    def __init__(self) -> None:
        self.is_changed = False
        """Since somebody looked and reset it."""
        self._spans: dict[_Key, _Span] = {}
        self._told: dict[int, tuple[_Key, _Span]] = {}
        """Announced by an event of that number, which a kill or a power cut could still take."""

    def to_json(self) -> list[object]:
        """To be kept over a restart: who lost something must hear of it whatever happens meanwhile."""
        return [[*key[:3], list(key[3]), asdict(span)] for key, span in (*self._spans.items(), *self._told.values())]

    def from_json(self, said: object, now_s: float) -> None:
        """Take up what `to_json` said; raises `ValueError`, `TypeError` or `KeyError` where it was something else."""
        for stream, boot, reason, losers, span in said if isinstance(said, list) else ():
            self._add((stream, int(boot), reason, tuple(losers)), _Span(**{**span, "since": now_s}))

    def __bool__(self) -> bool:
        return bool(self._spans)

    def lose(self, record: Record, losers: Iterable[str], reason: str, now_s: float) -> None:
        """A record will not reach these destinations. A lost gap event passes on what it should have announced."""
        names = tuple(sorted(losers))
        event = record.event
        oldest = event.time_ms if event else min((m.time_ms for m in record.moments), default=0)
        self._add(
            (record.stream, record.boot, reason, names),
            _Span(record.seq, record.seq, oldest, record.time_ms, 1, now_s),
        )
        if event is not None and event.type == "gap":
            self._pass_on(record.stream, event, names, now_s)

    def lose_hole(self, hole: Hole, losers: Iterable[str], reason: str, now_s: float) -> None:
        """The same of records that nobody has any more."""
        records = hole.to_seq - hole.from_seq + 1
        span = _Span(hole.from_seq, hole.to_seq, hole.from_t, hole.to_t, records, now_s)
        self._add((hole.stream, hole.boot, reason, tuple(sorted(losers))), span)

    def pass_on(self, record: Record, losers: Iterable[str], now_s: float) -> None:
        """A gap event is lost, and was counted elsewhere: others must announce what it would have announced."""
        if record.event is not None and record.event.type == "gap":
            self._pass_on(record.stream, record.event, tuple(sorted(losers)), now_s)

    def _pass_on(self, stream: str, event: Event, names: tuple[str, ...], now_s: float) -> None:
        lost_by = event.data["lost_by"]
        still = tuple(name for name in names if isinstance(lost_by, list) and name in lost_by)
        if still:
            boot, first, last, begin, end, count = (
                int(str(event.data[key])) for key in ("boot", "from_seq", "to_seq", "from_t", "to_t", "records")
            )
            span = _Span(first, last, begin, end, count, now_s)
            self._add((stream, boot, str(event.data["reason"]), still), span)

    def _add(self, key: _Key, span: _Span) -> None:
        self.is_changed = True
        known = self._spans.get(key)
        if known is None:
            self._spans[key] = span
        else:
            known.widen(span)

    def due(
        self, destination: str, before_s: float, now: Callable[[], tuple[int, int | None]], number: int | None = None
    ) -> list[Record]:
        """Take out what `destination` lost at or before a monotonic time, as events.

        Where these will have the numbers from `number` on, they are remembered until those are safe (`forget`).
        """
        keys = [key for key, span in self._spans.items() if destination in key[3] and span.since <= before_s]
        told = [(key, self._spans.pop(key)) for key in keys]
        if number is not None:
            self._told.update(enumerate(told, number))
        self.is_changed = self.is_changed or bool(told)
        return [_announcement(key, span, *now()) for key, span in told]

    def forget(self, is_safe: Callable[[int], bool]) -> None:
        """What was announced by an event that is safe need not be kept here."""
        for number in [number for number in self._told if is_safe(number)]:
            del self._told[number]
            self.is_changed = True


def _announcement(key: _Key, span: _Span, time_ms: int, offset_ms: int | None) -> Record:
    stream, boot, reason, losers = key
    data = {
        "boot": boot,
        "from_seq": span.from_seq,
        "to_seq": span.to_seq,
        "from_t": span.from_t,
        "to_t": span.to_t,
        "records": span.records,
        "reason": reason,
        "lost_by": list(losers),
    }
    return Record(stream, event=Event("gap", time_ms, data, id=ulid(time_ms)), offset_ms=offset_ms)
