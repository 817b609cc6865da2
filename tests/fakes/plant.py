"""A PLC whose values are known, a platform that keeps the books, and an agent between them that is ill-treated."""

import asyncio
import contextlib
import random
import signal
import string
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from tests.fakes.agent import Agent, Platform, agent, lasting_platform, site
from tests.fakes.conservation import TAG, End, Ledger, Produced
from tests.fakes.mosquitto import Mosquitto, mosquitto
from tests.fakes.plc import FakePlc
from tests.fakes.proxy import REQUESTS, FaultProxy

UNITS = (1, 2)
PERIOD_S = 0.02
ON_ITS_WAY_S = 0.3
"""From the PLC's answer to the log, on a machine that does other things as well: promises.md calls it the batch."""
PLENTY = {"rate": "5000/s", "live_first": True}
NO_BOUNDS = ("allow_anonymous true", "max_queued_messages 0", "max_queued_bytes 0", "max_inflight_messages 0")
"""By default mosquitto drops what a slow platform has not taken, and says nothing."""


NOTHING: Mapping[str, Collection[int]] = {}
"""No values of any device."""


class Plant:
    """The site. `ends` are those of all runs so far."""

    def __init__(self, directory: Path, plc: FakePlc, broker: Mosquitto, seen: Platform, proxy: FaultProxy) -> None:
        self.plc = plc
        self.broker = broker
        self.seen = seen
        self.proxy = proxy
        self.port = proxy.port
        """Where the agent looks for its broker."""
        self.produced = Produced(plc)
        self.ledger = Ledger(seen)
        self.state_dir = directory / "state"
        self.ends: list[End] = []
        self._directory = directory

    def file(
        self,
        *,
        outbox: Mapping[str, object] | None = None,
        backfill: Mapping[str, object] | None = None,
        destination: Mapping[str, object] | None = None,
        destinations: Sequence[Mapping[str, object]] = (),
        connections: Sequence[Mapping[str, object]] = (),
        devices: Sequence[Mapping[str, object]] = (),
        period_s: float = PERIOD_S,
    ) -> Path:
        """The configuration: a device for each unit, polled fast, and those that are given as well.

        `destination` has further keys of the one destination, `destinations` are others beside it.
        """
        modbus = {"name": "plc1", "driver": "modbus", "url": self.plc.url, "timeout": "2s"}
        every = f"{round(period_s * 1000)}ms"
        own = [
            {"name": f"press{unit}", "connection": "plc1", "unit": unit, "every": every, "tags": [TAG]}
            for unit in UNITS
        ]
        to_broker = {
            "name": "broker0",
            "url": f"mqtt://127.0.0.1:{self.port}",
            "client_id": "gw-test-0",
            "backfill": backfill or PLENTY,
            **(destination or {}),
        }
        return site(
            self._directory,
            [modbus, *connections],
            [*own, *devices],
            destinations=[to_broker, *destinations],
            state_dir=str(self.state_dir),
            outbox={"max_bytes": "64MiB", **(outbox or {})},
            health_interval="1s",
        )

    def cut(self) -> None:
        """The broker is gone, as far as the agent can see."""
        self.proxy.refuses = True
        self.proxy.cut()

    async def cut_between(self) -> None:
        """As `cut`, but the agent knows of all that the broker has: nothing is in doubt."""
        with self.proxy.frozen(REQUESTS):
            await self.produced.more(10)
            self.cut()

    def mend(self) -> None:
        self.proxy.refuses = False

    async def ends_by(self, running: Agent, wish: signal.Signals, before: Callable[[], None] | None = None) -> int:
        """End a run; `before` happens at the same moment. The exit code."""
        at = asyncio.get_running_loop().time()
        if before is not None:
            before()
        code = await running.stop(wish)
        await self.plc.until(lambda: not self.plc.open)
        self.ends.append(End(at, asyncio.get_running_loop().time()))
        return code

    async def delivered(self, patience_s: float = 30.0) -> None:
        """Wait until what the PLC has shown up to now is at the platform, and no number is missing that is known of."""
        await self.produced.more(2 * len(UNITS))
        mark = self.produced.newest()
        try:
            await self.seen.until(lambda: self._has(mark), patience_s)
        except TimeoutError:
            wrong = self.ledger.look().unexplained()
            raise AssertionError(f"not delivered: {mark}; {wrong}; {self.ledger.health}") from None

    def _has(self, mark: Mapping[int, int]) -> bool:
        values = self.ledger.look().values
        is_new = all(any(n >= number for n in reversed(values[f"press{unit}"])) for unit, number in mark.items())
        return is_new and self.ledger.is_complete()

    async def drained(self, patience_s: float = 30.0, there: Ledger | None = None) -> None:
        """Wait until the agent reports that nothing waits which is older than this call, or at another platform."""
        since, ledger = asyncio.get_running_loop().time(), there or self.ledger
        await ledger.seen.until(lambda: self._waits_for_less(ledger.look(), since), patience_s)

    def _waits_for_less(self, ledger: Ledger, since: float) -> bool:
        """The report rounds to tenths of a second, and was on its way for a moment."""
        return ledger.health_at > since and ledger.health["oldest_age_s"] <= ledger.health_at - since - 0.2

    async def settle(self, file: Path, **environment: str) -> None:
        """With a broker that is there: a run that delivers what is left, and another that says where that one ended."""
        self.mend()
        async with agent(file, **environment) as running:
            await started(running)
            await self.delivered()
            assert await self.ends_by(running, signal.SIGTERM) == 0
        boot = self.ledger.look().boot
        async with agent(file, **environment) as running:
            await self.seen.until(lambda: boot in self.ledger.look().told)
            await self.seen.until(self.ledger.is_complete)
            assert await running.stop() == 0

    def balanced(self) -> Ledger:
        """Assert that each number arrived or was announced, and that no report said otherwise; the books."""
        ledger = self.ledger.look()
        assert (wrong := [*ledger.changed, *ledger.unbalanced, *ledger.unexplained()]) == [], wrong
        return ledger

    def tails(self) -> list[float]:
        """Assert that nothing is missing but the last values of each run; how many seconds before its end that was."""
        ledger = self.balanced()
        assert ledger.gaps == []
        return self.tails_without(NOTHING)

    def tails_without(self, lost: Mapping[str, Collection[int]]) -> list[float]:
        """The same where these values of a device were lost as well: they alone."""
        arrived = {unit: self.ledger.look().values[f"press{unit}"].keys() for unit in UNITS}
        assert all(arrived[unit].isdisjoint(lost.get(f"press{unit}", ())) for unit in UNITS)
        known = {unit: arrived[unit] | set(lost.get(f"press{unit}", ())) for unit in UNITS}
        each = [self.produced.tails(unit, known[unit], self.ends) for unit in UNITS]
        return [max(both) for both in zip(*each, strict=True)]


def bulk(chance: random.Random, every: str = "20ms", kibibytes: int = 64) -> dict[str, Any]:
    """A device without a wire whose every record is large; for `Plant.file`."""
    letters = string.ascii_letters + string.digits
    signals = ["|".join("".join(chance.choices(letters, k=3500)) for _ in range(2)) for _ in range(kibibytes * 2 // 7)]
    tags = [{"name": f"x_{n}", "address": f"text({texts}, 20ms)"} for n, texts in enumerate(signals)]
    counter = {"name": "x_turns", "address": "counter(1ms, 1000000000)"}
    device = {"name": "bulk", "connection": "sim", "every": every, "tags": [counter, *tags]}
    return {"connections": [{"name": "sim", "driver": "simulated"}], "devices": [device]}


async def started(running: Agent) -> None:
    """Wait until the agent runs."""
    try:
        await running.says("I9001")
    except TimeoutError:
        raise AssertionError(f"not started: {running.process.returncode} {running.lines}") from None


@contextlib.asynccontextmanager
async def plant(directory: Path, seed: int, *lines: str) -> AsyncIterator[Plant]:
    """Everything but the agent. `lines` are added to the configuration of the broker, which keeps its sessions."""
    lasting = "persistence true", f"persistence_location {directory}/"
    async with (
        mosquitto(directory, [*NO_BOUNDS, *lasting, *lines]) as broker,
        lasting_platform(broker.port) as seen,
        FaultProxy(broker.port, seed=seed) as proxy,
        FakePlc(seed=seed) as plc,
    ):
        yield Plant(directory, plc, broker, seen, proxy)
