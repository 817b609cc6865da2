"""Small files that are written again and again: two of each name in turn, so that one of them is always whole."""

import re
import zlib

from agent.outbox.disk import Disk

STANDING = "standing"
"""Name of what `agent.outbox.standing` writes."""
TO = "to."
"""In format 2, beginning of the names of cursors: of the main log, then of the kept one, of a destination."""
GAPS = "gaps"
"""In format 2, name of what was lost and is not announced."""

_SLOT = re.compile(r"(?P<name>.+)\.[01]", re.DOTALL)
_AT_MOST = 1 << 26


class Slots:
    """Knows which of the two is next. What is in them is bytes, whatever they mean."""

    def __init__(self) -> None:
        self._generations: dict[str, int] = {}

    def put(self, name: str, content: bytes) -> tuple[str, bytes]:
        """Name and content of the file to write over."""
        generation = self._generations[name] = self._generations.get(name, 0) + 1
        numbered = generation.to_bytes(8, "little") + content
        return f"{name}.{generation % 2}", zlib.crc32(numbered).to_bytes(4, "little") + numbered

    def read(self, disk: Disk) -> dict[str, bytes]:
        """The newest whole content of each name. Raises `OSError` only where the directory cannot be listed."""
        found: dict[str, bytes] = {}
        for file, _ in disk.names():
            slot = _SLOT.fullmatch(file)
            whole = _whole(disk, file)
            if slot is not None and whole is not None and whole[0] > self._generations.get(slot["name"], 0):
                self._generations[slot["name"]], found[slot["name"]] = whole
        return found


def _whole(disk: Disk, file: str) -> tuple[int, bytes] | None:
    """Generation and content; None of a file that is torn, damaged or cannot be read."""
    try:
        data = disk.read(file, 0, _AT_MOST)
    except OSError:
        return None
    if len(data) < 12 or zlib.crc32(data[4:]) != int.from_bytes(data[:4], "little"):
        return None
    return int.from_bytes(data[4:12], "little"), data[12:]
