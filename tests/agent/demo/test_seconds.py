import math

from agent.demo.seconds import STARTED_S, Seconds


def test_they_begin_with_the_first_message() -> None:
    seconds = Seconds(5.0, 100.0)
    assert not seconds.are_over(110.0, has_begun=False)
    assert seconds.passed_s == 0
    assert not seconds.are_over(112.0, has_begun=True)
    assert not seconds.are_over(116.9, has_begun=True)
    assert seconds.are_over(117.0, has_begun=True)
    assert seconds.passed_s == 5


def test_silence_does_not_last_for_ever() -> None:
    seconds = Seconds(5.0, 100.0)
    assert not seconds.are_over(100.0 + STARTED_S, has_begun=False)
    assert seconds.are_over(105.0 + STARTED_S, has_begun=False)


def test_without_a_number_they_never_end() -> None:
    seconds = Seconds(math.inf, 0.0)
    assert not seconds.are_over(1.0, has_begun=True)
    assert not seconds.are_over(1e9, has_begun=True)
