"""A state directory as a run leaves it that never found its broker; made fast, one record again and again."""

from collections.abc import Iterator
from pathlib import Path

from agent.outbox import standing
from agent.outbox.cursor import Cursor
from agent.outbox.desk import Job
from agent.outbox.durable import DESTINATIONS
from agent.outbox.glance import Quiet
from agent.outbox.opening import Folder, open_logs
from agent.outbox.page import Appended, Page
from agent.outbox.slots import STANDING
from agent.outbox.state import open_state
from agent.outbox.tail import Item
from agent.record import Record

BATCH = 1000


def fill(path: Path, destination: str, record: Record, count: int) -> int:
    """The destination has the record so many times before it; the boot of that run."""
    state = open_state(path, Quiet())
    state.remember(DESTINATIONS, [destination])
    found, desk = open_logs(Folder.of(path), [destination], [], Quiet(), syncs=False, now_s=0.0, begin=lambda: None)
    for page in _pages(state.boot, record, count):
        _done(desk.work(Job(page=page, now_ms=record.time_ms)).error)
    nothing = standing.to_bytes({destination: (Cursor(0), Cursor(0))}, b"")
    _done(desk.work(Job(standing=found.slots.put(STANDING, nothing))).error)
    _done(desk.finish())
    state.close({record.stream: count - 1})
    return state.boot


def _done(error: OSError | None) -> None:
    if error is not None:
        raise error


def _pages(boot: int, record: Record, count: int) -> Iterator[Page]:
    for first in range(0, count, BATCH):
        page = Page(first, first)
        for number in range(first, min(first + BATCH, count)):
            one = Record(record.stream, record.moments, boot=boot, seq=number)
            page.add(Appended([Item(number, one, 0.0, number, 0)]))
        yield page
