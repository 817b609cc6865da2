"""What the operator reads at 2 a.m.: one line when something is lost, one when it is back, a summary while it lasts.

Every line has a code and a subject. Under any one fault at most 20 lines a minute leave: after a few lines of one code
in a minute the rest is counted and told in one.
"""

import os
import sys
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from agent.messages import Catalogue

PRIORITIES = {"error": 3, "warning": 4, "notice": 5, "info": 6}
LINES_PER_MINUTE = 4
"""Of one code and direction (lost or back); both and their summaries together stay under 20."""
SUMMARY_AFTER_S = (60.0, 600.0, 3600.0)
"""When a lasting state is told again; the last one repeats."""


@dataclass(slots=True)
class _Lasting:
    """A state that was lost and is not back."""

    since: float
    facts: dict[str, object]
    times: int = 1
    told: float = 0.0
    summaries: int = 0


@dataclass(slots=True)
class _Minute:
    """How much of one code was said since the minute began."""

    began: float
    lines: int = 0
    held: list[str] = field(default_factory=list)


class Log:
    """The journal of the agent (`drivers.contract.Journal`), on standard error, in the operator's language."""

    def __init__(
        self,
        catalogue: Catalogue,
        monotonic: Callable[[], float],
        write: Callable[[str], object] | None = None,
        to_journald: bool | None = None,
    ) -> None:
        self.catalogue = catalogue
        self.recent: deque[str] = deque(maxlen=100)
        self._monotonic = monotonic
        self._write = write or _to_stderr
        self._to_journald = "JOURNAL_STREAM" in os.environ if to_journald is None else to_journald
        self._lasting: dict[tuple[str, str], _Lasting] = {}
        self._minutes: dict[tuple[str, bool], _Minute] = {}

    def lost(self, code: str, about: str, /, **facts: object) -> None:
        """A state is entered, or lasts. Only the entry and sparse summaries are lines."""
        now = self._monotonic()
        state = self._lasting.get((code, about))
        if state is None:
            self._lasting[code, about] = _Lasting(now, facts, told=now)
            self._say(code, about, self.catalogue.text(code, facts))
            return
        state.times += 1
        state.facts = facts
        pause = SUMMARY_AFTER_S[min(state.summaries, len(SUMMARY_AFTER_S) - 1)]
        if now - state.told >= pause:
            state.told = now
            state.summaries += 1
            lasting = {"times": state.times, "minutes": round((now - state.since) / 60)}
            self._say(code, about, f"{self.catalogue.text('N9005', lasting)}: {self.catalogue.text(code, facts)}")

    def back(self, code: str, about: str, /, **facts: object) -> None:
        """A state is left; a line only if it was entered."""
        state = self._lasting.pop((code, about), None)
        if state is None:
            return
        lasted = {"times": state.times, "seconds": round(self._monotonic() - state.since)}
        text = self.catalogue.text(code, {**state.facts, **lasted, **facts}, back=True)
        self._say(code, about, f"{text} ({self.catalogue.text('N9006', lasted)})", back=True)

    def forget(self, code: str, about: str, /) -> None:
        """A state has become another one, which has its own line: no line for its end."""
        self._lasting.pop((code, about), None)

    def note(self, code: str, about: str, /, **facts: object) -> None:
        """Something happened that is no state."""
        self._say(code, about, self.catalogue.text(code, facts))

    def flush(self, *, everything: bool = False) -> None:
        """Tell what was held back in minutes that are over; called about once a second."""
        now = self._monotonic()
        for (code, back), minute in list(self._minutes.items()):
            if everything or now - minute.began >= 60:
                del self._minutes[code, back]
                if minute.held:
                    subjects = dict.fromkeys(minute.held)
                    facts = {"count": len(minute.held), "subjects": ", ".join(list(subjects)[:10])}
                    self._emit("notice" if back else self.catalogue.level(code), code, self._more(code, facts))

    def _more(self, code: str, facts: dict[str, object]) -> str:
        return f"{code} {self.catalogue.text('N9007', facts)}"

    def _say(self, code: str, about: str, text: str, *, back: bool = False) -> None:
        now = self._monotonic()
        minute = self._minutes.get((code, back))
        if minute is None or now - minute.began >= 60:
            self.flush()
            minute = self._minutes[code, back] = _Minute(now)
        if minute.lines >= LINES_PER_MINUTE:
            minute.held.append(about)
            return
        minute.lines += 1
        self._emit("notice" if back else self.catalogue.level(code), code, f"{code} {about}: {text}")

    def _emit(self, level: str, code: str, line: str) -> None:
        stamp = datetime.now().astimezone().strftime("%Y-%m-%d %H:%M:%S")
        self.recent.append(f"{stamp} {line}")
        self._write(f"<{PRIORITIES[level]}>{line}\n" if self._to_journald else f"{stamp} {level.upper():7} {line}\n")


def _to_stderr(line: str) -> None:
    """A closed or full standard error is no reason to stop acquiring."""
    try:
        sys.stderr.write(line)
        sys.stderr.flush()
    except (OSError, ValueError):
        return
