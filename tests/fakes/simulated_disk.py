"""A directory in memory that loses what was not synced, tears what is being written, fills up and fails at will."""

import errno
import random
from collections.abc import Callable


class SimulatedFile:
    """`agent.outbox.disk.File`."""

    def __init__(self, disk: "SimulatedDisk", name: str) -> None:
        self._disk = disk
        self._name = name
        self._content = disk.files[name]
        self._at = 0
        self.has_failed = False

    def write(self, data: bytes) -> None:
        self._disk.before("write", self._name)
        room = self._disk.room - sum(len(content) for content in self._disk.files.values())
        if self._disk.is_broken or len(data) > room:
            self._put(data[: max(room, 0)] if not self._disk.is_broken else data[: len(data) // 3])
            raise OSError(errno.EIO if self._disk.is_broken else errno.ENOSPC, "no")
        self._put(data)

    def _put(self, data: bytes) -> None:
        """Where it stands, though somebody has cut off what was before."""
        self._content.extend(bytes(max(self._at - len(self._content), 0)))
        self._content[self._at :] = data
        self._at += len(data)

    def cut(self, size: int) -> None:
        del self._content[size:]
        self._at = size

    def sync(self) -> None:
        self._disk.before("sync", self._name)
        assert not self.has_failed, "a file whose sync failed is never synced again"
        if self._disk.is_broken:
            self.has_failed = True
            raise OSError(errno.EIO, "no")
        self._disk.synced[self._name] = bytes(self._content)

    def is_there(self) -> bool:
        return self._disk.files.get(self._name) is self._content

    def close(self) -> None:
        return


class SimulatedDisk:
    """`agent.outbox.disk.Disk`. Names are durable at once; contents when they are synced."""

    def __init__(self) -> None:
        self.files: dict[str, bytearray] = {}
        self.synced: dict[str, bytes] = {}
        self.aside: list[str] = []
        self.room = 1 << 40
        self.is_broken = False
        self.unreadable = False
        self.before: Callable[[str, str], None] = lambda what, name: None
        """Called with the operation and the file whenever something is about to change."""

    def names(self) -> list[tuple[str, int]]:
        return [(name, len(content)) for name, content in self.files.items()]

    def create(self, name: str) -> SimulatedFile:
        self.before("create", name)
        if self.is_broken:
            raise OSError(errno.EIO, "no")
        if name in self.files:
            raise FileExistsError(errno.EEXIST, name)
        self.files[name] = bytearray()
        self.synced[name] = b""
        return SimulatedFile(self, name)

    def read(self, name: str, at: int, size: int) -> bytes:
        if self.unreadable:
            raise OSError(errno.EIO, "no")
        if name not in self.files:
            raise FileNotFoundError(errno.ENOENT, name)
        return bytes(self.files[name][at : at + size])

    def overwrite(self, name: str, data: bytes) -> None:
        self.before("overwrite", name)
        if self.is_broken:
            raise OSError(errno.EIO, "no")
        self.files[name] = bytearray(data)

    def sync(self, name: str) -> None:
        self.before("sync", name)
        if name in self.files:
            self.synced[name] = bytes(self.files[name])

    def remove(self, name: str) -> None:
        self.before("remove", name)
        self.files.pop(name, None)
        self.synced.pop(name, None)

    def set_aside(self, name: str) -> None:
        self.remove(name)
        self.aside.append(name)

    def cut_power(self, chance: random.Random) -> None:
        """Of what was not synced a part survives, up to any byte; what was written over may be as it was."""
        for name, content in self.files.items():
            safe = self.synced.get(name, b"")
            if content.startswith(safe):
                del content[chance.randint(len(safe), len(content)) :]
            elif chance.random() < 0.5:
                content[:] = safe
