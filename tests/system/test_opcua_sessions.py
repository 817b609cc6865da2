"""What a bad night costs an OPC UA server: one session at a time, and one attempt in each step of the back-off.

The agent's poller over the real driver; only its pauses are shorter than in a factory.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import pairwise
from typing import NamedTuple

import pytest
from asyncua.ua.status_codes import StatusCodes

from agent import backoff, normalise, report
from agent.agenda import Turns
from agent.backoff import CAP_S, Backoff
from agent.clock import Clock
from agent.device import Device, TagGroup
from agent.health import ConnectionHealth, DeviceHealth
from agent.log import Log
from agent.messages import Catalogue
from agent.poll import Connection, Poller
from agent.record import Record
from drivers.contract import Value
from drivers.opcua import PLUGIN
from drivers.opcua.driver import OpcUaDriver
from tests.drivers.opcua.listener import Listener, unprotected
from tests.fakes.agent import Told
from tests.fakes.kept import Kept
from tests.fakes.opcua import Spec, address, opcua_server

COUNT = "Press.Count"
RESTARTS = 20
PATIENCE_S = 10.0
"""T7: values are back by then."""
FIRST_S, LEAST_S, CEILING_S = 0.05, 0.02, 0.4
"""Pauses of this test, by the rules of `agent.backoff`."""


class Pause(NamedTuple):
    """After one attempt, or one conversation."""

    at: float
    """Monotonic."""
    s: float


class Patience(Backoff):
    """The agent's back-off, and what it said."""

    def __init__(self, taken: list[Pause], stirred: Told) -> None:
        super().__init__(random.Random(15))
        self._taken = taken
        self._stirred = stirred

    def pause(self, now_s: float, most_s: float = CAP_S) -> float:
        pause = Pause(now_s, super().pause(now_s, most_s))
        self._taken.append(pause)
        self._stirred.grow()
        return pause.s


@pytest.fixture(autouse=True)
def _shorter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backoff, "FIRST_S", FIRST_S)
    monkeypatch.setattr(backoff, "LEAST_S", LEAST_S)
    monkeypatch.setattr(backoff, "YOUNG_CAP_S", CEILING_S)


class Stirring(Kept):
    """An outbox of which one hears when something comes."""

    def __init__(self, stirred: Told) -> None:
        super().__init__()
        self._stirred = stirred

    def append(self, records: Sequence[Record], checkpoint: Mapping[str, object] | None = None) -> None:
        super().append(records, checkpoint)
        self._stirred.grow()


class Looked(Told):
    """A connection with one subscribed tag, and who looks after it."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.pauses: list[Pause] = []
        group = Listener(unprotected(url), {"count": address(COUNT)}).group
        keys = unprotected(url, timeout="1s", keep_alive="500ms")
        lines: list[str] = []
        log = Log(Catalogue("en"), time.monotonic, lines.append, to_journald=False)
        driver = PLUGIN.open(PLUGIN.connection.model_validate(keys), [group], log)
        assert isinstance(driver, OpcUaDriver)
        self.driver = driver
        self.kept, self.health = Stirring(self), ConnectionHealth()
        rules = TagGroup.of([("count", normalise.Rule(), report.Rule())], is_subscribed=True)
        clock = Clock(lambda: time.time_ns() // 1_000_000, time.monotonic)
        device = Device("press", {group.name: rules}, self.kept, clock, log, DeviceHealth())  # type: ignore[arg-type]  # `Kept` has what a device needs of an outbox
        turns = [Turns(group.name, device, group.every_s, time.monotonic(), is_subscribed=True)]
        self.poller = Poller(Connection("packer", url, self.driver, turns), clock, log, self.health)
        self.poller._backoff = Patience(self.pauses, self)  # the agent has no reason to let anybody choose

    async def sees(self, value: Value) -> None:
        """Until it is the newest."""
        await self.until(lambda: value in [values.get("count") for _, values, _ in self.kept.values()[-1:]], PATIENCE_S)

    async def is_lost(self) -> None:
        await self.until(lambda: self.health.state != "up", PATIENCE_S)

    async def has_tried(self, times: int) -> None:
        await self.until(lambda: len(self.pauses) >= times, PATIENCE_S)


@asynccontextmanager
async def looked_after(url: str) -> AsyncIterator[Looked]:
    it = Looked(url)
    task = asyncio.create_task(it.poller.look_after(), name="the poller")
    try:
        yield it
    finally:
        task.cancel()
        await asyncio.wait((task,))


async def test_row_15_never_two_sessions_and_one_createsession_in_a_step_over_20_restarts() -> None:
    """Power cuts, cables and servers that come late in turn; the server has one session and no more."""
    asked: list[float] = []
    most = 0
    async with opcua_server({COUNT: 0}, Spec(max_sessions=1)) as server, looked_after(server.url) as it:
        for n in range(1, RESTARTS + 1):
            await it.sees(n - 1)
            if n % 4 == 2:
                server.cut()  # its sessions stay
                await it.is_lost()
                await it.sees(n - 1)
            asked += server.desk.asked
            most = max(most, server.desk.most_sessions)
            await server.stop()
            await it.is_lost()
            if n % 4 == 0:
                await it.has_tried(len(it.pauses) + 2)
            await server.start()
            await server.set(COUNT, n)
        await it.sees(RESTARTS)
        asked += server.desk.asked
        most = max(most, server.desk.most_sessions)
    print(f"{len(asked)} CreateSession, {len(it.pauses)} pauses, {it.driver.counts}")
    assert most == 1
    assert len(asked) == RESTARTS + 1, "each start of the server was worth one session"
    assert it.driver.counts["sessions"] == len(asked)
    steps = [(before.at + before.s, after.at) for before, after in pairwise(it.pauses)]
    for begins, ends in steps:
        assert sum(begins <= at <= ends for at in asked) <= 1, "one in a step"
    for pause in it.pauses:
        assert not any(pause.at < at < pause.at + pause.s for at in asked), "none within a pause"


@pytest.mark.parametrize("restarts", [False, True])
async def test_row_16_a_user_who_is_denied_for_long_leaves_no_sessions_behind(restarts: bool) -> None:
    """What the server has still is asked for again; what it has not is begun and ended on the same channel."""
    async with opcua_server({COUNT: 0}) as server, looked_after(server.url) as it:
        await it.sees(0)
        if restarts:
            await server.restart()
        server.cut()
        with server.refusing("ActivateSession", StatusCodes.BadUserAccessDenied):
            await it.has_tried(len(it.pauses) + 6)
            assert server.sessions <= 1
        await server.set(COUNT, 1)
        await it.sees(1)
        assert server.desk.most_sessions == 1
        assert server.sessions == 1
        assert len(server.desk.asked) == 1 or restarts, "the old one went on"


class Closed:
    """Somebody who takes each connection and hangs up; when they came, by the monotonic clock."""

    def __init__(self) -> None:
        self.came: list[float] = []

    async def take(self, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.came.append(time.monotonic())
        writer.transport.abort()


async def test_row_15_attempts_of_an_outage_are_apart_by_the_jittered_back_off() -> None:
    closed = Closed()
    async with await asyncio.start_server(closed.take, "127.0.0.1", 0) as nobody:
        url = f"opc.tcp://127.0.0.1:{nobody.sockets[0].getsockname()[1]}/"
        async with looked_after(url) as it:
            await it.has_tried(12)
    pauses = it.pauses[:11]
    assert len(closed.came) in (12, 13), "one connection for each attempt"
    for pause, came in zip(pauses, closed.came[1:], strict=False):
        assert came >= pause.at + pause.s - 0.002
    ceilings = [min(FIRST_S * 2**n, CEILING_S) for n in range(len(pauses))]
    assert all(LEAST_S <= pause.s <= ceiling for pause, ceiling in zip(pauses, ceilings, strict=True))
    assert len({round(pause.s, 4) for pause in pauses}) > 8, "no two agents come at the same time"
    assert max(pause.s for pause in pauses) > 2 * FIRST_S, "and they come less often"
