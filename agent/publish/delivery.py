"""Look after one destination for ever: connect, begin, send, and connect again when it is lost."""

import asyncio
import random
import time
from collections import deque
from collections.abc import Callable, Mapping
from typing import Generic, Literal, Protocol, TypeVar

from agent.backoff import Backoff
from agent.formats.contract import Format, Snapshot
from agent.mqtt import Cause, Link, LinkFailed, Will
from agent.outbox.contract import Reader
from agent.publish.pace import LONGER, Pace, most_pause_s
from agent.publish.session import Session, Ways
from agent.scope import Scope
from drivers.contract import Journal
from drivers.phrase import Phrase

S = TypeVar("S")

REASONS_TOLD = 5
"""Different reasons of one outage that are lines of their own."""


class Opener(Protocol):
    """What opens links to the destination, such as `agent.mqtt.Connector`."""

    async def open(self, will: Will | None = None) -> Link:
        """Connect and wait for CONNACK. Raises `LinkFailed` with the reason in words."""


class Delivery(Generic[S]):
    """One destination. `look_after` runs until it is told to stop; `report` and `turned_s` may be read at any time."""

    def __init__(
        self,
        name: str,
        reader: Reader,
        format_: Format[S],
        state: S,
        opener: Opener,
        client_id: str,
        *,
        snapshot: Callable[[], Snapshot],
        report: Callable[[], Mapping[str, object]],
        journal: Journal,
        pace: Pace | None = None,
        canary: str | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        chance: random.Random | None = None,
    ) -> None:
        """`snapshot` is the gateway as it stands, `report` what the health topic says, both read when needed.

        `canary` is a topic to read back with MQTT 3.1.1; None subscribes to nothing.
        """
        self.name = name
        self.turned_s = monotonic()
        """Monotonic time of the newest completed turn: an attempt, successful or not, or a look while connected."""
        self._pace = pace or Pace()
        self._ways = Ways(name, reader, format_, state, snapshot, report, journal, self._pace, canary)
        self._opener = opener
        self._client_id = client_id
        self._journal = journal
        self._monotonic = monotonic
        self._chance = chance or random.Random()  # spreads load, guards nothing
        self._backoff = Backoff(self._chance)
        self._session: Session[S] | None = None
        self._state: Literal["connecting", "up", "down"] = "connecting"
        self._since_ms = snapshot().now_ms
        self._reason = ""
        self._protocol = ""
        self._losses = 0
        self._told: set[str] = set()
        self._is_old_told = False
        self._connected_s = 0.0
        self._cut_offs: deque[float] = deque(maxlen=self._pace.cut_offs)
        self._is_rivalled = False
        self._is_stopping = False

    def report(self) -> dict[str, object]:
        """This destination's part of the health report."""
        tally = self._ways.reader.tally
        return {
            "state": self._state,
            "since": self._since_ms,
            "reason": self._reason,
            "protocol": self._protocol,
            "losses": self._losses,
            "refused": dict(self._ways.refusals.reasons),
            "accepted": tally.accepted,
            "delivered": tally.delivered,
            "queued": tally.queued,
            "queued_bytes": tally.queued_bytes,
            "oldest_age_s": round(tally.oldest_age_s, 1),
            "dropped": dict(tally.dropped),
        }

    async def look_after(self, stop: asyncio.Event) -> None:
        """Deliver until `stop` is set, then drain, say goodbye and return within about two seconds."""
        async with Scope() as scope:
            scope.start(self._for_ever(), f"deliver {self.name}")
            await stop.wait()
            self._is_stopping = True
            if self._session is not None:
                await self._session.drain()
            if self._session is not None:
                await self._session.farewell()

    async def _for_ever(self) -> None:
        """One of the three places that survive a defect: one destination must not end the process."""
        while not self._is_stopping:
            try:
                await self._connection()
            except LinkFailed as failed:
                pause = self._lost(failed.reason, failed.cause)
            except Exception as defect:  # noqa: BLE001  # one destination must not end the others
                self._journal.lost("E4900", self.name, error=_innermost(defect))
                pause = self._lost(Phrase("程序缺陷", "defect"))
            await self._rest(pause)

    async def _connection(self) -> None:
        ways = self._ways
        link = await self._opener.open(ways.format.will(ways.state, ways.snapshot()))
        try:
            self._connected_s = self._monotonic()
            self._protocol = link.protocol
            self._session = Session(ways, link, self._proved, self._turned)
            await self._session.run()
        finally:
            self._session = None
            link.close()

    def _turned(self) -> None:
        self.turned_s = self._monotonic()
        if self._is_rivalled and self._session and self.turned_s - self._connected_s > self._pace.rival_gone_s:
            self._is_rivalled = False
            self._journal.back("E4004", self.name)

    def _proved(self) -> None:
        """The broker acknowledged something: only this ends an outage."""
        self._backoff.reset()
        self._told.clear()
        self._enter("up", "")
        self._journal.back("E4001", self.name, protocol=self._protocol)
        self._journal.back("E4900", self.name)
        if self._protocol == "3.1.1" and not self._is_old_told:
            self._is_old_told = True
            self._journal.note("W4003", self.name)

    def _enter(self, state: Literal["up", "down"], reason: str) -> None:
        self._reason = reason
        if state != self._state:
            self._state, self._since_ms = state, self._ways.snapshot().now_ms

    def _lost(self, reason: str, cause: Cause = Cause.UNKNOWN) -> float:
        """Say it, and how long to wait in seconds."""
        now = self.turned_s = self._monotonic()
        if self._is_stopping:
            return 0.0
        self._losses += 1
        self._enter("down", reason)
        self._journal.lost("E4001", self.name, reason=reason, cause=cause)
        if self._told and reason not in self._told and len(self._told) < REASONS_TOLD:
            self._journal.note("W4002", self.name, reason=reason, cause=cause)
        self._told.add(reason)
        connected, self._connected_s = self._connected_s, 0.0
        is_quick = bool(connected) and now - connected <= self._pace.quick_s
        is_cut_off = is_quick and not self._ways.suspicion.is_accusing and self._is_cut_off(now)
        # Sooner it may be a CONNECT of our own that the broker found late, after an outage; not on a link that held.
        if is_cut_off or (cause == Cause.TAKEN_OVER and connected and not is_quick):
            self._is_rivalled = True
            self._journal.lost("E4004", self.name, client_id=self._client_id)
        if is_cut_off:
            return self._pace.rest_s * self._chance.uniform(1.0, LONGER)
        return self._backoff.pause(now, most_pause_s(cause))

    def _is_cut_off(self, now: float) -> bool:
        """Cut off again and again, each time soon after CONNACK (two clients of one id throw each other out)."""
        self._cut_offs.append(now)
        is_crowded = len(self._cut_offs) == self._pace.cut_offs and now - self._cut_offs[0] <= self._pace.crowded_s
        return is_crowded or self._is_rivalled

    async def _rest(self, pause_s: float) -> None:
        """Wait, in slices, because waiting long is no sign of being stuck."""
        until = self._monotonic() + pause_s
        while (left := until - self._monotonic()) > 0:
            await asyncio.sleep(min(left, self._pace.tick_s))
            self.turned_s = self._monotonic()


def _innermost(defect: BaseException) -> str:
    """One line for a defect that tasks may have wrapped in groups."""
    while isinstance(defect, BaseExceptionGroup):
        defect = defect.exceptions[0]
    return repr(defect)
