"""The newest records, in memory: those on their way to the disk, and those that a living connection wants next. Pure.

While the disk is fine this is a small window on the log. While it is not, it is all there is: a ring, bounded by bytes,
from which the oldest samples go first and events last.
"""

import itertools
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from itertools import repeat
from typing import NamedTuple

from agent.record import Record

RECORD_BYTES = 700
BYTES_OF_FRAME = 4
"""Estimates of what a record costs in memory, and what is in its frame (CPython 3.11: slots, dict entry, number)."""
NOTHING: Mapping[str, object] = {}


class Item(NamedTuple):
    """A record in memory."""

    number: int
    record: Record
    at: float
    """Monotonic time when it was appended."""
    append: int
    """Number of the first record that came together with it."""
    size: int
    """What it costs in memory, about; with long texts up to four times less."""


_item = partial(tuple.__new__, Item)
"""`Item._make`, which looks at the length again, at a third of its cost."""


class Tail:
    """Items by number."""

    def __init__(self) -> None:
        self.size = 0
        self._items: OrderedDict[int, Item] = OrderedDict()
        self._checkpoints: dict[int, Mapping[str, object]] = {}
        self.find = self._items.get
        """The item of a number; None where there is none."""

    def __len__(self) -> int:
        return len(self._items)

    def add(
        self,
        first: int,
        records: Sequence[Record],
        frames: Sequence[bytes],
        checkpoints: Mapping[str, object],
        at: float,
    ) -> list[Item]:
        """What came in one append, numbered from `first` on, and how it is written."""
        numbers = range(first, first + len(records))
        sizes = [RECORD_BYTES + BYTES_OF_FRAME * size for size in map(len, frames)]
        items = list(map(_item, zip(numbers, records, repeat(at), repeat(first), sizes)))
        self._items.update(zip(numbers, items, strict=True))
        self.size += sum(sizes)
        if checkpoints:
            self._checkpoints[items[-1].number] = checkpoints
        return items

    def checkpoints(self, number: int) -> Mapping[str, object]:
        """What came in the same append, if the number is its last."""
        return self._checkpoints.get(number, NOTHING)

    def remove(self, number: int) -> Mapping[str, object]:
        """Its `checkpoints`, which are gone with it."""
        item = self._items.pop(number, None)
        if item is None:
            return NOTHING
        self.size -= item.size
        return self._checkpoints.pop(number, NOTHING)

    def oldest(self, below: int) -> Item | None:
        """The one with the smallest number, if that is below a bound."""
        item = next(iter(self._items.values()), None)
        return item if item is not None and item.number < below else None

    def following(self, number: int, end: int) -> list[Item]:
        """Those from a number on, without a hole and below the end."""
        items: list[Item] = []
        for item in map(self.find, range(number, end)):
            if item is None:
                break
            items.append(item)
        return items

    def since(self, number: int) -> list[Item]:
        """Those from a number on, in order."""
        later = list(itertools.takewhile(lambda item: item.number >= number, reversed(self._items.values())))
        return later[::-1]

    def first_from(self, number: int, default: int) -> int:
        """The smallest number from there on; `default` where there is none."""
        return min((item.number for item in self.since(number)), default=default)

    def first_since(self, at: float, default: int) -> int:
        """The smallest number that was appended at or after a monotonic time; `default` where there is none."""
        recent = itertools.takewhile(lambda item: item.at >= at, reversed(self._items.values()))
        return min((item.number for item in recent), default=default)

    def least_wanted(self) -> Iterator[Item]:
        """In the order in which they go when there is no room: the oldest samples, then the oldest events."""
        items = list(self._items.values())
        samples = (item for item in items if item.record.event is None)
        return itertools.chain(samples, (item for item in items if item.record.event is not None))

    def older_than(self, at: float) -> Iterator[Item]:
        """Those that were appended before a monotonic time."""
        yield from list(itertools.takewhile(lambda item: item.at < at, self._items.values()))
