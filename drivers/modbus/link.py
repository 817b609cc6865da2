"""The way to one endpoint: opens its wire, closes it, replaces it when it is lost or broken, and asks through it.

There is exactly one wire at any time. A connection that is replaced is reset first (it does not linger), so that a
device that serves one connection only has its place free when the next one comes.
"""

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from typing import Protocol

from drivers.errors import NotConnected
from drivers.modbus.batch import PATIENCE, Batch
from drivers.modbus.counts import Counts
from drivers.modbus.dial import Dial
from drivers.modbus.reason import CLOSED, not_opened
from drivers.modbus.request import Outcome, Request, Result
from drivers.modbus.serial_exchange import Debt
from drivers.modbus.wire import Wire
from drivers.phrase import Phrase


class Way(Protocol):
    """What reads groups asks through: a `Link`, or a `ListeningLink`."""

    place: str
    """How logs name the endpoint."""

    drains: bool
    """Whether a unit that let a request time out is not asked until its late reply came or can come no more."""

    @property
    def is_awaited(self) -> bool:
        """Whether it is the peer's turn to connect."""

    def owes_until(self, unit: int) -> float:
        """Until when that is, in monotonic seconds of the loop."""

    async def open(self) -> None: ...
    async def close(self) -> None: ...
    async def ask(self, requests: Sequence[Request], patience: int = PATIENCE) -> list[Outcome]: ...


class Link:
    """One endpoint. `ask` may not overlap itself; `close` may come at any time."""

    def __init__(
        self, place: str, dial: Dial, timeout_s: float, counts: Counts, debts: Mapping[int, Debt] | None = None
    ) -> None:
        """`debts`: unit -> the reply that it owes, where frames have no transaction id."""
        self.place = place
        self.is_awaited = False
        self.drains = debts is not None
        self._debts = {} if debts is None else debts
        self._dial = dial
        self._timeout_s = timeout_s
        self._counts = counts
        self._wire: Wire | None = None
        self._opening: asyncio.Timeout | None = None
        self._closed = True

    def owes_until(self, unit: int) -> float:
        debt = self._debts.get(unit)
        return debt.until if debt is not None else float("-inf")

    async def open(self) -> None:
        """Open the connection, name resolution included, within the time-out. Raises `NotConnected`."""
        self._closed = False
        await self._drop()
        await self._connect()

    async def close(self) -> None:
        """Close what is open or opening; requests in flight end in `NotConnected`."""
        self._closed = True
        if self._opening is not None and not self._opening.expired():
            self._opening.reschedule(asyncio.get_running_loop().time())
        await self._drop(reset=False)

    async def ask(self, requests: Sequence[Request], patience: int = PATIENCE) -> list[Outcome]:
        """Make requests to one unit and return their outcomes, in order. After `patience` failures in a row without an
        answer the rest is not asked.

        The connection is opened again where it was broken, and once where the device ended it. Raises `NotConnected`
        when it cannot be opened or the device ends it a second time.
        """
        batch = Batch(requests, patience)
        ends = 0
        try:
            while not batch.is_done:
                wire = self._wire
                if wire is None or not wire.is_sound:
                    wire = await self._reconnect()
                await wire.run(batch)
                if not batch.is_done:
                    ends += self._take_back(wire, batch)
                    if ends > 1:
                        raise _ended_twice(wire)
        finally:
            if batch.skipped:
                self._counts.skipped += batch.skipped
            if not batch.is_done or self._wire is None or not self._wire.is_sound:
                await self._drop()
        return batch.outcomes

    async def _reconnect(self) -> Wire:
        if self._closed:
            raise NotConnected(CLOSED)
        await self._drop()
        self._counts.reconnects += 1
        return await self._connect()

    def _take_back(self, wire: Wire, batch: Batch) -> int:
        """Requests that were in flight when their connection ended are asked again; 1 if the device ended it.

        Where the device had answered before, the oldest of them is left out: it may be what the device stumbled over.
        """
        if self._closed:
            raise NotConnected(CLOSED)
        tickets = wire.exchange.give_up()
        self._counts.lost += len(tickets)
        ended_by_device = wire.exchange.broken is None
        if ended_by_device and wire.exchange.answered and tickets:
            now = asyncio.get_running_loop().time()
            batch.settle([(tickets.pop(0), Outcome(Result.LOST, now, now))], broke=True)
        batch.put_back(tickets)
        return int(ended_by_device)

    async def _connect(self) -> Wire:
        try:
            async with asyncio.timeout(self._timeout_s) as self._opening:
                wire = await self._dial()
        except TimeoutError:
            if self._closed:
                raise NotConnected(CLOSED) from None
            raise NotConnected(_unanswered(self._timeout_s), "M2011") from None
        except OSError as error:
            raise not_opened(error) from error
        finally:
            self._opening = None
        self._counts.connects += 1
        self._wire = wire
        if self._closed:
            await self._drop()
            raise NotConnected(CLOSED)
        return wire

    async def _drop(self, *, reset: bool = True) -> None:
        wire = self._wire
        if wire is not None:
            wire.exchange.give_up()
            await wire.end(reset=reset)
            if self._wire is wire:
                self._wire = None


def _ended_twice(wire: Wire) -> NotConnected:
    """With TLS 1.3 a device refuses our certificate after it has taken the connection."""
    if isinstance(wire.error, ssl.SSLError):
        return not_opened(wire.error)
    twice = Phrase("设备在一次读取中两次关闭连接", "the device closed the connection twice within one read")
    return NotConnected(twice)


def _unanswered(timeout_s: float) -> Phrase:
    return Phrase(f"连接请求 {timeout_s:g} s 没有应答", f"no answer to the connection request in {timeout_s:g} s")
