"""A token bucket: so many a second, with one second's worth at once after a rest. Pure."""

from collections.abc import Callable


class Bucket:
    """Holds at most one second's tokens, and at least one."""

    def __init__(self, rate: float, monotonic: Callable[[], float]) -> None:
        """`rate` in tokens a second, above 0."""
        self._rate = rate
        self._most = max(rate, 1.0)
        self._monotonic = monotonic
        self._tokens = self._most
        self._filled_s = monotonic()

    def has_one(self) -> bool:
        self._fill()
        return self._tokens >= 1.0

    def take_one(self) -> None:
        self._tokens -= 1.0

    def wait_s(self) -> float:
        """Seconds until there is one."""
        self._fill()
        return max(1.0 - self._tokens, 0.0) / self._rate

    def _fill(self) -> None:
        now = self._monotonic()
        self._tokens = min(self._most, self._tokens + (now - self._filled_s) * self._rate)
        self._filled_s = now
