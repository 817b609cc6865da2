"""Which segments there are, what lies where, and what may leave."""

from agent.outbox.shelf import Segment, Shelf, bytes_of


def shelf(*firsts: int, size: int = 100) -> Shelf:
    """One segment from each of these numbers on; each has a hundred bytes."""
    return Shelf([Segment(first, f"{place}", size) for place, first in enumerate(firsts)])


def names(one: Shelf) -> list[str]:
    return [segment.name for segment in one.segments]


def test_numbers_have_places() -> None:
    one = shelf(10, 20, 30)
    assert [one.place_of(number) for number in (9, 10, 19, 20, 99)] == [-1, 0, 0, 1, 2]
    assert [(span.first, span.end) for span in one.spans(35)] == [(10, 20), (20, 30), (30, 35)]
    assert [span.first for span in one.spans(35, 20)] == [20, 30], "only from the one that has the number"


def test_an_older_segment_gives_way_where_a_newer_one_begins() -> None:
    one = shelf(10, 10, 30)
    assert [(span.name, span.first, span.end) for span in one.spans(30)] == [("1", 10, 30)]


def test_what_nobody_needs_leaves_but_never_the_newest() -> None:
    one = shelf(10, 20, 30)
    one.done(19)
    assert one.leaving == []
    one.done(20)
    assert (names(one), one.leaving) == (["1", "2"], ["0"])
    one.done(1000)
    assert (names(one), one.leaving) == (["2"], ["0", "1"])


def test_a_segment_leaves_once() -> None:
    one = shelf(10, 20)
    oldest = one.segments[0]
    one.let_go(oldest)
    one.let_go(oldest)
    assert one.leaving == ["0"]


def test_bytes_of_numbers_are_what_their_segments_take_on_average() -> None:
    one = shelf(0, 10, 30)
    assert one.size == 300
    assert bytes_of(one, 40, [(5, 15)]) == 50 + 25
    assert bytes_of(one, 40, [(0, 40)]) == 300
    assert bytes_of(one, 30, [(0, 40)]) == 200, "the newest segment has no number yet"
