"""Tags that the device refused: when each of them is asked again. Pure: time is passed in."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass

FIRST_WAIT_S = 60.0
GROWTH = 4


@dataclass(slots=True)
class _Stay:
    found: int
    due: float
    wait_s: float | None


class Quarantine:
    """Indexes of refused tags. A verified one waits 60 s, then four times as long each time, up to `longest_s`.

    One that is only presumed to be bad is due at once.
    """

    def __init__(self, longest_s: float) -> None:
        self._longest_s = longest_s
        self._stays: dict[int, _Stay] = {}
        self.indexes: Collection[int] = self._stays.keys()

    def put(self, indexes: Iterable[int], now: float, *, found: int, verified: bool) -> None:
        """Take in tags that were found in search number `found`."""
        for index in indexes:
            self._stays[index] = _Stay(found, now, None)
            if verified:
                self.refused(index, now)

    def refused(self, index: int, now: float) -> None:
        """It was read alone and did not answer: wait longer than last time."""
        stay = self._stays[index]
        wait_s = FIRST_WAIT_S if stay.wait_s is None else stay.wait_s * GROWTH
        stay.wait_s = min(wait_s, self._longest_s)
        stay.due = now + stay.wait_s

    def due(self, now: float) -> int | None:
        """The tag that has been due for longest."""
        first = self.first
        return first if first is not None and self._stays[first].due <= now else None

    @property
    def first(self) -> int | None:
        """The tag that is or will be due first."""
        return min(self._stays, key=lambda index: self._stays[index].due, default=None)

    def make_due(self, now: float) -> None:
        """A new conversation: the device may have been changed, so let every tag be asked again soon."""
        for stay in self._stays.values():
            stay.due = min(stay.due, now)

    def release(self, index: int, *, alone: bool) -> list[int]:
        """It answers. What was verified and found with it goes free too, since the device has changed.

        `alone`: release just this one if it had only been presumed to be bad. Returns all that are free now.
        """
        stay = self._stays[index]
        if alone and stay.wait_s is None:
            free = [index]
        else:
            free = [other for other, its in self._stays.items() if its.found == stay.found]
        for other in free:
            del self._stays[other]
        return free
