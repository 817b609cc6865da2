"""The seven scenarios of Vector's loss finder, and the cuts between its unlink and its ledger, on this outbox.

Vector drives its disk buffer through scenarios at random and calls a record that was accepted, flushed, and neither
handed out nor refused a silent loss: https://github.com/vectordotdev/vector, `lib/vector-buffers/examples/
disk_v2_lossfinder.rs` at commit a202ea3. That a crash between the unlink of a file and the sync of the ledger makes a
buffer that cannot be opened is its pull request 25570. Here they are translated by their meaning: a phase of appends,
writes and reads with one fault in it, a quiet phase in which everything is delivered, and a check, which is stricter:
what is missing must be announced, exactly, and what is announced must be missing.
"""

import itertools
import random
from collections.abc import Callable, Iterator, Set
from functools import partial
from typing import NamedTuple, NoReturn

import pytest

from agent.outbox.reader import MERGE_S
from agent.record import Entry
from tests.agent.outbox.bench import Bench
from tests.agent.outbox.test_memory import event, sample
from tests.fakes.simulated_disk import SimulatedDisk

SEGMENT_BYTES = 2000
STREAMS = "ab"
NOBODY: Set["Identity"] = frozenset()


class Identity(NamedTuple):
    stream: str
    boot: int
    seq: int


class Finder:
    """A log that is written and read at random, and the truth beside it."""

    def __init__(self, chance: random.Random, *, max_bytes: int = 1 << 30) -> None:
        self.chance = chance
        self.bench = Bench(segment_bytes=SEGMENT_BYTES, max_bytes=max_bytes, tail_bytes=0)
        self.bench.reader().begin()
        self.appended: set[Identity] = set()
        self.events: set[Identity] = set()
        self.unwritten: set[Identity] = set()
        """Accepted, and not flushed."""
        self.arrived: list[Identity] = []
        self.announced: list[tuple[Identity, int, int]] = []
        """First of a gap, its last seq, how many records."""

    def append(self, most: int = 15) -> None:
        for _ in range(self.chance.randint(1, most)):
            is_event = self.chance.random() < 0.1
            record = (event if is_event else sample)(self.chance.choice(STREAMS), len(self.appended))
            self.bench.append(record)
            identity = Identity(record.stream, record.boot, record.seq)
            self.appended.add(identity)
            self.unwritten.add(identity)
            if is_event:
                self.events.add(identity)

    def flush(self) -> None:
        self.bench.work(sync=True)
        self.unwritten.clear()

    def read(self, most: int, rejected: float = 0.0) -> int:
        """Take some and answer them; how many there were."""
        entries = self.bench.take(room=most)
        for entry in entries:
            if self.chance.random() < rejected:
                self.bench.reader().refuse(entry.lsn, self.chance.choice([0.0, 1.0]))
            else:
                self._hear(entry)
                self.bench.reader().confirm(entry.lsn)
        return len(entries)

    def _hear(self, entry: Entry) -> None:
        record = entry.record
        identity = Identity(record.stream, record.boot, record.seq)
        if record.event is None or record.event.type != "gap":
            assert identity in self.appended
            self.arrived.append(identity)
            return
        boot, first, last, records = (
            int(str(record.event.data[key])) for key in ("boot", "from_seq", "to_seq", "records")
        )
        self.announced.append((Identity(record.stream, boot, first), last, records))

    def turns(
        self, *, rejected: float = 0.0, most_read: int = 4, least: int = 20, flushed: float = 0.75
    ) -> Iterator[int]:
        """The active phase: each turn ends where a fault may come."""
        for turn in range(self.chance.randint(least, 80)):
            self.append()
            if self.chance.random() < flushed:
                self.flush()
            self.read(self.chance.randint(0, most_read), rejected)
            yield turn

    def restart(self, how: Callable[[], None]) -> Set[Identity]:
        """What was not flushed may be gone."""
        lost = frozenset(self.unwritten)
        self.unwritten.clear()
        how()
        self.bench.reader().begin()
        return lost

    def quiesce(self, rejected: float = 0.0) -> None:
        """Every stream says one thing more, then everything is delivered, on three connections."""
        for stream in STREAMS:
            self.bench.append(record := sample(stream, len(self.appended)))
            self.appended.add(Identity(record.stream, record.boot, record.seq))
        for share in (rejected, 0.0, 0.0):
            self.bench.time.now += MERGE_S + 1
            self.bench.reader().begin()
            self.flush()
            while self.read(100, share):
                self.flush()

    def told(self, missing: Set[Identity]) -> set[Identity]:
        """Those of them that lie in a gap that was announced."""
        return {
            one
            for one in missing
            if any(one[:2] == first[:2] and first.seq <= one.seq <= last for first, last, _ in self.announced)
        }

    def check(self, allowed: Set[Identity] = NOBODY, *, is_exact: bool = True) -> set[Identity]:
        """Each that was accepted arrived, is announced or may be gone; the announced ones.

        Not exact: where a part of what is damaged had been delivered, more may be announced than is missing.
        """
        tally = self.bench.reader().tally
        assert tally.queued == 0
        assert tally.accepted == tally.delivered + sum(tally.dropped.values())
        missing = self.appended - set(self.arrived) - allowed
        assert missing == self.told(missing), f"lost in silence: {sorted(missing - self.told(missing))}"
        announced = sum(records for _, _, records in self.announced)
        assert announced == len(missing) if is_exact else announced >= len(missing), self.announced
        return missing


@pytest.fixture(params=range(6))
def chance(request: pytest.FixtureRequest, seed: int) -> random.Random:
    return random.Random(f"{seed}/{request.param}")


def test_scenario_1_baseline(chance: random.Random) -> None:
    finder = Finder(chance)
    for _ in finder.turns():
        pass
    finder.quiesce()
    assert finder.check() == set()
    assert len(finder.arrived) == len(set(finder.arrived))


def test_scenario_2_the_writer_ends_without_a_flush(chance: random.Random) -> None:
    """What was not written is the only thing that may be gone."""
    finder, at = Finder(chance), chance.randrange(20)
    lost: Set[Identity] = NOBODY
    for turn in finder.turns():
        if turn == at:
            finder.append(12)
            lost = finder.restart(finder.bench.kill)
    finder.quiesce()
    assert finder.check(lost) == set()


def test_scenario_3_deliveries_are_rejected(chance: random.Random) -> None:
    """A third of them, also over a restart: a record that was not taken is not let go."""
    finder, at = Finder(chance), chance.randrange(20)
    lost: Set[Identity] = NOBODY
    for turn in finder.turns(rejected=1 / 3, most_read=20):
        finder.bench.time.now += 0.1
        if turn == at:
            lost = finder.restart(finder.bench.kill)
    finder.quiesce(rejected=1 / 3)
    assert finder.check(lost) == set()


@pytest.mark.parametrize("power", [False, True], ids=["kill", "power cut"])
def test_scenario_4_crash_and_reopen(chance: random.Random, power: bool) -> None:
    """What was flushed is there again."""
    finder, at = Finder(chance), chance.randrange(20)
    lost: Set[Identity] = NOBODY
    for turn in finder.turns(most_read=20):
        if turn == at:
            lost = finder.restart(partial(finder.bench.cut_power, chance) if power else finder.bench.kill)
    finder.quiesce()
    assert finder.check(lost) == set()


def test_scenario_5_overfilled(chance: random.Random) -> None:
    """Vector drops the newest and does not look for them. Here the oldest samples go, the newest and all events stay,
    and each loss is announced."""
    finder = Finder(chance, max_bytes=8 * SEGMENT_BYTES)
    for _ in finder.turns(most_read=0, least=60, flushed=1.0):
        pass
    newest = {stream: max(one.seq for one in finder.appended if one.stream == stream) for stream in STREAMS}
    finder.quiesce()
    missing = finder.check()
    assert len(missing) >= 50
    assert not missing & finder.events
    for stream in STREAMS:
        assert max(one.seq for one in missing if one.stream == stream) <= newest[stream] - 15


def damaged(finder: Finder, harm: Callable[[bytearray], object]) -> tuple[Set[Identity], Set[Identity]]:
    """Run through with one file harmed in the middle; what was appended afterwards, what is missing."""
    at, before = finder.chance.randrange(20), NOBODY
    for turn in finder.turns():
        if turn == at:
            finder.flush()
            disk = finder.bench.folder.main
            assert isinstance(disk, SimulatedDisk)
            harm(disk.files[finder.chance.choice(sorted(disk.files))])
            before = frozenset(finder.appended)
    finder.quiesce()
    return frozenset(finder.appended - before), finder.check(is_exact=False)


def test_scenario_6_corruption(chance: random.Random) -> None:
    """One byte in the middle third of a file: one record, and nothing that came later."""

    def flip(content: bytearray) -> None:
        content[chance.randrange(len(content) // 3, 2 * len(content) // 3)] ^= 0xFF

    later, missing = damaged(Finder(chance), flip)
    assert not later & missing
    assert len(missing) <= 1


def test_scenario_7_the_tail_is_cut_off(chance: random.Random) -> None:
    """What lay behind the cut in that file, and nothing that came later."""

    def truncate(content: bytearray) -> None:
        del content[chance.randrange(len(content) // 2, len(content)) :]

    later, missing = damaged(Finder(chance), truncate)
    assert not later & missing
    assert len(missing) <= SEGMENT_BYTES / 60


@pytest.mark.parametrize("luck", ["94/2", "508/2", "1207/2", "2703/2"])
def test_what_follows_a_damage_is_delivered_from_memory(luck: str) -> None:
    """Nobody reads on in the file then; what was lost is announced all the same."""
    test_scenario_7_the_tail_is_cut_off(random.Random(luck))


class Crash(BaseException):
    """The process ends here."""


def crash_at(bench: Bench, step: int) -> None:
    """When the disks are about to be changed for so many times."""
    left = itertools.count(step, -1)

    def before(what: str, name: str) -> None:
        if next(left) == 0:
            end(f"{what} {name}")

    for disk in bench.disks:
        assert isinstance(disk, SimulatedDisk)
        disk.before = before


def end(where: str) -> NoReturn:
    raise Crash(where)


def crashes(made: Callable[[], Finder]) -> Iterator[tuple[Finder, str]]:
    """The same log again and again, ended before each change that its next turn makes to a disk; what that was."""
    for step in itertools.count():
        finder = made()
        crash_at(finder.bench, step)
        try:
            finder.bench.work(sync=True)
        except Crash as crash:
            yield finder, str(crash)
        else:
            return


@pytest.mark.parametrize("power", [False, True], ids=["kill", "power cut"])
def test_a_crash_between_the_cursor_and_the_removal_of_a_segment(seed: int, power: bool) -> None:
    """At every step of the job that saves how far a destination is and removes what it has: delivered is delivered."""

    def delivered() -> Finder:
        finder = Finder(random.Random(seed))
        while len(finder.bench.store.main.segments) < 4:
            finder.append()
            finder.flush()
        finder.read(1 << 30)
        return finder

    steps = []
    for finder, step in crashes(delivered):
        steps.append(step.split()[0])
        after_a_crash(finder, power=power)
        assert finder.check() == set(), step
        assert "E3006" not in finder.bench.told.codes(), step
    assert steps.count("remove") >= 3


@pytest.mark.parametrize("power", [False, True], ids=["kill", "power cut"])
def test_a_crash_while_room_is_made_loses_nothing_in_silence(seed: int, power: bool) -> None:
    """At every step of the jobs that let go of a segment for want of room: what is missing is announced, once."""

    def full() -> Finder:
        finder = Finder(random.Random(seed), max_bytes=5 * SEGMENT_BYTES)
        while finder.bench.store.size < 5 * SEGMENT_BYTES - 400:
            finder.append(3)
            finder.flush()
        while len(finder.unwritten) < 6:
            finder.append(3)
        return finder

    steps = []
    for finder, step in crashes(full):
        steps.append(step.split()[0])
        _, lost = after_a_crash(finder, power=power)
        finder.check(lost)
    assert "remove" in steps


def after_a_crash(finder: Finder, *, power: bool) -> tuple[set[Identity], Set[Identity]]:
    """Start again and deliver everything; what is missing, and what may be because it was not flushed."""
    for disk in finder.bench.disks:
        assert isinstance(disk, SimulatedDisk)
        disk.before = lambda what, name: None
    lost = finder.restart(partial(finder.bench.cut_power, finder.chance) if power else finder.bench.kill)
    finder.quiesce()
    return finder.appended - set(finder.arrived) - lost, lost
