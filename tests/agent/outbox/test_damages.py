"""Damage is announced once, to those who lost something by it, however often the way through the log begins anew."""

from agent.outbox.damages import REMEMBERED, Damages, up_to_now
from agent.outbox.tail import Tail
from agent.outbox.walk import Hole, Piece
from agent.record import Moment, Record


def hole(first: int = 3, last: int = 5, numbers: tuple[int, int] = (10, 20), stream: str = "a") -> Hole:
    return Hole(stream, 41, first, last, 0, 0, numbers)


def test_a_hole_is_told_once_and_to_all_who_lost_something_there() -> None:
    damages = Damages()
    damages.lose(10, 12, ["one"])
    damages.lose(12, 15, ["two"])
    damages.lose(30, 31, ["three"])
    assert damages.untold(hole()) == (hole(), {"one", "two"})
    assert damages.untold(hole())[0] is None
    assert damages.untold(hole(stream="b")) == (hole(stream="b"), {"one", "two"})


def test_what_everybody_had_is_nobodys_loss() -> None:
    damages = Damages()
    damages.lose(20, 25, ["one"])
    assert damages.untold(hole(numbers=(10, 20))) == (None, set())


def test_of_a_hole_that_grew_only_the_rest_is_told() -> None:
    damages = Damages()
    damages.lose(10, 20, ["one"])
    damages.untold(hole(3, 5))
    assert damages.untold(hole(3, 8)) == (hole(6, 8), {"one"})


def test_memory_is_bounded() -> None:
    damages = Damages()
    for number in range(3 * REMEMBERED):
        damages.lose(number, number + 1, ["one"])
        assert damages.untold(hole(number, number, (number, number + 1)))[0] is not None
    assert len(damages._told) == len(damages._losses) == REMEMBERED


def test_of_streams_that_the_disk_knows_no_more_of_memory_tells_and_the_count_of_this_run() -> None:
    tail = Tail()
    records = [Record("a", [Moment(70 + n, {"x": 1}, {})], boot=41, seq=6 + n) for n in range(2)]
    tail.add(12, records, [b"", b""], {}, 0.0)
    stood = {"a": (41, 4, 50), "b": (41, 8, 51), "c": (41, 3, 52), "old": (40, 1, 53)}
    piece = Piece(12, damaged=[(9, 12)], unsure=stood)
    found = list(up_to_now(piece, tail, 41, {"a": 8, "b": 9, "c": 3, "old": 7}, 99))
    assert found == [Hole("a", 41, 4, 5, 50, 70, (9, 12)), Hole("b", 41, 8, 8, 51, 99, (9, 12))]


def test_without_damage_nothing_is_missing() -> None:
    assert list(up_to_now(Piece(12, unsure={"a": (41, 4, 50)}), Tail(), 41, {"a": 8}, 99)) == []
