"""Pauses of an outage."""

import random

from agent.backoff import CAP_S, LEAST_S, YOUNG_CAP_S, Backoff


class Most(random.Random):
    """The longest pause that chance allows."""

    def uniform(self, a: float, b: float) -> float:
        return b


def test_short_in_a_young_outage_then_doubling_to_the_cap() -> None:
    backoff = Backoff(Most())
    young = [backoff.pause(now) for now in range(0, 59, 5)]
    assert young[:4] == [0.5, 1, 2, 4]
    assert max(young) == YOUNG_CAP_S
    assert [backoff.pause(now) for now in (60, 70, 90, 120)] == [8, 16, 30, CAP_S]


def test_where_trying_costs_nothing_it_stays_short() -> None:
    backoff = Backoff(Most())
    assert max(backoff.pause(now, 1.5) for now in range(0, 600, 10)) == 1.5
    assert [backoff.pause(now) for now in (600, 610, 620, 630, 640)] == [3, 6, 12, 24, CAP_S]


def test_reset_begins_a_new_outage() -> None:
    backoff = Backoff(Most())
    for now in range(0, 300, 30):
        backoff.pause(now)
    backoff.reset()
    assert backoff.pause(400) == 0.5


def test_jitter_is_full_but_never_a_busy_loop() -> None:
    backoff = Backoff(random.Random(1))
    pauses = [backoff.pause(1000.0 + n) for n in range(200)]
    assert min(pauses) >= LEAST_S
    assert len({round(pause, 3) for pause in pauses}) > 150
