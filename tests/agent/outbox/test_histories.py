"""T4: any history of appends, deliveries, kills, power cuts, broken and full disks; nothing that was safe is lost."""

import random

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from agent.outbox.reader import Backfill
from agent.record import Entry, Event
from tests.agent.outbox.bench import Bench
from tests.agent.outbox.test_memory import event, sample
from tests.fakes.simulated_disk import SimulatedDisk

Identity = tuple[str, int, int]


def identity_of(entry: Entry) -> Identity:
    return entry.record.stream, entry.record.boot, entry.record.seq


class Histories(RuleBasedStateMachine):
    """Two destinations, small segments, a bound that is reached; the truth is kept beside."""

    @initialize(
        live_first=st.booleans(),
        bound=st.sampled_from([6_000, 1 << 30]),
        sync=st.sampled_from(["1s", "always"]),
        tail_bytes=st.sampled_from([0, 5_000, 1 << 22]),
    )
    def begin(self, live_first: bool, bound: int, sync: str, tail_bytes: int) -> None:
        self.names = ["one", "two"]
        self.bench = Bench(
            self.names,
            max_bytes=bound,
            segment_bytes=1000,
            sync=sync,
            backfill=Backfill(1e9, live_first),
            tail_bytes=tail_bytes,
        )
        self.appended: dict[Identity, object] = {}
        self.unsafe: set[Identity] = set()
        """Appended and not yet surely on disk."""
        self.unsynced: set[Identity] = set()
        self.excused: set[Identity] = set()
        """What a kill or a power cut may have taken."""
        self.arrived: dict[str, set[Identity]] = {"one": set(), "two": set()}
        self.fresh: dict[str, set[Identity]] = {"one": set(), "two": set()}
        """Confirmed, and the cursor is not saved yet."""
        self.confirmed: dict[str, set[Identity]] = {"one": set(), "two": set()}
        self.announced: dict[str, list[tuple[str, int, int, int]]] = {"one": [], "two": []}
        self.out: dict[str, dict[int, Entry]] = {"one": {}, "two": {}}
        self.is_broken = False

    destination = st.sampled_from(["one", "two"])

    @rule(
        streams=st.lists(st.tuples(st.sampled_from("ab"), st.booleans()), min_size=1, max_size=6), point=st.booleans()
    )
    def append(self, streams: list[tuple[str, bool]], point: bool) -> None:
        records = [
            (event if is_event else sample)(stream, len(self.appended) + i)
            for i, (stream, is_event) in enumerate(streams)
        ]
        self.bench.append(*records, checkpoints={"a": {"seen": len(self.appended)}} if point else None)
        for record in records:
            self.appended[record.stream, record.boot, record.seq] = record.event or list(record.moments)
            self.unsafe.add((record.stream, record.boot, record.seq))
            self.unsynced.add((record.stream, record.boot, record.seq))

    @rule(sync=st.booleans())
    def work(self, sync: bool) -> None:
        self.bench.work(sync=sync)
        if self.bench.store.is_on_disk:
            self.unsafe.clear()
            if sync and self.bench.store._synced == self.bench.store.next:
                self.unsynced.clear()
            for name, fresh in self.fresh.items():
                self.confirmed[name] |= fresh
                fresh.clear()

    @rule(name=destination)
    def connect(self, name: str) -> None:
        self.bench.reader(name).begin()
        self.out[name].clear()

    @rule(name=destination, room=st.integers(1, 8))
    def take(self, name: str, room: int) -> None:
        for entry in self.bench.take(name, room):
            record = entry.record
            identity = identity_of(entry)
            assert entry.lsn not in self.out[name], "offered twice on one connection"
            self.out[name][entry.lsn] = entry
            self.arrived[name].add(identity)
            is_gap = record.event is not None and record.event.type == "gap"
            assert is_gap or self.appended[identity] == (record.event or list(record.moments))
            if is_gap:
                self.hear(name, record.stream, record.event)

    def hear(self, name: str, stream: str, gap: Event | None) -> None:
        assert gap is not None
        lost_by = gap.data["lost_by"]
        assert isinstance(lost_by, list)
        assert gap.data["reason"] != "damaged", "nothing is damaged in these histories"
        if name in lost_by:
            boot, first, last, records = (int(str(gap.data[k])) for k in ("boot", "from_seq", "to_seq", "records"))
            self.announced[name].append((stream, boot, first, last))
            had = sum(s == stream and b == boot and first <= seq <= last for s, b, seq in self.confirmed[name])
            assert records + had <= last - first + 1, "told as lost, and it had arrived"

    @rule(name=destination, data=st.data(), again=st.sampled_from([None, 0.0, 3.0]))
    def answer(self, name: str, data: st.DataObject, again: float | None) -> None:
        if self.out[name]:
            lsn = data.draw(st.sampled_from(sorted(self.out[name])))
            entry = self.out[name].pop(lsn)
            if again is None:
                self.fresh[name].add(identity_of(entry))
                self.bench.reader(name).confirm(lsn)
            else:
                self.bench.reader(name).refuse(lsn, again)

    @rule(seconds=st.sampled_from([1.0, 61.0]))
    def wait(self, seconds: float) -> None:
        self.bench.time.now += seconds

    @rule()
    def kill(self) -> None:
        self.end(self.unsafe)
        self.bench.kill()
        self.restarted()

    @rule(chance=st.integers(0, 999))
    def cut_power(self, chance: int) -> None:
        self.end(self.unsynced)
        for name in self.names:
            # It may come again, and be lost before it does.
            self.confirmed[name].clear()
        self.bench.cut_power(random.Random(chance))
        self.restarted()

    def end(self, lost: set[Identity]) -> None:
        self.excused |= lost
        self.unsafe.clear()
        self.unsynced.clear()
        for fresh in self.fresh.values():
            fresh.clear()
        self.heal()

    def restarted(self) -> None:
        for out in self.out.values():
            out.clear()

    @precondition(lambda self: not self.is_broken)
    @rule(full=st.booleans())
    def hurt(self, full: bool) -> None:
        self.is_broken = True
        if full:
            for disk in self.bench.disks:
                assert isinstance(disk, SimulatedDisk)
                disk.room = sum(size for _, size in disk.names()) + 50
        else:
            self.bench.break_disks()

    @precondition(lambda self: self.is_broken)
    @rule()
    def heal(self) -> None:
        self.is_broken = False
        self.bench.break_disks(broken=False)
        for disk in self.bench.disks:
            assert isinstance(disk, SimulatedDisk)
            disk.room = 1 << 40

    @invariant()
    def conserved(self) -> None:
        for name in ("one", "two"):
            reader = self.bench.reader(name)
            tally = reader.tally
            assert tally.accepted == tally.delivered + tally.queued + sum(tally.dropped.values())
            waiting = reader.main.unsettled(0, self.bench.store.next) + reader.kept.unsettled(
                0, self.bench.store.next_kept
            )
            assert tally.queued == waiting
            assert tally.queued_bytes >= 0

    def teardown(self) -> None:
        """In the end everything that was safe arrived or is announced."""
        if not hasattr(self, "bench"):
            return
        self.heal()
        for _ in range(4):
            self.bench.time.now += 61
            for name in self.names:
                self.bench.reader(name).begin()
                self.out[name].clear()
            self.bench.work()
            for name in self.names:
                while entries := self.bench.take(name):
                    for entry in entries:
                        record = entry.record
                        self.arrived[name].add(identity_of(entry))
                        if record.event is not None and record.event.type == "gap":
                            self.hear(name, record.stream, record.event)
                        self.bench.reader(name).confirm(entry.lsn)
                    self.bench.work()
        for name in self.names:
            assert self.bench.reader(name).tally.queued == 0
            missing = self.appended.keys() - self.arrived[name] - self.excused
            unannounced = {
                (stream, boot, seq)
                for stream, boot, seq in missing
                if not any(s == stream and b == boot and a <= seq <= z for s, b, a, z in self.announced[name])
            }
            assert not unannounced, (name, unannounced, self.announced[name])


TestT4Histories = Histories.TestCase
TestT4Histories.settings = settings(max_examples=300, stateful_step_count=50, deadline=None)
