"""Who is blamed for the end of a connection: a record, or the line."""

import random

import pytest

from agent.publish.pace import Pace
from agent.publish.suspicion import Key, Loss, Suspicion

PACE = Pace()


def key(number: int) -> Key:
    return "die01", 1, number


def crowd(*numbers: int, held_s: float = 5.0) -> Loss:
    return Loss(frozenset(map(key, numbers)), None, True, held_s)


def alone(number: int, held_s: float = 5.0, flight_s: float = 0.1) -> Loss:
    return Loss(frozenset({key(number)}), key(number), True, held_s, flight_s)


def silence(held_s: float = 5.0) -> Loss:
    return Loss(frozenset({key(1)}), None, False, held_s)


def accused() -> Suspicion:
    """Number 2 has its first strike, all others were acknowledged when they were alone."""
    suspicion = Suspicion(PACE)
    for loss in (crowd(1, 2, 3), crowd(1, 2, 3)):
        assert suspicion.lost(loss) is None
    suspicion.answered(key(1))
    assert suspicion.lost(alone(2)) is None
    suspicion.answered(key(3))
    return suspicion


def test_one_loss_makes_nobody_suspicious() -> None:
    suspicion = Suspicion(PACE)
    suspicion.lost(crowd(1, 2, 3))
    assert not suspicion.is_careful
    assert not suspicion.is_accusing


def test_who_was_under_way_twice_in_a_row_goes_alone() -> None:
    suspicion = Suspicion(PACE)
    suspicion.lost(crowd(1, 2, 3))
    suspicion.answered(key(1))
    suspicion.lost(crowd(2, 3, 4))
    assert [suspicion.watches(key(number)) for number in (1, 2, 3, 4)] == [False, True, True, False]
    assert suspicion.is_accusing
    assert suspicion.wait_s(key(2), 0.0) == 0.0


def test_three_strikes_alone_convict() -> None:
    suspicion = accused()
    assert not suspicion.watches(key(3))
    assert suspicion.wait_s(key(2), 20.0) == PACE.trial_s - 20.0
    assert suspicion.lost(alone(2, held_s=61)) is None
    assert suspicion.lost(alone(2, held_s=61)) == key(2)
    assert not suspicion.is_careful
    assert suspicion.is_idle
    assert suspicion.patience_s == PACE.trial_s


def test_an_answer_acquits_and_the_line_is_blamed() -> None:
    suspicion = accused()
    suspicion.answered(key(2))
    assert suspicion.is_idle
    assert suspicion.patience_s == 2 * PACE.trial_s


@pytest.mark.parametrize(
    "loss",
    [silence(), Loss(frozenset(), None, True, 5.0), alone(2, flight_s=PACE.kill_s + 1)],
    ids=["silence", "nothing under way", "long after"],
)
def test_a_loss_without_a_suspect_voids_all_strikes(loss: Loss) -> None:
    suspicion = accused()
    assert suspicion.lost(loss) is None
    assert suspicion.patience_s == 2 * PACE.trial_s
    assert suspicion.wait_s(key(2), 0.0) == 0.0, "it begins anew"
    assert suspicion.lost(alone(2)) is None
    assert suspicion.lost(alone(2, held_s=121)) is None
    assert suspicion.lost(alone(2, held_s=121)) == key(2)


def test_a_crowd_that_is_acquitted_was_the_line_too() -> None:
    suspicion = accused()
    suspicion.lost(crowd(7, 8))
    suspicion.lost(crowd(7, 8))
    suspicion.answered(key(7))
    assert suspicion.patience_s == PACE.trial_s
    suspicion.answered(key(8))
    assert suspicion.patience_s == 2 * PACE.trial_s


def test_patience_has_a_bound_and_a_connection_that_holds_restores_it() -> None:
    suspicion = Suspicion(PACE)
    for _ in range(20):
        suspicion.lost(silence())
    assert suspicion.patience_s == PACE.trial_most_s
    suspicion.lost(silence(held_s=PACE.trial_most_s))
    assert suspicion.patience_s == PACE.trial_s


def test_silence_acquits_who_was_alone() -> None:
    """Else the next connection would wait for the same answer, with everything behind it."""
    suspicion = accused()
    suspicion.lost(Loss(frozenset({key(2)}), key(2), False, 61.0, 30.0))
    assert not suspicion.watches(key(2))


def test_who_was_dropped_meanwhile_is_forgotten() -> None:
    suspicion = accused()
    suspicion.lost(crowd(8, held_s=PACE.trial_most_s))
    assert not suspicion.is_careful


def test_a_meta_that_strikes_three_times_is_left_out_for_a_while() -> None:
    suspicion = Suspicion(PACE)
    struck = Loss(frozenset(), None, True, 0.1, others=1, greeting="die01/meta")
    suspicion.lost(Loss(frozenset(), None, True, 0.1, others=2))
    assert suspicion.is_greeting_slowly
    suspicion.lost(struck)
    suspicion.greeted("die01/meta")
    for _ in range(2):
        suspicion.lost(struck)
        assert suspicion.is_accusing
        assert not suspicion.leaves_out("die01/meta"), "it was acknowledged once"
    suspicion.lost(struck)
    assert suspicion.leaves_out("die01/meta")
    suspicion.lost(crowd(1, held_s=PACE.trial_most_s))
    assert not suspicion.leaves_out("die01/meta")


WINDOW = 32


class Line:
    """A line that is always full and cut at random, in virtual time; the records on it are innocent."""

    def __init__(self, seed: int, holds_s: float, round_trip_s: float) -> None:
        self.suspicion = Suspicion(PACE)
        self.convicted = 0
        self.accusations = 0
        self._chance = random.Random(seed)
        self._holds_s = holds_s
        self._round_trip_s = round_trip_s
        self._next = 0
        self._waiting: list[Key] = []
        """What was under way at the newest end."""

    def connect(self) -> None:
        """One connection, from CONNACK to its cut."""
        cut_s = self._chance.expovariate(1 / self._holds_s)
        self._accused = [key for key in self._waiting if self.suspicion.wait_s(key, 0.0)]
        now = self._round_trip_s  # state and metas
        for one in [key for key in self._waiting if self.suspicion.watches(key) and key not in self._accused]:
            if now + self._round_trip_s > cut_s:
                self._end({one} if now < cut_s else set(), one if now < cut_s else None, now, cut_s)
                return
            self._answer(one)
            now += self._round_trip_s
        trials = [key for key in self._accused if self.suspicion.patience_s < cut_s]
        flight_s = cut_s - self.suspicion.patience_s
        if trials and flight_s < self._round_trip_s:
            self._end({trials[0]}, trials[0], self.suspicion.patience_s, cut_s)
            return
        for one in trials:
            self._answer(one)
        crowd = [key for key in self._waiting if not self.suspicion.watches(key)]
        if cut_s - now > self._round_trip_s:
            for one in crowd:
                self._answer(one)
            crowd = []
        fresh = [key(self._next + n) for n in range(WINDOW - len(crowd))]
        self._next += WINDOW
        self._waiting = [key for key in self._waiting if self.suspicion.watches(key)] + crowd + fresh
        self._end(set(crowd + fresh), None, cut_s, cut_s)

    def _answer(self, one: Key) -> None:
        self.suspicion.answered(one)
        self._waiting.remove(one)

    def _end(self, flying: set[Key], alone: Key | None, sent_s: float, cut_s: float) -> None:
        loss = Loss(frozenset(flying), alone, True, sent_s, cut_s - sent_s)
        self.accusations += alone is not None
        if self.suspicion.lost(loss) is not None:
            self.convicted += 1


@pytest.mark.parametrize("holds_s", [1.0, 10.0, 60.0, 600.0, 7200.0])
@pytest.mark.parametrize("round_trip_s", [0.05, 1.0])
def test_a_line_that_is_cut_at_random_convicts_nobody(seed: int, holds_s: float, round_trip_s: float) -> None:
    """20,000 connections, each of which ends with a full window: hours to years of such a line."""
    line = Line(seed, holds_s, round_trip_s)
    for _ in range(20_000):
        line.connect()
    assert line.convicted == 0, f"{line.accusations} times a record was alone"
