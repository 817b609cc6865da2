"""A file that has its name only when it is whole and on the disk, be that a stick that is full or pulled out."""

import contextlib
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

PART = ".part"
"""Behind the name until then."""
SYNC_BYTES = 16 * 1024 * 1024
"""So much at most is on its way: what is shown as written is there, and an error comes early."""
GZIP = 31
"""Window of 32 KiB, and the frame of gzip (zlib's manual, deflateInit2)."""


class Writing:
    """What is being written. Raises `OSError`."""

    def __init__(self, file: BinaryIO, packer: "zlib._Compress | None") -> None:
        self.written = 0
        """Bytes in the file."""
        self._file = file
        self._packer = packer
        self._synced = 0

    def write(self, data: bytes) -> None:
        self._put(data if self._packer is None else self._packer.compress(data))
        if self.written - self._synced >= SYNC_BYTES:
            self._sync()

    def finish(self) -> None:
        if self._packer is not None:
            self._put(self._packer.flush())
        self._sync()

    def _put(self, data: bytes) -> None:
        self._file.write(data)
        self.written += len(data)

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._synced = self.written


@contextlib.contextmanager
def new_file(path: Path) -> Iterator[Writing]:
    """Written beside, and renamed when the block ends well; packed where the name ends in `.gz`. Raises `OSError`."""
    part = path.with_name(path.name + PART)
    try:
        with part.open("wb") as file:
            packer = zlib.compressobj(wbits=GZIP) if path.suffix == ".gz" else None
            writing = Writing(file, packer)
            yield writing
            writing.finish()
        part.replace(path)
        _sync_directory(path.parent)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise


def _sync_directory(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Not every file system of a stick can; what is in the file is safe in any case.
        with contextlib.suppress(OSError):
            os.fsync(handle)
    finally:
        os.close(handle)
