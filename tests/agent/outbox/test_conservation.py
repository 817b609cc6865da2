"""Anything in any order on a small ring: nothing vanishes without being counted and, in the end, announced."""

import math

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agent.record import Moment, Record
from tests.agent.outbox.bench import Bench
from tests.agent.outbox.test_memory import Time, event, gaps, ring, sample, taken


class Conservation(RuleBasedStateMachine):
    """Two destinations, a small ring, anything in any order: nothing vanishes without being counted."""

    @initialize()
    def begin(self) -> None:
        self.time = Time()
        self.box = ring(12, ["one", "two"], time=self.time)
        self.out: dict[str, dict[int, Record]] = {"one": {}, "two": {}}
        self.confirmed: dict[str, set[tuple[str, int]]] = {"one": set(), "two": set()}
        self.explained: dict[str, int] = {"one": 0, "two": 0}

    destination = st.sampled_from(["one", "two"])
    seen = precondition(lambda self: any(self.out.values()))

    @rule(streams=st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), max_size=8))
    def append(self, streams: list[tuple[str, bool]]) -> None:
        now = int(self.time.now)
        self.box.append([(event if is_event else sample)(stream, now) for stream, is_event in streams])

    @rule(name=destination)
    def connect(self, name: str) -> None:
        self.box.reader(name).begin()
        self.out[name].clear()

    @rule(name=destination, room=st.integers(1, 6))
    def take(self, name: str, room: int) -> None:
        entries = taken(self.box.reader(name), room)
        assert len(entries) <= room
        for entry in entries:
            assert entry.lsn not in self.out[name], "offered twice on one connection"
            assert (entry.record.stream, entry.record.seq) not in self.confirmed[name], "offered after confirmation"
            self.out[name][entry.lsn] = entry.record

    @seen
    @rule(name=destination, data=st.data())
    def confirm(self, name: str, data: st.DataObject) -> None:
        if self.out[name]:
            lsn = data.draw(st.sampled_from(sorted(self.out[name])))
            self.confirmation(name, lsn)

    @seen
    @rule(name=destination, data=st.data(), again=st.sampled_from([0.0, 3.0, math.inf]))
    def refuse(self, name: str, data: st.DataObject, again: float) -> None:
        if self.out[name]:
            lsn = data.draw(st.sampled_from(sorted(self.out[name])))
            if self.box.reader(name).refuse(lsn, again):
                del self.out[name][lsn]

    @seen
    @rule(name=destination, data=st.data())
    def set_aside(self, name: str, data: st.DataObject) -> None:
        if self.out[name]:
            lsn = data.draw(st.sampled_from(sorted(self.out[name])))
            del self.out[name][lsn]
            self.box.reader(name).set_aside(lsn, "too_large")

    @rule(seconds=st.sampled_from([0.5, 5.0, 61.0, 3601.0]))
    def wait(self, seconds: float) -> None:
        self.time.now += seconds

    @invariant()
    def conserved(self) -> None:
        for name in ("one", "two"):
            tally = self.box.reader(name).tally
            assert tally.accepted == tally.delivered + tally.queued + sum(tally.dropped.values())
            assert tally.delivered == len(self.confirmed[name])
            assert tally.queued_bytes >= 0
            assert min(tally.queued, tally.accepted) >= 0

    @invariant()
    def bounded(self) -> None:
        items = self.box.tail.since(0)
        announced = [item for item in items if item.record.event and item.record.event.type == "gap"]
        readers = self.box.readers.values()
        flying = [item for item in items if any(reader.is_flying(item.number) for reader in readers)]
        excused = sum(item.size for item in {item.number: item for item in flying + announced}.values())
        assert self.box.tail.size <= self.box.limits.memory_bytes + excused

    def drain(self, name: str) -> bool:
        """Take and confirm what there is; whether there was anything."""
        entries = taken(self.box.reader(name))
        self.out[name].update((entry.lsn, entry.record) for entry in entries)
        for lsn in list(self.out[name]):
            self.confirmation(name, lsn)
        return bool(entries)

    def confirmation(self, name: str, lsn: int) -> None:
        record = self.out[name].pop(lsn)
        self.box.reader(name).confirm(lsn)
        self.confirmed[name].add((record.stream, record.seq))
        if record.event is not None and record.event.type == "gap" and name in record.event.data["lost_by"]:  # type: ignore[operator]  # JSON: a list of names
            self.explained[name] += int(str(record.event.data["records"]))

    def teardown(self) -> None:
        """In the end everything arrived or is announced, exactly."""
        if not hasattr(self, "box"):
            return
        for name in ("one", "two"):
            reader = self.box.reader(name)
            reader.begin()
            self.out[name].clear()
        while any([self.drain("one"), self.drain("two")]):
            self.time.now += 61
        for name in ("one", "two"):
            tally = self.box.reader(name).tally
            assert tally.queued == 0
            assert self.explained[name] == sum(tally.dropped.values())


TestConservation = Conservation.TestCase
TestConservation.settings = settings(max_examples=100, stateful_step_count=40, deadline=None)


def test_what_was_dropped_before_a_kill_is_not_dropped_again_after_it() -> None:
    bench = Bench(max_bytes=40_000)
    for number in range(100):
        bench.append(Record("a", [Moment(number, {"text": "x" * 200}, {})]))
    while bench.store.has_work:
        bench.work(sync=True)
    lost = bench.reader().tally.dropped["overflow"]
    bench.kill()
    bench.reader().begin()
    entries = bench.drain()
    (gap,) = gaps(entries)
    assert (gap["from_seq"], gap["records"], bench.reader().tally.dropped) == (0, lost, {})
    assert [entry.record.seq for entry in entries if not entry.record.event] == list(range(lost, 100))


def test_what_was_set_aside_before_a_kill_is_not_offered_again_after_it() -> None:
    bench = Bench()
    bench.append(sample(), sample())
    bench.work()
    bench.reader().begin()
    (first, _) = bench.take()
    bench.reader().set_aside(first.lsn, "too_large")
    bench.work()
    bench.kill()
    bench.reader().begin()
    entries = bench.drain()
    assert [entry.record.seq for entry in entries if not entry.record.event] == [1]
    assert [gap["records"] for gap in gaps(entries)] == [1]
