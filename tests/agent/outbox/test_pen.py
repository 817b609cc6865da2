"""Appending to segments that are full, that fail, or that nobody syncs."""

import pytest

from agent.outbox import frames
from agent.outbox.pen import Pen, Table
from agent.record import Moment, Record
from tests.agent.outbox.test_walk import paged
from tests.fakes.simulated_disk import SimulatedDisk


def record(seq: int) -> Record:
    return Record("a", [Moment(5, {"x": seq}, {})], boot=41, seq=seq)


def numbers(disk: SimulatedDisk) -> list[list[int]]:
    """Of the records in each segment."""
    segments = [bytes(disk.files[name]) for name in sorted(disk.files)]
    return [[found.number for found in frames.scan(data) if found.is_record] for data in segments]


def test_a_segment_whose_sync_failed_is_left_and_what_was_not_safe_goes_into_the_next() -> None:
    disk = SimulatedDisk()
    pen = Pen(disk, Table(), 0, 0)
    pen.write(paged(0, record(0)), 7)
    pen.sync()
    pen.write(paged(1, record(1)), 7)
    disk.is_broken = True
    with pytest.raises(OSError, match="no"):
        pen.sync()
    assert pen.written == pen.synced == 1
    disk.is_broken = False
    pen.write(paged(1, record(1)), 8)
    pen.sync()
    assert pen.synced == 2
    assert numbers(disk) == [[0, 1], [1]]


def test_a_segment_in_which_nothing_could_be_written_goes() -> None:
    disk = SimulatedDisk()
    pen = Pen(disk, Table(), 0, 0)
    disk.room = 10
    with pytest.raises(OSError, match="no"):
        pen.write(paged(0, record(0)), 7)
    assert disk.files == {}
    assert pen.begun == []


def test_without_syncs_what_is_written_counts_as_safe() -> None:
    disk = SimulatedDisk()
    pen = Pen(disk, Table(), 0, 0, syncs=False)
    pen.write(paged(0, record(0)), 7)
    assert pen.synced == 1
    pen.sync()
    assert disk.synced == dict.fromkeys(disk.files, b""), "never asked"
