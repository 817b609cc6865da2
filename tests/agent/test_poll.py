"""Looking after a connection, in virtual time: an hour of polling takes a moment and every millisecond counts."""

import asyncio
import contextlib
import itertools
import math
from collections.abc import Callable, Sequence

import pytest

from agent import normalise, report
from agent.agenda import Turns
from agent.clock import BUILT_MS, Clock
from agent.device import Device, TagGroup
from agent.health import ConnectionHealth, DeviceHealth
from agent.log import Log
from agent.messages import Catalogue
from agent.poll import CLOSE_S, REST_S, Connection, Poller
from drivers.contract import Quality, Scan
from drivers.errors import NotConnected
from tests.fakes.kept import Kept
from tests.fakes.virtual import run

START = 1000.0


class Line:
    """A driver that a test scripts: `answer(group, now)` gives scans, raises, or says how long it takes first."""

    def __init__(self, answer: Callable[[str, float], Sequence[Scan] | float] | None = None) -> None:
        self.answer = answer or (lambda group, now: [Scan(int(now * 1000), (0,), (now,))])
        self.reads: list[tuple[str, float]] = []
        self.calls: list[str] = []
        self.refuse_until = 0.0
        self.is_open = False

    async def connect(self) -> None:
        self.calls.append("connect")
        assert not self.is_open
        if asyncio.get_running_loop().time() < self.refuse_until:
            raise NotConnected("refused")
        self.is_open = True

    async def read(self, group: str) -> Sequence[Scan]:
        assert self.is_open
        now = asyncio.get_running_loop().time()
        self.reads.append((group, round(now - START, 6)))
        answer = self.answer(group, now)
        if isinstance(answer, float):
            await asyncio.sleep(answer)
            return [Scan(int(now * 1000), (0,), (now,))]
        return answer

    async def close(self) -> None:
        self.calls.append("close")
        self.is_open = False


async def ages_of_turns(site: "Site", ages: list[float]) -> None:
    """Once a second, how long ago the newest turn was completed."""
    loop = asyncio.get_running_loop()
    async with asyncio.TaskGroup() as group:
        group.create_task(site.look_after(), name="connection plc1")
        while True:
            await asyncio.sleep(1)
            assert site.poller is not None
            ages.append(loop.time() - site.poller.turned_s)


class Site:
    """One connection with the poller that looks after it."""

    def __init__(self, line: Line, *turns: tuple[str, float, float]) -> None:
        self.line, self.kept, self.health = line, Kept(), ConnectionHealth()
        self.lines: list[str] = []
        self.devices: dict[str, Device] = {}
        self.turns = turns or (("fast", 1.0, 0.0),)
        self.poller: Poller | None = None

    async def look_after(self) -> None:
        loop = asyncio.get_running_loop()
        clock = Clock(lambda: BUILT_MS + int(loop.time() * 1000), loop.time)
        log = Log(Catalogue("en"), loop.time, self._hear, to_journald=False)
        polled = []
        for name, every_s, phase_s in self.turns:
            group = TagGroup.of([("value", normalise.Rule(), report.Rule())])
            self.devices[name] = Device(name, {name: group}, self.kept, clock, log, DeviceHealth())  # type: ignore[arg-type]  # `Kept` has what a device needs of an outbox
            polled.append(Turns(name, self.devices[name], every_s, START + phase_s))
        self.poller = Poller(Connection("plc1", "tcp://plc1", self.line, polled), clock, log, self.health)
        await self.poller.look_after()

    def _hear(self, line: str) -> None:
        """What is wrong or right again; that a connection works at first is no news here."""
        if " I2005 " not in line:
            self.lines.append(line)

    def polls(self, name: str = "fast") -> tuple[int, int]:
        hours = self.devices[name].health.hours.values()
        return sum(polls.expected for polls in hours), sum(polls.acquired for polls in hours)


def test_an_hour_has_3600_seconds() -> None:
    site = Site(line := Line(lambda group, now: 0.3))
    run(site.look_after(), for_s=3600.5)
    assert [at for _, at in line.reads] == [float(n) for n in range(3601)]
    assert site.polls() == (3601, 3601)
    assert site.health.overruns == 0


def test_groups_keep_their_own_periods_and_phases() -> None:
    site = Site(line := Line(), ("fast", 0.2, 0.0), ("slow", 1.0, 0.5))
    run(site.look_after(), for_s=2.05)
    assert [at for name, at in line.reads if name == "slow"] == [0, 0.5, 1.5], "at once, and then in its phase"
    assert [at for name, at in line.reads if name == "fast"] == [pytest.approx(n / 5) for n in range(11)]


def test_row_04_a_slow_plc_skips_turns_and_counts_them() -> None:
    site = Site(line := Line(lambda group, now: 2.5))
    run(site.look_after(), for_s=60.2)
    gaps = [b - a for (_, a), (_, b) in zip(line.reads, line.reads[1:], strict=False)]
    assert min(gaps) >= 2.5, "polls were queued"
    expected, acquired = site.polls()
    assert expected == 61
    assert acquired == len(line.reads) - 1
    assert site.health.overruns == pytest.approx(expected - acquired, abs=3)
    assert [line[28:33] for line in site.lines] == ["W2002"]


def test_one_late_read_is_no_news() -> None:
    site = Site(Line(lambda group, now: 3.5 if 10 <= now - START < 11 else 0.1))
    run(site.look_after(), for_s=60)
    assert site.lines == []
    assert site.health.overruns == 2


def test_row_01_a_plc_that_is_down_at_start_is_read_once_it_is_there() -> None:
    line = Line()
    line.refuse_until = START + 45
    site = Site(line)
    run(site.look_after(), for_s=60)
    first = line.reads[0][1]
    assert 45 <= first <= 45 + 4 + 1
    bad, good = site.kept.values()[0], site.kept.values()[1]
    assert (bad[1], bad[2]) == ({"value": None}, {"value": "bad.not_connected"})
    assert good[1]["value"] is not None
    assert len(site.lines) == 2
    assert site.kept.events() == [("comm", {"state": "down", "reason": "bad.not_connected"}), ("comm", {"state": "up"})]
    expected, acquired = site.polls()
    assert expected == 60
    assert acquired == 60 - int(first)


def test_a_lost_conversation_is_closed_and_opened_again() -> None:
    lost: list[float] = []

    def answer(group: str, now: float) -> Sequence[Scan]:
        if now - START >= 10 and not lost:
            lost.append(now)
            raise NotConnected("reset by peer")
        return [Scan(0, (0,), (now,))]

    site = Site(line := Line(answer))
    run(site.look_after(), for_s=20.5)
    assert line.calls == ["connect", "close", "connect", "close"]
    assert ["E2001" in line for line in site.lines] == [True, True]
    expected, acquired = site.polls()
    assert expected == 21
    assert acquired >= 19
    assert [at for _, at in line.reads][-3:] == [18, 19, 20], "back on the grid"


def test_backoff_is_reset_by_an_answer_and_not_by_a_connection() -> None:
    def mute(group: str, now: float) -> Sequence[Scan]:
        raise NotConnected("reset by peer")

    site = Site(line := Line(mute))
    run(site.look_after(), for_s=1200)
    assert line.calls.count("connect") < 160
    assert len(site.lines) <= 5


def test_an_outage_with_several_causes_has_one_end() -> None:
    causes = itertools.cycle(["M2010", None, "M2011"])

    def lost(group: str, now: float) -> Sequence[Scan]:
        if now - START < 40:
            raise NotConnected("gone", next(causes))
        return [Scan(0, (0,), (now,))]

    site = Site(Line(lost))
    run(site.look_after(), for_s=60)
    assert sum("NOTICE" in line for line in site.lines) == 1
    assert len(site.lines) == 2


def test_a_cause_that_changes_and_stays_is_told() -> None:
    def lost(group: str, now: float) -> Sequence[Scan]:
        if now - START < 40:
            raise NotConnected("gone", "M2010" if now - START < 20 else "M2011")
        return [Scan(0, (0,), (now,))]

    site = Site(Line(lost))
    run(site.look_after(), for_s=60)
    assert [line.split()[3] for line in site.lines] == ["M2010", "M2011", "M2011"]


def test_a_defect_in_a_driver_is_one_line_and_the_connection_is_tried_again() -> None:
    def broken(group: str, now: float) -> Sequence[Scan]:
        if now - START < 5:
            raise KeyError("oops\nforged")
        return [Scan(0, (0,), (now,))]

    site = Site(Line(broken))
    run(site.look_after(), for_s=30)
    assert site.kept.values()[-1][1]["value"] is not None
    defects = [line for line in site.lines if "E9003" in line]
    assert "test_poll.py:" in defects[0]
    assert "KeyError" in defects[0]
    assert all(line.count("\n") == 1 for line in site.lines)


def test_cancelling_closes_the_conversation() -> None:
    site = Site(line := Line(lambda group, now: 100.0))
    run(site.look_after(), for_s=5)
    assert line.calls == ["connect", "close"]


def test_a_read_that_begins_in_the_next_turn_is_that_turn_and_is_not_repeated() -> None:
    """A fast group beside one that takes longer than its period, once a second."""
    site = Site(
        line := Line(lambda group, now: 0.187 if group == "slow" else 0.001), ("fast", 0.125, 0.0), ("slow", 1.0, 0.0)
    )
    run(site.look_after(), for_s=100.01)
    times = [at for name, at in line.reads if name == "fast"][2:]
    assert min(b - a for a, b in itertools.pairwise(times)) > 0.05
    expected, acquired = site.polls()
    assert expected - acquired == site.health.overruns


def test_a_close_that_fails_is_a_defect_of_one_connection() -> None:
    class Broken(Line):
        async def close(self) -> None:
            await super().close()
            raise OSError("cannot close")

    line = Broken()
    line.refuse_until = START + 3
    site = Site(line)
    run(site.look_after(), for_s=20)
    assert site.kept.values()[-1][1]["value"] is not None
    assert any("E9003" in said for said in site.lines)


def test_a_driver_that_never_waits_does_not_starve_the_loop() -> None:
    async def both() -> None:
        site = Site(Line(), ("fast", 1.0, 0.0))
        task = asyncio.ensure_future(site.look_after())
        for _ in range(10):
            await asyncio.sleep(0.5)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    run(both(), for_s=100)


@pytest.mark.parametrize("refuses", ["connect", "read"])
def test_a_plc_that_is_dead_for_an_hour_is_no_hang(refuses: str) -> None:
    def mute(group: str, now: float) -> Sequence[Scan]:
        raise NotConnected("reset by peer")

    site = Site(line := Line(mute))
    line.refuse_until = START + 7200 if refuses == "connect" else 0.0
    run(ages_of_turns(site, ages := []), for_s=3600)
    assert len(ages) >= 3599
    assert max(ages) <= REST_S + 1


def test_a_read_that_never_ends_is_one() -> None:
    site = Site(Line(lambda group, now: 10_000.0 if now - START >= 60 else [Scan(0, (0,), (now,))]))
    run(ages_of_turns(site, ages := []), for_s=300.5)
    assert max(ages[:60]) <= 1
    assert ages[-1] == pytest.approx(240, abs=1)


def test_a_close_that_never_ends_does_not_hold_up_the_stop() -> None:
    class Holding(Line):
        async def close(self) -> None:
            await super().close()
            await asyncio.get_running_loop().create_future()

    took: list[float] = []

    async def stopped() -> None:
        task = asyncio.ensure_future(Site(Holding()).look_after())
        await asyncio.sleep(5)
        began = asyncio.get_running_loop().time()
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        took.append(asyncio.get_running_loop().time() - began)

    run(stopped(), for_s=100)
    assert took == [pytest.approx(CLOSE_S)]


class Followed:
    """A press with a job, what follows it, and what is read at the start only."""

    def __init__(self, answer: Callable[[str, float], Sequence[Scan] | float]) -> None:
        self.line = Line(answer)
        self.kept = Kept()

    async def look_after(self) -> None:
        loop = asyncio.get_running_loop()
        clock = Clock(lambda: BUILT_MS + int(loop.time() * 1000), loop.time)
        log = Log(Catalogue("en"), loop.time, lambda line: None, to_journald=False)
        rule = (normalise.Rule(), report.Rule())
        groups = {
            "job": TagGroup.of([("job", *rule)], {0: "recipe"}),
            "recipe": TagGroup.of([("recipe", *rule)]),
            "start": TagGroup.of([("serial", *rule)]),
        }
        device = Device("press", groups, self.kept, clock, log, DeviceHealth())  # type: ignore[arg-type]  # `Kept` has what a device needs of an outbox
        turns = [
            Turns("job", device, 1.0, START),
            Turns("recipe", device, 300.0, START, follows=True),
            Turns("start", device, math.inf, START, follows=True),
        ]
        await Poller(Connection("plc1", "tcp://plc1", self.line, turns), clock, log, ConnectionHealth()).look_after()

    def reads(self, group: str) -> list[float]:
        return [at for name, at in self.line.reads if name == group]


def test_what_follows_is_read_at_once_and_once_more_when_its_trigger_changed() -> None:
    site = Followed(lambda group, now: [Scan(int(now * 1000), (0,), (int(now - START) // 20,))])
    run(site.look_after(), for_s=50.5)
    assert site.reads("recipe") == [0, 20, 21, 40, 41]
    assert site.reads("start") == [0]


def test_what_follows_is_read_after_its_longest_interval_in_any_case() -> None:
    site = Followed(lambda group, now: [Scan(int(now * 1000), (0,), (1,))])
    run(site.look_after(), for_s=601)
    assert site.reads("recipe") == [0, 300, 600]


def test_what_could_not_be_read_is_tried_again_until_it_can() -> None:
    def answer(group: str, now: float) -> Sequence[Scan]:
        if group != "job" and now < START + 12:
            return [Scan(int(now * 1000), (), (), {0: Quality.BAD_TIMEOUT})]
        return [Scan(int(now * 1000), (0,), (1,))]

    site = Followed(answer)
    run(site.look_after(), for_s=60)
    assert site.reads("recipe") == [0, 5, 10, 15]
    assert site.reads("start") == [0, 5, 10, 15]
