"""Whose loss a damage is. Pure.

That numbers are missing is known at once, of which streams they were only when those speak again: perhaps to another
reader, or after a new connection, when the way through the log begins anew. So both are remembered until they meet.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable, Iterator, Mapping

from agent.outbox.tail import Tail
from agent.outbox.walk import Hole, Piece

REMEMBERED = 1000
"""So many of each. A disk with more damage than that is past exact words."""


class Damages:
    """Of one log."""

    def __init__(self) -> None:
        self._losses: deque[tuple[int, int, frozenset[str]]] = deque(maxlen=REMEMBERED)
        """First, end, who lost something by it."""
        self._told: OrderedDict[tuple[str, int, int], int] = OrderedDict()
        """Stream, boot and first seq of a hole -> its last seq, as far as that was told."""

    def lose(self, first: int, end: int, losers: Iterable[str]) -> None:
        """These destinations needed some of the numbers [first, end)."""
        self._losses.append((first, end, frozenset(losers)))

    def untold(self, hole: Hole) -> tuple[Hole | None, frozenset[str]]:
        """What of a hole is to be announced, and who lost it: None where that was done or nobody needed it."""
        first, end = hole.numbers
        losers = frozenset[str]().union(*(who for start, stop, who in self._losses if start < end and first < stop))
        key = hole.stream, hole.boot, hole.from_seq
        begin = self._told.get(key, hole.from_seq - 1) + 1
        if not losers or begin > hole.to_seq:
            return None, losers
        self._told[key] = hole.to_seq
        if len(self._told) > REMEMBERED:
            self._told.popitem(last=False)
        return hole._replace(from_seq=begin), losers


def up_to_now(piece: Piece, tail: Tail, boot: int, next_seq: Mapping[str, int], now_ms: int) -> Iterator[Hole]:
    """What a damage took of streams of which the disk has nothing after it: their next record is in memory still, or
    not made yet. `next_seq`: stream -> seq of that one, in this run."""
    if not piece.damaged or not piece.unsure:
        return
    upcoming = {item.record.stream: item.record for item in reversed(tail.since(piece.walked))}
    for stream, (its, first, time_ms) in piece.unsure.items():
        record = upcoming.get(stream)
        end, until_ms = (record.seq, record.time_ms) if record else (next_seq.get(stream, 0), now_ms)
        if its == boot and first < end:
            yield Hole(stream, boot, first, end - 1, time_ms, until_ms, (piece.damaged[0][0], piece.walked))
