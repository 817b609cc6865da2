"""A program whose syncs and writes below one directory fail or hang while a test says so (`fsync_shim.c`, preloaded).

shim = FsyncShim(tmp_path, below=state_dir)
async with agent(file, **shim.environment):
    with shim.failing():
        ...
assert shim.counts.again == 0
"""

import contextlib
import errno
import os
import struct
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

SOURCE = Path(__file__).with_suffix(".c")
FOR_EVER_S = 1e6
_SYNC, _WRITE = 1, 2


class Counts(NamedTuple):
    """What the shim saw of regular files below the directory, over all runs of the program."""

    synced: int = 0
    """Calls of fsync and fdatasync, those that failed included."""
    failed: int = 0
    """Those that failed, for whatever reason."""
    again: int = 0
    """Those on a file of which an earlier one had failed in the same run. They prove nothing and must not happen."""
    blocked: int = 0
    """Calls of any kind that were held up."""
    writes_failed: int = 0


class FsyncShim:
    """Compiled with `cc` into `directory`, which also holds its control file and its counts."""

    def __init__(self, directory: Path, below: Path) -> None:
        """`below` exists; links in it are resolved."""
        self._library = directory / "fsync_shim.so"
        self._control = directory / "fsync_shim.control"
        self._counts = directory / "fsync_shim.counts"
        self._below = below.resolve(strict=True)
        command = ["cc", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", str(self._library), str(SOURCE), "-ldl"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    @property
    def environment(self) -> Mapping[str, str]:
        """For the program."""
        return {
            "LD_PRELOAD": str(self._library),
            "FSYNC_SHIM_BELOW": str(self._below),
            "FSYNC_SHIM_CONTROL": str(self._control),
            "FSYNC_SHIM_COUNTS": str(self._counts),
        }

    @property
    def counts(self) -> Counts:
        content = self._counts.read_bytes() if self._counts.exists() else b""
        return Counts(*struct.unpack(f"={len(content) // 8}Q", content))

    def failing(
        self, error: int = errno.EIO, *, sync: bool = True, write: bool = False
    ) -> contextlib.AbstractContextManager[None]:
        """These calls fail until the end of the block."""
        return self._saying(error, 0.0, sync, write)

    def blocking(
        self, seconds: float = FOR_EVER_S, *, sync: bool = True, write: bool = True
    ) -> contextlib.AbstractContextManager[None]:
        """These calls take so long, or until the end of the block, and then do what they should."""
        return self._saying(0, seconds, sync, write)

    @contextlib.contextmanager
    def _saying(self, error: int, seconds: float, sync: bool, write: bool) -> Iterator[None]:
        beside = self._control.with_suffix(".new")
        beside.write_text(f"{error} {round(seconds * 1000)} {_SYNC * sync + _WRITE * write}\n")
        os.replace(beside, self._control)
        try:
            yield
        finally:
            self._control.unlink()
