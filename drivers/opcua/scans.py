"""From columns off the wire to Scans of the groups that want them. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from drivers.contract import NO_FAULTS, Quality, Scan, Value
from drivers.opcua.plan import Item, Spot

OLD_MS, EARLY_MS = 300_000, 2_000
"""A source time that is older or further ahead than that is not plausible."""

Looked = Value | Quality


class Columns(NamedTuple):
    """What came for some items, in parallel."""

    items: Sequence[int]
    """Positions in the list of items."""
    values: Sequence[object]
    statuses: Sequence[int]
    sources_ms: Sequence[int | None]
    servers_ms: Sequence[int | None]


class Sorter:
    """Of one list of items. `look` makes a value, or the reason why there is none, of (value, status, path)."""

    def __init__(self, items: Sequence[Item], look: Callable[[object, int, str], tuple[Looked, Quality | None]]) -> None:
        self._items = items
        self._look = look
        self._plain: list[Spot | None] = [item.plain for item in items]
        groups = {spot.group for item in items for spot in item.spots}
        self._group = next(iter(groups)) if len(groups) == 1 and all(self._plain) else None
        self._indexes = [item.spots[0].index for item in items]

    def scans(self, columns: Columns, now_ms: int, *, is_news: bool) -> list[tuple[int, Scan]]:
        """Group and Scan. A value that came more than once, because it was queued, is in one Scan after the other.

        `is_news`: whether the values are changes, so that the time of their source is that of the acquisition.
        """
        made: list[tuple[int, Scan]] = []
        for turn in _turns(columns):
            if self._group is not None and not any(turn.statuses) and _are_plain(turn.values):
                indexes = [self._indexes[item] for item in turn.items]
                times = _times(turn, now_ms) if is_news else None
                made.append((self._group, Scan(now_ms, indexes, turn.values, times=times)))  # type: ignore[arg-type]  # looked at above
            else:
                made += self._sorted(turn, now_ms, is_news=is_news)
        return made

    def _sorted(self, columns: Columns, now_ms: int, *, is_news: bool) -> Iterable[tuple[int, Scan]]:
        found: dict[int, _Pile] = {}
        times = _times(columns, now_ms) if is_news else None
        for place, item in enumerate(columns.items):
            for spot in self._items[item].spots:
                value, quality = self._look(columns.values[place], columns.statuses[place], spot.within)
                pile = found.setdefault(spot.group, _Pile([], [], {}, []))
                if quality is not None:
                    pile.faults[spot.index] = quality
                if not isinstance(value, Quality):
                    pile.indexes.append(spot.index)
                    pile.values.append(value)
                    pile.times.append(times[place] if times else now_ms)
        for group, pile in found.items():
            faults = pile.faults or NO_FAULTS
            yield group, Scan(now_ms, pile.indexes, pile.values, faults, pile.times if is_news else None)


class _Pile(NamedTuple):
    """What is for one group."""

    indexes: list[int]
    values: list[Value]
    faults: dict[int, Quality]
    times: list[int]


def _turns(columns: Columns) -> Iterable[Columns]:
    """Parts in which every item is there once, in order."""
    if len(set(columns.items)) == len(columns.items):
        yield columns
        return
    turns: list[list[int]] = []
    seen: dict[int, int] = {}
    for place, item in enumerate(columns.items):
        turn = seen[item] = seen.get(item, -1) + 1
        if turn == len(turns):
            turns.append([])
        turns[turn].append(place)
    for places in turns:
        yield Columns(*([column[place] for place in places] for column in columns))


def _times(columns: Columns, now_ms: int) -> list[int]:
    """The source's time where it is plausible, else the server's, else ours."""
    low, high = now_ms - OLD_MS, now_ms + EARLY_MS
    return [
        source
        if source is not None and low <= source <= high
        else server
        if server is not None and low <= server <= high
        else now_ms
        for source, server in zip(columns.sources_ms, columns.servers_ms, strict=True)
    ]


def _are_plain(values: Sequence[object]) -> bool:
    """Whether all are numbers that are finite, or truth values: one that is not makes the sum such, or no sum at all."""
    try:
        total = sum(values)  # type: ignore[call-overload]  # raises where something is no number
    except (TypeError, OverflowError):
        return False
    return bool(total - total == 0)


def faults(items: Sequence[Item], reasons: Mapping[int, Quality], now_ms: int) -> list[tuple[int, Scan]]:
    """Scans that name items without a value: position -> reason."""
    found: dict[int, dict[int, Quality]] = {}
    for item, why in reasons.items():
        for spot in items[item].spots:
            found.setdefault(spot.group, {})[spot.index] = why
    return [(group, Scan(now_ms, (), (), known)) for group, known in found.items()]
