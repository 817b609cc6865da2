"""Report by exception: what is worth sending of what was read. Pure; time is passed in.

A tag is reported when it changed by more than its dead band, when its quality changed, and when it has been silent for
`max_interval`. A change inside `min_interval` stays pending and is sent when that ends. Everything runs on ticks, that
is on completed reads: a tag that a read did not name is confirmed by it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from agent.normalise import MAX_LANES, NO_QUALITIES, Columns
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


class _Unknown:
    """Equal to no value: what a tag has before it was ever reported good."""


_UNKNOWN = _Unknown()


class _Lane(NamedTuple):
    """One tuple of indexes, compiled."""

    indexes: Sequence[int]
    span: slice | None
    """Where the indexes follow each other, their place in the group."""
    plain: list[int]
    """Positions without dead band or minimum interval."""
    special: list[int]


class Reporter:
    """What was reported of one group of tags, by position in the group, and what is due."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        size = len(self._rules)
        self._last: list[object] = [_UNKNOWN] * size
        """Last reported value; None where that was bad."""
        self._current: list[Value | None] = [None] * size
        """Newest value of tags with a special rule."""
        self._quality: dict[int, Quality] = {}
        """Reported quality where it is not good."""
        self._at = [float("-inf")] * size
        self._pending: set[int] = set()
        self._due = float("inf")
        """No heartbeat and no pending change is due before this."""
        self._lanes: dict[int, _Lane] = {}

    def tick(self, now_s: float, scans: Sequence[Columns]) -> list[Columns]:
        """One completed read at monotonic time `now_s`: what is to be reported of it, at the times it was acquired."""
        reports = [report for columns in scans for report in self._changed(now_s, columns)]
        if now_s >= self._due and scans:
            reports.extend(self._overdue(now_s, scans[-1].time_ms))
        return reports

    def _changed(self, now_s: float, columns: Columns) -> Iterable[Columns]:
        if not columns.indexes:
            return ()
        lane = self._lanes.get(id(columns.indexes))
        if lane is None or lane.indexes is not columns.indexes:
            lane = self._compile(columns.indexes)
        if columns.qualities or not self._quality.keys().isdisjoint(lane.indexes):
            positions = self._compare_each(now_s, lane, columns)
        else:
            positions = self._compare(now_s, lane, columns)
        if not positions:
            return ()
        return (self._reported(now_s, lane, columns, positions),)

    def _compare(self, now_s: float, lane: _Lane, columns: Columns) -> list[int]:
        """Positions to report where all was good and all is good."""
        values, last = columns.values, self._last
        if lane.special or lane.span is None:
            indexes = lane.indexes
            positions = [k for k in lane.plain if last[indexes[k]] != values[k]]
            positions += [k for k in lane.special if self._passes(now_s, indexes[k], values[k])]
            return positions
        return [k for k, (old, new) in enumerate(zip(last[lane.span], values, strict=True)) if old != new]

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

    def _reported(self, now_s: float, lane: _Lane, columns: Columns, positions: list[int]) -> Columns:
        """Note what is reported and cut it out of the columns; the whole of them passes untouched."""
        indexes, values, qualities = columns.indexes, columns.values, columns.qualities
        if len(positions) == len(values):
            chosen = columns
        else:
            positions.sort()
            indexes, values = tuple(indexes[k] for k in positions), [values[k] for k in positions]
            times = None if columns.times is None else [columns.times[k] for k in positions]
            picked = {i: qualities[i] for i in indexes if i in qualities} if qualities else NO_QUALITIES
            chosen = Columns(columns.time_ms, indexes, values, picked, times)
        if qualities or self._quality or self._pending:
            self._remember_each(now_s, chosen)
        elif lane.span is not None and chosen is columns:
            self._last[lane.span] = values
            self._at[lane.span] = [now_s] * len(values)
        else:
            for index, value in zip(indexes, values, strict=True):
                self._last[index] = value
                self._at[index] = now_s
        if self._due == float("inf"):
            self._due = now_s + min(rule.max_interval_s for rule in self._rules)
        return chosen

    def _remember_each(self, now_s: float, chosen: Columns) -> None:
        for index, value in zip(chosen.indexes, chosen.values, strict=True):
            quality = chosen.qualities.get(index)
            if quality is None:
                self._quality.pop(index, None)
            else:
                self._quality[index] = quality
            self._last[index] = self._current[index] = value
            self._at[index] = now_s
            self._pending.discard(index)

    def _overdue(self, now_s: float, time_ms: int) -> Iterable[Columns]:
        """Heartbeats and changes that were held back long enough; finds out when to look again."""
        due = [index for index in range(len(self._rules)) if self._due_at(index) <= now_s]
        if due:
            values = [self._newest(index) for index in due]
            qualities = {index: self._quality[index] for index in due if index in self._quality}
            chosen = Columns(time_ms, tuple(due), values, qualities or NO_QUALITIES)
            self._remember_each(now_s, chosen)
            yield chosen
        self._due = min(map(self._due_at, range(len(self._rules))), default=float("inf"))

    def _due_at(self, index: int) -> float:
        at = self._at[index]
        if at == float("-inf"):
            return float("inf")
        rule = self._rules[index]
        return at + (rule.min_interval_s if index in self._pending else rule.max_interval_s)

    def _newest(self, index: int) -> Value | None:
        newest = self._current if self._rules[index].is_special else self._last
        return newest[index]  # type: ignore[return-value]  # reported before, so it is not `_UNKNOWN`

    def _compile(self, indexes: Sequence[int]) -> _Lane:
        first, size = indexes[0], len(indexes)
        follows = all(index == first + k for k, index in enumerate(indexes))
        special = [k for k, index in enumerate(indexes) if self._rules[index].is_special]
        plain = [k for k, index in enumerate(indexes) if not self._rules[index].is_special]
        lane = _Lane(indexes, slice(first, first + size) if follows else None, plain, special)
        if isinstance(indexes, tuple):
            if len(self._lanes) >= MAX_LANES:
                self._lanes.clear()
            self._lanes[id(indexes)] = lane
        return lane


def _beyond(rule: Rule, last: object, value: Value | None) -> bool:
    """Whether a value differs from the last reported one by more than the dead band."""
    if isinstance(value, str) or isinstance(last, str) or isinstance(value, bool) or value is None:
        return last != value
    band = rule.deadband or abs(last) * rule.deadband_percent / 100  # type: ignore[arg-type]  # last is a number here
    return abs(value - last) > band if band else last != value  # type: ignore[operator]  # as above
