"""Report by exception: what is worth sending of what was read. Pure; time is passed in.

A tag is reported when it changed by more than its dead band, when its quality changed, and when it has been silent for
`max_interval`. A change inside `min_interval` stays pending and is sent when that ends. Everything runs on ticks, that
is on completed reads: a tag that a read did not name is confirmed by it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import compress
from operator import ne
from typing import NamedTuple

from agent.columns import MAX_LANES, NO_QUALITIES, Columns
from drivers.contract import Quality, Value


@dataclass(frozen=True, slots=True)
class Rule:
    """When a tag is reported. Dead bands apply to numbers only."""

    deadband: float = 0.0
    """Absolute, in the unit of the tag; a change must be larger."""
    deadband_percent: float = 0.0
    """Of the last reported value; used where `deadband` is 0."""
    min_interval_s: float = 0.0
    max_interval_s: float = 300.0

    @property
    def is_special(self) -> bool:
        return bool(self.deadband or self.deadband_percent or self.min_interval_s)

    @property
    def is_band(self) -> bool:
        """Whether there is an absolute dead band and nothing else."""
        return bool(self.deadband) and not self.min_interval_s


class _Unknown:
    """Equal to no value: what a tag has before it was ever reported good."""


_UNKNOWN = _Unknown()
_NEVER = float("inf")


class _Lane(NamedTuple):
    """One tuple of indexes, compiled."""

    indexes: Sequence[int]
    span: slice | None
    """Where the indexes follow each other, their place in the group."""
    plain: list[tuple[int, int]]
    """(position, index) of what is compared for equality."""
    banded: list[tuple[int, int, float]]
    """(position, index, dead band) of numbers with an absolute dead band and nothing else."""
    special: list[tuple[int, int]]
    """(position, index) of the rest."""


class Reporter:
    """What was reported of one group of tags, by position in the group, and what is due."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        size = len(self._rules)
        self._silent = set(range(size))
        """Never reported."""
        self._last: list[object] = [_UNKNOWN] * size
        """Last reported value; None where that was bad."""
        self._current: list[Value | None] = [None] * size
        """Newest value of tags with a special rule."""
        self._quality: dict[int, Quality] = {}
        """Reported quality where it is not good."""
        self._at = [-_NEVER] * size
        self._pending: set[int] = set()
        self._due = _NEVER
        """No heartbeat and no pending change is due before this."""
        self._lanes: dict[int, _Lane] = {}

    def tick(self, now_s: float, time_ms: int, scans: Sequence[Columns]) -> list[Columns]:
        """One completed read at monotonic time `now_s`: what is to be reported of it, at the times it was acquired.

        `scans` are those that name something; `time_ms` is the read's own time, for what it only confirms.
        """
        reports = [report for columns in scans for report in self._changed(now_s, columns)]
        if now_s >= self._due:
            reports.extend(self._overdue(now_s, time_ms))
        return reports

    def _changed(self, now_s: float, columns: Columns) -> Iterable[Columns]:
        indexes = columns.indexes
        lane = self._lanes.get(id(indexes))
        if lane is None or lane.indexes is not indexes:
            lane = self._compile(columns)
        is_clean = not columns.qualities and self._is_clean(indexes)
        positions = self._positions(now_s, lane, columns, is_clean=is_clean)
        if not positions:
            return ()
        if len(positions) == len(indexes):
            chosen = columns
        else:
            positions.sort()
            chosen = _cut(columns, positions)
        if is_clean and (not self._pending or self._pending.isdisjoint(indexes)):
            self._remember(now_s, lane, chosen)
        else:
            self._remember_each(now_s, chosen)
        if self._due == _NEVER:
            self._due = now_s + min(rule.max_interval_s for rule in self._rules)
        return (chosen,)

    def _positions(self, now_s: float, lane: _Lane, columns: Columns, *, is_clean: bool) -> list[int]:
        """Which positions are to be reported."""
        if is_clean:
            try:
                return self._compare(now_s, lane, columns)
            except TypeError:  # a tag of no declared type showed a number before and a text now
                pass
        return self._compare_each(now_s, lane, columns)

    def _is_clean(self, indexes: Sequence[int]) -> bool:
        """Whether all of these were reported good the last time."""
        return (not self._quality or self._quality.keys().isdisjoint(indexes)) and (
            not self._silent or self._silent.isdisjoint(indexes)
        )

    def _compare(self, now_s: float, lane: _Lane, columns: Columns) -> list[int]:
        """Positions to report where all was good and all is good."""
        values, last = columns.values, self._last
        if lane.span is not None and not lane.banded and not lane.special:
            return list(compress(range(len(lane.indexes)), map(ne, last[lane.span], values)))
        positions = [k for k, index in lane.plain if last[index] != values[k]]
        # Values of a banded position are numbers: the lane was compiled for the types that its tags have.
        positions += [k for k, i, by in lane.banded if not -by <= values[k] - last[i] <= by]  # type: ignore[operator]  # so
        if lane.banded:
            self._note_current(lane, values)
        positions += [k for k, index in lane.special if self._passes(now_s, index, values[k])]
        return positions

    def _note_current(self, lane: _Lane, values: Sequence[Value | None]) -> None:
        if lane.span is not None:
            self._current[lane.span] = values
        else:
            for index, value in zip(lane.indexes, values, strict=True):
                self._current[index] = value

    def _compare_each(self, now_s: float, lane: _Lane, columns: Columns) -> list[int]:
        """The same where some quality is or was not good: a change of quality passes every rule."""
        positions = []
        for k, (index, value) in enumerate(zip(lane.indexes, columns.values, strict=True)):
            if columns.qualities.get(index) != self._quality.get(index):
                changed = True
            elif self._rules[index].is_special:
                changed = self._passes(now_s, index, value)
            else:
                changed = self._last[index] != value
            if changed:
                positions.append(k)
        return positions

    def _passes(self, now_s: float, index: int, value: Value | None) -> bool:
        """Whether a value of a tag with a special rule is reported now; remembers it as the newest."""
        self._current[index] = value
        rule, last = self._rules[index], self._last[index]
        if last is not _UNKNOWN and not _beyond(rule, last, value):
            self._pending.discard(index)
            return False
        if now_s - self._at[index] < rule.min_interval_s:
            self._pending.add(index)
            self._due = min(self._due, self._at[index] + rule.min_interval_s)
            return False
        return True

    def _remember(self, now_s: float, lane: _Lane, chosen: Columns) -> None:
        """What is reported good, of tags that were reported good before."""
        if chosen.indexes is lane.indexes and lane.span is not None:
            self._last[lane.span] = chosen.values
            self._at[lane.span] = [now_s] * len(chosen.values)
            return
        for index, value in zip(chosen.indexes, chosen.values, strict=True):
            self._last[index] = value
            self._at[index] = now_s

    def _remember_each(self, now_s: float, chosen: Columns) -> None:
        for index, value in zip(chosen.indexes, chosen.values, strict=True):
            quality = chosen.qualities.get(index)
            if quality is None:
                self._quality.pop(index, None)
            else:
                self._quality[index] = quality
            self._last[index] = self._current[index] = value
            self._at[index] = now_s
        self._pending.difference_update(chosen.indexes)
        self._silent.difference_update(chosen.indexes)

    def _overdue(self, now_s: float, time_ms: int) -> Iterable[Columns]:
        """Heartbeats and changes that were held back long enough; finds out when to look again."""
        due = [index for index in range(len(self._rules)) if self._due_at(index) <= now_s]
        if due:
            values = [self._newest(index) for index in due]
            qualities = {index: self._quality[index] for index in due if index in self._quality}
            chosen = Columns(time_ms, due, values, qualities or NO_QUALITIES)
            self._remember_each(now_s, chosen)
            yield chosen
        self._due = min(map(self._due_at, range(len(self._rules))), default=_NEVER)

    def _due_at(self, index: int) -> float:
        at = self._at[index]
        if at == -_NEVER:
            return _NEVER
        rule = self._rules[index]
        return at + (rule.min_interval_s if index in self._pending else rule.max_interval_s)

    def _newest(self, index: int) -> Value | None:
        newest = self._current if self._rules[index].is_special else self._last
        return newest[index]  # type: ignore[return-value]  # reported before, so it is not `_UNKNOWN`

    def _compile(self, columns: Columns) -> _Lane:
        indexes = columns.indexes
        first, size = indexes[0], len(indexes)
        follows = all(index == first + k for k, index in enumerate(indexes))
        lane = _Lane(indexes, slice(first, first + size) if follows else None, [], [], [])
        for k, (index, value) in enumerate(zip(indexes, columns.values, strict=True)):
            rule = self._rules[index]
            if not rule.is_special:
                lane.plain.append((k, index))
            elif rule.is_band and isinstance(value, int | float) and not isinstance(value, bool):
                lane.banded.append((k, index, rule.deadband))
            else:
                lane.special.append((k, index))
        if isinstance(indexes, tuple):
            if len(self._lanes) >= MAX_LANES:
                self._lanes.clear()
            self._lanes[id(indexes)] = lane
        return lane


def _cut(columns: Columns, positions: Sequence[int]) -> Columns:
    """Only these positions."""
    indexes = [columns.indexes[k] for k in positions]
    values = [columns.values[k] for k in positions]
    times = None if columns.times is None else [columns.times[k] for k in positions]
    qualities = columns.qualities
    picked = {i: qualities[i] for i in indexes if i in qualities} if qualities else NO_QUALITIES
    return Columns(columns.time_ms, indexes, values, picked, times)


def _beyond(rule: Rule, last: object, value: Value | None) -> bool:
    """Whether a value differs from the last reported one by more than the dead band."""
    if isinstance(value, str) or isinstance(last, str) or isinstance(value, bool) or value is None:
        return last != value
    band = rule.deadband or abs(last) * rule.deadband_percent / 100  # type: ignore[arg-type]  # last is a number here
    return abs(value - last) > band if band else last != value  # type: ignore[operator]  # as above
