"""When the machine stood still: a test of times takes that out, and nothing else.

    with Stalls() as stalls:
        began = perf_counter()
        ...
        assert perf_counter() - began - stalls.within(began, perf_counter()) < 0.1

Somebody on each processor who does nothing but wake up again and again: when one comes late, no program there ran.
"""

import os
import threading
import time
from typing import Self

NAP_S = 0.002
LATE_S = 0.006
"""Longer than a nap takes by itself, and shorter than what tests measure."""


class Stalls:
    """Of the machine, by `time.perf_counter`, which on Linux is the clock of an event loop as well."""

    def __init__(self) -> None:
        self._over = threading.Event()
        self._found: list[tuple[float, float]] = []
        self._awake: dict[int, float] = {}
        self._watchers = [threading.Thread(target=self._watch, args=(cpu,)) for cpu in os.sched_getaffinity(0)]

    def __enter__(self) -> Self:
        for watcher in self._watchers:
            watcher.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        for watcher in self._watchers:
            watcher.join()

    def _watch(self, cpu: int) -> None:
        os.sched_setaffinity(0, {cpu})  # of this thread alone
        self._awake[cpu] = time.perf_counter()
        while not self._over.is_set():
            time.sleep(NAP_S)
            before, self._awake[cpu] = self._awake[cpu], time.perf_counter()
            if self._awake[cpu] - before > LATE_S:
                self._found.append((before, self._awake[cpu]))

    def all(self) -> list[tuple[float, float]]:
        """Beginning and end of each, with what lasts still."""
        now = time.perf_counter()
        return [*self._found, *((at, now) for at in list(self._awake.values()) if now - at > LATE_S)]

    def within(self, begins: float, ends: float) -> float:
        """Seconds of that time in which some processor stood still."""
        stood, upto = 0.0, begins
        for first, last in sorted(self.all()):
            first, last = max(first, upto), min(last, ends)
            if last > first:
                stood, upto = stood + last - first, last
        return stood

    def touch(self, begins: float, ends: float) -> bool:
        """Whether there was one."""
        return self.within(begins, ends) > 0
