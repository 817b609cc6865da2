"""Say in time that the gateway's own certificate expires: nobody looks at a file that works."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from math import ceil
from typing import NoReturn

from drivers.contract import Journal

THRESHOLDS_DAYS = (1, 7, 30)
DAY_S = 86_400.0


class Expiry:
    """Of one destination's certificate: told once for each threshold in a run, and as a state once it is over."""

    def __init__(
        self, name: str, journal: Journal, now_ms: Callable[[], int], is_plausible: Callable[[], bool]
    ) -> None:
        """With a wall clock that is not plausible nothing is said."""
        self._name = name
        self._journal = journal
        self._now_ms = now_ms
        self._is_plausible = is_plausible
        self._ends: datetime | None = None
        self._told: float = float("inf")
        """The smallest threshold that was told."""

    def look(self, ends: datetime) -> None:
        """The certificate is valid until then; called at each connect and once a day."""
        if not self._is_plausible():
            return
        if ends != self._ends:
            self._ends, self._told = ends, float("inf")
        now = datetime.fromtimestamp(self._now_ms() / 1000, UTC)
        facts = {"ends": f"{ends:%Y-%m-%d %H:%M} UTC"}
        left_s = (ends - now).total_seconds()
        if left_s <= 0:
            self._journal.lost("E4021", self._name, **facts)
            return
        self._journal.back("E4021", self._name, **facts)
        reached = next((days for days in THRESHOLDS_DAYS if left_s <= days * DAY_S), None)
        if reached is not None and reached < self._told:
            self._told = reached
            self._journal.note("W4020", self._name, days=ceil(left_s / DAY_S), **facts)

    async def watch(self, read: Callable[[], datetime | None], every_s: float = DAY_S) -> NoReturn:
        """Look at the file now and once a day: a connection may last for months. `read` blocks."""
        while True:
            ends = await asyncio.to_thread(read)
            if ends is not None:
                self.look(ends)
            await asyncio.sleep(every_s)
