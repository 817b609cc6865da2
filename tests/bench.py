"""The agent's side of the driver contract in a few lines, and the device in the test's hands; for `tests.contract`."""

import asyncio
import contextlib
import math
import os
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from drivers.contract import Driver, DriverPlugin, Group, Quality, Scan, SubscribingDriver, Tag, Value
from drivers.errors import NotConnected

PATIENCE_S = 15.0
"""Longer than any time-out that a bench should give its driver."""
SAMPLING_S = 0.05

Keys = Mapping[str, object]
T = TypeVar("T")


class Bench(Protocol):
    """A device in the test's hands, the plug-in that reads it, and what a person would write for them."""

    @property
    def plugin(self) -> DriverPlugin: ...

    @property
    def connection(self) -> Keys:
        """The connection's own keys, with time-outs of a fraction of a second."""

    @property
    def device(self) -> Keys:
        """The device's own keys."""

    @property
    def tags(self) -> Mapping[str, Keys]:
        """Name -> address keys of at least two tags that can be read; the first two can be changed."""

    @property
    def wrong(self) -> Sequence[Keys]:
        """At least two sets of address keys that are refused before any wire is touched."""

    def now_ms(self) -> float:
        """The wall clock that the driver uses: UTC epoch milliseconds."""

    async def change(self, tag: str) -> Value:
        """Make the device show another value, and return what the tag must read now."""

    async def spoil(self, tag: str) -> None:
        """Make this one tag unreadable."""

    async def mend(self, tag: str) -> None:
        """Make it readable again."""

    async def mute(self) -> None:
        """Let the device accept everything and answer nothing."""

    async def cut(self) -> None:
        """End the conversation and refuse new ones."""

    async def restore(self) -> None:
        """End `mute` or `cut`."""


@dataclass
class Notes:
    """A journal that remembers what it was told."""

    said: list[tuple[str, str, str]] = field(default_factory=list)

    def lost(self, code: str, about: str, /, **facts: object) -> None:
        self.said.append(("lost", code, about))

    def back(self, code: str, about: str, /, **facts: object) -> None:
        self.said.append(("back", code, about))

    def note(self, code: str, about: str, /, **facts: object) -> None:
        self.said.append(("note", code, about))


class Learning:
    """What is known of a group from its scans: the agent's side of the contract in a few lines."""

    def __init__(self, bench: Bench, group: Group) -> None:
        self.bench = bench
        self.group = group
        self.known: dict[str, Value | Quality] = {}
        self.quality: dict[str, Quality] = {}

    def learn(self, scan: Scan, before_ms: float) -> set[str]:
        """Check a scan and learn from it; the names that it names."""
        self._check(scan, before_ms)
        for index, value in zip(scan.indexes, scan.values, strict=True):
            self.known[self.group.tags[index].name] = value
            self.quality[self.group.tags[index].name] = scan.faults.get(index, Quality.GOOD)
        for index, reason in scan.faults.items():
            self.quality[self.group.tags[index].name] = reason
            if reason.is_bad:
                self.known[self.group.tags[index].name] = reason
        return {self.group.tags[i].name for i in (*scan.indexes, *scan.faults)}

    def _check(self, scan: Scan, before_ms: float) -> None:
        size = len(self.group.tags)
        assert len(scan.indexes) == len(scan.values), "indexes and values have one length"
        assert len(set(scan.indexes)) == len(scan.indexes), "a tag is named once in a scan"
        assert all(0 <= i < size for i in (*scan.indexes, *scan.faults)), "positions are those of Group.tags"
        assert all(type(time_ms) is int for time_ms in (scan.time_ms, *(scan.times or ()))), "whole milliseconds"
        assert before_ms - 2000 <= scan.time_ms <= self.bench.now_ms() + 2000, "times are the moment of acquisition"
        assert scan.times is None or len(scan.times) == len(scan.indexes), "times belong to indexes"
        assert all(time_ms <= scan.time_ms for time_ms in scan.times or ()), "a value is not from the future"
        for index, reason in scan.faults.items():
            assert isinstance(reason, Quality), "a fault has a reason"
            assert reason is not Quality.GOOD, "good is no fault"
            assert (index in scan.indexes) is not reason.is_bad, "bad has no value, uncertain has one"
        assert all(is_closed(value) for value in scan.values), f"values are bool, int, float or str: {scan.values}"


class Reading(Learning):
    """A driver with one polled group."""

    def __init__(self, bench: Bench, name: str = "press@1s") -> None:
        super().__init__(bench, group_of(bench, name))
        self.notes = Notes()
        settings = bench.plugin.connection.model_validate(dict(bench.connection))
        self.driver: Driver = bench.plugin.open(settings, [self.group], self.notes)

    async def read(self) -> set[str]:
        """Read once, check the scans, learn from them; the names that were named."""
        before_ms = self.bench.now_ms()
        scans = await within(self.driver.read(self.group.name))
        return {name for scan in scans for name in self.learn(scan, before_ms)}


class Listening(Learning):
    """A driver with two subscribed groups, of which one is looked at closely, and a polled one beside them."""

    def __init__(self, bench: Bench) -> None:
        super().__init__(bench, group_of(bench, f"press~{SAMPLING_S}s", sampling_s=SAMPLING_S))
        self.notes = Notes()
        self.other = Learning(bench, group_of(bench, "press~0.1s", sampling_s=0.1))
        self.polled = Learning(bench, group_of(bench, "press@1s"))
        groups = [one.group for one in (self, self.other, self.polled)]
        settings = bench.plugin.connection.model_validate(dict(bench.connection))
        driver = bench.plugin.open(settings, groups, self.notes)
        assert isinstance(driver, SubscribingDriver), "a plug-in that subscribes opens a driver with `changes`"
        self.driver = driver
        self.changes: AsyncIterator[tuple[str, Scan]] | None = None
        self.since_ms = 0.0

    async def begin(self) -> None:
        """Connect, and begin to listen."""
        self.since_ms = self.bench.now_ms()
        await within(self.driver.connect())
        self.changes = self.driver.changes()

    async def hear_any(self) -> tuple[Learning, set[str]]:
        """The next scan of any group, and what it names."""
        assert self.changes is not None, "`begin` first"
        try:
            name, scan = await within(anext(self.changes))
        except StopAsyncIteration:
            raise AssertionError("changes() never ends by itself") from None
        heard = {one.group.name: one for one in (self, self.other)}
        assert name in heard, "what is polled is not told, and groups have the names that they were given"
        return heard[name], heard[name].learn(scan, self.since_ms)

    async def hear(self) -> set[str]:
        """The next scan of the group that is looked at closely."""
        while True:
            group, named = await self.hear_any()
            if group is self:
                return named

    async def hear_all(self) -> None:
        """The first scans: together they name every tag."""
        named: set[str] = set()
        while named < set(self.bench.tags):
            news = await self.hear()
            assert news, "a keep-alive comes only after the first values"
            named |= news

    async def hear_until(self, holds: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():
                await self.hear()

    async def hear_the_end(self) -> None:
        """Listen for as long as there is something to hear."""
        while True:
            await self.hear_any()

    async def read(self) -> set[str]:
        scans = await within(self.driver.read(self.polled.group.name))
        return {name for scan in scans for name in self.polled.learn(scan, self.since_ms)}

    async def end(self) -> None:
        """Stop listening and close, as the agent does."""
        if isinstance(self.changes, AsyncGenerator):
            await self.changes.aclose()
        await within(self.driver.close())


def is_closed(value: object) -> bool:
    """Whether it is of the closed set of values: no NaN, no infinity, no text that UTF-8 cannot carry."""
    if type(value) is float:
        return math.isfinite(value)
    if type(value) is str:
        return not re.search("[\ud800-\udfff]", value)
    return type(value) in {bool, int}


def group_of(
    bench: Bench, name: str, more: Mapping[str, Keys] | None = None, *, sampling_s: float | None = None
) -> Group:
    """One group of all tags of the bench, and more; subscribed where there is a `sampling_s`."""
    address = bench.plugin.address.model_validate
    tags = [Tag(tag, address(dict(keys))) for tag, keys in {**bench.tags, **(more or {})}.items()]
    settings = bench.plugin.device.model_validate(dict(bench.device))
    return Group(name, "press", settings, tags, sampling_s or 1.0, is_subscribed=sampling_s is not None)


async def within(awaitable: Awaitable[T]) -> T:
    """Every call of a driver is bounded by the driver's own time-outs."""
    async with asyncio.timeout(PATIENCE_S):
        return await awaitable


def sockets() -> int:
    """How many sockets this process holds."""
    return sum(_leads_to(f"/proc/self/fd/{fd}").startswith("socket:") for fd in os.listdir("/proc/self/fd"))


def _leads_to(link: str) -> str:
    """Nowhere, if a thread has closed it in the meantime."""
    try:
        return os.readlink(link)
    except FileNotFoundError:
        return ""


async def until_waiting(task: "asyncio.Future[T]") -> None:
    """Let a call run until it waits for the device: it stays unfinished over many turns of the loop."""
    for _ in range(50):
        await asyncio.sleep(0)
    assert not task.done(), "the device was to be mute"


def facts_of(template: str) -> set[str]:
    """The facts that a text uses; one that is a text itself may differ by language: `{title_zh}`, `{title_en}`."""
    return {re.sub("_(zh|en)$", "", fact) for fact in re.findall(r"{(\w*)", template)}


def same(read: Value, shown: Value) -> bool:
    """Whether it is that value, of that type."""
    return type(read) is type(shown) and read == shown


async def until(holds: Callable[[], bool], promise: str) -> None:
    """Look again and again until it holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline, promise
        await asyncio.sleep(0.005)


async def lose(reading: Reading) -> None:
    """Read until the driver says that the conversation is lost."""
    async with asyncio.timeout(PATIENCE_S):
        while True:
            try:
                await reading.read()
            except NotConnected:
                return


async def read_good(reading: Reading, tag: str) -> None:
    """What the agent does: connect, read, close and start again, until the tag is good."""
    async with asyncio.timeout(PATIENCE_S):
        while reading.quality[tag] is not Quality.GOOD:
            try:
                await reading.read()
            except NotConnected:
                await reading.driver.close()
                with contextlib.suppress(NotConnected):
                    await reading.driver.connect()
