"""Showing what arrives: a live table on a terminal, plain lines everywhere else."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Protocol

from rich.console import Console
from rich.live import Live

from agent.demo.arrivals import Arrivals
from agent.demo.summary import counters, headline
from agent.demo.table import screen
from agent.demo.texts import Words

LINES_EVERY_MS = 3_000


class Picture(Protocol):
    """What the demo shows while it runs."""

    def draw(self, now_ms: int) -> None:
        """Called about four times a second."""

    def log(self, line: str) -> None:
        """A line of the agent."""


class LiveTable:
    """The terminal's own screen; what was on it before comes back at the end."""

    def __init__(self, live: Live, arrivals: Arrivals, words: Words) -> None:
        self._live = live
        self._arrivals = arrivals
        self._words = words
        self._log: list[str] = []

    def draw(self, now_ms: int) -> None:
        size = self._live.console.size
        picture = screen(self._arrivals, self._log, self._words, now_ms, (size.width, size.height))
        self._live.update(picture, refresh=True)

    def log(self, line: str) -> None:
        self._log = [*self._log, line][-20:]


class Lines:
    """For pipes and logs of a build machine."""

    def __init__(self, console: Console, arrivals: Arrivals, words: Words) -> None:
        self._console = console
        self._arrivals = arrivals
        self._words = words
        self._next_ms = 0

    def draw(self, now_ms: int) -> None:
        if self._arrivals.messages and now_ms >= self._next_ms:
            self._next_ms = now_ms + LINES_EVERY_MS
            say(self._console, [counters(self._arrivals, self._words, now_ms), headline(self._arrivals, self._words)])

    def log(self, line: str) -> None:
        say(self._console, [line])


def say(console: Console, lines: Sequence[str]) -> None:
    """Plain text, as it is: no colours guessed, nothing wrapped."""
    for line in lines:
        if line:
            console.print(line, markup=False, highlight=False, soft_wrap=True)


@contextmanager
def picture(console: Console, arrivals: Arrivals, words: Words) -> Iterator[Picture]:
    """The right way to show it on this console."""
    if not console.is_terminal:
        yield Lines(console, arrivals, words)
        return
    with Live(console=console, screen=True, auto_refresh=False) as live:
        yield LiveTable(live, arrivals, words)
