"""Columns off the wire -> columns with the values of a machine's words. Pure.

The state is spread over three nodes. A server changes them one after the other, tells of them in one message or in two,
and of several changes at once where its queue filled. So that no state is missed or invented:

* changes are taken in the order of their source times, and what has one time together;
* notifications of which the server has more to send are taken together with those (`is_whole`);
* a state is told when the values fit together (`rules.numbered`); else the rest is waited for, `SETTLE_S` at most;
* a state machine that was not left properly, so that its last state looks alive, is not believed when its turn comes
  again before it has told something new, for the same time.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence

from drivers.opcua.node import OfMachine, Place
from drivers.opcua.packml.rules import INACTIVE, Rule, Seen
from drivers.opcua.plan import Item
from drivers.opcua.scans import Columns, picked

SETTLE_S = 1.0

_Row = tuple[object, int, int | None, int | None]
"""Value, status, the source's and the server's time."""
_BAD = 0x8000_0000


class Composer:
    """Of one list of items."""

    def __init__(self, items: Sequence[Item]) -> None:
        self._words = [
            item for item, one in enumerate(items) if isinstance(one.place, OfMachine) and not one.place.part
        ]
        self._items = items
        self._of: dict[int, _Word] = {}
        """Item -> the word that it is a part of."""
        self._kept: list[tuple[int, _Row]] = []

    @property
    def is_waiting(self) -> bool:
        """Whether something is to be said by and by without another change."""
        return any(word.waits_since is not None for word in self._of.values())

    def learn(self, nodes: Sequence[object | None], rule_of: Callable[[Place], Rule | None]) -> None:
        """Which items have a node, and what is made of them."""
        for first in self._words:
            rule = rule_of(self._items[first].place)
            parts = [item for item in self._parts(first) if nodes[item] is not None]
            known = next((self._of[item] for item in self._parts(first) if item in self._of), None)
            if known is not None and rule is not None and known.parts == parts:
                known.rule = rule
                continue
            for item in self._parts(first):
                self._of.pop(item, None)
            if rule is not None and parts:
                word = _Word(parts, rule)
                word.seen.update({} if known is None else known.seen)
                self._of.update(dict.fromkeys(parts, word))

    def _parts(self, first: int) -> list[int]:
        """A word's parts are beside each other: see `drivers.opcua.plan`."""
        last = first + 1
        while last < len(self._items) and _part(self._items[last]) > 0:
            last += 1
        return list(range(first, last))

    def begin(self) -> None:
        """A new subscription, or a new session for what is polled."""
        self._kept.clear()
        for word in self._of.values():
            word.forget()

    def again(self) -> None:
        """An old subscription goes on: all that is known is to be named."""
        for word in self._of.values():
            word.last = None

    def refused(self, statuses: Mapping[int, int]) -> None:
        """Items that the server does not watch."""
        for item, status in statuses.items():
            if item in self._of:
                self._of[item].seen[item] = (None, status, None, None)

    def columns(self, columns: Columns, now_s: float, *, is_news: bool, is_whole: bool = True) -> Columns:
        """`is_whole`: whether the server has no more to tell of the same time."""
        if not self._of or (not (self._kept or self.is_waiting) and self._of.keys().isdisjoint(columns.items)):
            return columns
        items, *values = columns
        rows = list(zip(items, zip(*values, strict=True), strict=True))
        self._kept += [row for row in rows if row[0] in self._of]
        made = picked(columns, [place for place, row in enumerate(rows) if row[0] not in self._of])
        if not is_whole:
            return made
        kept, self._kept = self._kept, []
        told = [(word.parts[0], row) for word in self._each() for row in word.take(kept, now_s, is_news=is_news)]
        whole = zip(*((item, *row) for item, row in told), strict=True) if told else ((),) * 5
        return Columns(*([*old, *new] for old, new in zip(made, whole, strict=True)))

    def _each(self) -> Iterator["_Word"]:
        return (self._of[first] for first in self._words if first in self._of)


class _Word:
    """What is known of a word's parts, and what was told of it last."""

    def __init__(self, parts: Sequence[int], rule: Rule) -> None:
        self.parts = parts
        self.rule = rule
        self.seen: dict[int, _Row] = {}
        self.last: Seen | None = None
        self.waits_since: float | None = None
        self._stale: set[int] = set()

    def forget(self) -> None:
        self.seen.clear()
        self._stale.clear()
        self.last = self.waits_since = None

    def take(self, rows: Sequence[tuple[int, _Row]], now_s: float, *, is_news: bool) -> Iterator[_Row]:
        """What is to be told, in order."""
        mine = [row for row in rows if row[0] in self.parts]
        latest: _Row | None = None
        for moment in _moments(mine):
            self.seen.update(moment)
            self._stale -= moment.keys()
            latest = max(moment.values(), key=_time)
            found = self._now()
            if found is not None:
                self.waits_since = None
                yield from self._told(found, latest)
            elif self.waits_since is None:
                self.waits_since = now_s
        is_first = self.last is None and not is_news and len(self.seen) >= len(self.parts)
        if self.waits_since is not None and (is_first or now_s - self.waits_since >= SETTLE_S):
            self._stale.clear()
            self.waits_since = None
            whole = self._now() or (None, INACTIVE)
            yield from self._told(whole, latest or max(self.seen.values(), key=_time))

    def _told(self, found: Seen, row: _Row) -> Iterator[_Row]:
        if found != self.last:
            self.last = found
            yield (*found, *row[2:])

    def _now(self) -> Seen | None:
        """What the parts say together; None where they do not."""
        if len(self.seen) < len(self.parts):
            return None
        rows = [self.seen[part] for part in self.parts]
        shown = [
            (None, INACTIVE) if part in self._stale else row[:2] for part, row in zip(self.parts, rows, strict=True)
        ]
        found = self.rule(shown)
        if found is not None:
            self._mark(found, rows)
        return found

    def _mark(self, found: Seen, rows: Sequence[_Row]) -> None:
        """Machines of states below the one that counts, which have not told that they were left."""
        if found[1] & _BAD:
            return
        depth = next(level for level in range(len(rows)) if self.rule([row[:2] for row in rows[: level + 1]]) == found)
        self._stale |= {
            part
            for part, row in list(zip(self.parts, rows, strict=True))[depth + 1 :]
            if not row[1] & _BAD and _time(row) < _time(rows[depth])
        }


def _part(item: Item) -> int:
    return item.place.part if isinstance(item.place, OfMachine) else 0


def _time(row: _Row) -> int:
    """The source's, else the server's; of what has none nobody knows what came first."""
    return row[2] or row[3] or 0


def _moments(rows: Sequence[tuple[int, _Row]]) -> Iterator[dict[int, _Row]]:
    """What changed at one time, in order. What an item tells stays in its order, whatever its times are."""
    newest: dict[int, tuple[int, int]] = {}
    found: dict[tuple[int, int], dict[int, _Row]] = {}
    for item, row in rows:
        time_ms, turn = newest.get(item, (-1, 0))
        newest[item] = (_time(row), 0) if _time(row) > time_ms else (time_ms, turn + 1)
        found.setdefault(newest[item], {})[item] = row
    yield from (found[moment] for moment in sorted(found))
