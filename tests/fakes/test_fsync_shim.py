"""The shim makes a program's syncs fail, counts them, and sees when a file is synced that had failed before."""

import errno
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.fakes.fsync_shim import Counts, FsyncShim

pytestmark = pytest.mark.needs("cc")


@pytest.fixture
def below(tmp_path: Path) -> Path:
    path = tmp_path / "state"
    path.mkdir()
    return path


@pytest.fixture
def shim(tmp_path: Path, below: Path) -> FsyncShim:
    return FsyncShim(tmp_path, below)


def run(shim: FsyncShim, *lines: str, cwd: Path) -> list[str]:
    """What a Python with the shim prints; `t(call, ...)` prints the errno's name, or ok."""
    prelude = """
import errno, os
def t(call, *arguments):
    try:
        call(*arguments)
        print("ok")
    except OSError as error:
        print(errno.errorcode[error.errno])
def new(name): return os.open(name, os.O_RDWR | os.O_CREAT | os.O_APPEND)
"""
    done = subprocess.run(
        [sys.executable, "-c", prelude + "\n".join(lines)],
        capture_output=True,
        text=True,
        check=True,
        cwd=cwd,
        env={**os.environ, **shim.environment},
    )
    return done.stdout.split()


def test_without_its_file_it_only_counts(shim: FsyncShim, below: Path) -> None:
    said = run(shim, "f = new('a')", "t(os.write, f, b'x')", "t(os.fsync, f)", "t(os.fdatasync, f)", cwd=below)
    assert said == ["ok"] * 3
    assert shim.counts == Counts(synced=2)


def test_syncs_fail_and_writes_do_not(shim: FsyncShim, below: Path) -> None:
    with shim.failing():
        said = run(shim, "f = new('a')", "t(os.write, f, b'x')", "t(os.fdatasync, f)", cwd=below)
    assert said == ["ok", "EIO"]
    assert (below / "a").read_bytes() == b"x"
    assert shim.counts == Counts(synced=1, failed=1)


@pytest.mark.parametrize("call", ["write, f, b'x'", "writev, f, [b'x']", "pwrite, f, b'x', 0", "pwritev, f, [b'x'], 0"])
def test_every_way_of_writing_fails_with_the_error_that_is_wished(shim: FsyncShim, below: Path, call: str) -> None:
    with shim.failing(errno.EROFS, write=True, sync=False):
        said = run(shim, "f = new('a')", f"t(os.{call})", "t(os.fdatasync, f)", cwd=below)
    assert said == ["EROFS", "ok"]
    assert shim.counts == Counts(synced=1, writes_failed=1)


def test_other_directories_are_left_alone(shim: FsyncShim, below: Path, tmp_path: Path) -> None:
    (tmp_path / "state2").mkdir()
    with shim.failing(write=True):
        said = run(shim, "f = new('../state2/a')", "t(os.write, f, b'x')", "t(os.fsync, f)", cwd=below)
    assert said == ["ok"] * 2
    assert shim.counts == Counts()


def test_a_directory_fails_as_well_and_may_be_tried_again(shim: FsyncShim, below: Path) -> None:
    with shim.failing():
        said = run(shim, "d = os.open('.', os.O_RDONLY)", "t(os.fsync, d)", "t(os.fsync, d)", cwd=below)
    assert said == ["EIO", "EIO"]
    assert shim.counts == Counts()


@pytest.mark.parametrize(
    ("second", "again"),
    [
        ("g = f", 1),
        ("g = os.dup(f)", 1),
        ("os.close(f); g = new('a')", 1),
        ("os.rename('a', 'b'); g = new('b')", 1),
        ("g = new('b')", 0),
        ("os.close(f); os.unlink('a'); g = new('a')", 0),
    ],
    ids=["same", "duplicate", "opened again", "renamed", "another file", "new file with an old name and inode"],
)
def test_a_second_sync_of_a_failed_file_is_seen(
    shim: FsyncShim, below: Path, tmp_path: Path, second: str, again: int
) -> None:
    stop = f"os.unlink({str(tmp_path / 'fsync_shim.control')!r})"
    with shim.failing():
        said = run(shim, "f = new('a')", "t(os.fdatasync, f)", stop, second, "t(os.fsync, g)", cwd=below)
        (tmp_path / "fsync_shim.control").touch()
    assert said == ["EIO", "ok"]
    assert shim.counts == Counts(synced=2, failed=1, again=again)


def test_it_blocks_so_long_and_then_does_it(shim: FsyncShim, below: Path) -> None:
    with shim.blocking(0.3, write=False):
        took, said = timed(lambda: run(shim, "f = new('a')", "os.write(f, b'x')", "t(os.fsync, f)", cwd=below))
    assert took >= 0.3
    assert said == ["ok"]
    assert shim.counts == Counts(synced=1, blocked=1)


def test_a_block_ends_with_its_file(shim: FsyncShim, below: Path, tmp_path: Path) -> None:
    lift = f"threading.Timer(0.2, os.unlink, [{str(tmp_path / 'fsync_shim.control')!r}]).start()"
    with shim.blocking(sync=False):
        took, said = timed(
            lambda: run(shim, "import threading", "f = new('a')", lift, "t(os.write, f, b'x')", cwd=below)
        )
        (tmp_path / "fsync_shim.control").touch()
    assert 0.2 <= took < 60
    assert said == ["ok"]
    assert shim.counts.blocked == 1


def timed(call: Callable[[], list[str]]) -> tuple[float, list[str]]:
    begun = time.monotonic()
    said = call()
    return time.monotonic() - begun, said
