"""Writes one log: appends pages to the newest segment and begins another when it is full. Used by one thread.

After an `OSError` the segment that was written is given up, for good: a file whose sync failed may have lost pages and
says at the next sync that all is well. What was not synced is written again, into a new one.
"""

import contextlib
from dataclasses import dataclass, field
from typing import NamedTuple

from agent.outbox import frames
from agent.outbox.bodies import to_json
from agent.outbox.disk import Disk, File
from agent.outbox.page import Page

SEGMENT_BYTES = 4 * 1024 * 1024
SUFFIX = ".seg"
FIRST_MAX = 1 << 62
"""No log gets so far: a file that says so is another's."""


@dataclass(slots=True)
class Table:
    """What the head of a segment says: where every stream stands, and the newest checkpoints."""

    streams: dict[str, tuple[int, int]] = field(default_factory=dict)
    checkpoints: dict[str, object] = field(default_factory=dict)

    def head(self, number: int, now_ms: int) -> bytes:
        said = to_json({"streams": self.streams, "checkpoints": self.checkpoints})
        return frames.frame(frames.SEGMENT, number, b"", said, time_ms=now_ms, is_end=True)


class Begun(NamedTuple):
    """A segment that was begun."""

    first: int
    name: str
    opened_ms: int


class Pen:
    """`write` and `sync` raise `OSError`; the segment is given up then."""

    def __init__(
        self,
        disk: Disk,
        table: Table,
        serial: int,
        next_: int,
        segment_bytes: int = SEGMENT_BYTES,
        *,
        syncs: bool = True,
    ) -> None:
        """`serial` is above that of every segment there is, `next_` the number of the first record to come."""
        self.table = table
        self.written = self.synced = next_
        """Numbers below it are on disk, and there for good; without `syncs` that is the same."""
        self.begun: list[Begun] = []
        """Segments begun since somebody looked and emptied it."""
        self.size = 0
        """Of the newest segment, in bytes."""
        self._disk = disk
        self._serial = serial
        self._segment_bytes = segment_bytes
        self._syncs = syncs
        self._file: File | None = None
        self._name = ""
        self._head_size = 0
        self._is_dirty = False

    def write(self, made: Page, now_ms: int) -> None:
        data = b"".join(made.parts)
        if self._file is not None and not self._fits(len(data)):
            self.finish()
        if self._file is None:
            self._begin(made.first, now_ms)
        self._put(data)
        self.written = made.end
        if not self._syncs:
            self.synced = self.written
        self.table.streams.update(made.streams)
        self.table.checkpoints.update(made.checkpoints)

    def _fits(self, more: int) -> bool:
        assert self._file is not None
        return (self.size + more <= self._segment_bytes or self.size == self._head_size) and self._file.is_there()

    def _begin(self, first: int, now_ms: int) -> None:
        self._name = f"{first:020d}-{self._serial:06d}{SUFFIX}"
        self._serial += 1
        self._file = self._disk.create(self._name)
        self.size = self._head_size = 0
        self._put(self.table.head(first, now_ms))
        self._head_size = self.size
        self.begun.append(Begun(first, self._name, now_ms))

    def _put(self, data: bytes) -> None:
        assert self._file is not None
        self._is_dirty = True
        try:
            self._file.write(data)
        except OSError:
            self.give_up()
            raise
        self.size += len(data)

    def sync(self) -> None:
        """Everything that was written survives a power cut from now on."""
        if self._file is not None and self._is_dirty and self._syncs:
            try:
                self._file.sync()
            except OSError:
                self.give_up()
                raise
        self._is_dirty = False
        self.synced = self.written

    def finish(self) -> None:
        """Sync and close the newest segment; the next page begins another."""
        self.sync()
        if self._file is not None:
            file, self._file = self._file, None
            file.close()

    def give_up(self) -> None:
        """Leave the newest segment as it is, with a clean end if that can be had; one with nothing in it goes."""
        assert self._file is not None
        file, self._file = self._file, None
        self._is_dirty = False
        self.written = self.synced
        with contextlib.suppress(OSError):
            file.cut(self.size)
        with contextlib.suppress(OSError):
            file.close()
        if self.size == self._head_size:
            self.begun = [begun for begun in self.begun if begun.name != self._name]
            with contextlib.suppress(OSError):
                self._disk.remove(self._name)


def serial_of(name: str) -> int | None:
    """The serial number of a segment's file; None of a name that no segment has."""
    first, _, serial = name.removesuffix(SUFFIX).partition("-")
    is_ours = name.endswith(SUFFIX) and len(first) == 20 and name.isascii() and (first + serial).isdigit()
    is_ours = is_ours and int(first) < FIRST_MAX
    return int(serial) if is_ours else None
