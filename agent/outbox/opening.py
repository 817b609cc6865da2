"""What is found on disk at a start: whatever it is, a log that goes on. The backlog is not read.

Of each log only the newest segments are read: where it ends, where every stream stood and the newest checkpoints. An
append that is not whole was never published and counts as not there.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.outbox import frames, standing
from agent.outbox.bodies import from_json
from agent.outbox.cursor import Cursor
from agent.outbox.desk import Desk
from agent.outbox.disk import Disk, RealDisk
from agent.outbox.gaps import Gaps
from agent.outbox.pen import SEGMENT_BYTES, Pen, Table, serial_of
from agent.outbox.shelf import Segment, Shelf
from agent.outbox.slots import GAPS, STANDING, TO, Slots
from agent.outbox.walk import WHOLE
from drivers.contract import Journal
from drivers.phrase import of_system


@dataclass(slots=True)
class Recovered:
    """What the store begins with."""

    main: Shelf = field(default_factory=Shelf)
    kept: Shelf = field(default_factory=Shelf)
    next: int = 0
    next_kept: int = 0
    cursors: Mapping[str, tuple[Cursor, Cursor]] = field(default_factory=dict)
    checkpoints: Mapping[str, Mapping[str, object]] = field(default_factory=dict)
    slots: Slots = field(default_factory=Slots)
    """Where cursors and gaps are saved."""
    last_seq: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    """Stream -> boot and seq of its newest record."""
    gaps: Gaps = field(default_factory=Gaps)
    """What was lost and is not announced."""
    newest_ms: int = 0
    """Wall time of the newest record."""


@dataclass(slots=True)
class _Log:
    """One log as it was found."""

    shelf: Shelf
    next: int
    """Number of the record that would follow the last one."""
    table: Table
    newest_ms: int = 0

    def oldest(self) -> Cursor:
        """The cursor of somebody who has nothing of it."""
        return Cursor(self.shelf.segments[0].first if self.shelf.segments else self.next)

    def goes_on(self, cursors: Sequence[Cursor]) -> int:
        """The number that is given next.

        After a power cut a cursor may be ahead of the log: those numbers are not given again, or they would be settled.
        """
        next_ = max([self.next, *(cursor.end for cursor in cursors)])
        for cursor in cursors:
            cursor.settle(self.next, next_)
        return next_


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
    begin: Callable[[], None],
) -> tuple[Recovered, Desk]:
    """`known` are the destinations of the run before, `now_s` is monotonic time, `begin` is for the desk.

    Raises `OSError` only where a directory cannot be listed.
    """
    main, kept = (_found(disk, journal, syncs=syncs) for disk in (folder.main, folder.kept))
    slots = Slots()
    saved = slots.read(folder.cursors)
    _tidy_up(folder.cursors, saved, journal, syncs=syncs)
    stood = standing.of(saved)
    cursors = {name: pair for name, pair in stood.cursors.items() if name in destinations}
    for name in set(destinations) & set(known) - set(cursors):
        # It was there before, and how far it had come is gone: everything twice is better than anything not at all.
        journal.note("W3007", name)
        cursors[name] = main.oldest(), kept.oldest()
    next_ = main.goes_on([pair[0] for pair in cursors.values()])
    next_kept = kept.goes_on([pair[1] for pair in cursors.values()])
    recovered = Recovered(
        main.shelf,
        kept.shelf,
        next_,
        next_kept,
        cursors,
        {stream: state for stream, state in main.table.checkpoints.items() if isinstance(state, Mapping)},
        slots,
        {stream: (boot, seq - 1) for stream, (boot, seq) in main.table.streams.items()},
        _gaps(stood.gaps, now_s),
        main.newest_ms,
    )
    pen, pen_kept = (
        Pen(disk, log.table, _serial(log.shelf), first, segment_bytes, syncs=syncs)
        for disk, log, first in ((folder.main, main, next_), (folder.kept, kept, next_kept))
    )
    return recovered, Desk(pen, pen_kept, folder.main, folder.kept, folder.cursors, begin)


def _found(disk: Disk, journal: Journal, *, syncs: bool) -> _Log:
    shelf = _shelf(disk)
    log = _end(disk, shelf, journal)
    if syncs:
        for segment in shelf.segments[-1:]:
            _sync(disk, segment.name, journal)
    return log


def _shelf(disk: Disk) -> Shelf:
    return Shelf(
        Segment(int(name[:20]), name, size, _opened_ms(disk, name))
        for name, size in disk.names()
        if serial_of(name) is not None
    )


def _opened_ms(disk: Disk, name: str) -> int:
    """From the head of its first frame, unproved: nothing but ages hang on it."""
    try:
        head = disk.read(name, 0, frames.HEAD_BYTES)
    except OSError:
        return 0
    return int(frames.HEAD.unpack(head)[6]) if len(head) == frames.HEAD_BYTES else 0


def _sync(disk: Disk, name: str, journal: Journal) -> None:
    """What a killed run wrote and did not sync is not to be lost by a power cut later."""
    try:
        disk.sync(name)
    except OSError as error:
        journal.note("W3003", name, reason=of_system(error))


def _serial(shelf: Shelf) -> int:
    return 1 + max((serial_of(segment.name) or 0 for segment in shelf.segments), default=-1)


def _end(disk: Disk, shelf: Shelf, journal: Journal) -> _Log:
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
    end = _Log(shelf, 0, Table())
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
        journal.note("W3005", segment.name, reason=of_system(error))
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
        read.newest_ms = max(read.newest_ms, found.time_ms)
        read.table.streams[found.stream] = (found.boot, found.seq + 1)
        return
    said = from_json(data[found.body_at : found.at + found.length])
    if found.kind == frames.CHECKPOINT:
        read.table.checkpoints[found.stream] = said
    elif found.kind == frames.SEGMENT and isinstance(said, dict):
        read.has_head = True
        streams = said.get("streams", {})
        read.table.streams = {stream: (int(boot), int(seq)) for stream, (boot, seq) in streams.items()}
        read.table.checkpoints = dict(said.get("checkpoints", {}))


def _tidy_up(disk: Disk, saved: Mapping[str, bytes], journal: Journal, *, syncs: bool) -> None:
    """What a killed run knew of losses is safe from here on; files of format 2 go when there is one of this format."""
    for file, _ in disk.names():
        name = file.removesuffix(".0").removesuffix(".1")
        if STANDING in saved and (name == GAPS or name.startswith(TO)):
            _remove(disk, file)
        elif syncs:
            _sync(disk, file, journal)


def _gaps(saved: bytes | None, now_s: float) -> Gaps:
    gaps = Gaps()
    if saved is not None:
        gaps.from_json(from_json(saved), now_s)
    return gaps


def _remove(disk: Disk, name: str) -> None:
    try:
        disk.remove(name)
    except OSError:
        # It is in nobody's way.
        return


def last_seq(found: Mapping[str, tuple[int, int]], boot: int) -> dict[str, int]:
    """Stream -> newest seq of that run."""
    return {stream: seq for stream, (its, seq) in found.items() if its == boot}
