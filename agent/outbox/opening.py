"""What is found on disk at a start: whatever it is, a log that goes on. The backlog is not read.

Of each log only the newest segments are read: where it ends, where every stream stood and the newest checkpoints. An
append that is not whole was never published and counts as not there.
"""

import contextlib
import re
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.outbox import cursor as cursors_
from agent.outbox import frames
from agent.outbox.bodies import from_json, to_json
from agent.outbox.cursor import Cursor
from agent.outbox.desk import Desk
from agent.outbox.disk import Disk, RealDisk
from agent.outbox.gaps import Gaps
from agent.outbox.pen import SEGMENT_BYTES, Pen, Table, serial_of
from agent.outbox.shelf import Segment, Shelf
from agent.outbox.walk import WHOLE
from drivers.contract import Journal

MAIN, KEPT = "main", "kept"
"""Endings of cursor files."""
GAPS = "gaps"
"""Beginning of the files with what was lost and is not announced."""
_CURSOR = re.compile(r"(?P<name>.+)\.(?P<log>main|kept)\.[01]")


@dataclass(slots=True)
class Recovered:
    """What the store begins with."""

    main: Shelf = field(default_factory=Shelf)
    kept: Shelf = field(default_factory=Shelf)
    next: int = 0
    next_kept: int = 0
    cursors: Mapping[str, tuple[Cursor, Cursor]] = field(default_factory=dict)
    checkpoints: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    generation: int = 0
    last_seq: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Stream -> boot and seq of its newest record."""
    newest_ms: int = 0
    """Time of the newest record among those that were read."""
    gaps: Gaps = field(default_factory=Gaps)
    """What was lost and is not announced."""


@dataclass(slots=True)
class _End:
    """How a log ends."""

    next: int
    table: Table
    newest_ms: int = 0


@dataclass(frozen=True, slots=True)
class Folder:
    """The directories of one outbox."""

    main: Disk
    kept: Disk
    cursors: Disk

    @classmethod
    def of(cls, path: Path) -> "Folder":
        return cls(RealDisk(path / "log"), RealDisk(path / "kept"), RealDisk(path / "cursors"))


def open_logs(
    folder: Folder,
    destinations: Sequence[str],
    known: Sequence[str],
    journal: Journal,
    segment_bytes: int = SEGMENT_BYTES,
    *,
    syncs: bool,
    now_s: float,
) -> tuple[Recovered, Desk]:
    """`known` are the destinations of the run before, `now_s` is monotonic time.

    Raises `OSError` only where a directory cannot be listed.
    """
    main, kept = _shelf(folder.main), _shelf(folder.kept)
    end, end_kept = _end(folder.main, main, journal), _end(folder.kept, kept, journal)
    if syncs:
        # What a killed run wrote and did not sync is not to be lost by a power cut later.
        _settle_down(folder.main, main, journal)
        _settle_down(folder.kept, kept, journal)
    generation, cursors = _known_cursors(folder.cursors, destinations, known, journal, (main, end), (kept, end_kept))
    # After a power cut a cursor may be ahead of the log: those numbers are not given again, or they would be settled.
    next_ = max([end.next, *(pair[0].end for pair in cursors.values())])
    next_kept = max([end_kept.next, *(pair[1].end for pair in cursors.values())])
    for of_main, of_kept in cursors.values():
        of_main.settle(end.next, next_)
        of_kept.settle(end_kept.next, next_kept)
    streams = end.table.streams
    recovered = Recovered(
        main,
        kept,
        next_,
        next_kept,
        cursors,
        {stream: state for stream, state in end.table.checkpoints.items() if isinstance(state, Mapping)},
        generation,
        {stream: (boot, seq - 1) for stream, (boot, seq) in streams.items()},
        end.newest_ms,
        _gaps(folder.cursors, now_s),
    )
    pen = Pen(folder.main, end.table, _serial(main), next_, segment_bytes, syncs=syncs)
    pen_kept = Pen(folder.kept, Table(), _serial(kept), next_kept, segment_bytes, syncs=syncs)
    return recovered, Desk(pen, pen_kept, folder.main, folder.kept, folder.cursors)


def _known_cursors(
    disk: Disk,
    destinations: Sequence[str],
    known: Sequence[str],
    journal: Journal,
    *logs: tuple[Shelf, _End],
) -> tuple[int, dict[str, tuple[Cursor, Cursor]]]:
    """Of each destination that was there before: everything twice is better than anything not at all."""
    generation, found = _cursors(disk, set(destinations))
    (main, end), (kept, end_kept) = logs
    cursors: dict[str, tuple[Cursor, Cursor]] = {}
    for name in destinations:
        pair = found.get((name, MAIN)), found.get((name, KEPT))
        if name in known and None in pair:
            journal.note("W3007", name)
        if name in known or any(pair):
            cursors[name] = (pair[0] or _oldest(main, end.next), pair[1] or _oldest(kept, end_kept.next))
    return generation, cursors


def _oldest(shelf: Shelf, next_: int) -> Cursor:
    return Cursor(shelf.segments[0].first if shelf.segments else next_)


def _shelf(disk: Disk) -> Shelf:
    return Shelf(
        Segment(int(name[:20]), name, size, _opened_ms(disk, name))
        for name, size in disk.names()
        if serial_of(name) is not None
    )


def _opened_ms(disk: Disk, name: str) -> int:
    """From the head of its first frame, unproved: nothing but ages hang on it."""
    try:
        head = disk.read(name, 0, frames.HEAD.size)
    except OSError:
        return 0
    return int(frames.HEAD.unpack(head)[6]) if len(head) == frames.HEAD.size else 0


def _settle_down(disk: Disk, shelf: Shelf, journal: Journal) -> None:
    for segment in shelf.segments[-1:]:
        try:
            disk.sync(segment.name)
        except OSError as error:
            journal.note("W3003", segment.name, reason=error.strerror or type(error).__name__)


def _serial(shelf: Shelf) -> int:
    return 1 + max((serial_of(segment.name) or 0 for segment in shelf.segments), default=-1)


def _end(disk: Disk, shelf: Shelf, journal: Journal) -> _End:
    """From the newest segment that says something: where the log goes on."""
    before: list[_Read] = []
    for segment in list(reversed(shelf.segments)):
        read = _read(disk, segment, journal)
        if read.is_foreign:
            _put_aside(disk, segment.name, journal)
            shelf.segments.remove(segment)
            continue
        before.append(read)
        if read.has_head:
            break
    end = _End(0, Table())
    for read in reversed(before):
        end.next = max(end.next, read.next)
        end.newest_ms = max(end.newest_ms, read.newest_ms)
        end.table.streams.update(read.table.streams)
        end.table.checkpoints.update(read.table.checkpoints)
    return end


@dataclass(slots=True)
class _Read:
    """What one segment says of the end of its log."""

    next: int
    table: Table = field(default_factory=Table)
    newest_ms: int = 0
    has_head: bool = False
    is_foreign: bool = False
    """Nothing in it is ours."""


def _read(disk: Disk, segment: Segment, journal: Journal) -> _Read:
    read = _Read(segment.first)
    try:
        data = disk.read(segment.name, 0, WHOLE)
    except OSError as error:
        journal.note("W3005", segment.name, reason=error.strerror or type(error).__name__)
        return read
    read.is_foreign = True
    whole: list[frames.Frame] = []
    for found in frames.scan(data):
        read.is_foreign = False
        whole.append(found)
        if found.is_end:
            for one in whole:
                _learn(read, one, data)
            whole.clear()
    return read


def _put_aside(disk: Disk, name: str, journal: Journal) -> None:
    journal.note("W3009", name)
    try:
        disk.set_aside(name)
    except OSError:
        # It is not looked at any more; that is enough.
        return


def _learn(read: _Read, found: frames.Frame, data: bytes) -> None:
    if found.is_record:
        read.next = max(read.next, found.number + 1)
        read.table.streams[found.stream] = (found.boot, found.seq + 1)
        read.newest_ms = max(read.newest_ms, found.time_ms)
        return
    said = from_json(data[found.body_at : found.at + found.length])
    if found.kind == frames.CHECKPOINT:
        read.table.checkpoints[found.stream] = said
    elif found.kind == frames.SEGMENT and isinstance(said, dict):
        read.has_head = True
        streams = said.get("streams", {})
        read.table.streams = {stream: (int(boot), int(seq)) for stream, (boot, seq) in streams.items()}
        read.table.checkpoints = dict(said.get("checkpoints", {}))


def _cursors(disk: Disk, destinations: set[str]) -> tuple[int, dict[tuple[str, str], Cursor]]:
    """By destination and log the newest whole one; the files of destinations that are gone are removed."""
    newest: dict[tuple[str, str], tuple[int, Cursor]] = {}
    for name, _ in disk.names():
        if name.startswith(f"{GAPS}."):
            continue
        matched = _CURSOR.fullmatch(name)
        if matched is None or matched["name"] not in destinations:
            _remove(disk, name)
        elif (found := _cursor(disk, name)) is not None:
            key = (matched["name"], matched["log"])
            newest[key] = max(newest.get(key, found), found, key=lambda one: one[0])
    generation = max((generation for generation, _ in newest.values()), default=0)
    return generation, {key: cursor for key, (_, cursor) in newest.items()}


def sealed(generation: int, said: object) -> bytes:
    """A small file of which `_unsealed` knows whether it is whole."""
    body = to_json([generation, said])
    return zlib.crc32(body).to_bytes(4, "little") + body


def _unsealed(data: bytes) -> tuple[int, object] | None:
    if zlib.crc32(data[4:]) != int.from_bytes(data[:4], "little"):
        return None
    said = from_json(data[4:])
    return (int(said[0]), said[1]) if isinstance(said, list) and len(said) == 2 else None


def _gaps(disk: Disk, now_s: float) -> Gaps:
    gaps = Gaps()
    found: list[tuple[int, object]] = []
    for name, size in disk.names():
        if name.startswith(f"{GAPS}.") and size > 4:
            with contextlib.suppress(OSError, ValueError):
                found += [whole for whole in (_unsealed(disk.read(name, 0, WHOLE)),) if whole is not None]
    if found:
        gaps.from_json(max(found, key=lambda one: one[0])[1], now_s)
    return gaps


def _cursor(disk: Disk, name: str) -> tuple[int, Cursor] | None:
    try:
        return cursors_.from_bytes(disk.read(name, 0, WHOLE))
    except OSError:
        return None


def _remove(disk: Disk, name: str) -> None:
    try:
        disk.remove(name)
    except OSError:
        # It is in nobody's way.
        return


def last_seq(found: Mapping[str, tuple[int, int]], boot: int) -> dict[str, int]:
    """Stream -> newest seq of that run."""
    return {stream: seq for stream, (its, seq) in found.items() if its == boot}
