"""A directory as the outbox uses it: few operations, so that tests can put a worse one in its place.

Everything blocks and raises `OSError`.
"""

import contextlib
import errno
import os
from pathlib import Path
from typing import Protocol


class File(Protocol):
    """A new file that only grows."""

    def write(self, data: bytes) -> None:
        """All of it or `OSError`; how much of it is there then is not known."""

    def cut(self, size: int) -> None:
        """Give back what is behind `size`."""

    def sync(self) -> None:
        """What was written survives a power cut from now on. Never called again after it failed."""

    def is_there(self) -> bool:
        """Whether it still has a name: somebody may have emptied the directory."""

    def close(self) -> None: ...


class Disk(Protocol):
    """One directory of files."""

    def names(self) -> list[tuple[str, int]]:
        """Name and size in bytes of every file."""

    def create(self, name: str) -> File:
        """A file that was not there."""

    def read(self, name: str, at: int, size: int) -> bytes:
        """Less than `size` only at the end."""

    def overwrite(self, name: str, data: bytes) -> None:
        """The whole content of a small file, in one write; torn after a power cut, never after a kill."""

    def sync(self, name: str) -> None:
        """The file, and the directory that names it. No error where the file is gone."""

    def remove(self, name: str) -> None:
        """No error where it is gone."""

    def set_aside(self, name: str) -> None:
        """Out of the way, for people to look at."""


class RealFile:
    """`File` of a `RealDisk`."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            left = left[os.write(self._descriptor, left) :]

    def cut(self, size: int) -> None:
        os.ftruncate(self._descriptor, size)
        os.lseek(self._descriptor, size, os.SEEK_SET)

    def sync(self) -> None:
        os.fdatasync(self._descriptor)

    def is_there(self) -> bool:
        return os.fstat(self._descriptor).st_nlink > 0

    def close(self) -> None:
        os.close(self._descriptor)


class RealDisk:
    """`Disk` of a directory, which is made when it is needed."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def names(self) -> list[tuple[str, int]]:
        found: list[tuple[str, int]] = []
        with contextlib.suppress(FileNotFoundError), os.scandir(self.path) as entries:
            for entry in entries:
                # Whoever only looks sees files go.
                with contextlib.suppress(FileNotFoundError):
                    if entry.is_file(follow_symlinks=False):
                        found.append((entry.name, entry.stat().st_size))
        return found

    def create(self, name: str) -> RealFile:
        self._make()
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
        made = RealFile(os.open(self.path / name, flags, 0o600))
        _sync(self.path)
        return made

    def _make(self) -> None:
        if not self.path.is_dir():
            self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
            _sync(self.path.parent)

    def read(self, name: str, at: int, size: int) -> bytes:
        with open(self.path / name, "rb", buffering=0) as file:
            # What is asked for is reserved at once, and a small gateway has less than the largest segment could take.
            there = os.fstat(file.fileno()).st_size - at
            return os.pread(file.fileno(), max(min(size, there), 0), at)

    def overwrite(self, name: str, data: bytes) -> None:
        self._make()
        descriptor = os.open(self.path / name, os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            if os.pwrite(descriptor, data, 0) < len(data):
                raise OSError(errno.ENOSPC, "only a part of it was written")
            if os.fstat(descriptor).st_size > len(data):
                os.ftruncate(descriptor, len(data))
        finally:
            os.close(descriptor)

    def sync(self, name: str) -> None:
        try:
            descriptor = os.open(self.path / name, os.O_RDONLY | os.O_CLOEXEC)
        except FileNotFoundError:
            return
        try:
            os.fdatasync(descriptor)
        finally:
            os.close(descriptor)
        _sync(self.path)

    def remove(self, name: str) -> None:
        (self.path / name).unlink(missing_ok=True)

    def set_aside(self, name: str) -> None:
        aside = self.path.parent / "quarantine"
        aside.mkdir(mode=0o700, exist_ok=True)
        (self.path / name).replace(aside / name)


def _sync(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
