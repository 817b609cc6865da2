"""Brings the readers what the disk has: one thread reads, whoever asked is told in the loop."""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from functools import partial

from agent.outbox.limits import Surroundings
from agent.outbox.store import Store
from agent.outbox.walk import Piece, Span, Walk
from drivers.phrase import of_system

RETRY_S = 1.0
ATTEMPTS = 3
"""After so many failures in a row a segment that cannot be read counts as damaged."""


class Feeding:
    """`Fetch` of a store."""

    def __init__(
        self,
        store: Store,
        walks: Mapping[tuple[str, bool], Walk],
        reading: Executor,
        around: Surroundings,
        retry_s: float = RETRY_S,
    ) -> None:
        """`walks`: a way of its own for each reader and log (name, whether it is the kept one)."""
        self._store = store
        self._walks = walks
        self._reading = reading
        self._journal = around.journal
        self._place = around.place
        self._retry_s = retry_s
        self._failures = 0
        self._is_open = True

    def __call__(
        self, reader: str, fetch: int, number: int, until: int, spans: Sequence[Span], *, is_kept: bool
    ) -> None:
        if not self._is_open:
            return
        walk = self._walks[reader, is_kept]
        asked = asyncio.get_running_loop().run_in_executor(self._reading, walk.read, number, until, spans)
        again = partial(self, reader, fetch, number, until, spans, is_kept=is_kept)
        tell = partial(self._store.fetched, reader, fetch, is_kept=is_kept)
        asked.add_done_callback(partial(self._answered, again, tell, number, until, spans))

    def _answered(
        self,
        again: Callable[[], None],
        tell: Callable[[Piece], None],
        number: int,
        until: int,
        spans: Sequence[Span],
        asked: asyncio.Future[Piece],
    ) -> None:
        if asked.cancelled():
            return
        error = asked.exception()
        if error is None:
            self._failures = 0
            tell(asked.result())
            return
        if not isinstance(error, OSError):
            raise error
        self._failures += 1
        self._journal.note("W3005", self._place, reason=of_system(error))
        if self._failures < ATTEMPTS:
            asyncio.get_running_loop().call_later(self._retry_s, again)
            return
        self._failures = 0
        end = min(spans[0].end, until) if spans else until
        tell(Piece(end, damaged=[(number, end)]))

    def close(self) -> None:
        self._is_open = False
