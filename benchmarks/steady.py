"""A subject (the agent, or the reference) under a steady load, with what the helpers around it took."""

import os
import shutil
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import cast

from benchmarks import site
from benchmarks.processes import Process, module, mosquitto, plc, started

DATA = "lineside/v1/+/+/+/data"
VALUE = '"x_'
"""With what the name of every value begins."""
PATIENCE_S = 60.0


@dataclass(frozen=True, slots=True)
class Steady:
    """What one interval showed. CPU shares are parts of the whole machine."""

    seconds: float
    values: int
    bytes: int
    cpu_s: float
    plc_share: float
    broker_share: float
    rss_mb: float

    @property
    def us_per_value(self) -> float:
        return self.cpu_s / self.values * 1e6 if self.values else float("inf")

    @property
    def values_per_s(self) -> float:
        return self.values / self.seconds

    def __str__(self) -> str:
        return (
            f"{self.us_per_value:.2f} us a value at {self.values_per_s:,.0f}/s; "
            f"simulator {self.plc_share:.1%}, broker {self.broker_share:.1%} of the machine"
        )


@dataclass(frozen=True, slots=True)
class Bench:
    """Broker, simulator and viewer, ready for a subject."""

    folder: Path
    broker: Process
    broker_port: int
    plc: Process
    ports: Sequence[int]
    viewer: Process

    @property
    def log(self) -> Path:
        """What the agent says."""
        return self.folder / "agent.log"

    def seen(self) -> dict[str, int]:
        return cast("dict[str, int]", self.viewer.ask())

    def agent(
        self, *, every_ms: int, tags: int = site.BLOCK, limits: str = "", stamps: bool = False
    ) -> AbstractContextManager[Process]:
        """The real command on a generated file, with nothing left over from before."""
        shutil.rmtree(self.folder / "state", ignore_errors=True)
        file = site.written(
            self.folder, self.broker_port, self.ports, tags=tags, every_ms=every_ms, limits=limits, stamps=stamps
        )
        return lineside(file, self.log)

    def reference(self, every_ms: int) -> AbstractContextManager[Process]:
        return module("reference", self.broker_port, every_ms / 1000, *self.ports)

    def watch(self, subject: Process, settle_s: float, seconds: float) -> Steady:
        """Wait for the first values, let it settle, then look at one interval."""
        self.until_values(subject)
        time.sleep(settle_s)
        processes = subject, self.plc, self.broker
        before, began, cpu = self.seen(), time.monotonic(), [process.cpu_s for process in processes]
        time.sleep(seconds)
        after, ended, spent = self.seen(), time.monotonic(), [process.cpu_s for process in processes]
        own, simulator, broker = (after_s - before_s for after_s, before_s in zip(spent, cpu, strict=True))
        whole = (ended - began) * (os.cpu_count() or 1)
        return Steady(
            ended - began,
            after["count"] - before["count"],
            after["bytes"] - before["bytes"],
            own,
            simulator / whole,
            broker / whole,
            subject.rss_mb,
        )

    def until_values(self, subject: Process) -> None:
        begun, due = self.seen()["count"], time.monotonic() + PATIENCE_S
        while self.seen()["count"] == begun:
            if subject.child.poll() is not None or time.monotonic() > due:
                sys.exit("nothing was delivered\n" + (self.log.read_text()[-2000:] if self.log.exists() else ""))
            time.sleep(0.05)


def lineside(file: Path, log: Path) -> AbstractContextManager[Process]:
    return started(sys.executable, "-m", "agent.cli", "run", str(file), log=log, LINESIDE_LANG="en")


@contextmanager
def bench(endpoints: int, mode: str, mark: str = VALUE, topics: str = DATA) -> Iterator[Bench]:
    with around(plc(endpoints, mode), mark, topics) as stand:
        yield stand


@contextmanager
def around(
    simulator: AbstractContextManager[tuple[Process, list[int]]], mark: str = VALUE, topics: str = DATA
) -> Iterator[Bench]:
    with (
        TemporaryDirectory(prefix="lineside-bench-") as name,
        mosquitto(Path(name)) as (broker, port),
        simulator as (process, ports),
        module("viewer", port, topics, mark) as viewer,
    ):
        viewer.hear()
        yield Bench(Path(name), broker, port, process, ports, viewer)
