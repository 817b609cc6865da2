"""T5: whatever happens to the files, the start succeeds, what is whole arrives and what is not is counted."""

import random

import pytest

from agent.outbox import frames
from tests.agent.outbox.bench import Bench
from tests.agent.outbox.test_memory import event, gaps, sample
from tests.fakes.simulated_disk import SimulatedDisk

STREAMS = "abc"


def filled(chance: random.Random, records: int = 0) -> Bench:
    """Some segments of an earlier run, with everything in them unconfirmed."""
    bench = Bench(segment_bytes=3000)
    for n in range(records or chance.randint(20, 120)):
        bench.append((event if chance.random() < 0.2 else sample)(chance.choice(STREAMS), 1000 + n))
        if chance.random() < 0.5:
            bench.work()
    bench.work(sync=True)
    return bench


def damaged(content: bytearray, chance: random.Random) -> None:
    """Flip a bit, zero a page, cut the end off, or write over a part."""
    place = chance.randrange(len(content))
    length = chance.randint(1, 400)
    match chance.randrange(4):
        case 0:
            content[place] ^= 1 << chance.randrange(8)
        case 1:
            content[place : place + length] = bytes(len(content[place : place + length]))
        case 2:
            del content[place:]
        case 3:
            content[place : place + length] = chance.randbytes(len(content[place : place + length]))


def heads(disk: SimulatedDisk) -> int:
    """How many segments say where every stream stood when they began."""
    return sum(found.kind == frames.SEGMENT for content in disk.files.values() for found in frames.scan(bytes(content)))


def whole(disk: SimulatedDisk) -> set[tuple[str, int]]:
    """Stream and seq of every record that can still be read from the files, whatever else is there."""
    return {
        (found.stream, found.seq)
        for content in disk.files.values()
        for found in frames.scan(bytes(content))
        if found.is_record
    }


@pytest.mark.parametrize("part", range(10))
def test_a_hundred_damages_each(seed: int, part: int) -> None:
    for number in range(100):
        chance = random.Random(f"{seed} {part} {number}")
        bench = filled(chance)
        disk = bench.folder.main
        assert isinstance(disk, SimulatedDisk)
        before, heads_before = whole(disk), heads(disk)
        damaged(disk.files[chance.choice(sorted(disk.files))], chance)
        intact, has_heads = whole(disk), heads(disk) == heads_before
        bench.kill()
        bench.reader().begin()
        entries = bench.drain()
        bench.reader().begin()
        entries += bench.drain()
        arrived = {(e.record.stream, e.record.seq) for e in entries if e.record.boot == 41}
        assert intact <= arrived
        lost = before - arrived
        dropped = bench.reader().tally.dropped
        assert set(dropped) <= {"damaged"}
        announced = {
            (e.record.stream, seq)
            for e in entries
            if e.record.event is not None and e.record.event.type == "gap"
            for seq in range(int(str(e.record.event.data["from_seq"])), int(str(e.record.event.data["to_seq"])) + 1)
        }
        records = sum(int(str(gap["records"])) for gap in gaps(entries))
        assert records <= dropped.get("damaged", 0) <= len(lost)
        # The newest record of a stream leaves no trace in any other: it is counted, and the run's last seq tells of it.
        known = {(stream, seq) for stream, (boot, last) in bench.found.last_seq.items() for seq in range(last + 1)}
        assert announced <= before
        # What is lost together with the head of its segment may have no trace before it either.
        if has_heads:
            assert lost & known <= announced
            assert len(lost & known) == records


@pytest.mark.parametrize("harm", ["gone", "empty", "foreign", "directory of another"])
def test_files_that_are_not_what_they_should_be(harm: str) -> None:
    bench = filled(random.Random(3), 300)
    disk = bench.folder.main
    assert isinstance(disk, SimulatedDisk)
    names = sorted(disk.files)
    assert len(names) > 3
    match harm:
        case "gone":
            del disk.files[names[1]]
        case "empty":
            disk.files[names[1]].clear()
        case "foreign":
            disk.files["readme.txt"] = bytearray(b"x")
            disk.files[names[1]][:] = b"hello" * 100
        case _:
            disk.files = {f"{n}{'9' * 19}-{n:06d}.seg": bytearray(b"?" * 50) for n in range(3)}
    bench.kill()
    bench.append(sample("new"))
    bench.work()
    bench.reader().begin()
    entries = bench.drain()
    bench.reader().begin()
    entries += bench.drain()
    tally = bench.reader().tally
    assert "new" in {entry.record.stream for entry in entries}
    assert tally.accepted == tally.delivered + sum(tally.dropped.values())
    assert tally.queued == 0
    if harm in ("gone", "foreign", "empty"):
        assert tally.dropped["damaged"] == sum(int(str(gap["records"])) for gap in gaps(entries)) > 0
