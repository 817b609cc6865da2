"""Something that goes on in steps of 0.1 s from its start: the same at the same time, however often somebody looks."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from random import Random

from drivers.contract import Value

STEP_S = 0.1


class Stepping(ABC):
    """A machine. Pure: seed and time are passed in."""

    def __init__(self, seed: str) -> None:
        self.random = Random(seed)
        self._steps = 0

    def at(self, t: float) -> Mapping[str, Value]:
        """What it shows `t` seconds after the start; a time that is past shows the newest state."""
        for _ in range(math.floor(t / STEP_S + 1e-6) - self._steps):
            self._steps += 1
            self.step(self._steps * STEP_S)
        return self.shown()

    @abstractmethod
    def shown(self) -> Mapping[str, Value]:
        """Tag name -> what stands there."""

    @abstractmethod
    def step(self, t: float) -> None:
        """Go on to `t` seconds after the start, one step further."""
