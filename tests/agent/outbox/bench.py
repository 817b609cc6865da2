"""An outbox on simulated disks, step by step: what threads do elsewhere is done when the test says so."""

import random
from collections.abc import Sequence

from agent.outbox.desk import Desk, Job, listed
from agent.outbox.limits import Limits, Surroundings
from agent.outbox.opening import Folder, Recovered, open_logs
from agent.outbox.reader import Backfill, LogReader
from agent.outbox.room import Going, Room
from agent.outbox.store import Store
from agent.outbox.walk import Piece, Span, Walk
from agent.record import Entry, Record
from tests.agent.outbox.test_memory import Time, taken
from tests.fakes.simulated_disk import SimulatedDisk
from tests.fakes.told import Told


class Bench:
    """One outbox over its restarts. The state directory's part is played here: the boot, and who was known."""

    def __init__(
        self,
        destinations: Sequence[str] = ("one",),
        *,
        max_bytes: int = 1 << 30,
        segment_bytes: int = 4000,
        sync: str = "1s",
        backfill: Backfill | None = None,
        tail_bytes: int = 1 << 22,
    ) -> None:
        self.time = Time()
        self.now_ms = 77_000
        self.told = Told()
        self.folder = Folder(SimulatedDisk(), SimulatedDisk(), SimulatedDisk())
        self.disks = [self.folder.main, self.folder.kept, self.folder.cursors]
        self.destinations = list(destinations)
        self.known: list[str] = []
        self.boot = 40
        self.aside: list[tuple[str, int, bytes]] = []
        self._max_bytes = max_bytes
        self._segment_bytes = segment_bytes
        self._sync = sync
        self._tail_bytes = tail_bytes
        self._backfill = backfill or Backfill(rate=1e9)
        self.start()

    def start(self) -> None:
        self.boot += 1
        self.found, self.desk = self._open()
        self.known = list(self.destinations)
        self.store = Store(
            self.boot,
            dict.fromkeys(self.destinations, self._backfill),
            self.found,
            Limits(self._max_bytes, self._max_bytes, 3600, self._tail_bytes),
            Surroundings(lambda: (self.now_ms, None), self.time, self.told, "outbox"),
            publishes_synced=self._sync == "always",
        )
        self.room = Room(self.store)
        self.walks = {
            (name, kept): Walk(self.folder.kept if kept else self.folder.main, self._put_aside, 500)
            for name in self.destinations
            for kept in (False, True)
        }
        self.store.ask = self._fetch
        self.work()

    def _open(self) -> tuple[Recovered, Desk]:
        syncs = self._sync != "never"
        return open_logs(
            self.folder,
            self.destinations,
            self.known,
            self.told,
            self._segment_bytes,
            syncs=syncs,
            now_s=self.time(),
            begin=lambda: None,
        )

    def _put_aside(self, name: str, at: int, data: bytes) -> None:
        self.aside.append((name, at, data))

    def _fetch(self, reader: str, fetch: int, number: int, until: int, spans: Sequence[Span], *, is_kept: bool) -> None:
        piece: Piece = self.walks[reader, is_kept].read(number, until, spans)
        self.store.fetched(reader, fetch, piece, is_kept=is_kept)

    def reader(self, name: str = "one") -> LogReader:
        return self.store.readers[name]

    def append(self, *records: Record, checkpoints: dict[str, dict[str, object]] | None = None) -> None:
        self.store.append(records, checkpoints)

    def work(self, *, sync: bool = False) -> None:
        """One turn of the pump, and room where there is none."""
        if not self.store.is_on_disk:
            self.store.resume()
            self.do(self.store.job())
        self.do(self.store.job(sync=sync))
        while self.store.is_on_disk and (going := self.room.surplus()) is not None:
            self.let_go(going, "overflow")

    def let_go(self, going: Going, reason: str) -> None:
        """What the pump does with a segment that must go."""
        disk = self.folder.kept if going.is_kept else self.folder.main
        content = listed(disk, going.segment.name, going.end)
        kept = [] if going.is_kept else self.room.rescued(content, reason)
        if kept:
            self.do(Job(kept=kept, now_ms=self.now_ms))
            if not self.store.is_on_disk:
                for reader in self.store.readers.values():
                    reader.look_again()
                return
        self.do(self.room.let_go(going, content, kept, reason))

    def do(self, job: Job) -> None:
        self.store.worked(self.desk.work(job))

    def take(self, name: str = "one", room: int = 10_000) -> list[Entry]:
        return taken(self.reader(name), room)

    def drain(self, name: str = "one") -> list[Entry]:
        """Take and confirm everything, with turns between."""
        drained: list[Entry] = []
        self.work()
        while entries := self.take(name):
            for entry in entries:
                self.reader(name).confirm(entry.lsn)
            drained += entries
            self.work()
        return drained

    def kill(self) -> None:
        """The process dies; the system goes on."""
        self.start()

    def cut_power(self, chance: random.Random) -> None:
        for disk in self.disks:
            assert isinstance(disk, SimulatedDisk)
            disk.cut_power(chance)
        self.start()

    def break_disks(self, *, broken: bool = True) -> None:
        for disk in self.disks:
            assert isinstance(disk, SimulatedDisk)
            disk.is_broken = broken
