"""How the agent is: counters and states, which the health topic, the status page and the watchdog show as they are."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

HOUR_MS = 3_600_000
HOURS_KEPT = 25

State = Literal["connecting", "up", "down"]


@dataclass(slots=True)
class ConnectionHealth:
    """One conversation with devices."""

    state: State = "connecting"
    since_ms: int = 0
    reads: int = 0
    """Completed reads, and Scans of subscriptions."""
    failures: int = 0
    """Times the conversation was lost or could not be opened."""
    overruns: int = 0
    """Turns skipped because reading took longer than the period."""
    counts: Callable[[], Mapping[str, int]] = dict
    """What the driver counts on its wire."""

    def enter(self, state: State, now_ms: int) -> None:
        if state != self.state or not self.since_ms:
            self.state, self.since_ms = state, now_ms

    def report(self) -> dict[str, object]:
        return {
            "state": self.state,
            "since": self.since_ms,
            "reads": self.reads,
            "failures": self.failures,
            "overruns": self.overruns,
            "wire": dict(self.counts()),
        }


@dataclass(slots=True)
class Polls:
    """How many polls of a device an hour should have brought, and how many did."""

    expected: int = 0
    acquired: int = 0


@dataclass(slots=True)
class DeviceHealth:
    """Completeness of one device, by hour of UTC."""

    hours: dict[int, Polls] = field(default_factory=dict)
    """Start of the hour in epoch milliseconds -> polls."""

    def count(self, now_ms: int, *, expected: int = 0, acquired: int = 0) -> None:
        hour = now_ms - now_ms % HOUR_MS
        polls = self.hours.get(hour)
        if polls is None:
            polls = self.hours[hour] = Polls()
            while len(self.hours) > HOURS_KEPT:
                del self.hours[next(iter(self.hours))]
        polls.expected += expected
        polls.acquired += acquired

    def report(self) -> list[dict[str, int]]:
        """The hour that runs and the one before it, newest first: as they came, whatever the clock did."""
        newest = list(self.hours)[:-3:-1]
        return [
            {"hour": hour, "expected": self.hours[hour].expected, "acquired": self.hours[hour].acquired}
            for hour in newest
        ]


@dataclass(slots=True)
class Health:
    """The whole agent. Rooms write into their part; `report` is read by whoever shows it."""

    connections: dict[str, ConnectionHealth] = field(default_factory=dict)
    devices: dict[str, DeviceHealth] = field(default_factory=dict)
    destinations: dict[str, Callable[[], Mapping[str, object]]] = field(default_factory=dict)
    clock: Callable[[], Mapping[str, object]] = dict

    def report(self) -> dict[str, object]:
        return {
            "connections": {name: health.report() for name, health in self.connections.items()},
            "devices": {name: health.report() for name, health in self.devices.items()},
            "destinations": {name: dict(account()) for name, account in self.destinations.items()},
            "clock": dict(self.clock()),
        }
