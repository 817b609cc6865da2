"""A shift at a machine, told fast: what takes a factory an hour takes this one a minute. Pure."""

from collections.abc import Iterator
from random import Random
from typing import Literal, NamedTuple

Act = Literal["make_ready", "run", "micro_stop", "stop"]

SHEET_MISSING, WEB_BREAK, GUARD_OPEN = 1 << 3, 1 << 6, 1 << 9
"""Bits of the alarm word."""
REASONS = {SHEET_MISSING: 204, WEB_BREAK: 311, GUARD_OPEN: 107}


class Phase(NamedTuple):
    """What the operators do for a while."""

    act: Act
    seconds: float
    speed: float
    """What the machine is set to, as a part of its rated speed."""
    job: int
    """Number of the job, from 0."""
    alarm: int = 0


def shift(random: Random) -> Iterator[Phase]:
    """Phases without end: make ready, then run, with short stops, and now and then a long one with an alarm."""
    job = 0
    while True:
        yield Phase("make_ready", 5 + random.random(), 0.15, job)
        for alarm in (SHEET_MISSING, random.choice([WEB_BREAK, GUARD_OPEN])):
            yield Phase("run", 5 + 2 * random.random(), 1.0, job)
            yield Phase("micro_stop", 1 + random.random(), 0.0, job)
            yield Phase("run", 4 + 4 * random.random(), 1.0, job)
            yield Phase("stop", 4 + 2 * random.random(), 0.0, job, alarm)
        yield Phase("run", 12 + 6 * random.random(), 0.9, job)
        yield Phase("stop", 2, 0.0, job)
        job += 1
