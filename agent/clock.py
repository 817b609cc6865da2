"""Monotonic and wall time: what is scheduled runs on one, what is published carries the other.

The wall clock of a gateway without a battery starts in 1970 and jumps when the network comes. It is *implausible* while
it stands before this software was built, or before the newest record that was kept.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime

BUILT_MS = int(datetime(2026, 11, 1, tzinfo=UTC).timestamp() * 1000)
"""No wall clock that is right shows an earlier time: epoch milliseconds of this release."""

AHEAD_MS = 30 * 86_400_000
"""A gateway that was off is not behind by more: a record further ahead says that the clock was wrong then, not now."""

STEP_MS = 1000
"""A change of wall against monotonic time by more than this between two looks is a step, not drift."""


class Clock:
    """The two clocks of this process. `look()` is called about once a second; everything else only reads."""

    def __init__(
        self,
        wall_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall_ms = wall_ms
        self._monotonic = monotonic
        self._floor_ms = BUILT_MS
        self._offset_ms = self.offset_ms()
        self._before_ms = self._offset_ms
        """The offset before the newest step."""

    def now_ms(self) -> int:
        """Wall time: UTC epoch milliseconds, right or not."""
        return self._wall_ms()

    def monotonic(self) -> float:
        """Seconds that never jump."""
        return self._monotonic()

    def offset_ms(self) -> int:
        """Wall minus monotonic time now, in milliseconds: adding a later one and taking off this one re-stamps."""
        return self._wall_ms() - int(self._monotonic() * 1000)

    @property
    def is_plausible(self) -> bool:
        return self._wall_ms() >= self._floor_ms

    def has_seen(self, newest_ms: int) -> None:
        """There is a record of that time, from an earlier run: an earlier wall clock is wrong, unless that one was."""
        if newest_ms <= self._wall_ms() + AHEAD_MS:
            self._floor_ms = max(self._floor_ms, newest_ms)

    def look(self) -> int:
        """Milliseconds by which the wall clock stepped since the last look; 0 while it only drifts."""
        offset = self.offset_ms()
        moved = offset - self._offset_ms
        if abs(moved) <= STEP_MS:
            self._offset_ms = offset
            return 0
        self._before_ms, self._offset_ms = self._offset_ms, offset
        return moved

    def doubt_of(self, time_ms: int) -> int | None:
        """Of something stamped `time_ms`: the offset at that moment if the clock was implausible then, else None.

        It may have become right since: between two looks, or while an answer was on its way.
        """
        offset = self.offset_ms()
        if not self.is_plausible:
            return offset
        if time_ms >= self._floor_ms:
            return None
        return self._offset_ms if abs(offset - self._offset_ms) > STEP_MS else self._before_ms
