"""A cartoner that speaks PackML: state, mode, speeds, counts and alarms as OPC 30050 has them. Pure."""

from collections.abc import Iterator, Mapping
from random import Random
from typing import NamedTuple

from agent.demo.steps import STEP_S, Stepping
from drivers.contract import Value

CLEARING, STOPPED, STARTING, IDLE, SUSPENDED, EXECUTE, STOPPING, ABORTING, ABORTED = range(1, 10)
HOLDING, HELD, UNHOLDING, SUSPENDING, UNSUSPENDING, RESETTING, COMPLETING, COMPLETE = range(10, 18)
"""States of ISA-TR88.00.02."""
TURNING = frozenset({STARTING, EXECUTE, UNHOLDING, UNSUSPENDING})
PRODUCTION, MAINTENANCE = 1, 2

CARTON_JAM, NO_BLANKS, STARVED, GUARD_OPEN = 412, 205, 902, 107
"""Reasons of a stop."""
ALARMS: Mapping[int, int] = {CARTON_JAM: 41, NO_BLANKS: 23, GUARD_OPEN: 9}
"""Reason -> number of the alarm; that nothing comes from upstream is none."""

RATED = 120.0
"""Cartons a minute that it is built for."""
UNDER_WAY = 4
"""Cartons between where they are erected and where they leave."""


class Stage(NamedTuple):
    """A state that it is in for a while."""

    state: int
    seconds: float
    reason: int = 0
    is_raised: bool = False
    """Whether the alarm of the reason is active."""
    mode: int = PRODUCTION


def stages(random: Random) -> Iterator[Stage]:
    """Its life, told fast: orders without end, each with a stop of its own, and now and then an abort."""
    yield Stage(STOPPED, 1.5)
    while True:
        yield Stage(RESETTING, 1 + random.random() / 2)
        for _ in range(2):
            yield Stage(IDLE, 1 + random.random())
            yield Stage(STARTING, 1.5)
            yield Stage(EXECUTE, 5 + 2 * random.random())
            yield from _held(random, random.choice((CARTON_JAM, NO_BLANKS)))
            yield Stage(EXECUTE, 5 + 3 * random.random())
            yield from _suspended(random)
            yield Stage(EXECUTE, 4 + 4 * random.random())
            yield Stage(COMPLETING, 1)
            yield Stage(COMPLETE, 1 + random.random())
            yield Stage(RESETTING, 1 + random.random() / 2)
        yield Stage(IDLE, 1)
        yield from _aborted(random) if random.random() < 0.5 else (Stage(STOPPING, 0.8), Stage(STOPPED, 3))


def _held(random: Random, reason: int) -> Iterator[Stage]:
    yield Stage(HOLDING, 0.8, reason, is_raised=True)
    yield Stage(HELD, 3 + 2 * random.random(), reason, is_raised=True)
    yield Stage(UNHOLDING, 1.2, reason)


def _suspended(random: Random) -> Iterator[Stage]:
    yield Stage(SUSPENDING, 0.7, STARVED)
    yield Stage(SUSPENDED, 2 + 2 * random.random(), STARVED)
    yield Stage(UNSUSPENDING, 1, STARVED)


def _aborted(random: Random) -> Iterator[Stage]:
    yield Stage(STARTING, 1.5)
    yield Stage(EXECUTE, 3 + random.random())
    yield Stage(ABORTING, 0.6, GUARD_OPEN, is_raised=True)
    yield Stage(ABORTED, 3 + random.random(), GUARD_OPEN, is_raised=True)
    yield Stage(CLEARING, 1, GUARD_OPEN)
    yield Stage(STOPPED, 3, mode=MAINTENANCE)


class Cartoner(Stepping):
    """100 cartons a minute, of which some are thrown out."""

    def __init__(self, seed: int) -> None:
        super().__init__(f"cartoner/{seed}")
        self._stages = stages(self.random)
        self.stage = next(self._stages)
        self._ends_s = self.stage.seconds
        self._setpoint = 100.0
        self._speed = self._shown_speed = 0.0
        self._cartons = 0.0
        self._total, self._reject = 48_210, 377

    def step(self, t: float) -> None:
        if t > self._ends_s:
            self.stage = next(self._stages)
            self._ends_s += self.stage.seconds
            if self.stage.state == IDLE:
                self._setpoint = self.random.choice((90.0, 100.0, 110.0))
        target = self._setpoint if self.stage.state in TURNING else 0.0
        change = RATED * STEP_S
        self._speed += max(-1.5 * change, min(change, target - self._speed))
        self._shown_speed = round(self._speed * (1 + self.random.uniform(-0.01, 0.01)), 1)
        self._cartons += self._speed / 60 * STEP_S
        made, self._cartons = int(self._cartons), self._cartons % 1
        self._total += made
        self._reject += sum(self.random.random() < 0.03 for _ in range(made))

    def shown(self) -> Mapping[str, Value]:
        stage = self.stage
        return {
            "state": stage.state,
            "mode": stage.mode,
            "speed": self._shown_speed,
            "speed_setpoint": self._setpoint,
            "speed_rated": RATED,
            "count_infeed": self._total + UNDER_WAY,
            "count_total": self._total,
            "count_reject": self._reject,
            "alarm_active": stage.is_raised,
            "alarm_count": int(stage.is_raised),
            "alarm_code": ALARMS[stage.reason] if stage.is_raised else 0,
            "stop_reason": stage.reason,
        }
