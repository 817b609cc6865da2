"""Reading a log: pieces in order, and what is missing by number and by name."""

import pytest

from agent.outbox import frames
from agent.outbox.page import Appended, Page
from agent.outbox.pen import Pen, Table
from agent.outbox.tail import Item
from agent.outbox.walk import Hole, Piece, Span, Walk
from agent.record import Moment, Record
from tests.fakes.simulated_disk import SimulatedDisk


def paged(number: int, record: Record) -> Page:
    page = Page(number, number)
    page.add(Appended([Item(number, record, 0.0, number, 0)]))
    return page


def written(disk: SimulatedDisk, *streams: str, first: int = 0, boot: int = 41, table: Table | None = None) -> Span:
    """A segment with a record of each of these streams."""
    table = table or Table()
    pen = Pen(disk, table, serial=len(disk.files), next_=first)
    for number, stream in enumerate(streams, first):
        its, seq = table.streams.get(stream, (boot, 0))
        record = Record(stream, [Moment(number, {"x": 1}, {})], boot=boot, seq=seq if its == boot else 0)
        pen.write(paged(number, record), now_ms=7)
    return Span(pen.begun[0].name, first, first + len(streams))


class Walked:
    def __init__(self) -> None:
        self.disk = SimulatedDisk()
        self.aside: list[str] = []
        self.walk = Walk(self.disk, lambda name, at, data: self.aside.append(name), piece_bytes=150)

    def all(self, number: int, until: int, *spans: Span) -> Piece:
        """Every piece in one."""
        whole = Piece(number)
        while whole.walked < until:
            piece = self.walk.read(whole.walked, until, spans)
            assert piece.walked > whole.walked
            whole.walked = piece.walked
            whole.records += piece.records
            whole.damaged += piece.damaged
            whole.holes += piece.holes
        return whole


def numbers(piece: Piece) -> list[int]:
    return [found.number for found in piece.records]


def test_pieces_follow_each_other_over_segments_and_from_the_middle() -> None:
    it = Walked()
    table = Table()
    one = written(it.disk, *"abab", table=table)
    two = written(it.disk, *"abab", first=4, table=table)
    assert numbers(it.all(0, 8, one, two)) == list(range(8))
    assert numbers(it.all(3, 6, one, two)) == [3, 4, 5]
    assert numbers(it.all(6, 8, one, two)) == [6, 7]
    assert not it.aside


def test_a_segment_that_is_gone_is_named_by_the_next_ones_head() -> None:
    it = Walked()
    table = Table()
    one = written(it.disk, *"aab", table=table)
    two = written(it.disk, *"abb", first=3, table=table)
    three = written(it.disk, *"a", first=6, table=table)
    it.disk.remove(two.name)
    for spans in ((one, two, three), (one, three)):
        it.walk = Walk(it.disk, lambda *_: None)
        piece = it.all(0, 7, *spans)
        assert numbers(piece) == [0, 1, 2, 6]
        assert piece.damaged == [(3, 6)]
        assert piece.holes == [Hole("a", 41, 2, 2, 1, 7, (3, 6)), Hole("b", 41, 1, 2, 2, 7, (3, 6))]


def spoiled(disk: SimulatedDisk, span: Span, number: int) -> None:
    """A bit of this record flips."""
    content = disk.files[span.name]
    frame = next(one for one in frames.scan(bytes(content)) if one.is_record and one.number == number)
    content[frame.body_at] ^= 1


@pytest.mark.parametrize("in_another", [False, True])
def test_what_the_last_damage_took_is_seen_in_what_nobody_asked_for(in_another: bool) -> None:
    """It may be in memory, so that nobody comes to read it here."""
    it, table = Walked(), Table()
    spans = [written(it.disk, *("abab" if in_another else "ababab"), table=table)]
    if in_another:
        spans.append(written(it.disk, *"ab", first=4, table=table))
    spoiled(it.disk, spans[0], 3)
    spans[-1] = spans[-1]._replace(end=6)
    piece = it.all(0, 4, *spans)
    assert numbers(piece) == [0, 1, 2]
    assert piece.damaged == [(3, 4)]
    assert [one[:4] for one in piece.holes] == [("b", 41, 1, 1)]
    rest = it.all(4, 6, *spans)
    assert numbers(rest) == [4, 5]
    assert rest.holes == [], "and told once"


def test_what_nothing_follows_is_left_open() -> None:
    it = Walked()
    span = written(it.disk, *"abab")
    spoiled(it.disk, span, 3)
    piece = it.walk.read(0, 4, [span])
    while piece.walked < 4:
        piece = it.walk.read(piece.walked, 4, [span])
    assert piece.damaged == [(3, 4)]
    assert piece.holes == []
    assert piece.unsure == {"a": (41, 2, 2), "b": (41, 1, 1)}


def test_the_first_segment_is_gone() -> None:
    it = Walked()
    table = Table()
    one = written(it.disk, *"aab", table=table)
    two = written(it.disk, *"ab", first=3, table=table)
    it.disk.remove(one.name)
    piece = it.all(0, 5, two)
    assert (numbers(piece), piece.damaged) == ([3, 4], [(0, 3)])
    assert piece.holes == [Hole("a", 41, 0, 1, 7, 7, (0, 3)), Hole("b", 41, 0, 0, 7, 7, (0, 3))]


def test_numbers_that_no_segment_has() -> None:
    it = Walked()
    assert it.walk.read(3, 9, ()) == Piece(9, damaged=[(3, 9)])
    assert it.walk.read(9, 9, ()) == Piece(9)


def test_a_segment_that_grows_is_looked_at_again() -> None:
    it = Walked()
    table = Table()
    span = written(it.disk, *"ab", table=table)
    assert numbers(it.all(0, 2, span)) == [0, 1]
    record = Record("a", [Moment(9, {}, {})], boot=41, seq=1)
    it.disk.files[span.name] += b"".join(paged(2, record).parts)
    assert numbers(it.all(2, 3, span._replace(end=3))) == [2]
    it.disk.files[span.name] += b"?" * 60
    assert it.all(3, 4, span._replace(end=4)).damaged == [(3, 4)]
    record = Record("a", [Moment(9, {}, {})], boot=41, seq=3)
    it.disk.files[span.name] += b"".join(paged(4, record).parts)
    piece = it.all(4, 5, span._replace(end=5))
    assert numbers(piece) == [4]
    assert piece.holes == [Hole("a", 41, 2, 2, 9, 9, (3, 4))]
    assert it.aside


def test_a_disk_that_fails_for_a_moment_makes_nothing_damaged() -> None:
    it = Walked()
    span = written(it.disk, *"abab")
    it.disk.unreadable = True
    for _ in range(3):
        with pytest.raises(OSError, match="no"):
            it.walk.read(0, 4, [span])
    it.disk.unreadable = False
    piece = it.all(0, 3, span)
    it.walk.read(3, 4, [span])
    it.disk.unreadable = True
    for _ in range(2):
        with pytest.raises(OSError, match="no"):
            it.walk.read(4, 5, [span._replace(end=5)])
    it.disk.unreadable = False
    it.disk.files[span.name] += b"".join(paged(4, Record("a", [Moment(9, {}, {})], boot=41, seq=2)).parts)
    more = it.all(4, 5, span._replace(end=5))
    assert (numbers(piece), piece.damaged, numbers(more), more.damaged) == ([0, 1, 2], [], [4], [])


def test_a_whole_frame_with_a_body_that_is_none_is_damage() -> None:
    it = Walked()
    span = written(it.disk, "a")
    it.disk.files[span.name] += frames.frame(frames.RECORD, 1, b"a", b"{", time_ms=5, boot=41, seq=1, is_end=True)
    piece = it.all(0, 2, span._replace(end=2))
    assert (numbers(piece), piece.damaged, piece.holes) == ([0], [(1, 2)], [Hole("a", 41, 1, 1, 5, 5, (1, 2))])


def test_a_new_run_counts_from_0_again() -> None:
    it = Walked()
    table = Table()
    one = written(it.disk, *"aa", table=table)
    two = written(it.disk, *"aaa", first=2, boot=42, table=table)
    content = it.disk.files[two.name]
    second = next(found for found in frames.scan(bytes(content)) if found.is_record)
    content[second.body_at] ^= 1
    piece = it.all(0, 5, one, two)
    assert numbers(piece) == [0, 1, 3, 4]
    assert piece.holes == [Hole("a", 42, 0, 0, 1, 3, (2, 3))]
