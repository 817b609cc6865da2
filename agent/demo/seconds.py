"""How long the demo goes on. Pure: time is passed in."""

STARTED_S = 30.0
"""At the latest so long after the agent was started the seconds begin that were asked for."""

HEARD_S = 2.0
"""So long after the first message every machine has spoken; who ends it before cannot call one silent."""


class Seconds:
    """So many from the first message on, however long the agent takes to start."""

    def __init__(self, wanted_s: float, now_s: float) -> None:
        self._wanted_s = wanted_s
        self._made_s = now_s
        self._began_s: float | None = None
        self.passed_s = 0.0

    def are_over(self, now_s: float, *, has_begun: bool) -> bool:
        if self._began_s is None and (has_begun or now_s - self._made_s >= STARTED_S):
            self._began_s = now_s
        self.passed_s = now_s - self._began_s if self._began_s is not None else 0.0
        return self.passed_s >= self._wanted_s
