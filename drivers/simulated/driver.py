"""The conversation with a device that is only imagined; the smallest complete driver, for both ways of listening."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import NamedTuple, cast

from pydantic import BaseModel

from drivers.contract import NO_FAULTS, Described, Driver, Group, Journal, Quality, Scan, Tag, Value
from drivers.errors import InvalidConfig, NotConnected, Problem
from drivers.phrase import Phrase
from drivers.simulated.config import Address, Connection, failure
from drivers.simulated.signal import Signal, SignalError, parse

Clock = Callable[[], float]

KEEP_ALIVE_S = 1.0
"""What is subscribed has a Scan at least so often."""


def open_driver(settings: BaseModel, groups: Sequence[Group], journal: Journal, *, clock: Clock = time.time) -> Driver:
    """Plan the reading of these groups. `clock` gives UTC epoch seconds. Raises `InvalidConfig`."""
    connection = cast(Connection, settings)
    problems: list[Problem] = []
    signals = {group.name: _signals(group, connection.seed, problems) for group in groups}
    if problems:
        raise InvalidConfig(problems)
    sampling_s = {group.name: group.every_s for group in groups if group.is_subscribed}
    return SimulatedDriver(connection, signals, sampling_s, clock)


def describe(settings: BaseModel, group: Group) -> list[Described]:
    """The type of each tag and its signal as it was written."""
    return [Described(parse(_text(tag)).type, _text(tag)) for tag in group.tags]


def _signals(group: Group, seed: int, problems: list[Problem]) -> list[Signal]:
    signals = []
    for tag in group.tags:
        try:
            signals.append(parse(_text(tag), seed=f"{seed}/{group.device}/{tag.name}"))
        except SignalError as wrong:
            problems.append(Problem(wrong.code, group.device, tag.name, "address", wrong.facts))
    return signals


def _text(tag: Tag) -> str:
    return cast(Address, tag.address).address


class Shown(NamedTuple):
    """What a completed read found: a value or None for each tag, and the reasons of the Nones."""

    values: Sequence[Value | None]
    faults: Mapping[int, Quality]


class SimulatedDriver:
    """Shows signals as tags, tells of their changes where it was asked to, and fails when it was told to."""

    def __init__(
        self,
        settings: Connection,
        signals: Mapping[str, Sequence[Signal]],
        sampling_s: Mapping[str, float],
        clock: Clock,
    ) -> None:
        self._settings = settings
        self._failures = [failure(text) for text in settings.fail]
        self._signals = signals
        self._sampling_s = sampling_s
        self._clock = clock
        self._opened_s = clock()
        self._last: dict[str, Shown] = {}
        self._hung_up = asyncio.Event()
        self._requests = self._timeouts = self._notifications = 0

    @property
    def counts(self) -> Mapping[str, int]:
        return {"requests": self._requests, "timeouts": self._timeouts, "notifications": self._notifications}

    async def connect(self) -> None:
        self._last.clear()
        self._hung_up.clear()
        if self._fails("down"):
            self._hung_up.set()
            raise NotConnected(Phrase("连接被拒绝", "connection refused"))

    async def read(self, group: str) -> Sequence[Scan]:
        signals = self._signals[group]
        self._requests += 1
        answered = not self._fails("mute")
        await self._wait(self._settings.latency if answered else self._settings.timeout)
        if self._hung_up.is_set() or self._fails("down"):
            raise NotConnected(Phrase("连接中断", "connection lost"))
        if answered:
            return [self._look(group)]
        self._timeouts += 1
        faults = dict.fromkeys(range(len(signals)), Quality.BAD_TIMEOUT)
        return [self._news(group, Shown([None] * len(signals), faults), self._clock())]

    async def changes(self) -> AsyncIterator[tuple[str, Scan]]:
        """Look at each group with its sampling period; say what changed, and else from time to time that we live."""
        loop = asyncio.get_running_loop()
        looks = dict.fromkeys(self._sampling_s, loop.time())
        speaks = dict(looks)
        while True:
            group = min(looks, key=lambda name: min(looks[name], speaks[name]))
            due = min(looks[group], speaks[group])
            await self._wait(due - loop.time())
            await self._stay()
            now = max(loop.time(), due)  # a timer may be early by as much as the clock's resolution
            scan = Scan(round(self._clock() * 1000), (), ())
            if looks[group] <= now:
                looks[group] = max(looks[group] + self._sampling_s[group], now)
                scan = self._look(group)
            if scan.indexes or scan.faults or speaks[group] <= now:
                speaks[group] = now + KEEP_ALIVE_S
                self._notifications += 1
                yield group, scan

    async def close(self) -> None:
        self._hung_up.set()

    def _look(self, group: str) -> Scan:
        """What the device shows now, as far as it is new."""
        now = self._clock()
        values = [signal.at(now) for signal in self._signals[group]]
        faults = {i: Quality.BAD_CONFIG for i, value in enumerate(values) if value is None}
        return self._news(group, Shown(values, faults), now)

    def _news(self, group: str, shown: Shown, now: float) -> Scan:
        scan = _difference(shown, self._last.get(group), round(now * 1000))
        self._last[group] = shown
        return scan

    async def _stay(self) -> None:
        """Raise where the conversation is over. A device that tells by itself and is silent is one that is lost."""
        if self._fails("mute"):
            await self._wait(self._settings.timeout)
            raise NotConnected(Phrase("没有心跳", "no keep-alive"))
        if self._hung_up.is_set() or self._fails("down"):
            raise NotConnected(Phrase("连接中断", "connection lost"))

    def _fails(self, what: str) -> bool:
        age_s = self._clock() - self._opened_s
        return any(failure.what == what and failure.begin_s <= age_s < failure.end_s for failure in self._failures)

    async def _wait(self, seconds: float) -> None:
        """Let that time pass; `close` ends it early, because it may come while a read is under way."""
        if seconds > 0:
            try:
                await asyncio.wait_for(self._hung_up.wait(), seconds)
            except TimeoutError:
                return


def _difference(shown: Shown, last: Shown | None, time_ms: int) -> Scan:
    """Name what is not as it was in the last completed read; without one, name everything."""
    changed = [
        i
        for i, value in enumerate(shown.values)
        if last is None or value != last.values[i] or shown.faults.get(i) != last.faults.get(i)
    ]
    good = [(i, value) for i in changed if (value := shown.values[i]) is not None]
    faults = {i: shown.faults[i] for i in changed if i in shown.faults}
    return Scan(time_ms, [i for i, _ in good], tuple(value for _, value in good), faults or NO_FAULTS)
