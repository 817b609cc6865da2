"""The requests of one read on their way: what is still to be asked, and when to stop asking. Pure."""

from collections.abc import Iterable, Sequence
from typing import cast

from drivers.modbus.request import UNREACHABLE, Outcome, Request, Result

PATIENCE = 2
"""Failures in a row without an answer, after which the rest of a unit's requests are not made in this read."""

_ANSWER = Result.ANSWER
"""Looking a member up in its class costs more than comparing with it."""


class Batch:
    """Requests to one unit and their outcomes, in order. Tickets are positions."""

    __slots__ = (
        "_again",
        "_failures",
        "_next",
        "_open",
        "_outcomes",
        "_patience",
        "_silent_since",
        "has_next",
        "is_done",
        "requests",
        "skipped",
        "unit",
    )

    def __init__(self, requests: Sequence[Request], patience: int = PATIENCE) -> None:
        self.requests = requests
        self.unit = requests[0].unit if requests else 0
        self.skipped = 0
        self._outcomes: list[Outcome | None] = [None] * len(requests)
        self.is_done = not requests
        self.has_next = bool(requests)
        self._open = len(requests)
        self._next = 0
        self._again: list[int] = []
        self._failures = 0
        self._silent_since = float("-inf")
        self._patience = patience

    @property
    def outcomes(self) -> list[Outcome]:
        """One for each request, in order, once it is done."""
        return cast("list[Outcome]", self._outcomes)

    def take(self) -> int:
        if self._again:
            ticket = self._again.pop(0)
        else:
            ticket = self._next
            self._next = ticket + 1
        self.has_next = self._next < len(self._outcomes) or bool(self._again)
        return ticket

    def put_back(self, tickets: Iterable[int]) -> None:
        """Ask these again, before the others: their connection went away through no fault of theirs."""
        self._again = sorted([*self._again, *tickets])
        self.has_next = self._next < len(self.requests) or bool(self._again)

    def abandon(self, outcome: Outcome) -> None:
        """Nothing more is asked: this is how everything ends that has not ended."""
        self.skipped += len(self._again) + len(self.requests) - self._next
        self._outcomes = [ended or outcome for ended in self._outcomes]
        self._open, self.has_next, self.is_done = 0, False, True

    def settle(self, ended: Iterable[tuple[int, Outcome]], *, broke: bool) -> None:
        """Take up how requests ended; `broke` when the connection cannot be used any more because of it."""
        for ticket, outcome in ended:
            self._outcomes[ticket] = outcome
            self._open -= 1
            if outcome.result is _ANSWER:
                self._failures = 0
            else:
                self._consider(outcome, broke=broke)
        self.is_done = self._open == 0

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
            if self._failures >= self._patience:
                self._skip_rest(outcome)

    def _skip_rest(self, outcome: Outcome) -> None:
        rest = [*self._again, *range(self._next, len(self.requests))]
        for ticket in rest:
            self._outcomes[ticket] = outcome
        self.skipped += len(rest)
        self._open -= len(rest)
        self._next, self._again, self.has_next = len(self.requests), [], False
