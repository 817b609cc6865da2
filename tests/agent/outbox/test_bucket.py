"""So many a second, with one second's worth at once after a rest."""

from agent.outbox.bucket import Bucket
from tests.agent.outbox.test_memory import Time


def test_it_gives_its_rate_and_no_more() -> None:
    time = Time()
    bucket = Bucket(10, time)
    given = 0
    for _ in range(100):
        time.now += 0.05
        while bucket.has_one():
            bucket.take_one()
            given += 1
    assert 10 + 45 <= given <= 10 + 50
    assert 0 < bucket.wait_s() <= 0.1
    time.now += bucket.wait_s() + 1e-9
    assert bucket.has_one()


def test_less_than_one_a_second() -> None:
    time = Time()
    bucket = Bucket(0.1, time)
    assert bucket.has_one()
    bucket.take_one()
    assert bucket.wait_s() == 10
