"""A unit behind a shared connection that does not answer is left alone, so that it does not slow the others. Pure."""

import math
import random

from drivers.contract import Quality

READS_TO_OUT = 3
PROBE_FIRST_S, PROBE_MAX_S = 1.0, 30.0
SHARE = 0.1
"""Of a connection's time, what probes of silent units may take."""

HASTE = 3.0
"""A probe waits so many times as long as the slowest answer of late; nobody else is asked meanwhile."""
LEAST_PATIENCE_S = 0.05
FULL_PROBES = 16
"""Each so many-th probe waits for the whole time-out: a unit that never answered may be slower than all others."""
_FADE = 0.99


class Bus:
    """What the units of one connection share: time for probes, and how fast they answer."""

    def __init__(self, units: int) -> None:
        self.is_shared = units > 1
        self.free_at = float("-inf")
        self._slowest_s = 0.0

    def probed(self, cost_s: float, now: float) -> None:
        """A probe was in vain and took `cost_s` of the connection's time."""
        self.free_at = now + cost_s * (1 / SHARE - 1)

    def answered(self, took_s: float) -> None:
        """Some unit answered after so many seconds."""
        self._slowest_s = max(took_s, self._slowest_s * _FADE)

    @property
    def patience_s(self) -> float:
        """How long a probe of any unit waits at least; without end as long as nobody has answered."""
        return max(HASTE * self._slowest_s, LEAST_PATIENCE_S) if self._slowest_s else math.inf


class Unit:
    """Whether one unit is spoken to. Only a unit that shares its connection is ever put out.

    One that is alone slows nobody, and its time-outs already replace the connection.
    """

    def __init__(self, bus: Bus) -> None:
        self.bus = bus
        self._failed_reads = 0
        self._wait_s = PROBE_FIRST_S
        self._due = 0.0
        self._probes = 0
        self._slowest_s = 0.0
        self.is_out = False
        self.fault = Quality.BAD_TIMEOUT
        """Why it is out."""

    def may_be_probed(self, now: float) -> bool:
        return now >= self._due and now >= self.bus.free_at

    @property
    def patience_s(self) -> float:
        """How long its next probe waits at most."""
        is_full = self._probes % FULL_PROBES == FULL_PROBES - 1
        return math.inf if is_full else max(self.bus.patience_s, HASTE * self._slowest_s)

    def failed(self, fault: Quality, now: float) -> None:
        """A read, or a probe, in which the unit answered nothing."""
        self.fault = fault
        self._failed_reads += 1
        self.is_out = self.bus.is_shared and self._failed_reads >= READS_TO_OUT
        if self.is_out:
            self._due = now + self._wait_s * random.uniform(0.5, 1.0)
            self._wait_s = min(2 * self._wait_s, PROBE_MAX_S)

    def probe_failed(self, fault: Quality, cost_s: float, now: float) -> None:
        self._probes += 1
        self.bus.probed(cost_s, now)
        self.failed(fault, now)

    def answered(self, took_s: float) -> None:
        """A read in which the unit answered, the last time after so many seconds."""
        self.bus.answered(took_s)
        self._slowest_s = max(took_s, self._slowest_s * _FADE)
        self._failed_reads = self._probes = 0
        self._wait_s = PROBE_FIRST_S
        self.is_out = False
