"""What is saved of cursors and losses: together, and as far as it can be read."""

import pytest

from agent.outbox import standing
from agent.outbox.cursor import Cursor
from agent.outbox.slots import GAPS, STANDING, TO, Slots
from tests.agent.outbox.bench import Bench
from tests.agent.outbox.test_memory import sample
from tests.fakes.simulated_disk import SimulatedDisk

ONE = (Cursor(7, [(9, 12)]), Cursor(2))
OTHER = (Cursor(3), Cursor(0, [(1, 2)]))


def said(pair: tuple[Cursor, Cursor]) -> str:
    return str(pair)


def test_what_is_written_is_read() -> None:
    written = standing.to_bytes({"county": ONE, "厂": OTHER}, b'[{"a":1}]')
    stood = standing.of({STANDING: written})
    assert {name: said(pair) for name, pair in stood.cursors.items()} == {"county": said(ONE), "厂": said(OTHER)}
    assert stood.gaps == b'[{"a":1}]'


def test_without_destinations_and_without_losses() -> None:
    assert standing.of({STANDING: standing.to_bytes({}, b"")}) == ({}, None)
    assert standing.of({}) == ({}, None)


def test_the_files_of_format_2_are_read_as_long_as_there_is_none_of_this() -> None:
    old = {TO + "county": ONE[0].to_bytes() + ONE[1].to_bytes(), TO + "broken": b"12345678", GAPS: b"[]"}
    stood = standing.of(old)
    assert {name: said(pair) for name, pair in stood.cursors.items()} == {"county": said(ONE)}
    assert stood.gaps == b"[]"
    stood = standing.of({**old, STANDING: standing.to_bytes({"county": OTHER}, b"[1]")})
    assert {name: said(pair) for name, pair in stood.cursors.items()} == {"county": said(OTHER)}
    assert stood.gaps == b"[1]"


@pytest.mark.parametrize("length", range(0, 60, 7))
def test_what_is_cut_off_is_not_there(length: int) -> None:
    written = standing.to_bytes({"county": ONE}, b"[]")
    stood = standing.of({STANDING: written[:length]})
    assert set(stood.cursors) <= {"county"}
    assert all(said(pair) == said(ONE) for pair in stood.cursors.values())


def test_the_first_save_takes_the_place_of_the_files_of_format_2() -> None:
    bench = Bench()
    disk = bench.folder.cursors
    assert isinstance(disk, SimulatedDisk)
    bench.append(*(sample("a") for _ in range(4)))
    bench.work()
    three = Cursor(3).to_bytes() + Cursor(0).to_bytes()
    disk.files = {name: bytearray(content) for name, content in [Slots().put(TO + "one", three)]}
    bench.kill()
    assert bench.reader().queued == 1, "format 2 said that three of four were delivered"
    assert {name.split(".")[0] for name, _ in disk.names()} == {"to", "standing"}
    bench.kill()
    assert {name.split(".")[0] for name, _ in disk.names()} == {"standing"}
    assert bench.reader().queued == 1
