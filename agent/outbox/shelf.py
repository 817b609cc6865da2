"""Which segments a log has: what is on disk, without reading it. Pure; whoever reads and writes is elsewhere."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from agent.outbox.walk import Span


@dataclass(slots=True)
class Segment:
    """A file with the numbers from `first` up to the next one's."""

    first: int
    name: str
    size: int
    opened_ms: int = 0
    """Wall time when it was begun; 0 where that is not known."""


class Shelf:
    """The segments of one log, in order."""

    def __init__(self, segments: Iterable[Segment] = ()) -> None:
        self.segments = sorted(segments, key=lambda segment: segment.name)
        self.leaving: list[str] = []
        """Names of segments that nobody needs, until they are removed."""

    @property
    def size(self) -> int:
        return sum(segment.size for segment in self.segments)

    def add(self, segment: Segment) -> None:
        self.segments.append(segment)

    def spans(self, end: int, number: int = 0) -> list[Span]:
        """Up to `end`, from the one that has `number`; an older segment gives way where a newer one begins."""
        spans = [
            Span(segment.name, segment.first, self.end_of(place, end)) for place, segment in enumerate(self.segments)
        ]
        return [span for span in spans if span.end > number and span.first < span.end]

    def end_of(self, place: int, end: int) -> int:
        """Where the numbers of the segment at that place end."""
        return self.segments[place + 1].first if place + 1 < len(self.segments) else end

    def done(self, floor: int) -> None:
        """The segments, but the newest, that lie wholly below a number are to leave."""
        while len(self.segments) > 1 and self.segments[1].first <= floor:
            self.let_go(self.segments[0])

    def let_go(self, segment: Segment) -> None:
        """It is to leave, if it does not already."""
        if segment in self.segments:
            self.segments.remove(segment)
            self.leaving.append(segment.name)

    def place_of(self, number: int) -> int:
        """Index of the segment that has this number; -1 before the first."""
        return bisect_right(self.segments, number, key=lambda segment: segment.first) - 1


def bytes_of(shelf: Shelf, end: int, runs: Sequence[tuple[int, int]]) -> int:
    """About how many bytes the numbers in `runs` take, from what their segments take on average."""
    total = 0.0
    spans = {span.name: span for span in shelf.spans(end)}
    for segment in shelf.segments:
        span = spans.get(segment.name)
        if span is None:
            continue
        here = sum(max(0, min(stop, span.end) - max(start, span.first)) for start, stop in runs)
        total += segment.size * here / (span.end - span.first)
    return round(total)
