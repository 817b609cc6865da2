"""The table: what was measured, its bound, and whether it holds."""

import os
import platform
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True, slots=True)
class Figure:
    """One line. `figure` is compared with `bound`; `details` are the numbers that it was made of."""

    line: int
    what: str
    figure: float
    sense: Literal["<=", ">="]
    bound: float
    details: str = ""
    unit: str = ""

    @property
    def holds(self) -> bool:
        return self.figure <= self.bound if self.sense == "<=" else self.figure >= self.bound

    def __str__(self) -> str:
        verdict = "holds" if self.holds else "DOES NOT HOLD"
        compared = f"{_short(self.figure):>9} {self.sense} {_short(self.bound):<8}{self.unit:<9}"
        return f"{self.line:>2}  {self.what:<58}{compared}{verdict:<14}{self.details}"


def _short(number: float) -> str:
    return f"{number:,.3g}" if number < 1000 else f"{number:,.0f}"


def machine() -> str:
    """What it ran on, for whoever compares two tables."""
    info = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace")
    model = next((line.split(":", 1)[1].strip() for line in info.splitlines() if line.startswith("model name")), "?")
    load = ", ".join(f"{number:.1f}" for number in os.getloadavg())
    return (
        f"{os.cpu_count()} x {model}, Linux {platform.release()}, Python {platform.python_version()}, "
        f"load before: {load}"
    )


def summary(figures: Sequence[Figure]) -> str:
    missed = [figure.line for figure in figures if not figure.holds]
    return f"{len(figures) - len(missed)} of {len(figures)} hold" + (f"; not: {missed}" if missed else "")
