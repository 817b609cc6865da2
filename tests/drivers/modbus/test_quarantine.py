"""When refused tags are asked again."""

from drivers.modbus.quarantine import Quarantine


def test_a_verified_tag_waits_longer_each_time() -> None:
    quarantine = Quarantine(3600)
    quarantine.put([5], 0.0, found=1, verified=True)
    waits, now = [], 0.0
    for _ in range(5):
        due = next(at for at in range(int(now), int(now) + 4000) if quarantine.due(at) is not None)
        waits.append(due - now)
        now = float(due)
        quarantine.refused(5, now)
    assert waits == [60, 240, 960, 3600, 3600]


def test_a_short_limit_bounds_the_first_wait_too() -> None:
    quarantine = Quarantine(5)
    quarantine.put([1], 0.0, found=1, verified=True)
    assert quarantine.due(4.9) is None
    assert quarantine.due(5) == 1


def test_a_presumed_tag_is_due_at_once_and_then_waits_like_the_others() -> None:
    quarantine = Quarantine(3600)
    quarantine.put([1], 0.0, found=1, verified=False)
    assert quarantine.due(0.0) == 1
    quarantine.refused(1, 0.0)
    assert quarantine.due(59.0) is None
    assert quarantine.due(60.0) == 1


def test_what_is_due_longest_is_asked_first() -> None:
    quarantine = Quarantine(3600)
    for index, found_at in ((1, 30.0), (2, 10.0), (3, 20.0)):
        quarantine.put([index], found_at, found=1, verified=True)
    assert quarantine.first == 2
    assert quarantine.due(1000.0) == 2


def test_a_verified_tag_frees_what_was_found_with_it_and_a_presumed_one_itself() -> None:
    for verified, free in ((True, [1, 2]), (False, [1])):
        quarantine = Quarantine(3600)
        quarantine.put([1, 2], 0.0, found=1, verified=verified)
        quarantine.put([3], 0.0, found=2, verified=True)
        assert sorted(quarantine.release(1, alone=True)) == free
        assert set(quarantine.indexes) == {1, 2, 3} - set(free)


def test_where_nothing_else_is_read_one_answer_frees_all_that_was_presumed() -> None:
    quarantine = Quarantine(3600)
    quarantine.put([1, 2], 0.0, found=1, verified=False)
    assert sorted(quarantine.release(1, alone=False)) == [1, 2]


def test_a_new_conversation_makes_all_due() -> None:
    quarantine = Quarantine(3600)
    quarantine.put([1], 0.0, found=1, verified=True)
    quarantine.make_due(7.0)
    assert quarantine.due(7.0) == 1
