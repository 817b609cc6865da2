"""One device on this side of the wire: scans in, records of its stream out.

Here the pure parts meet: normalise, report, and what the device's silence or return means.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from agent import normalise, report
from agent.clock import Clock
from agent.columns import MAX_LANES, Columns
from agent.health import DeviceHealth
from agent.normalise import Normaliser
from agent.outbox.contract import Outbox
from agent.record import Event, Moment, Record, ulid
from agent.report import Reporter
from drivers.contract import Journal, Quality, Scan, Value

NO_FOLLOWERS: Mapping[int, str] = MappingProxyType({})
SILENT_READS = 3
"""Reads in a row with the same trouble before the operator is told: one lost reply is no news at 2 a.m."""
CHANGES_APART_S = 1.0
"""Scans of a subscription count as reads in trouble at most so often: three changes may come within a millisecond."""


@dataclass(slots=True)
class TagGroup:
    """The tags of a device that are read together, and what is known of them."""

    names: Sequence[str]
    normaliser: Normaliser
    reporter: Reporter
    bad: dict[int, Quality] = field(default_factory=dict)
    """Tags without a value as of the last read, by position."""
    troubled_reads: int = 0
    apart_s: float = 0.0
    """How long after a read in trouble the next one counts as another."""
    counts_from_s: float = -math.inf
    down: bool | None = None
    """Whether no tag has a value; None before the first read."""
    lanes: dict[int, tuple[Sequence[int], Sequence[str]]] = field(default_factory=dict)
    """Names for tuples of indexes that come again and again."""
    whole: tuple[int, ...] = ()
    """The positions of all tags."""
    followers: Mapping[int, str] = field(default_factory=dict)
    """Position of a tag -> the group that is read when it has changed."""
    seen: dict[int, Value] = field(default_factory=dict)
    """The last values of those tags."""
    wanted: set[str] = field(default_factory=set)
    """Groups that are to be read because of it."""

    @property
    def answers(self) -> bool:
        """Whether the last read brought a value, or nothing but refusals: somebody is there."""
        return len(self.bad) < len(self.names) or all(q is Quality.BAD_CONFIG for q in self.bad.values())

    @classmethod
    def of(
        cls,
        rules: Sequence[tuple[str, normalise.Rule, report.Rule]],
        followers: Mapping[int, str] = NO_FOLLOWERS,
        *,
        is_subscribed: bool = False,
    ) -> "TagGroup":
        """From (tag name, normalising rule, reporting rule), in the order of the driver's group."""
        names, meanings, reports = zip(*rules, strict=True)
        whole = tuple(range(len(names)))
        apart_s = CHANGES_APART_S if is_subscribed else 0.0
        return cls(names, Normaliser(meanings), Reporter(reports), whole=whole, followers=followers, apart_s=apart_s)

    def look_for_changes(self, columns: Sequence[Columns]) -> None:
        """Want the groups whose trigger has another value than last time; the first one is no change."""
        for one in columns:
            for index, value in zip(one.indexes, one.values, strict=True):
                if index in self.followers and value is not None and self.seen.get(index) != value:
                    if index in self.seen:
                        self.wanted.add(self.followers[index])
                    self.seen[index] = value


class Device:
    """One stream. `take` and `lost` are called by whoever polls and listens; neither waits for anything."""

    def __init__(
        self,
        name: str,
        groups: Mapping[str, TagGroup],
        outbox: Outbox,
        clock: Clock,
        journal: Journal,
        health: DeviceHealth,
        rev: int = 0,
    ) -> None:
        self.name = name
        self.health = health
        self._groups = groups
        self._outbox = outbox
        self._clock = clock
        self._journal = journal
        self.rev = rev
        """Of the meta that explains its records from now on."""
        self._is_up: bool | None = None

    def take(self, name: str, scans: Sequence[Scan]) -> bool:
        """One completed read of a group, or one Scan of a subscription, which is as much of a tick.

        Returns whether the device answered, be it with a refusal.
        """
        group = self._groups[name]
        named = [scan for scan in scans if scan.indexes or scan.faults]
        for scan in named:
            if group.bad:
                for index in scan.indexes:
                    group.bad.pop(index, None)
            if scan.faults:
                group.bad.update((i, quality) for i, quality in scan.faults.items() if quality.is_bad)
        time_ms = scans[-1].time_ms if scans else self._clock.now_ms()
        columns = [group.normaliser(scan) for scan in named]
        if group.followers:
            group.look_for_changes(columns)
        self._keep(group, time_ms, columns)
        if group.bad or group.troubled_reads or group.down is not False or not self._is_up:
            self._judge(group)
        return group.answers

    def wanted(self, name: str) -> Sequence[str]:
        """Groups that are to be read now, because of what the last read of this one brought."""
        group = self._groups[name]
        if not group.wanted:
            return ()
        found, group.wanted = sorted(group.wanted), set()
        return found

    def is_whole(self, name: str) -> bool:
        """Whether all tags of a group have a value but those that the device refuses."""
        return all(quality is Quality.BAD_CONFIG for quality in self._groups[name].bad.values())

    def lost(self, name: str, quality: Quality) -> None:
        """The conversation is gone, or still gone: no tag of the group has a value."""
        group = self._groups[name]
        group.bad = dict.fromkeys(group.whole, quality)
        now_ms = self._clock.now_ms()
        self._keep(group, now_ms, [Columns(now_ms, group.whole, [None] * len(group.whole), group.bad)])
        group.down = True
        self._settle(quality)

    def happened(self, kind: str, data: Mapping[str, object], time_ms: int | None = None) -> None:
        """Put an event into the stream: `time_ms` in UTC epoch milliseconds, else now."""
        at = self._clock.now_ms() if time_ms is None else time_ms
        event = Event(kind, at, data, id=ulid(at))
        self._append(Record(self.name, event=event, rev=self.rev), at)

    def _keep(self, group: TagGroup, time_ms: int, columns: Sequence[Columns]) -> None:
        reports = group.reporter.tick(self._clock.monotonic(), time_ms, columns)
        if reports:
            moments = [_moment(group, one) for report in reports for one in _by_time(report)]
            record = Record(self.name, moments if len(moments) == 1 else _merged(moments), rev=self.rev)
            # Values with times of their own may be old by right: what is in doubt is the time at which they came.
            has_times = any(report.times is not None for report in reports)
            self._append(record, time_ms if has_times else record.time_ms)

    def _append(self, record: Record, stamped_ms: int) -> None:
        record.offset_ms = self._clock.doubt_of(stamped_ms)
        self._outbox.append([record])

    def _judge(self, group: TagGroup) -> None:
        """Trouble that lasts is told once; what is over as well. Wrong addresses are told by the driver."""
        troubles = [quality for quality in group.bad.values() if quality is not Quality.BAD_CONFIG]
        if not troubles:
            group.troubled_reads = 0
        elif (now_s := self._clock.monotonic()) >= group.counts_from_s:
            group.troubled_reads += 1
            group.counts_from_s = now_s + group.apart_s
        group.down = not group.answers and (group.down or group.troubled_reads >= SILENT_READS)
        self._settle(troubles[0] if troubles else Quality.BAD_CONFIG)

    @property
    def is_troubled(self) -> bool:
        """Whether values are missing: being late is no news beside that."""
        return any(group.troubled_reads or group.down for group in self._groups.values())

    def _settle(self, quality: Quality) -> None:
        """The device is down when all its groups are, up when one has a value."""
        groups = self._groups.values()
        if all(group.down for group in groups):
            self._turn(up=False, quality=quality)
        elif any(group.down is False and group.answers for group in groups):
            self._turn(up=True, quality=quality)
        self._tell(quality)

    def _tell(self, quality: Quality) -> None:
        """One line for the whole device: it does not answer, or some of its values are missing."""
        groups = self._groups.values()
        troubled = [group for group in groups if group.troubled_reads >= SILENT_READS]
        names = [group.names[i] for group in troubled for i in sorted(group.bad)]
        tags = sum(len(group.names) for group in groups)
        shown = ", ".join(names[:5]) + (" …" if len(names) > 5 else "")
        facts = {"quality": quality.value, "bad": len(names), "tags": tags, "names": shown}
        if self._is_up is False and troubled:
            self._journal.lost("E2004", self.name, **facts)
        elif troubled:
            self._journal.lost("W2003", self.name, **facts)
        elif all(group.troubled_reads == 0 and not group.down for group in groups):
            self._journal.back("E2004", self.name)
            self._journal.back("W2003", self.name)

    def _turn(self, *, up: bool, quality: Quality) -> None:
        if self._is_up is not up:
            self._is_up = up
            self.happened("comm", {"state": "up"} if up else {"state": "down", "reason": quality.value})


def _moment(group: TagGroup, columns: Columns) -> Moment:
    indexes = columns.indexes
    lane = group.lanes.get(id(indexes))
    names = lane[1] if lane is not None and lane[0] is indexes else _names(group, indexes)
    qualities = columns.qualities
    reasons = {group.names[i]: quality.value for i, quality in qualities.items()} if qualities else {}
    return Moment(columns.time_ms, dict(zip(names, columns.values, strict=True)), reasons)


def _names(group: TagGroup, indexes: Sequence[int]) -> Sequence[str]:
    names = [group.names[index] for index in indexes]
    if isinstance(indexes, tuple):
        if len(group.lanes) >= MAX_LANES:
            group.lanes.clear()
        group.lanes[id(indexes)] = (indexes, names)
    return names


def _by_time(columns: Columns) -> Iterable[Columns]:
    """Columns whose values have times of their own, cut into one for each time, in order of time."""
    if columns.times is None:
        return (columns,)
    places: dict[int, list[int]] = {}
    for position, time_ms in enumerate(columns.times):
        places.setdefault(time_ms, []).append(position)
    return [_cut(columns, time_ms, places[time_ms]) for time_ms in sorted(places)]


def _cut(columns: Columns, time_ms: int, positions: Sequence[int]) -> Columns:
    indexes = [columns.indexes[k] for k in positions]
    qualities = {i: columns.qualities[i] for i in indexes if i in columns.qualities}
    return Columns(time_ms, indexes, [columns.values[k] for k in positions], qualities)


def _merged(moments: Iterable[Moment]) -> list[Moment]:
    """Neighbours of the same time share one entry, unless they name the same tag."""
    merged: list[Moment] = []
    for moment in moments:
        last = merged[-1] if merged else None
        if last and last.time_ms == moment.time_ms and last.values.keys().isdisjoint(moment.values):
            last.values.update(moment.values)
            last.qualities.update(moment.qualities)
        else:
            merged.append(moment)
    return merged
