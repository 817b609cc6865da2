"""What waits for a destination, for people: bytes and age, as far as they are known without reading. Pure."""

import math
from typing import TYPE_CHECKING

from agent.outbox import shelf

if TYPE_CHECKING:
    from agent.outbox.reader import LogReader
    from agent.outbox.store import Store


def bytes_of(store: "Store", reader: "LogReader") -> int:
    """About how many bytes wait for a destination."""
    written = store.written
    runs = [(start, min(end, written)) for start, end in reader.main.runs(0, store.next) if start < written]
    in_memory = sum(item.size for item in store.tail.since(written) if not reader.main.is_settled(item.number))
    kept = list(reader.kept.runs(0, store.next_kept))
    return shelf.bytes_of(store.main, written, runs) + in_memory + shelf.bytes_of(store.kept, store.next_kept, kept)


def age_of(store: "Store", reader: "LogReader") -> float:
    """Seconds since the oldest record that waits for a destination was appended, as far as that is known."""
    if next(reader.kept.runs(0, store.next_kept), None) is not None and store.kept.segments:
        return _since(store, store.kept.segments[0].opened_ms)
    number = reader.main.base
    item = store.tail.find(number) or reader.holds(number)
    if item is not None and item.at > -math.inf:
        return max(store.monotonic() - item.at, 0.0)
    place = store.main.place_of(number)
    return _since(store, store.main.segments[place].opened_ms) if place >= 0 else 0.0


def _since(store: "Store", time_ms: int) -> float:
    return max(store.now_ms - time_ms, 0) / 1000 if time_ms else 0.0
