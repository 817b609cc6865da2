"""The broken disks break as they say, and nothing of them stays."""

import errno
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from tests.fakes import disks
from tests.fakes.disks import MIB, Disk, Ext4, ext4, tmpfs


@pytest.fixture
def card(tmp_path: Path) -> Iterator[Ext4]:
    with ext4(tmp_path) as disk:
        yield disk


@pytest.fixture
def small(tmp_path: Path) -> Iterator[Disk]:
    with tmpfs(tmp_path, kibibytes=1024) as disk:
        yield disk


def keep(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fdatasync(file.fileno())
    handle = os.open(path.parent, os.O_RDONLY)
    os.fsync(handle)
    os.close(handle)


def mounted() -> list[str]:
    return [line for line in Path("/proc/self/mounts").read_text().splitlines() if f"disk-{os.getpid()}-" in line]


@pytest.mark.needs("ext4")
def test_a_power_cut_takes_what_was_not_synced_and_nothing_else(card: Ext4) -> None:
    keep(card.path / "kept", b"a" * 5000)
    (card.path / "lost").write_bytes(b"b" * 5000)
    with (card.path / "kept").open("ab") as file:
        file.write(b"c" * 5000)
    card.power_cut()
    assert (card.path / "kept").read_bytes() == b"a" * 5000
    assert not (card.path / "lost").exists()
    keep(card.path / "after", b"d")
    card.power_cut()
    assert (card.path / "after").read_bytes() == b"d"


@pytest.mark.needs("ext4")
def test_between_off_and_on_nothing_can_be_written_and_open_files_hold_it_up(card: Ext4) -> None:
    with (card.path / "open").open("wb", buffering=0) as file:
        card.shut_down()
        with pytest.raises(OSError) as failed:
            file.write(b"x")
        assert failed.value.errno == errno.EIO
        with pytest.raises(OSError, match="busy"):
            card.start_again()
    card.start_again()
    keep(card.path / "open", b"x")


@pytest.mark.needs("ext4")
def test_a_read_only_mount_and_back(card: Ext4) -> None:
    with card.read_only(), pytest.raises(OSError) as refused:
        (card.path / "new").write_bytes(b"x")
    assert refused.value.errno == errno.EROFS
    (card.path / "new").write_bytes(b"x")
    with (card.path / "new").open("ab"), pytest.raises(OSError, match="busy"), card.read_only():
        pass


@pytest.mark.needs("ext4")
def test_a_failing_file_system_is_read_only_under_an_open_file_too(card: Ext4) -> None:
    keep(card.path / "kept", b"a")
    with (card.path / "open").open("wb", buffering=0) as file:
        card.fail()
        with pytest.raises(OSError) as refused:
            file.write(b"x")
    assert refused.value.errno == errno.EROFS
    assert (card.path / "kept").read_bytes() == b"a"
    card.start_again()
    keep(card.path / "open", b"x")


@pytest.mark.needs("ext4")
def test_what_the_device_takes_is_counted(card: Ext4) -> None:
    before = card.written_bytes()
    assert card.written_bytes() - before <= MIB // 8, "an idle disk takes next to nothing"
    before = card.written_bytes()
    (card.path / "file").write_bytes(os.urandom(4 * MIB))
    assert 4 * MIB <= card.written_bytes() - before <= 4.5 * MIB


@pytest.mark.needs("tmpfs")
def test_a_hog_leaves_not_a_byte_and_gives_all_back(small: Disk) -> None:
    free = small.free_bytes
    with small.hog() as hog:
        assert small.free_bytes == 0
        with pytest.raises(OSError) as full:
            (small.path / "file").write_bytes(b"x")
        assert full.value.errno == errno.ENOSPC
        hog.path.write_bytes(b"")
        assert hog.eat() == free
        assert small.free_bytes == 0
    assert small.free_bytes == free


@pytest.mark.needs("ext4", "tmpfs")
@pytest.mark.parametrize("disk", [ext4, tmpfs])
def test_nothing_is_left_when_a_test_fails_with_a_file_open(
    tmp_path: Path, disk: Callable[[Path], AbstractContextManager[Disk]]
) -> None:
    with pytest.raises(ZeroDivisionError), disk(tmp_path) as made:
        file = (made.path / "open").open("wb")  # it stays open on purpose
        raise ZeroDivisionError
    file.close()
    assert mounted() == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.needs("tmpfs")
def test_what_a_killed_run_left_is_swept(tmp_path: Path) -> None:
    program = (
        "import os, pathlib, sys, tests.fakes.disks as disks\n"
        "made = disks.tmpfs(pathlib.Path(sys.argv[1]))\n"
        "made.__enter__()\n"
        "os._exit(9)"
    )
    root = Path(disks.__file__).parents[2]
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path)], cwd=root, check=False).returncode == 9
    (left,) = tmp_path.iterdir()
    assert left.is_mount()
    with tmpfs(tmp_path):
        assert not left.is_mount()


def test_a_disk_that_cannot_be_made_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(directory: Path) -> AbstractContextManager[Disk]:
        raise OSError("mount: permission denied")

    def untried(directory: Path) -> AbstractContextManager[Disk]:
        raise AssertionError(directory)

    assert not disks.works(refused)
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert not disks.works(untried)
