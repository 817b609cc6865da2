"""One conversation of a fake PLC: requests in, replies out, in time, in pieces, or not at all."""

import asyncio
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING

from tests.fakes.faults import Asked, Reply

if TYPE_CHECKING:
    from tests.fakes.plc import FakePlc


class Talk:
    """A kind of talk gives it what arrives (`heard`), and can `write` and `abort`; see `tests.fakes.sockets`."""

    is_held = True
    """Whether the client still has its end open."""

    def __init__(self, plc: "FakePlc") -> None:
        self.plc = plc
        self.gone = asyncio.Event()
        self.number = -1
        self._received = b""
        self._timers: set[asyncio.TimerHandle] = set()

    def write(self, data: bytes) -> None:
        """Send, if it is still possible."""

    def abort(self) -> None:
        """End at once."""

    def begins(self) -> None:
        plc = self.plc
        self.number = plc.accepted
        plc.accepted += 1
        plc.open += 1
        plc.talks.add(self)
        plc.stir()
        held = sum(talk.is_held for talk in plc.talks)
        if plc.max_connections is not None and held > plc.max_connections:
            self.abort()
        else:
            plc.most_open = max(plc.most_open, held)

    def ends(self) -> None:
        self.plc.open -= 1
        self.plc.talks.discard(self)
        self.plc.stir()
        for timer in self._timers:
            timer.cancel()
        self.gone.set()

    def heard(self, data: bytes) -> None:
        if self.plc.sends_back:
            self.write(data)
        found, self._received = self.plc.framing.take(self._received + data)
        for heard in found:
            asked = Asked(len(self.plc.requests), self.number, *heard)
            reply = self.plc.answer(asked)
            if not self.plc.is_mute:
                self._reply(reply)

    def _reply(self, reply: Reply) -> None:
        """In its time, or never: a machine that stands still for a moment must not make this PLC later than it is."""
        data = reply.data * reply.times
        if reply.drop_at is not None:
            data = data[: reply.drop_at]
        edges = [0, *[at for at in reply.split_at if at < len(data)], len(data)]
        when = reply.delay_s
        for low, high in pairwise(edges):
            self._later(when, partial(self.write, data[low:high]))
            when += reply.gap_s
        if reply.drop_at is not None:
            self._later(when, self.abort)

    def _later(self, delay_s: float, action: Callable[[], None]) -> None:
        if delay_s <= 0:
            action()
            return
        loop = asyncio.get_running_loop()
        latest = loop.time() + self.plc.latest_s

        def act() -> None:
            self._timers.discard(timer)
            if loop.time() <= latest:
                action()

        timer = loop.call_later(delay_s, act)
        self._timers.add(timer)
