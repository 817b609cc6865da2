"""From columns off the wire to Scans of the groups that want them. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from drivers.contract import NO_FAULTS, Quality, Scan, Value
from drivers.opcua.plan import Item
from drivers.opcua.status import overflowed
from drivers.opcua.value import are_values, settled

OLD_MS, EARLY_MS = 300_000, 2_000
"""A source time that is older or further ahead than that is not plausible."""
RECURRING = 16
"""So many sets of tags that came together are remembered, those that came last."""


class Columns(NamedTuple):
    """What came for some items, in parallel."""

    items: Sequence[int]
    """Positions in the list of items."""
    values: Sequence[object]
    statuses: Sequence[int]
    sources_ms: Sequence[int | None]
    servers_ms: Sequence[int | None]


class Sorter:
    """Of one list of items."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._items = items
        self.overflows = 0
        """Values so far before which the server dropped others."""
        groups = {spot.group for item in items for spot in item.spots}
        is_plain = len(groups) == 1 and all(item.is_plain for item in items if item.spots)
        self._group = next(iter(groups)) if is_plain else None
        self._indexes = [item.spots[0].index if item.spots else -1 for item in items]
        self._recurring = Recurring()

    def scans(self, columns: Columns, now_ms: int, *, is_news: bool) -> Iterator[tuple[int, Scan]]:
        """Group and Scan. A value that came more than once, because it was queued, is in one Scan after the other.

        `is_news`: whether the values are changes, so that the time of their source is that of the acquisition.
        """
        for turn in _turns(columns):
            if self._group is not None and are_values(turn.values, turn.statuses):
                indexes = self._recurring.of([self._indexes[item] for item in turn.items])
                times = _times(turn, now_ms) if is_news else None
                yield self._group, Scan(now_ms, indexes, turn.values, times=times)
            else:
                yield from self._sorted(turn, now_ms, is_news=is_news)

    def _sorted(self, columns: Columns, now_ms: int, *, is_news: bool) -> Iterator[tuple[int, Scan]]:
        found: dict[int, _Pile] = {}
        times = _times(columns, now_ms)
        for place, item in enumerate(columns.items):
            status = columns.statuses[place]
            has_overflowed = overflowed(status)
            self.overflows += has_overflowed
            for spot in self._items[item].spots:
                value, quality = settled(columns.values[place], status, spot.within)
                if has_overflowed and quality is None:
                    quality = Quality.UNCERTAIN_OVERFLOW
                pile = found.setdefault(spot.group, _Pile([], [], {}, []))
                if quality is not None:
                    pile.faults[spot.index] = quality
                if value is not None:
                    pile.indexes.append(spot.index)
                    pile.values.append(value)
                    pile.times.append(times[place])
        for group, pile in found.items():
            indexes, reasons = self._recurring.of(pile.indexes), pile.faults or NO_FAULTS
            yield group, Scan(now_ms, indexes, pile.values, reasons, pile.times if is_news else None)


class Recurring:
    """Tags that come together again and again are one tuple, for which the agent prepares (`drivers.contract.Scan`)."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[int, ...] | None] = {}
        """None of what came once; the newest is the last."""

    def of(self, indexes: list[int]) -> Sequence[int]:
        """A list of what comes for the first time, then always the same tuple."""
        key = tuple(indexes)
        if key in self._known:
            known = self._known.pop(key) or key
            self._known[known] = known
            return known
        if len(self._known) >= RECURRING:
            del self._known[next(iter(self._known))]
        self._known[key] = None
        return indexes


class _Pile(NamedTuple):
    """What is for one group."""

    indexes: list[int]
    values: list[Value]
    faults: dict[int, Quality]
    times: list[int]


def _turns(columns: Columns) -> Iterable[Columns]:
    """Parts in which every item is there once, in order."""
    if len(set(columns.items)) == len(columns.items):
        return [columns]
    turns: list[list[int]] = []
    seen: dict[int, int] = {}
    for place, item in enumerate(columns.items):
        turn = seen[item] = seen.get(item, -1) + 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(place)
    return [picked(columns, places) for places in turns]


def picked(columns: Columns, places: Sequence[int]) -> Columns:
    """What stands at these places."""
    return Columns(
        [columns.items[place] for place in places],
        [columns.values[place] for place in places],
        [columns.statuses[place] for place in places],
        [columns.sources_ms[place] for place in places],
        [columns.servers_ms[place] for place in places],
    )


def _times(columns: Columns, now_ms: int) -> list[int]:
    """The source's time where it is plausible, else the server's, else ours. A clock that is ahead is taken for now."""
    low, high = now_ms - OLD_MS, now_ms + EARLY_MS
    return [
        (source if source <= now_ms else now_ms)
        if source is not None and low <= source <= high
        else (server if server <= now_ms else now_ms)
        if server is not None and low <= server <= high
        else now_ms
        for source, server in zip(columns.sources_ms, columns.servers_ms, strict=True)
    ]


def faults(items: Sequence[Item], reasons: Mapping[int, Quality], now_ms: int) -> list[tuple[int, Scan]]:
    """Scans that name items without a value: position -> reason."""
    found: dict[int, dict[int, Quality]] = {}
    for item, why in reasons.items():
        for spot in items[item].spots:
            found.setdefault(spot.group, {})[spot.index] = why
    return [(group, Scan(now_ms, (), (), known)) for group, known in found.items()]
