"""How long to wait before trying again: full jitter, short in a young outage, long in an old one."""

import random

YOUNG_S = 60.0
YOUNG_CAP_S = 4.0
CAP_S = 30.0
FIRST_S = 0.5
LEAST_S = 0.1


class Backoff:
    """Pauses of one outage. `reset()` after a valid answer, not after a mere connection."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self._chance = chance or random.Random()  # spreads load, guards nothing
        self._began: float | None = None
        self._ceiling = FIRST_S

    def reset(self) -> None:
        self._began = None
        self._ceiling = FIRST_S

    def pause(self, now_s: float, most_s: float = CAP_S) -> float:
        """Seconds to wait after a failure at monotonic time `now_s`: at most 4 in the first minute, then up to 30.

        `most_s` is less where trying costs the other side nothing.
        """
        if self._began is None:
            self._began = now_s
        cap = YOUNG_CAP_S if now_s - self._began < YOUNG_S else CAP_S
        ceiling = min(self._ceiling, cap, most_s)
        self._ceiling = min(ceiling * 2, CAP_S)
        return max(LEAST_S, self._chance.uniform(0, ceiling))
