"""The outbox on a disk: what was appended is there after anything, once, and what is not is announced."""

import random

import pytest

from agent.outbox.reader import Backfill
from agent.record import Moment, Record
from tests.agent.outbox.bench import Bench
from tests.agent.outbox.test_memory import event, gaps, sample, seqs
from tests.fakes.simulated_disk import SimulatedDisk


def test_what_was_written_is_there_after_a_kill() -> None:
    bench = Bench()
    bench.append(sample("a", 5), event("b", 6))
    bench.work()
    bench.append(sample("a", 7))
    bench.kill()
    reader = bench.reader()
    reader.begin()
    entries = bench.take()
    assert [(e.record.stream, e.record.boot, e.record.seq, e.hist) for e in entries] == [
        ("a", 41, 0, True),
        ("b", 41, 0, True),
    ]
    assert entries[0].record.moments == [Moment(5, {"x": 1}, {})]
    assert reader.tally.accepted == reader.tally.queued == 2


def test_nothing_is_published_before_it_is_written() -> None:
    bench = Bench()
    bench.reader().begin()
    bench.append(sample())
    assert bench.take() == []
    bench.work()
    assert seqs(bench.take()) == [0]


def test_with_sync_always_nothing_is_published_before_it_is_synced() -> None:
    bench = Bench(sync="always")
    bench.reader().begin()
    bench.append(sample())
    assert bench.take() == []
    bench.work()
    assert seqs(bench.take()) == [0]
    bench.cut_power(random.Random(1))
    assert bench.reader().tally.queued == 1


def test_what_was_confirmed_and_saved_does_not_come_again() -> None:
    bench = Bench()
    bench.append(*[sample() for _ in range(50)])
    bench.work()
    bench.reader().begin()
    for entry in bench.take(room=20):
        bench.reader().confirm(entry.lsn)
    bench.work()
    bench.kill()
    bench.reader().begin()
    assert seqs(bench.drain()) == list(range(20, 50))
    assert bench.reader().tally.queued == 0


def test_segments_that_everybody_has_are_removed() -> None:
    bench = Bench(["one", "two"])
    for _ in range(300):
        bench.append(sample())
        bench.work()
    bench.reader("one").begin()
    bench.reader("two").begin()
    assert len(bench.drain("one")) == 300
    before = len(bench.folder.main.names())
    assert before > 5
    assert len(bench.drain("two")) == 300
    bench.work()
    assert len(bench.folder.main.names()) == 1


def test_a_backlog_comes_from_disk_in_order_behind_what_is_new() -> None:
    bench = Bench(backfill=Backfill(rate=10))
    bench.append(*[sample() for _ in range(100)])
    bench.work()
    bench.kill()
    bench.reader().begin()
    bench.append(sample("new"))
    bench.work()
    entries = bench.take(room=30)
    assert [entry.record.stream for entry in entries] == ["new"] + ["a"] * 10
    assert [entry.hist for entry in entries] == [False] + [True] * 10
    assert seqs(entries[1:]) == list(range(10))
    bench.time.now += 0.5
    assert seqs(bench.take()) == list(range(10, 15))


def test_strictly_in_order_if_wanted() -> None:
    bench = Bench(backfill=Backfill(rate=1, live_first=False))
    bench.append(*[sample() for _ in range(100)])
    bench.work()
    bench.kill()
    bench.reader().begin()
    bench.append(sample())
    bench.work()
    assert [(e.record.boot, e.record.seq) for e in bench.drain()] == [(41, n) for n in range(100)] + [(42, 0)]


def test_over_the_bound_samples_go_events_stay_and_everything_is_announced() -> None:
    bench = Bench(max_bytes=20_000)
    bench.append(*[event("e") for _ in range(5)])
    for n in range(600):
        bench.append(sample("a", n))
        bench.work()
    tally = bench.reader().tally
    assert bench.store.size <= 20_000
    assert tally.accepted == 605 == tally.queued + tally.dropped["overflow"]
    bench.reader().begin()
    bench.work()
    entries = bench.drain()
    (gap,) = gaps(entries)
    arrived = sorted(e.record.seq for e in entries if e.record.stream == "a" and e.record.event is None)
    assert gap["records"] == tally.dropped["overflow"]
    assert (gap["from_seq"], gap["to_seq"]) == (0, arrived[0] - 1)
    assert arrived == list(range(arrived[0], 600))
    assert [e.record.seq for e in entries if e.record.stream == "e"] == list(range(5))


def test_the_ring_carries_on_while_the_disk_is_broken_and_the_log_resumes() -> None:
    bench = Bench()
    bench.reader().begin()
    bench.append(sample())
    bench.work()
    bench.break_disks()
    bench.append(sample(), sample())
    bench.work()
    assert not bench.store.is_on_disk
    assert seqs(bench.take()) == [0, 1, 2]
    bench.reader().confirm(1)
    bench.append(sample(), checkpoints={"a": {"total": 4}})
    bench.break_disks(broken=False)
    bench.work()
    assert bench.store.is_on_disk
    bench.kill()
    bench.reader().begin()
    assert seqs(bench.drain()) == [0, 2, 3]
    assert bench.store.checkpoint("a") == {"total": 4}


@pytest.mark.parametrize("flipped", range(7))
def test_one_flipped_byte_loses_one_record_and_says_which(flipped: int) -> None:
    bench = Bench(["one", "two"])
    bench.append(*[sample("ab"[n % 2], 1000 + n) for n in range(20)])
    bench.work(sync=True)
    bench.kill()
    ((name, *_),) = [found for found in bench.folder.main.names() if found[1] > 500]
    assert isinstance(bench.folder.main, SimulatedDisk)
    content = bench.folder.main.files[name]
    place = 400 + 137 * flipped
    content[place] ^= 0x55
    for reader in ("one", "two"):
        bench.reader(reader).begin()
    one, two = bench.drain("one"), bench.drain("two")
    for reader, entries in (("one", one), ("two", two)):
        arrived = {(e.record.stream, e.record.seq) for e in entries if e.record.boot == 41}
        missing = {("ab"[n % 2], n // 2) for n in range(20)} - arrived
        assert len(missing) == bench.reader(reader).tally.dropped["damaged"] <= 2
        bench.reader(reader).begin()
        announced = {(gap["boot"], gap["from_seq"]) for gap in gaps(entries + bench.drain(reader))}
        assert announced == {(41, seq) for _, seq in missing}
    assert bench.aside


def test_checkpoints_come_back_with_the_records_they_explain() -> None:
    bench = Bench(segment_bytes=600)
    for n in range(30):
        bench.append(sample(), checkpoints={"a": {"total": n}})
        bench.work()
    bench.append(sample(), checkpoints={"a": {"total": 99}})
    bench.kill()
    assert bench.store.checkpoint("a") == {"total": 29}
    assert bench.reader().tally.queued == 30


def test_a_new_destination_begins_at_the_head_and_one_that_goes_releases_its_records() -> None:
    bench = Bench(["one"])
    for _ in range(100):
        bench.append(sample())
        bench.work()
    bench.destinations = ["one", "two"]
    bench.kill()
    assert bench.reader("two").tally.queued == 0
    assert bench.reader("one").tally.queued == 100
    bench.destinations = ["two"]
    bench.kill()
    bench.work()
    assert len(bench.folder.main.names()) == 1


def test_a_lost_cursor_means_everything_again() -> None:
    bench = Bench()
    bench.append(*[sample() for _ in range(5)])
    bench.work()
    assert isinstance(bench.folder.cursors, SimulatedDisk)
    bench.folder.cursors.files.clear()
    bench.kill()
    bench.reader().begin()
    assert seqs(bench.drain()) == [0, 1, 2, 3, 4]
    assert "W3007" in bench.told.codes()


def test_a_cursor_ahead_of_the_log_hides_nothing_new() -> None:
    bench = Bench()
    bench.append(*[sample() for _ in range(5)])
    bench.work()
    bench.reader().begin()
    bench.drain()
    assert isinstance(bench.folder.main, SimulatedDisk)
    for content in bench.folder.main.files.values():
        del content[200:]
    bench.kill()
    bench.append(sample())
    bench.work()
    bench.reader().begin()
    assert [(e.record.boot, e.record.seq) for e in bench.drain()] == [(42, 0)]
    assert bench.reader().tally.dropped == {}


def test_too_many_refused_records_are_passed_over_and_come_in_the_end() -> None:
    bench = Bench()
    reader = bench.reader()
    reader.begin()
    arrived: list[tuple[str, int]] = []
    for n in range(3000):
        bench.append(sample("refused"), sample("taken"))
        if n % 50 == 0:
            bench.work()
            for entry in bench.take():
                if entry.record.stream == "refused":
                    reader.refuse(entry.lsn, float("inf"))
                else:
                    arrived.append((entry.record.stream, entry.record.seq))
                    reader.confirm(entry.lsn)
    assert 1000 <= len(reader._refused.held) <= 1050
    for lsn in list(reader._refused.held):
        reader.refuse(lsn, 0.0)
    bench.work()
    arrived += [(entry.record.stream, entry.record.seq) for entry in bench.drain()]
    assert sorted(arrived) == sorted((stream, n) for stream in ("refused", "taken") for n in range(3000))
    assert reader.tally.queued == 0


def test_what_json_cannot_say_comes_back_the_same() -> None:
    record = Record("a", [Moment(1, {"n": 2**70, "t": "\ud800"}, {})], rev=3, offset_ms=7)
    bench = Bench()
    bench.append(record)
    bench.work()
    bench.kill()
    bench.reader().begin()
    (entry,) = bench.drain()
    assert repr(entry.record) == repr(record)


def test_what_is_under_way_moves_on_when_its_segment_must_go() -> None:
    bench = Bench(max_bytes=8_000)
    reader = bench.reader()
    reader.begin()
    bench.append(sample("first"))
    bench.work()
    (flying,) = bench.take()
    for n in range(200):
        bench.append(sample("a", n))
        bench.work()
    assert flying.lsn in reader._moved
    assert bench.take(room=1)[0].record.stream != "first"
    reader.confirm(flying.lsn)
    assert reader.tally.delivered == 1
    assert reader.refuse(flying.lsn, 0.0) is False
    bench.work()
    bench.kill()
    bench.reader().begin()
    assert "first" not in {entry.record.stream for entry in bench.drain()}


def test_what_is_under_way_and_moved_comes_again_after_a_break() -> None:
    bench = Bench(max_bytes=8_000)
    bench.reader().begin()
    bench.append(sample("first"))
    bench.work()
    assert len(bench.take()) == 1
    for n in range(200):
        bench.append(sample("a", n))
        bench.work()
    bench.kill()
    bench.reader().begin()
    assert "first" in {entry.record.stream for entry in bench.drain()}


def test_what_is_too_old_goes_whatever_it_is() -> None:
    bench = Bench()
    for n in range(100):
        bench.append(sample("a", n), event("a", n))
        bench.work()
    assert bench.room.outdated() is None
    bench.now_ms += 3_601_000
    bench.append(sample("a", 7))
    bench.work()
    while (going := bench.room.outdated()) is not None:
        bench.let_go(going, "age")
    tally = bench.reader().tally
    assert tally.dropped["age"] == 201 - tally.queued
    assert len(bench.folder.main.names()) <= 2
    bench.reader().begin()
    (gap,) = gaps(bench.drain())
    assert gap["reason"] == "age"
    assert gap["records"] == tally.dropped["age"]


def test_a_lost_gap_event_passes_on_what_it_announced_from_disk_too() -> None:
    bench = Bench(max_bytes=6_000)
    for n in range(200):
        bench.append(sample("a", n))
        bench.work()
    bench.reader().begin()
    bench.work()
    for n in range(200):
        bench.append(event("a", n))
        bench.work()
    bench.reader().begin()
    entries = bench.drain()
    bench.reader().begin()
    announced = gaps(entries + bench.drain())
    dropped = bench.reader().tally.dropped["overflow"]
    arrived = {e.record.seq for e in entries}
    assert sum(int(str(gap["records"])) for gap in announced) >= dropped
    assert min(int(str(gap["from_seq"])) for gap in announced) == 0
    assert max(arrived) >= 399


def test_losses_that_nobody_heard_of_are_told_after_a_kill() -> None:
    bench = Bench(max_bytes=6_000)
    for n in range(200):
        bench.append(sample("a", n))
        bench.work()
    dropped = bench.reader().tally.dropped["overflow"]
    bench.kill()
    bench.reader().begin()
    announced = gaps(bench.drain())
    assert sum(int(str(gap["records"])) for gap in announced) == dropped > 0


def test_a_disk_that_breaks_while_events_move_on_loses_none() -> None:
    bench = Bench(max_bytes=6_000)
    bench.reader().begin()
    bench.append(event("e"))
    assert isinstance(bench.folder.kept, SimulatedDisk)
    bench.folder.kept.is_broken = True
    for n in range(100):
        bench.append(sample("a", n))
        bench.work()
    bench.folder.kept.is_broken = False
    for n in range(100):
        bench.append(sample("a", n))
        bench.work()
    bench.reader().begin()
    assert [e.record.stream for e in bench.drain() if e.record.event is not None and e.record.stream == "e"] == ["e"]


def test_files_that_say_nothing_stop_no_start() -> None:
    bench = Bench()
    bench.append(sample())
    bench.work()
    for disk in (bench.folder.main, bench.folder.cursors):
        assert isinstance(disk, SimulatedDisk)
        disk.unreadable = True
    bench.kill()
    bench.append(sample("new"))
    bench.work()
    for disk in (bench.folder.main, bench.folder.cursors):
        assert isinstance(disk, SimulatedDisk)
        disk.unreadable = False
    bench.reader().begin()
    assert "new" in {entry.record.stream for entry in bench.drain()}
