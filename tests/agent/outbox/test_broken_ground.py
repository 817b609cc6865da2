"""The outbox on a disk that is full or breaks, and a power cut after that: what is lost is said, and nothing else."""

import random

from tests.agent.outbox.bench import Bench
from tests.agent.outbox.test_memory import gaps, sample, seqs
from tests.fakes.simulated_disk import SimulatedDisk


def test_what_everybody_has_makes_room_on_a_full_disk() -> None:
    bench = Bench(segment_bytes=1000)
    disk = bench.folder.main
    assert isinstance(disk, SimulatedDisk)
    for _ in range(10):
        bench.append(*[sample() for _ in range(10)])
        bench.work()
    disk.room = sum(size for _, size in disk.names())
    bench.append(sample())
    bench.work()
    assert not bench.store.is_on_disk
    bench.reader().begin()
    for entry in bench.take():
        bench.reader().confirm(entry.lsn)
    bench.append(sample())
    bench.work()
    bench.work()
    assert bench.store.is_on_disk
    assert seqs(bench.take()) == [101]


def test_what_was_delivered_while_the_disk_was_broken_is_no_damage_after_a_power_cut() -> None:
    bench = Bench()
    bench.append(sample())
    bench.work(sync=True)
    bench.break_disks()
    bench.append(*[sample() for _ in range(9)])
    bench.work()
    bench.reader().begin()
    for entry in bench.take():
        bench.reader().confirm(entry.lsn)
    bench.break_disks(broken=False)
    bench.append(sample())
    bench.work(sync=True)
    for chance in range(5):
        bench.cut_power(random.Random(chance))
        bench.reader().begin()
        assert gaps(bench.drain()) == []


def test_a_loss_that_was_synced_is_announced_after_a_power_cut() -> None:
    bench = Bench(max_bytes=6000, tail_bytes=0)
    bench.break_disks()
    bench.append(*[sample() for _ in range(20)])
    bench.work()
    bench.break_disks(broken=False)
    bench.work(sync=True)
    bench.cut_power(random.Random(7))
    bench.reader().begin()
    assert [gap["reason"] for gap in gaps(bench.drain())] == ["overflow"]
