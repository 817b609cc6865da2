"""The task that keeps the writing thread at work."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest

from agent.messages import Catalogue
from agent.outbox import pump
from agent.outbox.desk import Desk, Job, Outcome
from agent.outbox.limits import Surroundings
from agent.outbox.pump import Pump, Threads
from tests.agent.outbox.bench import Bench
from tests.agent.outbox.test_memory import sample
from tests.fakes.simulated_disk import SimulatedDisk


class Defective(Desk):
    def __init__(self) -> None:
        """Has nothing to write on."""

    def work(self, job: Job) -> Outcome:
        raise RuntimeError("a defect")


def pump_of(bench: Bench, desk: Desk, thread: ThreadPoolExecutor) -> Pump:
    around = Surroundings(lambda: (bench.now_ms, None), bench.time, bench.told, "outbox")
    return Pump(bench.store, desk, bench.folder, Threads(thread, thread), around, syncs=True)


async def test_a_defect_in_the_writing_thread_is_raised_where_it_is_waited_for() -> None:
    bench = Bench()
    with ThreadPoolExecutor(1) as thread:
        running = pump_of(bench, Defective(), thread)
        bench.append(sample())
        with pytest.raises(RuntimeError, match="a defect"):
            async with asyncio.timeout(10):
                await running.for_ever()


async def test_a_full_disk_is_said_once_though_it_is_tried_again_and_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pump, "RETRY_S", 0.01)
    bench = Bench()
    disk = bench.folder.main
    assert isinstance(disk, SimulatedDisk)
    bench.append(sample())
    bench.work()
    disk.room = sum(size for _, size in disk.names())
    with ThreadPoolExecutor(1) as thread:
        running = asyncio.create_task(pump_of(bench, bench.desk, thread).for_ever(), name="pump")
        bench.append(sample())
        await asyncio.sleep(0.5)
        full = bench.told.codes()
        disk.room = 1 << 40
        await asyncio.sleep(0.5)
        running.cancel()
        await asyncio.wait((running,))
    assert full == ["lost E3005"]
    assert bench.told.codes() == ["lost E3005", "back E3005"]
    assert "（磁盘已满）" in Catalogue("zh").text("E3005", bench.told.facts[0])
    assert bench.store.written == 2
