"""The requests of one read on their way: what is still to be asked, and when to stop asking. Pure."""

from collections import deque
from collections.abc import Iterable, Sequence

from drivers.modbus.request import UNREACHABLE, Outcome, Request, Result

PATIENCE = 2
"""Failures in a row without an answer, after which the rest of a unit's requests are not made in this read."""


class Batch:
    """Requests to one unit and their outcomes, in order. Tickets are positions."""

    def __init__(self, requests: Sequence[Request]) -> None:
        self.requests = requests
        self.skipped = 0
        self._outcomes: list[Outcome | None] = [None] * len(requests)
        self._queue = deque(range(len(requests)))
        self._open = len(requests)
        self._failures = 0
        self._silent_since = float("-inf")

    @property
    def has_next(self) -> bool:
        return bool(self._queue)

    @property
    def is_done(self) -> bool:
        return self._open == 0

    @property
    def outcomes(self) -> list[Outcome]:
        """One for each request, in order, once it is done."""
        return [outcome for outcome in self._outcomes if outcome is not None]

    def take(self) -> int:
        return self._queue.popleft()

    def put_back(self, tickets: Iterable[int]) -> None:
        """Ask these again, before the others: their connection went away through no fault of theirs."""
        self._queue.extendleft(sorted(tickets, reverse=True))

    def settle(self, ended: Iterable[tuple[int, Outcome]], *, broke: bool) -> None:
        """Take up how requests ended; `broke` when the connection cannot be used any more because of it."""
        for ticket, outcome in ended:
            self._outcomes[ticket] = outcome
            self._open -= 1
            if outcome.result is Result.ANSWER:
                self._failures = 0
            else:
                self._consider(outcome, broke=broke)

    def _consider(self, outcome: Outcome, *, broke: bool) -> None:
        if outcome.result is Result.EXCEPTION:
            self._failures = 0
            if outcome.code in UNREACHABLE:
                self._skip_rest(outcome)
        elif outcome.result is Result.TIMEOUT or broke:
            # What was in flight together fails together: that is one failure in a row.
            if outcome.sent >= self._silent_since:
                self._failures += 1
                self._silent_since = outcome.ended
            if self._failures >= PATIENCE:
                self._skip_rest(outcome)

    def _skip_rest(self, outcome: Outcome) -> None:
        for ticket in self._queue:
            self._outcomes[ticket] = outcome
        self.skipped += len(self._queue)
        self._open -= len(self._queue)
        self._queue.clear()
