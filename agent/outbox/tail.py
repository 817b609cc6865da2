"""The newest records, in memory: those on their way to the disk, and those that a living connection wants next. Pure.

While the disk is fine this is a small window on the log. While it is not, it is all there is: a ring, bounded by bytes,
from which the oldest samples go first and events last.
"""

import itertools
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from agent.record import Record

RECORD_BYTES = 900
BYTES_OF_FRAME = 4
"""Estimates of what a record costs in memory, and what is in its frame (CPython 3.11: slots, dict entry, number)."""


@dataclass(slots=True)
class Item:
    """A record in memory."""

    number: int
    record: Record
    at: float
    """Monotonic time when it was appended."""
    append: int
    """Number of the first record that came together with it."""
    frame: bytes
    """As it is written, until that is done; empty afterwards."""
    size: int = 0
    """What it costs in memory, about; with long texts up to four times less."""
    checkpoints: Mapping[str, object] | None = None
    """What came in the same append, at its last record."""


class Tail:
    """Items by number. Samples and events apart, because they do not go in the same order."""

    def __init__(self) -> None:
        self.size = 0
        self._samples: OrderedDict[int, Item] = OrderedDict()
        self._events: OrderedDict[int, Item] = OrderedDict()

    def __len__(self) -> int:
        return len(self._samples) + len(self._events)

    def add(self, items: Iterable[Item]) -> None:
        for item in items:
            item.size = RECORD_BYTES + BYTES_OF_FRAME * len(item.frame)
            self.size += item.size
            if item.record.event is None:
                self._samples[item.number] = item
            else:
                self._events[item.number] = item

    def find(self, number: int) -> Item | None:
        return self._samples.get(number) or self._events.get(number)

    def remove(self, number: int) -> Item | None:
        item = self._samples.pop(number, None) or self._events.pop(number, None)
        if item is not None:
            self.size -= item.size
        return item

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
