"""Which segment goes when there is no room or it is too old, and what becomes of what is in it. Pure."""

from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from agent.outbox.bodies import record as record_of
from agent.outbox.desk import Job, Listed
from agent.outbox.shelf import Segment
from agent.outbox.store import Store
from agent.outbox.walk import Hole


class Going(NamedTuple):
    """A segment that must go."""

    is_kept: bool
    """Of the kept log."""
    segment: Segment
    end: int
    """Where its numbers end."""


class Room:
    """Of one store."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def surplus(self) -> Going | None:
        """The segment that must go because there is no room: samples before events."""
        if self._store.size <= self._store.limits.max_bytes:
            return None
        return next((going for going in self._oldest() if going is not None), None)

    def outdated(self) -> Going | None:
        """A segment of which all records are older than they may be: the next one was begun that long ago."""
        latest_ms = self._store.now_ms - self._store.limits.max_age_s * 1000
        for going, shelf in zip(self._oldest(), (self._store.main, self._store.kept), strict=True):
            if going is not None and 0 < shelf.segments[1].opened_ms < latest_ms:
                return going
        return None

    def _oldest(self) -> tuple[Going | None, Going | None]:
        """Of the main and of the kept log; the newest segment of each stays."""
        store = self._store
        logs = (False, store.main, store.written), (True, store.kept, store.next_kept)
        main, kept = (
            Going(is_kept, shelf.segments[0], shelf.end_of(0, end)) if len(shelf.segments) > 1 else None
            for is_kept, shelf, end in logs
        )
        return main, kept

    def rescued(self, content: Sequence[Listed], reason: str) -> list[Listed]:
        """What goes on in the kept log, under its number there: events without room, and what is under way."""
        wanted = [
            one
            for one in content
            if not self._store.is_done(one.number)
            and ((one.is_event and reason == "overflow") or self._is_flying(one.number))
        ]
        return [replace(one, number=number) for number, one in enumerate(wanted, self._store.next_kept)]

    def _is_flying(self, number: int) -> bool:
        return any(reader.is_flying(number) for reader in self._store.readers.values())

    def let_go(self, going: Going, content: Sequence[Listed], kept: Sequence[Listed], reason: str) -> Job:
        """A segment goes: its events went on as `kept`, everything else in it is lost to those who need it."""
        is_kept, segment, end = going
        moved = {(one.stream, one.boot, one.seq): one.number for one in kept}
        self._store.next_kept += len(kept)
        for one in content:
            number = moved.get((one.stream, one.boot, one.seq))
            if number is not None:
                for reader in self._store.readers.values():
                    reader.move(one.number, number)
            else:
                self._let_go_of(one, reason, is_kept=is_kept)
        for reader in self._store.readers.values():
            # What could not be read is lost too.
            reader.lose_all(segment.first, end, "damaged", is_kept=is_kept)
        (self._store.kept if is_kept else self._store.main).let_go(segment)
        self._store.dirty = True
        return self._store.tidying()

    def _let_go_of(self, one: Listed, reason: str, *, is_kept: bool) -> None:
        number = -1 - one.number if is_kept else one.number
        losers = [name for name, reader in self._store.readers.items() if reader.lose(number, reason)]
        if losers:
            hole = Hole(one.stream, one.boot, one.seq, one.seq, one.time_ms, one.time_ms)
            self._store.gaps.lose_hole(hole, losers, reason, self._store.monotonic())
            if one.is_event:
                record = record_of(one.stream, one.boot, one.seq, one.body)
                self._store.gaps.pass_on(record, losers, self._store.monotonic())
            self._store.overflow.lose(losers if reason == "overflow" else ())
