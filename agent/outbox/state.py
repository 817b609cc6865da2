"""The state directory: one agent at a time, and a number for this run that no other run has.

    lock        flock, and the pid of who holds it
    format      version of what is in here
    boot        the number of the newest run
    stopped     what a clean stop noted: its boot and the last seq of each stream
    NAME.json   what was remembered under that name

Every file is written beside, synced and renamed, so that it is old or new after a power cut, never half. A directory
that is full, read-only or damaged does not keep the agent from starting: the run then has a number by chance, which is
written when that is possible again, before its first record is.
"""

import errno
import fcntl
import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import orjson

from drivers.contract import Journal
from drivers.phrase import Phrase, of_system

FORMAT = "3"
"""1 had no log; what it kept is read, and its log begins empty. 2 had a file of cursors for each destination, and one
for losses: they are read, and go when there is one of 3."""
READABLE = ("1", "2", FORMAT)
BOOT_BITS = 40
_NAME = re.compile(r"[a-z][a-z_]{0,40}")
OTHER_RUNS = Phrase(
    "启动时读不出，里面是其他运行的数据：重启后才能使用",
    "it was not readable at the start and holds other runs: restart to use it",
)


class StateTaken(Exception):
    """Another agent holds the state directory; `pid` is its process where it could be read, else 0."""

    def __init__(self, path: Path, pid: int) -> None:
        super().__init__(f"{path} is held by process {pid or '?'}")
        self.path = path
        self.pid = pid


@dataclass(slots=True)
class State:
    """An open state directory. Its methods block on the disk and, but for `number`, never raise `OSError`."""

    path: Path
    boot: int
    previous: Mapping[str, object] | None
    is_ours: bool
    """Whether it may be written at all."""
    _found: set[int | None]
    """The numbers that may stand here: that of the run before, and what this one has tried to write."""
    _journal: Journal
    _lock: int | None
    _kept: dict[str, object] = field(default_factory=dict)
    is_numbered: bool = False
    """Whether the number of this run is on disk; nothing else is written before it."""

    def number(self) -> None:
        """Keep the number of this run, if that is not done yet. Raises `OSError`; it may be called again."""
        if self.is_numbered:
            return
        if self._lock is None:
            self._lock = self._taken_late()
        if _stored_boot(self.path) not in self._found:
            raise OSError(errno.ESTALE, OTHER_RUNS)
        self._found.add(self.boot)
        _write_durably(self.path, "format", FORMAT.encode())
        _write_durably(self.path, "boot", str(self.boot).encode())
        self.is_numbered = True
        for name, value in self._kept.items():
            self._write(f"{name}.json", orjson.dumps(value))

    def _taken_late(self) -> int | None:
        try:
            return _take(self.path, self._journal)
        except StateTaken as taken:
            raise OSError(errno.EBUSY, str(taken)) from None

    def remember(self, name: str, value: object) -> None:
        """Keep a JSON value under a lower-case word."""
        if not _NAME.fullmatch(name):
            raise ValueError(f"not a lower-case word: {name!r}")
        self._kept[name] = value
        self._write(f"{name}.json", orjson.dumps(value))

    def recall(self, name: str) -> object | None:
        """What was kept under that name, None where there is nothing readable."""
        if name not in self._kept:
            self._kept[name] = _read_json(self.path / f"{name}.json", self._journal)
        return self._kept[name]

    def close(self, last_seq: Mapping[str, int] | None) -> None:
        """Let go; `last_seq` (stream -> seq) says that the run ended cleanly, None that it did not."""
        if last_seq is not None:
            self._write("stopped", orjson.dumps({"boot": self.boot, "last_seq": dict(last_seq)}))
        _release(self._lock)
        self._lock = None

    def _write(self, name: str, content: bytes) -> None:
        if not self.is_numbered:
            return
        try:
            _write_durably(self.path, name, content)
        except OSError as error:
            self._journal.note("W3003", str(self.path / name), reason=of_system(error))


def open_state(path: Path, journal: Journal) -> State:
    """Take the directory and number this run. Blocks on the disk; raises `StateTaken` and nothing else."""
    lock = _take(path, journal)
    is_ours = _is_of_this_format(path, journal)
    stored, previous = _last_run(path, journal) if is_ours else (None, None)
    boot = secrets.randbits(BOOT_BITS) if stored is None else stored + 1
    state = State(path, boot, previous, is_ours, {stored}, journal, lock)
    try:
        if is_ours:
            state.number()
    except OSError:
        # The log says so when it has something to write, and asks again.
        pass
    if not state.is_numbered:
        state.boot = (stored or 0) + 1 + secrets.randbits(BOOT_BITS)
    return state


def _release(lock: int | None) -> None:
    if lock is not None:
        os.close(lock)


def _take(path: Path, journal: Journal) -> int | None:
    """None where the directory can be neither made nor locked; that it cannot be written is said when it is."""
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError:
        return _take_read_only(path)
    _flock(lock, path)
    try:
        os.ftruncate(lock, 0)
        os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)
    except OSError as error:
        journal.note("W3003", str(path / "lock"), reason=of_system(error))
    return lock


def _take_read_only(path: Path) -> int | None:
    """A second agent is kept out of a read-only directory too, where an earlier run left the file."""
    try:
        lock = os.open(path / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    _flock(lock, path)
    return lock


def _flock(lock: int, path: Path) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.pread(lock, 20, 0).strip()
        os.close(lock)
        raise StateTaken(path, int(holder) if holder.isdigit() else 0) from None
    except OSError:
        # Some network file systems have no locks; one agent that runs is worth more than none that is sure.
        pass


def _is_of_this_format(path: Path, journal: Journal) -> bool:
    try:
        found = (path / "format").read_text("ascii", "replace").strip()
    except FileNotFoundError:
        return True
    except OSError as error:
        journal.note("E3001", str(path), reason=of_system(error))
        return False
    if found.isdigit() and found not in READABLE:
        journal.note("E3002", str(path), found=found, known=FORMAT)
        return False
    return True


def _last_run(path: Path, journal: Journal) -> tuple[int | None, Mapping[str, object] | None]:
    boot = _stored_boot(path)
    if boot is None:
        if (path / "boot").exists():
            _put_aside(path / "boot", journal)
        return None, None
    stopped = _read_json(path / "stopped", journal)
    clean = isinstance(stopped, dict) and stopped.get("boot") == boot
    last_seq = stopped.get("last_seq") if clean and isinstance(stopped, dict) else None
    return boot, {"boot": boot, "clean": clean, "last_seq": last_seq if isinstance(last_seq, dict) else {}}


def _stored_boot(path: Path) -> int | None:
    try:
        text = (path / "boot").read_bytes().strip()
    except OSError:
        return None
    return int(text) if text.isdigit() and len(text) <= 15 else None


def _read_json(path: Path, journal: Journal) -> object | None:
    try:
        content: object = orjson.loads(path.read_bytes())
    except orjson.JSONDecodeError:
        _put_aside(path, journal)
        return None
    except OSError:
        return None
    return content


def _put_aside(path: Path, journal: Journal) -> None:
    journal.note("W3004", str(path), aside=f"{path.name}.corrupt")
    try:
        path.replace(path.with_name(f"{path.name}.corrupt"))
    except OSError:
        # It stays where it is and is written over; what was in it is lost either way.
        pass


def _write_durably(directory: Path, name: str, content: bytes) -> None:
    temporary = directory / f".{name}.new"
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(directory / name)
    handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
