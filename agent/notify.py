"""Tell systemd how the service stands, and whether to believe that it lives (`systemd.notify(3)`).

The watchdog is fed while every task that must never stand still has completed a turn lately, successful or not: a PLC
or a broker that is dead is no reason to start again, a task that hangs is. That the loop hangs needs no decision: then
nobody is left to feed.
"""

import os
import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

PATIENCE_S = 30.0
PERIODS = 3
SEND_S = 0.5
"""How long the loop may be held up by a service manager that does not read."""


@dataclass(slots=True)
class Pulse:
    """What shows that a task does not stand still."""

    turned_s: Callable[[], float]
    """Monotonic time of its newest completed turn."""
    patience_s: float = PATIENCE_S
    counts: Callable[[], Mapping[str, int]] = dict
    """What moves while a single turn is long for good reasons, such as a driver's requests to a slow device."""
    _seen: Mapping[str, int] | None = field(default=None, init=False)
    _moved_s: float = field(default=float("-inf"), init=False)

    @classmethod
    def of(
        cls, turned_s: Callable[[], float], period_s: float, timeout_s: float, counts: Callable[[], Mapping[str, int]]
    ) -> "Pulse":
        """Of a task with a turn every `period_s`, in which one wait lasts `timeout_s` at most."""
        return cls(turned_s, max(PERIODS * period_s, PATIENCE_S, 2 * timeout_s), counts)

    def is_stuck(self, now_s: float) -> bool:
        """Looked at a few times within `patience_s`; the counts are only read when a turn is late."""
        if now_s - self._alive_s() <= self.patience_s / 2:
            self._seen = None
            return False
        counts = self.counts()
        if self._seen is not None and counts != self._seen:
            self._moved_s = now_s
        self._seen = counts
        return now_s - self._alive_s() > self.patience_s

    def _alive_s(self) -> float:
        return max(self.turned_s(), self._moved_s)


def stuck(now_s: float, pulses: Mapping[str, Pulse]) -> list[str]:
    """The tasks that stand still at monotonic time `now_s`; the watchdog is fed where there is none."""
    return [name for name, pulse in pulses.items() if pulse.is_stuck(now_s)]


def watchdog_s(environment: Mapping[str, str] = os.environ, pid: int | None = None) -> float | None:
    """How often at least systemd wants to hear from this process; None where it does not (`sd_watchdog_enabled(3)`)."""
    wanted, of = environment.get("WATCHDOG_USEC", ""), environment.get("WATCHDOG_PID", "")
    if of and of != str(os.getpid() if pid is None else pid):
        return None
    return int(wanted) / 1_000_000 if wanted.isascii() and wanted.isdigit() and int(wanted) > 0 else None


def notify(*assignments: str) -> bool:
    """Send states such as `READY=1` together; False where nobody asked to be told or listens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        sender.settimeout(SEND_S)
        try:
            sender.connect("\0" + address[1:] if address.startswith("@") else address)
            sender.sendall("\n".join(assignments).encode())
        except OSError:
            return False
    return True
