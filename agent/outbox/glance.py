"""A look at an outbox that another process may be writing. It takes no lock and changes no file.

Whoever is told what waits for a destination is told everything from its oldest unconfirmed record on, also what was
confirmed out of turn: so no number is missing but where something was lost, and that is in `gaps`.
"""

import errno
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import orjson

from agent.outbox.cursor import Cursor
from agent.outbox.disk import Disk, RealDisk, RealFile
from agent.outbox.durable import DESTINATIONS
from agent.outbox.feeding import ATTEMPTS
from agent.outbox.opening import Folder, Recovered, open_logs
from agent.outbox.shelf import Shelf
from agent.outbox.state import READABLE
from agent.outbox.walk import Found, Piece, Span, Walk
from drivers.phrase import of_system

REMOVED, DAMAGED = "removed", "damaged"
"""Why something is missing: the agent let go of it meanwhile, or it cannot be read."""


class NoOutbox(Exception):
    """There is none that can be read: `code` of the message that says why, and its facts."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


class ReadOnlyDisk(RealDisk):
    """A directory in which nothing can be changed."""

    def create(self, name: str) -> RealFile:
        raise OSError(errno.EROFS, name)

    def overwrite(self, name: str, data: bytes) -> None:
        raise OSError(errno.EROFS, name)

    def sync(self, name: str) -> None:
        raise OSError(errno.EROFS, name)

    def remove(self, name: str) -> None:
        raise OSError(errno.EROFS, name)

    def set_aside(self, name: str) -> None:
        raise OSError(errno.EROFS, name)


class Quiet:
    """`Journal` of one who only looks: what is wrong is the agent's to say."""

    def lost(self, code: str, about: str, /, **facts: object) -> None:
        return

    def back(self, code: str, about: str, /, **facts: object) -> None:
        return

    def note(self, code: str, about: str, /, **facts: object) -> None:
        return


class _Way(NamedTuple):
    """Through one log."""

    disk: Disk
    shelf: Shelf
    cursor: Cursor
    first: int
    end: int


class Run(NamedTuple):
    """What the state directory says beside its log. Read before it, so that the log has all that is spoken of."""

    boot: int | None
    """Of the newest run."""
    ended: object | None
    """What the newest clean stop noted: {"boot", "last_seq": {stream: seq}}."""
    metas: object | None
    """What the agent remembered of metas."""


class Glance:
    """What waits for one destination, as it lay there a moment ago."""

    def __init__(self, run: Run, destination: str, folder: Folder, found: Recovered) -> None:
        self.run = run
        self.gaps = found.gaps
        """Losses that no event in the log announces; complete when all `pieces` were taken."""
        self.missing = {DAMAGED: 0, REMOVED: 0}
        """How many of what waits is not in the `pieces` so far."""
        self.walked = 0
        """How many numbers were looked at."""
        self._destination = destination
        self._reason = DAMAGED
        main, kept = found.cursors.get(destination, (Cursor(found.next), Cursor(found.next_kept)))
        self._ways = [
            _way(folder.kept, found.kept, kept, found.next_kept),
            _way(folder.main, found.main, main, found.next),
        ]

    @property
    def waiting(self) -> int:
        """Records that the destination has not confirmed."""
        return sum(way.cursor.unsettled(way.first, way.end) for way in self._ways)

    @property
    def total(self) -> int:
        """Numbers that there are to look at."""
        return sum(way.end - way.first for way in self._ways)

    def pieces(self) -> Iterator[Sequence[Found]]:
        """Records, the oldest first, a few hundred kilobytes at a time."""
        for way in self._ways:
            walk, number = Walk(way.disk, _left_alone, looks_ahead=False), way.first
            spans = way.shelf.spans(way.end, number)
            while number < way.end:
                piece = _read(walk, number, way.end, spans)
                self._mourn(piece, way, spans)
                self.walked += piece.walked - number
                number = piece.walked
                yield piece.records

    def _mourn(self, piece: Piece, way: _Way, spans: Sequence[Span]) -> None:
        for first, end in piece.damaged:
            name = next((span.name for span in spans if span.first <= first < span.end), None)
            self._reason = DAMAGED if name is None or _is_there(way.disk, name) else REMOVED
            self.missing[self._reason] += way.cursor.unsettled(first, end)
        for hole in piece.holes:
            self.gaps.lose_hole(hole, [self._destination], self._reason, 0.0)


def look(path: Path, destination: str) -> Glance:
    """What waits in a state directory. Raises `NoOutbox`."""
    try:
        found = (path / "format").read_text("ascii", "replace").strip()
        if found not in READABLE:
            raise NoOutbox("E3022", path=path, found=found)
        boot = _content(path / "boot")
        run = Run(
            int(boot) if boot is not None and boot.isdigit() else None,
            _json(path / "stopped"),
            _json(path / "metas.json"),
        )
        known = _json(path / f"{DESTINATIONS}.json")
        folder = Folder(*(ReadOnlyDisk(path / name) for name in ("log", "kept", "cursors")))
        before = known if isinstance(known, list) else []
        recovered, _ = open_logs(folder, [destination], before, Quiet(), syncs=False, now_s=0.0, begin=lambda: None)
    except FileNotFoundError:
        raise NoOutbox("E3020", path=path) from None
    except OSError as error:
        raise NoOutbox("E3021", path=path, reason=of_system(error)) from None
    return Glance(run, destination, folder, recovered)


def _way(disk: Disk, shelf: Shelf, cursor: Cursor, end: int) -> _Way:
    return _Way(disk, shelf, cursor, next((first for first, _ in cursor.runs(0, end)), end), end)


def _read(walk: Walk, number: int, end: int, spans: Sequence[Span]) -> Piece:
    """What cannot be read at all is damaged up to the next segment."""
    for _ in range(ATTEMPTS):
        try:
            return walk.read(number, end, spans)
        except OSError:
            continue
    stop = next((span.end for span in spans if span.end > number), end)
    return Piece(stop, damaged=[(number, stop)])


def _is_there(disk: Disk, name: str) -> bool:
    """Where the directory cannot be listed any more its files cannot be read either: nobody removed them."""
    try:
        return any(name == other for other, _ in disk.names())
    except OSError:
        return True


def _left_alone(name: str, at: int, data: bytes) -> None:
    """What is damaged stays where it is: the agent sets it aside."""


def _json(path: Path) -> object | None:
    content = _content(path)
    try:
        said: object = None if content is None else orjson.loads(content)
    except orjson.JSONDecodeError:
        return None
    return said


def _content(path: Path) -> bytes | None:
    try:
        return path.read_bytes().strip()
    except OSError:
        return None
