"""The way to a device that dials in, such as a 4G modem on a serial line: we listen, it connects.

The conversation is open as soon as we listen. While nobody has dialled in, every request is lost, at once.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from drivers.errors import NotConnected
from drivers.modbus.batch import PATIENCE, Batch
from drivers.modbus.counts import Counts
from drivers.modbus.endpoint import Endpoint
from drivers.modbus.exchange import Exchange
from drivers.modbus.reason import CLOSED, not_opened
from drivers.modbus.request import Outcome, Request, Result
from drivers.modbus.serial_exchange import Debt
from drivers.modbus.wires import StreamWire

HELLO_S = 10.0
"""How long a modem has to say its hello, where one is expected."""


class ListeningLink:
    """One port, one peer: who dials in last is spoken to, for a modem that lost its radio does not say goodbye."""

    def __init__(
        self,
        at: Endpoint,
        pause_s: float,
        counts: Counts,
        exchange: Callable[[], Exchange],
        debts: Mapping[int, Debt] | None = None,
    ) -> None:
        self.place = at.place
        self._at = at
        self._pause_s = pause_s
        self._counts = counts
        self._new_exchange = exchange
        self._is_open = False
        self._server: asyncio.Server | None = None
        self._wire: DialledIn | None = None
        self.drains = debts is not None
        self._debts = {} if debts is None else debts
        self._here: set[DialledIn] = set()

    @property
    def is_awaited(self) -> bool:
        return self._wire is None or not self._wire.is_sound

    def owes_until(self, unit: int) -> float:
        debt = self._debts.get(unit)
        return debt.until if debt is not None else float("-inf")

    @property
    def port(self) -> int:
        """The one that is listened at."""
        return int(self._server.sockets[0].getsockname()[1]) if self._server else self._at.port

    async def open(self) -> None:
        """Listen. Raises `NotConnected` where that is not possible."""
        await self.close()
        self._is_open = True
        loop = asyncio.get_running_loop()
        try:
            server = await loop.create_server(self._new_wire, self._at.host, self._at.port)
        except OSError as error:
            self._is_open = False
            raise not_opened(error) from error
        if not self._is_open:
            server.close()
            raise NotConnected(CLOSED)
        self._server = server

    async def close(self) -> None:
        """Stop listening and hang up."""
        self._is_open = False
        if self._server is not None:
            self._server.close()
            self._server = None
        for wire in list(self._here):
            self._counts.lost += len(wire.exchange.give_up())
            await wire.end(reset=False)

    async def ask(self, requests: Sequence[Request], patience: int = PATIENCE) -> list[Outcome]:
        """Make requests to one unit and return their outcomes, in order. Raises `NotConnected` after `close`."""
        if not self._is_open:
            raise NotConnected(CLOSED)
        batch = Batch(requests, patience)
        wire = self._wire
        if wire is not None and wire.is_sound:
            try:
                await wire.run(batch)
            finally:
                if not batch.is_done:
                    self._counts.lost += len(wire.exchange.give_up())
                    wire.hang_up(reset=True)
        if not batch.is_done:
            if not self._is_open:
                raise NotConnected(CLOSED)
            now = asyncio.get_running_loop().time()
            batch.abandon(Outcome(Result.LOST, now, now))
        self._counts.skipped += batch.skipped
        return batch.outcomes

    # -- for those who dial in

    def _new_wire(self) -> "DialledIn":
        return DialledIn(self._new_exchange(), self._pause_s, self, self._at.hello)

    def came(self, wire: "DialledIn") -> bool:
        """Somebody dialled in, and who he is will be seen; False where he comes to a door that was just closed."""
        self._here.add(wire)
        return self._is_open

    def known(self, wire: "DialledIn") -> None:
        """He is the one who is expected."""
        before, self._wire = self._wire, wire
        self._counts.connects += 1
        if before is not None:
            before.hang_up(reset=True)

    def left(self, wire: "DialledIn") -> None:
        self._here.discard(wire)
        if self._wire is wire:
            self._wire = None


class DialledIn(StreamWire):
    """The connection of a modem, which may have to say its hello before it counts."""

    def __init__(self, exchange: Exchange, pause_s: float, link: ListeningLink, hello: bytes) -> None:
        super().__init__(exchange, pause_s)
        self._link = link
        self._hello = hello
        self._said = b""
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if not self._link.came(self):
            self.hang_up(reset=True)
        elif self._hello:
            self._patience = asyncio.get_running_loop().call_later(HELLO_S, partial(self.hang_up, reset=True))
        else:
            self._link.known(self)

    def arrived(self, data: bytes) -> None:
        """What comes before and with the hello is not Modbus."""
        if self._patience is None:
            super().arrived(data)
            return
        self._said += data
        if self._said.startswith(self._hello):
            self._patience.cancel()
            self._patience = None
            self._link.known(self)
        elif not self._hello.startswith(self._said):
            self.hang_up(reset=True)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._patience is not None:
            self._patience.cancel()
        self._link.left(self)
        super().connection_lost(exc)
