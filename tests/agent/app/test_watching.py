"""The line of status and the watchdog's food, in virtual time."""

import asyncio
import itertools
from collections.abc import Callable, Mapping

import pytest

from agent.app import watching
from agent.clock import BUILT_MS, Clock
from agent.health import ConnectionHealth, Health
from agent.log import Log
from agent.messages import Catalogue, Language
from agent.notify import Pulse
from tests.fakes.virtual import run

START = 1000.0


def account(state: str, queued: int) -> Callable[[], Mapping[str, object]]:
    return lambda: {"state": state, "queued": queued}


HEALTH = Health(
    connections={"plc1": ConnectionHealth("up"), "plc2": ConnectionHealth("down"), "plc3": ConnectionHealth("up")},
    destinations={"county": account("up", 5), "plant": account("down", 1200)},
)


class Watch:
    """What was told, second by second, of a task that turns until `stands_from`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, watchdog_s: float | None, language: Language = "en") -> None:
        self.told: list[tuple[float, tuple[str, ...]]] = []
        self.lines: list[str] = []
        self.stands = (float("inf"), float("inf"))
        self._language: Language = language
        monkeypatch.setattr(watching, "notify", self._hear)
        monkeypatch.setattr(watching, "watchdog_s", lambda: watchdog_s)

    def _now(self) -> float:
        return asyncio.get_running_loop().time() - START

    def _hear(self, *assignments: str) -> None:
        self.told.append((self._now(), assignments))

    def _turned_s(self) -> float:
        begin, end = self.stands
        return START + (begin if begin <= self._now() < end else self._now())

    async def _main(self) -> None:
        loop = asyncio.get_running_loop()
        clock = Clock(lambda: BUILT_MS, loop.time)
        log = Log(Catalogue(self._language), loop.time, self.lines.append, to_journald=False)
        await watching.keep_watch({"connection plc1": Pulse(self._turned_s)}, HEALTH, clock, log)

    def for_s(self, seconds: float) -> "Watch":
        run(self._main(), for_s=seconds)
        return self

    @property
    def fed(self) -> list[float]:
        return [at for at, assignments in self.told if "WATCHDOG=1" in assignments]


@pytest.mark.parametrize(("watchdog_s", "most_s"), [(30.0, 10.0), (3.0, 1.0), (600.0, 10.0)])
def test_it_is_fed_three_times_as_often_as_it_wants(
    monkeypatch: pytest.MonkeyPatch, watchdog_s: float, most_s: float
) -> None:
    fed = Watch(monkeypatch, watchdog_s).for_s(300).fed
    assert fed[0] == 0
    assert {round(b - a, 6) for a, b in itertools.pairwise(fed)} == {most_s}


def test_it_is_not_fed_where_it_did_not_ask(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(monkeypatch, None).for_s(100)
    assert watch.fed == []
    assert len(watch.told) == 10, "the status is told all the same"


def test_a_task_that_stands_still_starves_it_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = Watch(monkeypatch, 30.0)
    watch.stands = (100.0, 200.0)
    watch.for_s(300)
    assert not [at for at in watch.fed if 140 <= at < 200]
    assert [at for at in watch.fed if at < 130] == [10.0 * n for n in range(13)]
    assert [at for at in watch.fed if at >= 200] == [10.0 * n for n in range(20, 30)]
    assert [line.split()[2:6] for line in watch.lines] == [
        ["ERROR", "E9015", "connection", "plc1:"],
        ["NOTICE", "E9015", "connection", "plc1:"],
    ]
    assert " 40 s so far" in watch.lines[0]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("en", "STATUS=connections up 2/3, destinations up 1/2, 1205 records queued"),
        ("zh", "STATUS=设备通信 2/3 正常，上送目的地 1/2 连通，待上送 1205 条"),
    ],
)
def test_the_status_is_one_line_in_the_operators_language(
    monkeypatch: pytest.MonkeyPatch, language: Language, expected: str
) -> None:
    assert Watch(monkeypatch, None, language).for_s(5).told == [(0.0, (expected,))]
