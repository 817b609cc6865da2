"""A file that is whole, or not there."""

import errno
import gzip
import os
import resource
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from _pytest.monkeypatch import MonkeyPatch

from agent.app.newfile import PART, SYNC_BYTES, new_file
from tests.fakes.disks import ext4, tmpfs

LIMIT = 1 << 20


@pytest.fixture
def limited() -> Iterator[None]:
    """No file of this process may grow beyond `LIMIT`: as on FAT32, only smaller."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    heard = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, heard)


def test_it_has_its_name_when_it_is_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with new_file(path) as file:
        file.write(b"one\n")
        assert [found.name for found in tmp_path.iterdir()] == ["file" + PART]
        file.write(b"two\n")
    assert path.read_bytes() == b"one\ntwo\n"
    assert file.written == 8
    assert [found.name for found in tmp_path.iterdir()] == ["file"]


def test_a_name_that_ends_in_gz_is_packed(tmp_path: Path) -> None:
    path = tmp_path / "file.gz"
    with new_file(path) as file:
        for _ in range(1000):
            file.write(b"one line\n")
    assert gzip.decompress(path.read_bytes()) == b"one line\n" * 1000
    assert file.written == path.stat().st_size < 1000


def test_a_half_file_of_an_earlier_attempt_is_written_over(tmp_path: Path) -> None:
    (tmp_path / f"file{PART}").write_bytes(b"half of something much longer")
    with new_file(tmp_path / "file") as file:
        file.write(b"x")
    assert (tmp_path / "file").read_bytes() == b"x"


@pytest.mark.parametrize("name", ["file", "file.gz"])
def test_what_grows_too_large_is_gone(name: str, limited: None, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="File too large") as failed, new_file(tmp_path / name) as file:
        for _ in range(4):
            file.write(os.urandom(LIMIT // 2))
    assert failed.value.errno == errno.EFBIG
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs("tmpfs")
@pytest.mark.parametrize("size", [LIMIT, 4 * LIMIT])
def test_on_a_full_stick_the_old_file_stays(size: int, tmp_path: Path) -> None:
    with tmpfs(tmp_path, LIMIT >> 10) as disk:
        path = disk.path / "file"
        path.write_bytes(b"old")
        with pytest.raises(OSError, match="No space left") as failed, new_file(path) as file:
            file.write(os.urandom(size))
        assert failed.value.errno == errno.ENOSPC
        assert [found.name for found in disk.path.iterdir()] == ["file"]
        assert path.read_bytes() == b"old"


@pytest.mark.needs("ext4")
def test_a_stick_that_is_pulled_out_has_no_file_that_looks_whole(tmp_path: Path) -> None:
    with ext4(tmp_path) as stick:
        path = stick.path / "file"
        with pytest.raises(OSError, match="error") as failed, new_file(path) as file:
            file.write(os.urandom(LIMIT))
            stick.shut_down()
            file.write(os.urandom(LIMIT))
        assert failed.value.errno == errno.EIO
        stick.start_again()
        assert "file" not in {found.name for found in stick.path.iterdir()}


def test_it_is_on_the_disk_before_it_has_its_name_and_now_and_then(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    asked: list[str] = []
    for owner, call in ((os, "fsync"), (Path, "replace")):
        real = getattr(owner, call)
        monkeypatch.setattr(owner, call, lambda *given, real=real, call=call: [asked.append(call), real(*given)][1])
    with new_file(tmp_path / "file") as file:
        for _ in range(5):
            file.write(bytes(SYNC_BYTES // 2))
        assert asked == ["fsync"] * 2
    assert asked == ["fsync"] * 3 + ["replace", "fsync"]
