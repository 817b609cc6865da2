"""The outbox without a disk: order, history, bounds, and an account that is right at every moment."""

import asyncio
import math
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from agent.outbox import durable, open_outbox
from agent.outbox.contract import Reader
from agent.outbox.limits import Limits, Surroundings
from agent.outbox.opening import Recovered
from agent.outbox.reader import Backfill
from agent.outbox.state import State
from agent.outbox.store import Store
from agent.record import Entry, Event, Moment, Record
from tests.fakes.told import Told

SIZE = 1050
"""What a small sample counts for."""


class Time:
    """Monotonic time that the test owns."""

    now = 1000.0

    def __call__(self) -> float:
        return self.now


def ring(
    room: int = 100,
    destinations: Sequence[str] = ("one",),
    *,
    time: Time | None = None,
    told: Told | None = None,
    backfill: Backfill | None = None,
) -> Store:
    """Without a disk, and with room for that many small samples."""
    return Store(
        41,
        dict.fromkeys(destinations, backfill or Backfill()),
        Recovered(),
        Limits(room * SIZE, room * SIZE, 3600),
        Surroundings(lambda: (77_000, None), time or Time(), told or Told(), "outbox"),
    )


def sample(stream: str = "a", time_ms: int = 0) -> Record:
    return Record(stream, [Moment(time_ms, {"x": 1}, {})])


def event(stream: str = "a", time_ms: int = 0) -> Record:
    return Record(stream, event=Event("comm", time_ms, {"state": "up"}))


def taken(reader: Reader, room: int = 1000) -> list[Entry]:
    """What can be taken without waiting."""

    async def now() -> list[Entry]:
        try:
            async with asyncio.timeout(0):
                return list(await reader.take(room))
        except TimeoutError:
            return []

    return asyncio.run(now())


def seqs(entries: Sequence[Entry]) -> list[int]:
    return [entry.record.seq for entry in entries]


def gaps(entries: Sequence[Entry]) -> list[Mapping[str, object]]:
    return [e.record.event.data for e in entries if e.record.event and e.record.event.type == "gap"]


def test_records_get_their_identity_and_come_in_order() -> None:
    box = ring()
    box.append([sample("a"), sample("b"), event("a")])
    box.append([sample("a")])
    entries = taken(box.reader("one"))
    assert [(e.lsn, e.record.stream, e.record.boot, e.record.seq) for e in entries] == [
        (0, "a", 41, 0),
        (1, "b", 41, 0),
        (2, "a", 41, 1),
        (3, "a", 41, 2),
    ]


def test_each_is_offered_once_per_connection_and_again_after_the_next_begin() -> None:
    box = ring()
    reader = box.reader("one")
    box.append([sample() for _ in range(4)])
    assert seqs(taken(reader, 2)) == [0, 1]
    reader.confirm(1)
    reader.begin()
    assert seqs(taken(reader)) == [0, 2, 3]
    assert taken(reader) == []


def test_a_record_leaves_when_every_destination_has_it() -> None:
    box = ring(destinations=["one", "two"])
    box.append([sample()])
    box.reader("one").confirm(0)
    assert box.tail.find(0) is not None
    box.reader("one").confirm(0)
    assert box.reader("one").tally.delivered == 1
    box.reader("two").confirm(0)
    assert box.tail.find(0) is None


def test_what_was_there_before_the_connection_or_waits_long_is_history() -> None:
    time = Time()
    box = ring(time=time)
    reader = box.reader("one")
    box.append([sample()])
    reader.begin()
    box.append([sample()])
    assert [entry.hist for entry in taken(reader)] == [True, False]
    box.append([sample()])
    time.now += 10.1
    assert [entry.hist for entry in taken(reader)] == [True]


def test_what_is_refused_comes_again_when_its_time_has_come() -> None:
    time = Time()
    box = ring(time=time)
    reader = box.reader("one")
    box.append([sample(), sample()])
    taken(reader)
    assert reader.refuse(0, 5.0)
    assert reader.refuse(1, math.inf)
    assert taken(reader) == []
    time.now += 5
    assert seqs(taken(reader)) == [0]
    time.now += 1e6
    assert taken(reader) == []
    assert reader.refuse(1, 0.0)
    assert seqs(taken(reader)) == [1]
    reader.confirm(1)
    assert not reader.refuse(1, 0.0)


async def test_take_waits_for_an_append_and_for_a_refusal_to_end() -> None:
    box = ring()
    reader = box.reader("one")
    async with asyncio.TaskGroup() as tasks:
        waiting = tasks.create_task(reader.take(5))
        await asyncio.sleep(0)
        assert not waiting.done()
        box.append([sample()])
    assert seqs(list(waiting.result())) == [0]


async def test_take_wakes_when_a_refusal_ends(tmp_path: Path) -> None:
    async with open_outbox(tmp_path, ["one"], 1 << 20, max_age_s=60, now=lambda: (0, None), journal=Told()) as box:
        reader = box.reader("one")
        box.append([sample()])
        (entry,) = await reader.take(5)
        reader.refuse(entry.lsn, 0.02)
        async with asyncio.timeout(5):
            assert seqs(list(await reader.take(5))) == [0]


def test_over_the_bound_the_oldest_samples_go_first_and_events_stay() -> None:
    told = Told()
    box = ring(10, told=told)
    reader = box.reader("one")
    box.append([event(time_ms=5)])
    box.append([sample(time_ms=n) for n in range(30)])
    reader.begin()
    entries = taken(reader)
    tally = reader.tally
    assert seqs(entries)[0] == 0
    assert entries[0].record.event is not None
    assert tally.accepted == 32
    (gap,) = gaps(entries)
    assert gap["records"] == tally.dropped["overflow"]
    assert (gap["boot"], gap["from_seq"], gap["from_t"], gap["reason"]) == (41, 1, 0, "overflow")
    assert gap["to_t"] == int(str(gap["to_seq"])) - 1
    assert gap["lost_by"] == ["one"]
    assert not set(range(1, int(str(gap["to_seq"])) + 1)) & set(seqs(entries))
    assert told.codes() == ["lost W3010"]
    for entry in entries:
        reader.confirm(entry.lsn)
    assert told.codes() == ["lost W3010", "back W3010"]
    assert told.facts[1] == {"records": tally.dropped["overflow"]}


def test_when_only_events_are_left_the_oldest_of_them_go() -> None:
    box = ring(10)
    reader = box.reader("one")
    box.append([event() for _ in range(40)])
    reader.begin()
    entries = taken(reader)
    assert reader.tally.dropped["overflow"] == gaps(entries)[0]["records"]
    assert seqs(entries)[-2] == 39


def test_what_is_in_flight_is_not_dropped() -> None:
    box = ring(10)
    reader = box.reader("one")
    box.append([sample() for _ in range(5)])
    flying = taken(reader)
    box.append([sample() for _ in range(50)])
    for entry in flying:
        reader.confirm(entry.lsn)
    assert reader.tally.delivered == 5


def test_losses_of_an_outage_are_one_event_for_each_stream() -> None:
    box = ring(10)
    reader = box.reader("one")
    for n in range(500):
        box.append([sample("a", n), sample("b", n)])
    reader.begin()
    announced = gaps(taken(reader))
    assert len(announced) == 2
    assert sum(int(str(gap["records"])) for gap in announced) == reader.tally.dropped["overflow"]


def test_losses_on_a_living_connection_are_gathered_for_a_minute() -> None:
    time = Time()
    box = ring(10, time=time)
    reader = box.reader("one")
    reader.begin()
    box.append([sample() for _ in range(50)])
    assert gaps(taken(reader)) == []
    time.now += 60
    assert len(gaps(taken(reader))) == 1


def test_only_who_lost_it_is_named() -> None:
    box = ring(10, ["one", "two"])
    box.append([sample() for _ in range(5)])
    for entry in taken(box.reader("two")):
        box.reader("two").confirm(entry.lsn)
    box.append([sample() for _ in range(12)])
    box.reader("one").begin()
    losers = {tuple(gap["lost_by"]): gap["records"] for gap in gaps(taken(box.reader("one")))}  # type: ignore[arg-type]  # JSON: a list of names
    assert losers[("one",)] == 5
    assert "overflow" in box.reader("two").tally.dropped


def test_a_lost_gap_event_passes_on_what_it_announced() -> None:
    box = ring(10)
    reader = box.reader("one")
    box.append([sample() for _ in range(30)])
    reader.begin()
    first = reader.tally.dropped["overflow"]
    assert first
    box.append([event() for _ in range(60)])
    reader.begin()
    announced = gaps(taken(reader))
    assert announced[-1]["from_seq"] == 0
    assert announced[-1]["records"] == reader.tally.dropped["overflow"]


def test_what_is_too_old_goes_with_that_reason() -> None:
    time = Time()
    box = ring(time=time)
    reader = box.reader("one")
    box.append([sample(), event()])
    time.now += 3601
    box.append([sample()])
    assert reader.tally.dropped == {"age": 2}
    reader.begin()
    assert gaps(taken(reader))[0]["reason"] == "age"


def test_what_is_set_aside_is_dropped_for_one_and_announced() -> None:
    box = ring(destinations=["one", "two"])
    box.append([sample()])
    one = box.reader("one")
    taken(one)
    one.set_aside(0, "too_large")
    one.set_aside(0, "too_large")
    assert one.tally.dropped == {"too_large": 1}
    assert box.reader("two").tally.queued == 1
    one.begin()
    assert gaps(taken(one))[0]["lost_by"] == ["one"]


def test_the_oldest_age_is_that_of_the_oldest_unconfirmed() -> None:
    time = Time()
    box = ring(time=time)
    reader = box.reader("one")
    assert reader.tally.oldest_age_s == 0
    box.append([sample()])
    time.now += 3
    box.append([sample()])
    taken(reader, 1)
    time.now += 4
    assert reader.tally.oldest_age_s == 7
    reader.confirm(0)
    assert reader.tally.oldest_age_s == 4


def test_checkpoints_are_kept_with_the_append() -> None:
    box = ring()
    box.append([sample()], {"a": {"total": 5}})
    assert box.checkpoint("a") == {"total": 5}
    assert box.checkpoint("b") is None


def test_without_destinations_nothing_is_kept() -> None:
    box = ring(destinations=[])
    record = sample()
    box.append([record])
    assert record.seq == 0
    assert box.tail.find(0) is None


def test_texts_count_towards_the_bound() -> None:
    box = ring()
    box.append(
        [Record("a", [Moment(0, {"x": "x" * 10_000}, {})]), Record("a", event=Event("s", 0, {"t": "x" * 10_000}))]
    )
    assert box.tail.size > 40_000


async def test_a_disk_that_blocks_holds_nobody_up_who_wants_something_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(durable, "REMEMBER_S", 0.05)
    keep, blocked = State.remember, threading.Event()

    def slowly(state: State, name: str, value: object) -> None:
        assert blocked.wait(10)
        keep(state, name, value)

    async with open_outbox(tmp_path, ["one"], 1 << 20, max_age_s=60, now=lambda: (0, None), journal=Told()) as box:
        monkeypatch.setattr(State, "remember", slowly)
        await box.remember("metas", {"a": 1})
        assert not blocked.is_set(), "it was not waited for"
        blocked.set()
        await box.remember("metas", {"a": 2})
    assert (tmp_path / "metas.json").read_text() == '{"a":2}', "and in the end it is there"


async def test_a_clean_stop_is_noted(tmp_path: Path) -> None:
    for expected in (None, {"a": 1, "b": 0}):
        async with open_outbox(tmp_path, ["one"], 1 << 20, max_age_s=60, now=lambda: (0, None), journal=Told()) as box:
            assert (box.previous or {}).get("last_seq") == expected
            box.append([sample("a"), sample("a"), sample("b")])
            await box.remember("metas", {"a": 1})
        assert (box.recall("metas")) == {"a": 1}
