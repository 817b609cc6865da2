"""The numbers of one device in one boot: which came, which were announced as lost, which nobody explains. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from agent.verify.spans import Span, Spans, size

SPANS_MOST = 4096
"""Intervals kept for one boot of one device. With more holes than that the lowest are judged at once, for good."""
SPLIT_MOST = 256
"""Records of which some parts are here and some are not."""
NAMED_MOST = 20
MASK = (1 << 64) - 1


class Verdict(NamedTuple):
    """How many numbers are not here, and why."""

    announced: int = 0
    unannounced: int = 0
    unseen: int = 0
    """They passed while we were not connected and nobody kept them for us."""
    named: Sequence[Span] = ()
    """The first of the unannounced."""

    def plus(self, other: "Verdict") -> "Verdict":
        return Verdict(
            self.announced + other.announced,
            self.unannounced + other.unannounced,
            self.unseen + other.unseen,
            (*self.named, *other.named)[:NAMED_MOST],
        )


class Part(NamedTuple):
    """Content of a record, or of a part of one."""

    digest: int
    """The digests of all parts together make that of the whole."""
    values: int


class Known(Exception):
    """A part that is here already, with its digest."""

    def __init__(self, digest: int) -> None:
        super().__init__(digest)
        self.digest = digest


@dataclass(slots=True)
class Numbering:
    """Takes numbers and losses in any order; what is missing is asked for at the end, since all may come late."""

    is_from_start: bool = False
    """This boot began while we listened, so that its numbers begin at 0; else at the first one that we saw."""
    first: int | None = None
    first_data: int | None = None
    seen: Spans = field(default_factory=Spans)
    known_last: int = -1
    """What the gateway says is the last number of an ended boot."""
    _gaps: Spans = field(default_factory=Spans)
    _lost: int = 0
    """How many numbers all the gaps speak of."""
    _unseen: Spans = field(default_factory=Spans)
    _away_from: int | None = None
    _closed: Verdict = field(default_factory=Verdict)
    _closed_covered: int = 0
    _split: dict[int, dict[int, dict[int, Part]]] = field(default_factory=dict)
    """Number -> count of parts -> number of the part."""

    def take(self, seq: int) -> bool:
        """Whether this number is new."""
        if seq in self.seen:
            return False
        if self.first is None:
            self.first = seq
        if self._away_from is not None and seq >= self._away_from:
            if seq > self._away_from:
                self._unseen.add(self._away_from, seq - 1)
            self._away_from = None
        self.seen.add(seq)
        self._split.pop(seq, None)
        if len(self.seen) > SPANS_MOST:
            self._close_lowest()
        return True

    def take_part(self, seq: int, number: int, count: int, part: Part) -> Part | None:
        """One part of a record that is not complete; the whole, if it is complete now. Raises `Known`."""
        parts = self._split.setdefault(seq, {}).setdefault(count, {})
        if number in parts:
            raise Known(parts[number].digest)
        parts[number] = part
        if len(self._split) > SPLIT_MOST:
            del self._split[min(self._split)]
        if len(parts) < count:
            return None
        return Part(sum(one.digest for one in parts.values()) & MASK, sum(one.values for one in parts.values()))

    def lose(self, first: int, last: int, records: int) -> None:
        """A gap event: so many of the numbers from `first` to `last` will not come."""
        self._gaps.add(first, last)
        self._lost += records
        if len(self._gaps) > SPANS_MOST:
            self._gaps.close_lowest()

    def away(self) -> None:
        """We were not connected, and what was sent then was not kept for us."""
        if self.seen and self._away_from is None:
            self._away_from = self.seen.last + 1

    def _close_lowest(self) -> None:
        hole = self.seen.close_lowest()
        covered, unseen, bare = self._parted(hole)
        self._closed_covered += covered
        bare_count = sum(map(size, bare))
        self._closed = self._closed.plus(Verdict(0, bare_count, unseen, bare))

    def verdict(self, *, is_cut_off: bool = False) -> Verdict:
        """What is missing by now. `is_cut_off`: the beginning may have been removed up to the first data."""
        floor = self._floor(is_cut_off)
        covered, total = self._closed_covered, self._closed
        for hole in self.seen.missing(floor, self._top):
            some, unseen, bare = self._parted(hole)
            covered += some
            total = total.plus(Verdict(0, sum(map(size, bare)), unseen, bare))
        explained = min(covered, self._lost)
        before = min(self._lost - explained, self._announced_below(floor))
        return total.plus(Verdict(explained + before, covered - explained))

    def _floor(self, is_cut_off: bool) -> int:
        if is_cut_off:
            return self._top + 1 if self.first_data is None else self.first_data
        if self.is_from_start:
            return 0
        return self._top + 1 if self.first is None else self.first

    @property
    def _top(self) -> int:
        return max(self.seen.last, self.known_last, self._gaps.last)

    def _parted(self, hole: Span) -> tuple[int, int, list[Span]]:
        """How much of a hole gaps cover, how much of the rest passed while we were away, and what is left."""
        open_ones = list(self._gaps.missing(*hole))
        away = list(self._unseen)
        if self._away_from is not None:
            away.append((self._away_from, max(self._top, self._away_from)))
        passed = Spans()
        for first, last in away:
            passed.add(first, last)
        bare = [rest for span in open_ones for rest in passed.missing(*span)]
        uncovered = sum(map(size, open_ones))
        return size(hole) - uncovered, uncovered - sum(map(size, bare)), bare

    def _announced_below(self, floor: int) -> int:
        """Numbers before the first one that we judge, which gaps speak of and which never came."""
        below = ((first, min(last, floor - 1)) for first, last in self._gaps if first < floor)
        return sum(size(span) - self.seen.within(*span) for span in below)
