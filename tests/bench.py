"""The agent's side of the driver contract in a few lines, and the device in the test's hands; for `tests.contract`."""

import asyncio
import contextlib
import math
import os
import re
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from drivers.contract import Driver, DriverPlugin, Group, Quality, Scan, Tag, Value
from drivers.errors import NotConnected

PATIENCE_S = 15.0
"""Longer than any time-out that a bench should give its driver."""

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


class Reading:
    """A driver and what is known from its scans: the agent's side of the contract in a few lines."""

    def __init__(self, bench: Bench, name: str = "press@1s") -> None:
        self.bench = bench
        self.notes = Notes()
        self.group = group_of(bench, name)
        settings = bench.plugin.connection.model_validate(dict(bench.connection))
        self.driver: Driver = bench.plugin.open(settings, [self.group], self.notes)
        self.known: dict[str, Value | Quality] = {}
        self.quality: dict[str, Quality] = {}

    async def read(self) -> set[str]:
        """Read once, check the scans, learn from them; the names that were named."""
        before_ms = self.bench.now_ms()
        scans = await within(self.driver.read(self.group.name))
        named: set[str] = set()
        for scan in scans:
            self._check(scan, before_ms)
            named |= {self.group.tags[i].name for i in (*scan.indexes, *scan.faults)}
            for index, value in zip(scan.indexes, scan.values, strict=True):
                self.known[self.group.tags[index].name] = value
                self.quality[self.group.tags[index].name] = scan.faults.get(index, Quality.GOOD)
            for index, reason in scan.faults.items():
                self.quality[self.group.tags[index].name] = reason
                if reason.is_bad:
                    self.known[self.group.tags[index].name] = reason
        return named

    def _check(self, scan: Scan, before_ms: float) -> None:
        size = len(self.group.tags)
        assert len(scan.indexes) == len(scan.values), "indexes and values have one length"
        assert len(set(scan.indexes)) == len(scan.indexes), "a tag is named once in a scan"
        assert all(0 <= i < size for i in (*scan.indexes, *scan.faults)), "positions are those of Group.tags"
        for time_ms in (scan.time_ms, *(scan.times or ())):
            assert type(time_ms) is int, "times are whole milliseconds"
            assert before_ms - 2000 <= time_ms <= self.bench.now_ms() + 2000, "times are the moment of acquisition"
        assert scan.times is None or len(scan.times) == len(scan.indexes), "times belong to indexes"
        for index, reason in scan.faults.items():
            assert isinstance(reason, Quality), "a fault has a reason"
            assert reason is not Quality.GOOD, "good is no fault"
            assert (index in scan.indexes) is not reason.is_bad, "bad has no value, uncertain has one"
        assert all(is_closed(value) for value in scan.values), f"values are bool, int, float or str: {scan.values}"


def is_closed(value: object) -> bool:
    """Whether it is of the closed set of values: no NaN, no infinity, no text that UTF-8 cannot carry."""
    if type(value) is float:
        return math.isfinite(value)
    if type(value) is str:
        return not re.search("[\ud800-\udfff]", value)
    return type(value) in {bool, int}


def group_of(bench: Bench, name: str, more: Mapping[str, Keys] | None = None) -> Group:
    """One group of all tags of the bench, and more."""
    address = bench.plugin.address.model_validate
    tags = [Tag(tag, address(dict(keys))) for tag, keys in {**bench.tags, **(more or {})}.items()]
    return Group(name, "press", bench.plugin.device.model_validate(dict(bench.device)), tags, 1.0)


async def within(awaitable: Awaitable[T]) -> T:
    """Every call of a driver is bounded by the driver's own time-outs."""
    async with asyncio.timeout(PATIENCE_S):
        return await awaitable


def sockets() -> int:
    """How many sockets this process holds."""
    links = (f"/proc/self/fd/{fd}" for fd in os.listdir("/proc/self/fd"))
    return sum(os.path.exists(link) and os.readlink(link).startswith("socket:") for link in links)


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
