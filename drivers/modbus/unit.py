"""A unit behind a shared connection that does not answer is left alone, so that it does not slow the others. Pure."""

import random

from drivers.contract import Quality

READS_TO_OUT = 3
PROBE_FIRST_S, PROBE_MAX_S = 1.0, 30.0
SHARE = 0.1
"""Of a connection's time, what probes of silent units may take."""


class Bus:
    """What the units of one connection share: time for probes."""

    def __init__(self, units: int) -> None:
        self.is_shared = units > 1
        self.free_at = float("-inf")

    def probed(self, cost_s: float, now: float) -> None:
        """A probe was in vain and took `cost_s` of the connection's time."""
        self.free_at = now + cost_s * (1 / SHARE - 1)


class Unit:
    """Whether one unit is spoken to. Only a unit that shares its connection is ever put out.

    One that is alone slows nobody, and its time-outs already replace the connection.
    """

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._failed_reads = 0
        self._wait_s = PROBE_FIRST_S
        self.is_out = False
        self._due = 0.0
        self.is_out = False
        self.fault = Quality.BAD_TIMEOUT
        """Why it is out."""

    def may_be_probed(self, now: float) -> bool:
        return now >= self._due and now >= self._bus.free_at

    def failed(self, fault: Quality, now: float) -> None:
        """A read, or a probe, in which the unit answered nothing."""
        self.fault = fault
        self._failed_reads += 1
        self.is_out = self._bus.is_shared and self._failed_reads >= READS_TO_OUT
        if self.is_out:
            self._due = now + self._wait_s * random.uniform(0.5, 1.0)
            self._wait_s = min(2 * self._wait_s, PROBE_MAX_S)

    def probe_failed(self, fault: Quality, cost_s: float, now: float) -> None:
        self._bus.probed(cost_s, now)
        self.failed(fault, now)

    def answered(self) -> None:
        self._failed_reads = 0
        self._wait_s = PROBE_FIRST_S
        self.is_out = False
