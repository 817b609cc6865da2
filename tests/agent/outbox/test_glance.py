"""A look at a state directory that belongs to another: what waits, what is missing, and nothing is changed."""

import asyncio
import contextlib
import fcntl
import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from agent.outbox import open_outbox
from agent.outbox.contract import Outbox
from agent.outbox.glance import Glance, NoOutbox, ReadOnlyDisk, look
from agent.record import Event, Moment, Record
from tests.agent.outbox.test_damage import damaged
from tests.agent.outbox.test_memory import event, sample
from tests.fakes.told import Told

Number = tuple[str, int]
MINUTES = 1 << 20
TEXT = "".join(random.Random(7).choices("abcdefgh", k=700))


@contextlib.asynccontextmanager
async def box(path: Path, *names: str, max_bytes: int = MINUTES) -> AsyncIterator[Outbox]:
    """An outbox with segments of 64 KiB."""
    journal = Told()
    async with open_outbox(
        path, names or ["one"], max_bytes, max_age_s=60, now=lambda: (77_000, None), journal=journal
    ) as opened:
        yield opened


def large(stream: str, time_ms: int) -> Record:
    return Record(stream, [Moment(time_ms, {"text": TEXT}, {})])


async def written(path: Path, samples: int) -> None:
    """Wait until the log has got so far."""
    disk = ReadOnlyDisk(path / "log")
    async with asyncio.timeout(10):
        while True:
            newest = max((name for name, _ in disk.names()), default=None)
            if newest is not None and b"%d" % (999 + samples) in disk.read(newest, 0, 1 << 20):
                return
            await asyncio.sleep(0.005)


async def filled(path: Path, records: int = 400, **bounds: int) -> None:
    """A run that left samples of two streams, and an event after every tenth."""
    async with box(path, **bounds) as opened:
        for number in range(records):
            opened.append([large("ab"[number % 2], 1000 + number)])
            if number % 10 == 9:
                opened.append([event("a", 1000 + number)])
            if number % 50 == 49:
                await written(path, number + 1)


def state(path: Path) -> dict[str, tuple[int, bytes]]:
    """Every file with its time and content."""
    files = (file for file in path.rglob("*") if file.is_file())
    return {str(file): (file.stat().st_mtime_ns, file.read_bytes()) for file in files}


def numbers(glance: Glance) -> list[Number]:
    return [(found.record.stream, found.record.seq) for piece in glance.pieces() for found in piece]


def announced(glance: Glance, name: str = "one") -> list[Number]:
    """The numbers of all spans that nobody announced."""
    spans = [(gap.stream, gap.event.data) for gap in glance.gaps.due(name, 1e9, lambda: (0, None)) if gap.event]
    return [
        (stream, seq)
        for stream, data in spans
        for seq in range(int(str(data["from_seq"])), int(str(data["to_seq"])) + 1)
    ]


async def test_all_that_waits_comes_in_order_and_nothing_is_changed(tmp_path: Path) -> None:
    await filled(tmp_path)
    assert len(list((tmp_path / "log").iterdir())) > 3
    before = state(tmp_path)
    glance = look(tmp_path, "one")
    assert (glance.waiting, glance.total) == (440, 440)
    found = numbers(glance)
    assert [seq for stream, seq in found if stream == "a"] == list(range(240))
    assert [seq for stream, seq in found if stream == "b"] == list(range(200))
    assert (glance.walked, glance.missing) == (440, {"damaged": 0, "removed": 0})
    assert announced(glance) == []
    assert state(tmp_path) == before


async def test_while_the_agent_runs_it_needs_no_lock_and_does_not_take_it(tmp_path: Path) -> None:
    async with box(tmp_path) as opened:
        opened.append([sample("a", 1000), sample("a", 1001)])
        await written(tmp_path, 2)
        glance = look(tmp_path, "one")
        assert (glance.run.boot, glance.run.ended) == (opened.boot, None)
        opened.append([sample("a", 1002)])
        await written(tmp_path, 3)
        assert numbers(glance) == [("a", 0), ("a", 1)]
    handle = os.open(tmp_path / "lock", os.O_RDONLY)
    glance = look(tmp_path, "one")
    fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    assert numbers(glance) == [("a", 0), ("a", 1), ("a", 2)]
    assert glance.run.ended == {"boot": glance.run.boot, "last_seq": {"a": 2}}
    os.close(handle)


async def test_a_stop_meanwhile_speaks_of_nothing_that_is_not_there(tmp_path: Path) -> None:
    async with box(tmp_path) as opened:
        opened.append([sample("a", 1000)])
        await written(tmp_path, 1)
        glance = look(tmp_path, "one")
        opened.append([sample("a", 1001)])
    assert numbers(glance) == [("a", 0)]
    assert glance.run.ended is None


async def test_from_the_oldest_unconfirmed_on_each_for_itself(tmp_path: Path) -> None:
    async with box(tmp_path, "one", "two") as opened:
        opened.append([sample("a") for _ in range(10)])
        reader = opened.reader("one")
        reader.begin()
        entries = await reader.take(10)
        for entry in entries:
            if entry.record.seq not in (4, 7):
                reader.confirm(entry.lsn)
    one, two = look(tmp_path, "one"), look(tmp_path, "two")
    assert (one.waiting, two.waiting) == (2, 10)
    assert numbers(one) == [("a", seq) for seq in range(4, 10)]
    assert numbers(two) == [("a", seq) for seq in range(10)]
    assert look(tmp_path, "new").waiting == 0
    for file in (tmp_path / "cursors").iterdir():
        file.write_bytes(b"?")
    assert look(tmp_path, "one").waiting == 10, "everything twice is better than anything not at all"


async def test_what_had_to_go_is_announced_before_the_agent_does(tmp_path: Path) -> None:
    """Nobody took it, so no event in the log tells of it yet."""
    await filled(tmp_path, 2000, max_bytes=6 * 65_536)
    glance = look(tmp_path, "one")
    found = numbers(glance)
    lost = {("a", seq) for seq in range(1200)} | {("b", seq) for seq in range(1000)}
    lost -= set(found)
    assert lost
    assert len([one for one in found if one[0] == "a"]) > len([one for one in found if one[0] == "b"]), "events stay"
    assert lost <= set(announced(glance))
    assert glance.missing == {"damaged": 0, "removed": 0}


async def test_damage_is_passed_over_counted_and_named(tmp_path: Path, seed: int) -> None:
    await filled(tmp_path)
    whole = numbers(look(tmp_path, "one"))
    files = sorted((tmp_path / "log").iterdir())
    for case in range(40):
        chance = random.Random(f"{seed} {case}")
        # The newest segment has nothing behind it that could name what is missing.
        file = chance.choice(files[:-1])
        content = file.read_bytes()
        hurt = bytearray(content)
        damaged(hurt, chance)
        file.write_bytes(hurt)
        before = state(tmp_path)
        glance = look(tmp_path, "one")
        found = numbers(glance)
        lost = set(whole) - set(found)
        assert len(lost) == glance.missing["damaged"], f"seed {seed}, case {case}"
        assert lost <= set(announced(glance)), f"seed {seed}, case {case}"
        assert found == [one for one in whole if one not in lost]
        assert state(tmp_path) == before
        file.write_bytes(content)


async def test_segments_that_go_meanwhile_are_no_damage(tmp_path: Path) -> None:
    await filled(tmp_path)
    whole = numbers(look(tmp_path, "one"))
    first, second, *_ = sorted((tmp_path / "log").iterdir())
    glance = look(tmp_path, "one")
    first.unlink()
    second.unlink()
    found = numbers(glance)
    assert 0 < len(found) < len(whole)
    assert whole[-len(found) :] == found
    assert glance.missing == {"damaged": 0, "removed": len(whole) - len(found)}
    assert set(whole) - set(found) == set(announced(glance))


async def test_a_disk_that_cannot_be_read_is_damage_up_to_the_next_segment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await filled(tmp_path)
    whole = numbers(look(tmp_path, "one"))
    second = sorted((tmp_path / "log").iterdir())[1].name
    glance = look(tmp_path, "one")
    asked: list[str] = []

    def read(self: ReadOnlyDisk, name: str, at: int, size: int) -> bytes:
        asked.append(name)
        if name == second:
            raise OSError("no")
        return (self.path / name).read_bytes()[at : at + size]

    monkeypatch.setattr(ReadOnlyDisk, "read", read)
    found = numbers(glance)
    assert asked.count(second) == 3, "it is tried again"
    assert glance.missing["damaged"] == len(whole) - len(found) > 0


async def test_events_that_moved_come_first(tmp_path: Path) -> None:
    async with box(tmp_path, max_bytes=4 * 65_536) as opened:
        opened.append([Record("e", event=Event("comm", 5, {}))])
        for number in range(1000):
            opened.append([large("a", 1000 + number)])
            if number % 50 == 49:
                await written(tmp_path, number + 1)
    glance = look(tmp_path, "one")
    found = numbers(glance)
    assert found[0] == ("e", 0)
    assert found[1][1] > 0
    assert glance.total == len(found)


def test_where_there_is_none(tmp_path: Path) -> None:
    for name, content, code in (("gone", None, "E3020"), ("other", "4", "E3022"), ("wrong", "x", "E3022")):
        path = tmp_path / name
        if content is not None:
            path.mkdir()
            (path / "format").write_text(content)
        with pytest.raises(NoOutbox) as none:
            look(path, "one")
        assert none.value.code == code
        assert none.value.facts["path"] == path
    (tmp_path / "file").write_text("")
    with pytest.raises(NoOutbox) as none:
        look(tmp_path / "file", "one")
    assert (none.value.code, none.value.facts["reason"]) == ("E3021", "Not a directory")


@pytest.mark.parametrize("change", ["create", "overwrite", "sync", "remove", "set_aside"])
def test_the_disk_refuses_every_change(change: str, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    given = ["a", b""] if change == "overwrite" else ["a"]
    with pytest.raises(OSError, match="30"):
        getattr(ReadOnlyDisk(tmp_path), change)(*given)
    assert (tmp_path / "a").read_bytes() == b"x"
