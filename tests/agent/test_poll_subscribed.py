"""Looking after a connection whose device tells of changes by itself, beside what is polled; in virtual time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Sequence

import pytest

from agent import normalise, report
from agent.agenda import Turns
from agent.clock import BUILT_MS, Clock
from agent.device import Device, TagGroup
from agent.health import ConnectionHealth, DeviceHealth
from agent.log import Log
from agent.messages import Catalogue
from agent.poll import Connection, Poller
from drivers.contract import Quality, Scan
from drivers.errors import NotConnected
from tests.fakes.kept import Kept
from tests.fakes.virtual import run

START = 1000.0
RULE = (normalise.Rule(), report.Rule())

Told = tuple[float, str, Scan]


def now_s() -> float:
    return asyncio.get_running_loop().time() - START


def stamp(at: float) -> int:
    return BUILT_MS + int((START + at) * 1000)


def every_second(group: str = "pushed", value: object = 1) -> Callable[[float], AsyncIterator[tuple[str, Scan]]]:
    """The first value, and then keep-alives."""

    async def tell(since: float) -> AsyncIterator[tuple[str, Scan]]:
        yield group, Scan(stamp(now_s()), [0], [value])  # type: ignore[list-item]  # a value
        while True:
            await asyncio.sleep(1)
            yield group, Scan(stamp(now_s()), (), ())

    return tell


class Talker:
    """A driver that a test scripts: `tell(connected at)` is what its device says; reads answer at once."""

    def __init__(self, tell: Callable[[float], AsyncIterator[tuple[str, Scan]]]) -> None:
        self.tell = tell
        self.answer: Callable[[str], Sequence[Scan]] = lambda group: [Scan(stamp(now_s()), [0], [now_s()])]
        self.calls: list[str] = []
        self.reads: list[tuple[str, float]] = []
        self.listening = 0

    async def connect(self) -> None:
        self.calls.append("connect")

    async def read(self, group: str) -> Sequence[Scan]:
        self.reads.append((group, round(now_s(), 6)))
        return self.answer(group)

    async def changes(self) -> AsyncIterator[tuple[str, Scan]]:
        self.listening += 1
        try:
            async for told in self.tell(now_s()):
                yield told
        finally:
            self.listening -= 1

    async def close(self) -> None:
        assert self.listening == 0, "nobody listens to what is closed"
        self.calls.append("close")


class Site:
    """One device with a subscribed group `pushed` and, where wanted, a polled one `asked`."""

    def __init__(self, talker: Talker, *, polled: bool = True, rule: report.Rule | None = None) -> None:
        self.talker, self.polled = talker, polled
        self.rule = rule or report.Rule()
        self.kept, self.health, self.known = Kept(), ConnectionHealth(), DeviceHealth()
        self.lines: list[str] = []
        self.poller: Poller | None = None

    async def look_after(self) -> None:
        loop = asyncio.get_running_loop()
        clock = Clock(lambda: BUILT_MS + int(loop.time() * 1000), loop.time)
        log = Log(Catalogue("en"), loop.time, self.lines.append, to_journald=False)
        pushed = TagGroup.of(
            [("value", normalise.Rule(), self.rule)], {0: "asked"} if self.polled else {}, is_subscribed=True
        )
        groups = {"pushed": pushed, **({"asked": TagGroup.of([("other", *RULE)])} if self.polled else {})}
        self.device = Device("press", groups, self.kept, clock, log, self.known)  # type: ignore[arg-type]  # `Kept` has what a device needs of an outbox
        turns = [Turns("pushed", self.device, 0.5, START, is_subscribed=True)]
        if self.polled:
            turns.append(Turns("asked", self.device, 10.0, START))
        connection = Connection("plc1", "opc.tcp://plc1", self.talker, turns)
        self.poller = Poller(connection, clock, log, self.health, self.recognise)
        await self.poller.look_after()

    async def recognise(self) -> None:
        raise AssertionError("nobody here says who he is")

    def codes(self) -> list[str]:
        return [line.split()[3] for line in self.lines]

    def counted(self) -> tuple[int, int]:
        hours = self.known.hours.values()
        return sum(polls.expected for polls in hours), sum(polls.acquired for polls in hours)

    def seen(self, name: str = "value") -> list[object]:
        return [values[name] for _, values, _ in self.kept.values() if name in values]


@pytest.mark.parametrize("polled", [False, True])
def test_what_is_subscribed_is_never_read_and_what_is_polled_is(polled: bool) -> None:
    site = Site(talker := Talker(every_second()), polled=polled)
    run(site.look_after(), for_s=30.5)
    assert [group for group, _ in talker.reads] == ["asked"] * (4 if polled else 0)
    assert [at for _, at in talker.reads] == ([0, 10, 20, 30] if polled else [])
    assert site.seen() == [1]
    assert site.health.state == "up"
    assert site.kept.events() == [("comm", {"state": "up"})]
    assert site.codes() == ["I2005"]
    assert talker.calls == ["connect", "close"]
    assert talker.listening == 0


def test_a_keep_alive_is_a_tick() -> None:
    site = Site(Talker(every_second()), polled=False, rule=report.Rule(max_interval_s=10))
    run(site.look_after(), for_s=35)
    times = [(time_ms - stamp(0)) / 1000 for time_ms, _, _ in site.kept.values()]
    assert times == [0, 10, 20, 30], "confirmed at the time of the keep-alive"


def test_each_look_of_the_device_counts_as_long_as_somebody_speaks() -> None:
    site = Site(Talker(every_second()), polled=False)
    run(site.look_after(), for_s=60.2)
    assert site.counted() == (121, 121)


def outage(begin: float, end: float) -> Callable[[float], AsyncIterator[tuple[str, Scan]]]:
    async def tell(since: float) -> AsyncIterator[tuple[str, Scan]]:
        if begin <= since < end:
            raise NotConnected("refused")
        async for told in every_second()(since):
            if begin <= now_s() < end:
                raise NotConnected("no keep-alive")
            yield told

    return tell


@pytest.mark.parametrize("polled", [False, True])
def test_the_loss_of_the_subscription_ends_both_once_and_both_come_back(polled: bool) -> None:
    site = Site(talker := Talker(outage(20, 50)), polled=polled)
    run(site.look_after(), for_s=80.2)
    assert site.codes() == ["I2005", "E2001", "E2001"], "lost once, back once"
    assert "no keep-alive" in site.lines[1]
    assert talker.calls == ["connect", "close"] * (len(talker.calls) // 2)
    assert talker.listening == 0
    if not polled:
        expected, acquired = site.counted()
        assert 158 <= expected <= 161, "up to the newest keep-alive"
        assert 92 <= acquired <= 102, "what nobody heard is expected and not acquired"
    reasons = [qualities for _, values, qualities in site.kept.values() if "value" in values]
    assert {"value": "bad.not_connected"} in reasons
    assert site.seen()[-1] == 1


def test_reads_that_answer_do_not_hide_a_subscription_that_is_refused_at_once() -> None:
    site = Site(talker := Talker(outage(0, 600)))
    run(site.look_after(), for_s=600)
    assert talker.calls.count("connect") < 100, "the pauses grow"
    assert set(site.codes()) == {"E2001"}
    assert not any("again" in line for line in site.lines), "it never was back"


def test_a_read_that_loses_the_conversation_ends_the_listening() -> None:
    lost: list[float] = []

    def answer(group: str) -> Sequence[Scan]:
        if now_s() >= 10 and not lost:
            lost.append(now_s())
            raise NotConnected("reset by peer")
        return [Scan(stamp(now_s()), [0], [now_s()])]

    site = Site(talker := Talker(every_second()))
    talker.answer = answer
    run(site.look_after(), for_s=40)
    assert site.codes() == ["I2005", "E2001", "E2001"]
    assert "reset by peer" in site.lines[1]
    assert talker.calls == ["connect", "close", "connect", "close"]


async def ends(since: float) -> AsyncIterator[tuple[str, Scan]]:
    yield "pushed", Scan(stamp(now_s()), [0], [1])


async def breaks(since: float) -> AsyncIterator[tuple[str, Scan]]:
    yield "pushed", Scan(stamp(now_s()), [0], [1])
    raise KeyError("oops")


async def errs(since: float) -> AsyncIterator[tuple[str, Scan]]:
    yield "unheard of", Scan(stamp(now_s()), [0], [1])


async def cancels(since: float) -> AsyncIterator[tuple[str, Scan]]:
    yield "pushed", Scan(stamp(now_s()), [0], [1])
    raise asyncio.CancelledError


@pytest.mark.parametrize("polled", [False, True])
@pytest.mark.parametrize(
    ("tell", "said"),
    [(ends, "ended by itself"), (breaks, "oops"), (errs, "unheard of"), (cancels, "cancelled its own caller")],
)
def test_a_defect_of_the_subscription_is_told_and_everything_is_tried_again(
    tell: Callable[[float], AsyncIterator[tuple[str, Scan]]], said: str, polled: bool
) -> None:
    async def once(since: float) -> AsyncIterator[tuple[str, Scan]]:
        async for told in (every_second() if talker.calls.count("connect") > 1 else tell)(since):
            yield told

    site = Site(talker := Talker(once), polled=polled)
    run(site.look_after(), for_s=60)
    defects = [line for line in site.lines if "E9003" in line]
    assert len([line for line in defects if said in line]) == 1
    assert "Group" not in "".join(site.lines), "one reason, not a bundle of them"
    assert site.health.state == "up"
    assert talker.calls == ["connect", "close", "connect", "close"]


def test_a_driver_without_changes_is_a_defect() -> None:
    class Dumb:
        """Opened by a plug-in that subscribes, and has no `changes`."""

        def __init__(self, talker: Talker) -> None:
            self.connect, self.read, self.close = talker.connect, talker.read, talker.close

    site = Site(talker := Talker(every_second()), polled=False)
    site.talker = Dumb(talker)  # type: ignore[assignment]  # what is to be found out
    run(site.look_after(), for_s=5)
    assert "Dumb has no changes()" in "".join(site.lines)


@pytest.mark.parametrize("failing", ["read", "changes"])
def test_an_end_during_which_something_fails_is_the_end(failing: str) -> None:
    class Stubborn(Talker):
        async def read(self, group: str) -> Sequence[Scan]:
            if failing == "read":
                await held()
            return await super().read(group)

    async def held() -> None:
        try:
            await asyncio.get_running_loop().create_future()
        except asyncio.CancelledError:
            raise NotConnected("hung up") from None

    async def tell(since: float) -> AsyncIterator[tuple[str, Scan]]:
        yield "pushed", Scan(stamp(now_s()), [0], [1])
        await (held() if failing == "changes" else asyncio.get_running_loop().create_future())

    ended: list[float] = []

    async def stopped() -> None:
        task = asyncio.ensure_future(Site(Stubborn(tell)).look_after())
        await asyncio.sleep(5)
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
        assert task.cancelled()
        ended.append(now_s())

    run(stopped(), for_s=100)
    assert ended == [5]


def test_what_follows_a_subscribed_tag_is_read_when_that_changes() -> None:
    async def tell(since: float) -> AsyncIterator[tuple[str, Scan]]:
        yield "pushed", Scan(stamp(now_s()), [0], ["A"])
        await asyncio.sleep(13.25)
        yield "pushed", Scan(stamp(now_s()), [0], ["B"])
        while True:
            await asyncio.sleep(1)
            yield "pushed", Scan(stamp(now_s()), (), ())

    site = Site(talker := Talker(tell))
    run(site.look_after(), for_s=25)
    assert [at for _, at in talker.reads] == [0, 10, 13.25, 13.75, 20], "at once, and once more a period later"


def test_neither_hides_that_the_other_hangs() -> None:
    async def falls_silent(since: float) -> AsyncIterator[tuple[str, Scan]]:
        yield "pushed", Scan(stamp(now_s()), [0], [1])
        await asyncio.get_running_loop().create_future()

    site = Site(Talker(falls_silent))
    run(site.look_after(), for_s=65)
    assert site.poller is not None
    assert site.poller.turned_s - START == 60
    assert site.poller.heard_s - START == 0


def test_until_it_is_heard_what_its_driver_counts_shows_that_it_lives() -> None:
    async def tells_late(since: float) -> AsyncIterator[tuple[str, Scan]]:
        await asyncio.sleep(40)
        async for told in every_second()(since):
            yield told

    counts = {"requests": 7}
    for for_s, seen in ((30, counts), (50, {})):
        site = Site(Talker(tells_late))
        site.health.counts = lambda: counts
        run(site.look_after(), for_s=for_s)
        assert site.poller is not None
        assert site.poller.stirs() == seen


def test_a_generator_that_cannot_be_closed_holds_up_nothing() -> None:
    async def clings(since: float) -> AsyncIterator[tuple[str, Scan]]:
        try:
            while True:
                await asyncio.sleep(0)
                yield "unheard of", Scan(0, (), ())
        finally:
            await asyncio.get_running_loop().create_future()

    site = Site(Talker(clings), polled=False)
    run(site.look_after(), for_s=30)
    assert any("unheard of" in line or "TimeoutError" in line for line in site.lines)
    assert site.talker.calls.count("connect") > 1


def test_a_burst_does_not_hold_up_the_others() -> None:
    async def burst(since: float) -> AsyncIterator[tuple[str, Scan]]:
        for number in range(1000):
            yield "pushed", Scan(stamp(now_s()), [0], [number])
        await asyncio.get_running_loop().create_future()

    turns: list[int] = []

    async def beside(site: Site) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(site.look_after(), name="connection plc1")
            while len(turns) < 10_000 and not (turns and turns[-1] == 1000):
                await asyncio.sleep(0)
                turns.append(len(site.seen()))
            await asyncio.sleep(10)

    run(beside(Site(Talker(burst), polled=False)), for_s=5)
    assert len(set(turns)) > 900


def test_three_changes_within_a_moment_are_no_trouble_that_lasts() -> None:
    async def flickers(since: float) -> AsyncIterator[tuple[str, Scan]]:
        yield "pushed", Scan(stamp(now_s()), [0], [1])
        await asyncio.sleep(5)
        for quality in (Quality.BAD_DEVICE, Quality.BAD_BUSY, Quality.BAD_DEVICE, Quality.BAD_BUSY):
            await asyncio.sleep(0.01)
            yield "pushed", Scan(stamp(now_s()), (), (), {0: quality})
        async for told in every_second()(since):
            yield told

    site = Site(Talker(flickers), polled=False)
    run(site.look_after(), for_s=20)
    assert site.codes() == ["I2005"]


def test_trouble_that_lasts_is_told() -> None:
    async def breaks_down(since: float) -> AsyncIterator[tuple[str, Scan]]:
        yield "pushed", Scan(stamp(now_s()), [0], [1])
        yield "pushed", Scan(stamp(now_s()), (), (), {0: Quality.BAD_DEVICE})
        for _ in range(10):
            await asyncio.sleep(1)
            yield "pushed", Scan(stamp(now_s()), (), ())
        async for told in every_second()(since):
            yield told

    site = Site(Talker(breaks_down), polled=False)
    run(site.look_after(), for_s=30)
    assert site.codes() == ["I2005", "E2004", "E2004"]
    assert site.counted() == (59, 59 - 20), "while nothing has a value, nothing is acquired"
