"""Disks that break: an ext4 whose power is cut or that fails, and a small one that is full.

    with ext4(tmp_path) as disk:
        ...                          # files below disk.path
        disk.power_cut()             # what was not synced is gone

Needs root, CAP_SYS_ADMIN and loop devices; `works` says whether they are there. A mount point carries the pid of who
made it: what a killed test run has left behind is unmounted by the next one.
"""

import contextlib
import ctypes
import fcntl
import os
import re
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

EXT4_IOC_SHUTDOWN = 0x8004587D
"""`_IOR('X', 125, __u32)` of Linux's include/uapi/linux/ext4.h."""
NOLOGFLUSH = 2
"""The file system stops at once, and its journal stays as it is on the device."""
SECTOR = 512
MIB = 1 << 20
_MARK = re.compile(r"/lineside-disk-(\d+)-\w+$")


class Disk:
    """A file system of its own, mounted at `path`."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @property
    def free_bytes(self) -> int:
        found = os.statvfs(self.path)
        return found.f_bavail * found.f_frsize

    @contextlib.contextmanager
    def hog(self) -> Iterator["Hog"]:
        """Fill it to the last byte, as somebody else's log file does; the space comes back at the end of the block."""
        hog = Hog(self.path / "hog")
        hog.eat()
        try:
            yield hog
        finally:
            hog.path.unlink(missing_ok=True)


class Hog:
    """One file that is as large as it can be."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def eat(self) -> int:
        """Take all that is free now; how many bytes that was."""
        eaten = 0
        with self.path.open("ab", buffering=0) as file:
            for size in (MIB, 4096, 1):
                with contextlib.suppress(OSError):
                    while True:
                        eaten += file.write(bytes(size))
        return eaten


class Ext4(Disk):
    """An ext4 in a file, on a loop device."""

    def __init__(self, image: Path, path: Path) -> None:
        super().__init__(path)
        self._image = image

    def mount(self) -> None:
        _run("mount", "-o", "loop,errors=remount-ro", self._image, self.path)

    def shut_down(self) -> None:
        """The power goes: from now on nothing reaches the device, and whoever tries gets EIO."""
        with _directory(self.path) as handle:
            fcntl.ioctl(handle, EXT4_IOC_SHUTDOWN, struct.pack("I", NOLOGFLUSH))

    def start_again(self) -> None:
        """Mount it anew, which replays the journal. Raises `OSError` while a process has a file of it open."""
        _run("umount", self.path)
        self.mount()

    def power_cut(self) -> None:
        """Power off and on again. Who has files open must be killed between the two: `shut_down`, `start_again`."""
        self.shut_down()
        self.start_again()

    @contextlib.contextmanager
    def read_only(self) -> Iterator[None]:
        """Mounted read-only for a while. The kernel refuses (`OSError`) while a file is open for writing."""
        _run("mount", "-o", "remount,ro", self.path)
        try:
            yield
        finally:
            _run("mount", "-o", "remount,rw", self.path)

    def fail(self) -> None:
        """The file system finds itself damaged, and every write gets EROFS, until `start_again`.

        That is how a worn card becomes read-only under a running program, which no remount can do.
        """
        (Path("/sys/fs/ext4") / self.device / "trigger_fs_error").write_text("1")

    @property
    def device(self) -> str:
        """Its block device, such as `loop0`."""
        return next(Path(source).name for source, place in _mounts() if place == str(self.path))

    def written_bytes(self) -> int:
        """What the device has taken since it was made, journal included, and all that waited is written before.

        Only differences between two calls mean something: a loop device counts from its first use.
        """
        libc = ctypes.CDLL(None, use_errno=True)
        with _directory(self.path) as handle:
            if libc.syncfs(handle):
                raise OSError(ctypes.get_errno(), "syncfs")
        return int(Path("/sys/block", self.device, "stat").read_text().split()[6]) * SECTOR


@contextlib.contextmanager
def ext4(directory: Path, megabytes: int = 64) -> Iterator[Ext4]:
    """A new ext4. Its tables are complete from the start, so that the kernel writes nothing of its own later."""
    with _mount_point(directory) as path:
        image = path.with_name(f"{path.name}.img")
        with image.open("wb") as file:
            file.truncate(megabytes * MIB)
        try:
            _run("mkfs.ext4", "-q", "-F", "-I", "256", "-E", "lazy_itable_init=0,lazy_journal_init=0", image)
            disk = Ext4(image, path)
            disk.mount()
            yield disk
        finally:
            _let_go(path)
            image.unlink()


@contextlib.contextmanager
def tmpfs(directory: Path, kibibytes: int = 24 * 1024) -> Iterator[Disk]:
    """A file system in memory that holds so much and no more."""
    with _mount_point(directory) as path:
        try:
            _run("mount", "-t", "tmpfs", "-o", f"size={kibibytes}k,mode=0700", "tmpfs", path)
            yield Disk(path)
        finally:
            _let_go(path)


@cache
def works(disk: Callable[[Path], AbstractContextManager[Any]]) -> bool:
    """Whether such a disk can be made here and gets its power cut: tried once, for programs and rights alike."""
    if os.geteuid() != 0:
        return False
    try:
        with tempfile.TemporaryDirectory() as directory, disk(Path(directory)) as made:
            if isinstance(made, Ext4):
                made.power_cut()
    except OSError:
        return False
    return True


@contextlib.contextmanager
def _mount_point(directory: Path) -> Iterator[Path]:
    _sweep()
    path = Path(tempfile.mkdtemp(prefix=f"lineside-disk-{os.getpid()}-", dir=directory))
    try:
        yield path
    finally:
        path.rmdir()


def _sweep() -> None:
    """Let go of what belonged to test runs that are dead."""
    for _, place in _mounts():
        mark = _MARK.search(place)
        if mark and not Path("/proc", mark[1]).exists():
            _let_go(Path(place))


def _let_go(path: Path) -> None:
    """Unmount; where a file is still open, from the tree at once and for good when the last one is closed."""
    while any(place == str(path) for _, place in _mounts()):
        try:
            _run("umount", path)
        except OSError:
            _run("umount", "-l", path)


def _mounts() -> list[tuple[str, str]]:
    """(source, mount point), the point with its spaces."""
    lines = Path("/proc/self/mounts").read_text(encoding="utf-8").splitlines()
    return [(line.split()[0], line.split()[1].replace(r"\040", " ")) for line in lines]


@contextlib.contextmanager
def _directory(path: Path) -> Iterator[int]:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        yield handle
    finally:
        os.close(handle)


def _run(program: str, *arguments: str | Path) -> None:
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise FileNotFoundError(program)
    done = subprocess.run([found, *map(str, arguments)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise OSError(f"{program}: {done.stderr.strip()}")
