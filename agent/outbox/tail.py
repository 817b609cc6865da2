"""The newest records, in memory: those on their way to the disk, and those that a living connection wants next. Pure.

While the disk is fine this is a small window on the log. While it is not, it is all there is: a ring, bounded by bytes,
from which the oldest samples go first and events last.
"""

import itertools
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from agent.record import Event, Moment, Record

RECORD_BYTES = 600
VALUE_BYTES = 90
"""Estimates of what a record and one of its values cost in memory (CPython 3.11: slots, dict entry, number)."""


@dataclass(slots=True)
class Item:
    """A record in memory."""

    number: int
    record: Record
    at: float
    """Monotonic time when it was appended."""
    size: int
    append: int
    """Number of the first record that came together with it."""
    checkpoints: Mapping[str, object] = field(default_factory=dict)
    """What came in the same append, at its last record."""


class Tail:
    """Items by number. Samples and events apart, because they do not go in the same order."""

    def __init__(self) -> None:
        self.size = 0
        self._samples: OrderedDict[int, Item] = OrderedDict()
        self._events: OrderedDict[int, Item] = OrderedDict()

    def __len__(self) -> int:
        return len(self._samples) + len(self._events)

    def add(self, item: Item) -> None:
        (self._events if item.record.event else self._samples)[item.number] = item
        self.size += item.size

    def find(self, number: int) -> Item | None:
        return self._samples.get(number) or self._events.get(number)

    def remove(self, number: int) -> None:
        item = self._samples.pop(number, None) or self._events.pop(number, None)
        if item is not None:
            self.size -= item.size

    def oldest(self, below: int) -> Item | None:
        """The one with the smallest number, if that is below a bound."""
        heads = [next(iter(items.values())) for items in (self._samples, self._events) if items]
        item = min(heads, key=lambda head: head.number, default=None)
        return item if item is not None and item.number < below else None

    def since(self, number: int) -> list[Item]:
        """Those from a number on, in order."""
        later = [
            item
            for items in (self._samples, self._events)
            for item in itertools.takewhile(lambda item: item.number >= number, reversed(items.values()))
        ]
        return sorted(later, key=lambda item: item.number)

    def first_from(self, number: int, default: int) -> int:
        """The smallest number from there on; `default` where there is none."""
        return min((item.number for item in self.since(number)), default=default)

    def first_since(self, at: float, default: int) -> int:
        """The smallest number that was appended at or after a monotonic time; `default` where there is none."""
        recent = [
            item.number
            for items in (self._samples, self._events)
            for item in itertools.takewhile(lambda item: item.at >= at, reversed(items.values()))
        ]
        return min(recent, default=default)

    def least_wanted(self) -> Iterator[Item]:
        """In the order in which they go when there is no room: the oldest samples, then the oldest events."""
        return itertools.chain(list(self._samples.values()), list(self._events.values()))

    def older_than(self, at: float) -> Iterator[Item]:
        """Those that were appended before a monotonic time."""
        for items in (self._samples, self._events):
            yield from list(itertools.takewhile(lambda item: item.at < at, items.values()))


def estimated_bytes(record: Record) -> int:
    """What a record costs in memory, within a factor of two; long texts are counted."""
    if record.event:
        return RECORD_BYTES + _event_bytes(record.event)
    return RECORD_BYTES + sum(map(_moment_bytes, record.moments))


def _moment_bytes(moment: Moment) -> int:
    values = moment.values.values()
    texts = sum(len(v) for v in values if type(v) is str) if str in set(map(type, values)) else 0
    return 300 + VALUE_BYTES * (len(values) + len(moment.qualities)) + 2 * texts


def _event_bytes(event: Event) -> int:
    texts = sum(len(v) for v in itertools.chain(event.data.values(), event.context.values()) if isinstance(v, str))
    return 300 + VALUE_BYTES * (len(event.data) + len(event.context)) + 2 * texts
