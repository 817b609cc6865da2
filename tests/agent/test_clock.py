"""The two clocks, both owned by the test."""

from agent.clock import BUILT_MS, Clock


class Hands:
    def __init__(self, wall_ms: int, monotonic: float = 100.0) -> None:
        self.wall_ms = wall_ms
        self.monotonic = monotonic

    def clock(self) -> Clock:
        return Clock(lambda: self.wall_ms, lambda: self.monotonic)

    def go(self, seconds: float, drift_ms: int = 0) -> None:
        self.monotonic += seconds
        self.wall_ms += int(seconds * 1000) + drift_ms


def test_a_clock_before_the_build_is_implausible() -> None:
    hands = Hands(0)
    clock = hands.clock()
    assert not clock.is_plausible
    hands.wall_ms = BUILT_MS
    assert clock.is_plausible


def test_a_clock_before_the_newest_record_is_implausible() -> None:
    hands = Hands(BUILT_MS + 1000)
    clock = hands.clock()
    clock.has_seen(BUILT_MS + 5000)
    assert not clock.is_plausible
    hands.go(4)
    assert clock.is_plausible


def test_a_record_of_years_ahead_does_not_make_the_clock_implausible() -> None:
    clock = Hands(BUILT_MS + 1000).clock()
    clock.has_seen(BUILT_MS + 10 * 365 * 86_400_000)
    assert clock.is_plausible


def test_drift_is_no_step() -> None:
    hands = Hands(BUILT_MS)
    clock = hands.clock()
    for _ in range(5):
        hands.go(1, drift_ms=400)
        assert clock.look() == 0


def test_steps_both_ways_are_seen_once_with_their_size() -> None:
    hands = Hands(BUILT_MS)
    clock = hands.clock()
    hands.go(1, drift_ms=-3_600_000)
    assert clock.look() == -3_600_000
    assert clock.look() == 0
    hands.go(1, drift_ms=60_000)
    assert clock.look() == 60_000


def test_the_offset_restamps_what_was_taken_before_a_step() -> None:
    hands = Hands(5_000)
    clock = hands.clock()
    taken_ms, offset = clock.now_ms(), clock.offset_ms()
    hands.go(60, drift_ms=BUILT_MS)
    assert taken_ms + clock.offset_ms() - offset == clock.now_ms() - 60_000


def test_what_was_stamped_before_a_step_is_restamped_though_the_clock_is_right_by_now() -> None:
    hands = Hands(5_000)
    clock = hands.clock()
    stamped = clock.now_ms()
    hands.go(2, drift_ms=BUILT_MS)
    for _ in range(2):  # before the step was looked at, and after
        doubt = clock.doubt_of(stamped)
        assert doubt is not None
        assert stamped + clock.offset_ms() - doubt == clock.now_ms() - 2_000
        clock.look()
    assert clock.doubt_of(clock.now_ms()) is None


def test_the_real_clocks() -> None:
    clock = Clock()
    assert clock.is_plausible
    assert clock.look() == 0
