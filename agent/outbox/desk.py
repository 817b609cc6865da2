"""What the writing thread does for the outbox: one job after the other, everything that changes the disk."""

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from agent.outbox import frames
from agent.outbox.disk import Disk
from agent.outbox.page import Page
from agent.outbox.pen import Begun, Pen
from agent.outbox.walk import WHOLE


@dataclass(frozen=True, slots=True)
class Listed:
    """A record of a segment, as it lies there."""

    number: int
    is_event: bool
    stream: str
    boot: int
    seq: int
    time_ms: int
    body: bytes


@dataclass(slots=True)
class Job:
    """What is to be done in one turn."""

    page: Page | None = None
    sync: bool = False
    is_safe: bool = False
    """Whether the cursors must survive a power cut too."""
    standing: tuple[str, bytes] | None = None
    """How far the destinations have come and what was lost: name of the file, content."""
    remove: Sequence[str] = ()
    """Segments of the main log that nobody needs."""
    remove_kept: Sequence[str] = ()
    kept: Sequence[Listed] = ()
    """Under their numbers there: to be appended to the kept log and synced, before anything is removed."""
    now_ms: int = 0

    def __bool__(self) -> bool:
        return bool(self.page or self.sync or self.standing or self.remove or self.remove_kept or self.kept)


@dataclass(slots=True)
class Outcome:
    """How a job went."""

    written: int
    synced: int
    size: int
    """Of the newest segment, in bytes."""
    begun: list[Begun] = field(default_factory=list)
    kept_size: int = 0
    kept_begun: list[Begun] = field(default_factory=list)
    removed: tuple[int, int] = (0, 0)
    """How many segments of the main and of the kept log went."""
    error: OSError | None = None
    """Why it went only so far."""


class Desk:
    """The two logs and the cursors. Only `work` is called, by one thread; it never raises `OSError`."""

    def __init__(
        self, main: Pen, kept: Pen, main_disk: Disk, kept_disk: Disk, cursors: Disk, begin: Callable[[], None]
    ) -> None:
        """`begin` does what comes before the first record of a run, and nothing after that; it raises `OSError`."""
        self._main = main
        self._kept = kept
        self._main_disk = main_disk
        self._kept_disk = kept_disk
        self._cursors = cursors
        self._begin = begin
        self._unsafe: set[str] = set()
        """Cursors that a power cut could take back to what they were."""
        self._removed = (0, 0)

    def work(self, job: Job) -> Outcome:
        error = _failure(self._write, job)
        # Whatever becomes of the page: what has arrived or is lost is known, and what nobody needs makes room.
        failure = _failure(self._save, job) or _failure(self._settle, job)
        made = Outcome(
            self._main.written,
            self._main.synced,
            self._main.size,
            self._main.begun,
            self._kept.size,
            self._kept.begun,
            self._removed,
            error or failure,
        )
        self._main.begun, self._kept.begun, self._removed = [], [], (0, 0)
        return made

    def _write(self, job: Job) -> None:
        if job.kept or job.page:
            self._begin()
        if job.kept:
            self._kept.write(_moved(job.kept), job.now_ms)
            self._kept.sync()
        if job.page:
            self._main.write(job.page, job.now_ms)
        if job.sync:
            self._main.sync()

    def _save(self, job: Job) -> None:
        if job.standing:
            self._cursors.overwrite(*job.standing)
            self._unsafe.add(job.standing[0])

    def _settle(self, job: Job) -> None:
        """Whoever finds a segment gone finds a cursor that has passed it, or a gap that tells of it."""
        if job.is_safe or job.remove or job.remove_kept:
            while self._unsafe:
                self._sync(self._unsafe.pop())
        for disk, names in ((self._main_disk, job.remove), (self._kept_disk, job.remove_kept)):
            for name in names:
                disk.remove(name)
        self._removed = len(job.remove), len(job.remove_kept)

    def _sync(self, name: str) -> None:
        try:
            self._cursors.sync(name)
        except OSError:
            # What the kernel could not write it has forgotten: the next one is a new file.
            with contextlib.suppress(OSError):
                self._cursors.remove(name)
            raise

    def finish(self) -> OSError | None:
        """Sync and close both logs."""
        try:
            self._main.finish()
            self._kept.finish()
        except OSError as failed:
            return failed
        return None


def _failure(step: Callable[[Job], None], job: Job) -> OSError | None:
    try:
        step(job)
    except OSError as error:
        return error
    return None


def _moved(events: Sequence[Listed]) -> Page:
    made = Page(events[0].number, events[-1].number + 1)
    for event in events:
        made.parts.append(
            frames.frame(
                frames.EVENT if event.is_event else frames.RECORD,
                event.number,
                event.stream.encode(),
                event.body,
                time_ms=event.time_ms,
                boot=event.boot,
                seq=event.seq,
                is_end=True,
            )
        )
    return made


def listed(disk: Disk, name: str, end: int) -> list[Listed]:
    """What a segment holds below a number. Raises `OSError`; a file that is gone holds nothing."""
    try:
        data = disk.read(name, 0, WHOLE)
    except FileNotFoundError:
        return []
    return [
        Listed(
            found.number,
            found.kind == frames.EVENT,
            found.stream,
            found.boot,
            found.seq,
            found.time_ms,
            data[found.body_at : found.at + found.length],
        )
        for found in frames.scan(data)
        if found.is_record and found.number < end
    ]


def quarantine(path: Path, room: int = 16 * 1024 * 1024, most: int = 1024 * 1024) -> Callable[[str, int, bytes], None]:
    """Keeps what is damaged, or set aside, as `<name>-<place>.bin`, up to `most` bytes of each and `room` of all.

    Never raises.
    """

    def aside(name: str, at: int, data: bytes) -> None:
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
            if sum(entry.stat().st_size for entry in path.iterdir()) + min(len(data), most) <= room:
                (path / f"{name}-{at}.bin").write_bytes(data[:most])
        except OSError:
            # It stays where it is until its segment goes; on a broken disk nothing better can be done.
            return

    return aside
