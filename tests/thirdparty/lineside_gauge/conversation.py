"""Question, answer, question: each answer carries the number of its question, so a late one is known."""

import asyncio
import math
import struct
import time
from collections.abc import Mapping, Sequence
from typing import cast

from pydantic import BaseModel

from drivers.contract import Described, Driver, Group, Journal, Quality, Scan
from drivers.errors import InvalidConfig, NotConnected, Problem
from lineside_gauge.models import Address, Connection, Device

QUESTION, ANSWER = struct.Struct(">HH"), struct.Struct(">HHBf")
READY, WARMING_UP = 0, 2
SILENT_AT_MOST = 3
Outcome = tuple[float | None, Quality]


def open_gauge(settings: BaseModel, groups: Sequence[Group], journal: Journal) -> Driver:
    """Check every channel; touch nothing."""
    wrong = [
        Problem("G1001", group.device, tag.name, "address", {"channel": channel, "size": size})
        for group in groups
        for tag, channel in zip(group.tags, _channels(group), strict=True)
        if channel > (size := cast(Device, group.settings).channels)
    ]
    if wrong:
        raise InvalidConfig(wrong)
    return Gauge(cast(Connection, settings), groups, journal)


def describe(settings: BaseModel, group: Group) -> list[Described]:
    return [Described("float", f"channel {channel}") for channel in _channels(group)]


def _channels(group: Group) -> list[int]:
    return [cast(Address, tag.address).address for tag in group.tags]


class Gauge(asyncio.DatagramProtocol):
    """One conversation, one question at a time."""

    def __init__(self, settings: Connection, groups: Sequence[Group], journal: Journal) -> None:
        self._settings = settings
        self._groups = {group.name: group for group in groups}
        self._journal = journal
        self._last: dict[tuple[str, int], Outcome] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._number = 0
        self._asked: tuple[int, int] | None = None
        self._answer: asyncio.Future[tuple[int, float]] | None = None
        self._silent = 0
        self.counts: Mapping[str, int] = {"requests": 0, "timeouts": 0, "late": 0}

    async def connect(self) -> None:
        """A datagram socket is always "connected", so the gauge is asked whether it is there."""
        self._last.clear()
        self._silent = 0
        where = (self._settings.host, self._settings.port)
        try:
            loop = asyncio.get_running_loop()
            async with asyncio.timeout(self._settings.timeout):
                self._transport, _ = await loop.create_datagram_endpoint(lambda: self, remote_addr=where)
            await self._ask(1)
        except OSError as error:
            await self.close()
            raise NotConnected(str(error) or "no answer") from None

    async def read(self, group: str) -> Sequence[Scan]:
        return [await self._read(group, index, channel) for index, channel in enumerate(_channels(self._groups[group]))]

    async def close(self) -> None:
        transport, self._transport = self._transport, None
        if transport:
            transport.abort()
            await asyncio.sleep(0)  # the loop closes the socket in its next turn
        self._fail(NotConnected("closed"))

    def datagram_received(self, data: bytes, addr: object) -> None:
        """An answer; one that fits no open question is late, and no value."""
        if len(data) == ANSWER.size and self._answer and not self._answer.done():
            number, channel, status, value = ANSWER.unpack(data)
            if (number, channel) == self._asked:
                self._answer.set_result((status, value))
                return
        self._count("late")

    def error_received(self, exc: Exception) -> None:
        self._fail(NotConnected(str(exc)))

    async def _read(self, group: str, index: int, channel: int) -> Scan:
        before = time.time()
        try:
            status, value = await self._ask(channel)
            self._silent = 0
            outcome = self._outcome(self._groups[group].device, status, value)
        except TimeoutError:
            self._count("timeouts")
            self._silent += 1
            if self._silent >= SILENT_AT_MOST:
                raise NotConnected("no answer") from None
            outcome = (None, Quality.BAD_TIMEOUT)
        time_ms = round((before + time.time()) / 2 * 1000)
        same, self._last[group, index] = self._last.get((group, index)) == outcome, outcome
        return Scan(time_ms, (), ()) if same else _scan(time_ms, index, outcome)

    async def _ask(self, channel: int) -> tuple[int, float]:
        if self._transport is None:
            raise NotConnected("closed")
        self._number = self._number + 1 & 0xFFFF
        self._count("requests")
        self._asked = (self._number, channel)
        self._answer = asyncio.get_running_loop().create_future()
        self._transport.sendto(QUESTION.pack(*self._asked))
        async with asyncio.timeout(self._settings.timeout):
            return await self._answer

    def _outcome(self, device: str, status: int, value: float) -> Outcome:
        if status not in {READY, WARMING_UP}:
            return None, Quality.BAD_CONFIG
        if status == WARMING_UP:
            self._journal.lost("G2001", device, device=device)
        else:
            self._journal.back("G2001", device, device=device)
        if not math.isfinite(value):
            return None, Quality.BAD_DECODE
        return value, Quality.GOOD if status == READY else Quality.UNCERTAIN_SENSOR

    def _fail(self, reason: NotConnected) -> None:
        if self._answer and not self._answer.done():
            self._answer.set_exception(reason)

    def _count(self, word: str) -> None:
        self.counts = {**self.counts, word: self.counts[word] + 1}


def _scan(time_ms: int, index: int, outcome: Outcome) -> Scan:
    value, quality = outcome
    faults = {} if quality is Quality.GOOD else {index: quality}
    return Scan(time_ms, (), (), faults) if value is None else Scan(time_ms, (index,), (value,), faults)
