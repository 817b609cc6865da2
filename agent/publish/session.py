"""One connection to a destination, from CONNACK to its end."""

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import InitVar, dataclass, field
from functools import partial
from typing import Generic, TypeVar

from agent.formats.contract import NO_METAS, Format, Message, Meta, Snapshot
from agent.mqtt import PACKET_TOO_LARGE, PAYLOAD_FORMAT_INVALID, Cause, Link, LinkFailed, Refusal, packet_bytes
from agent.outbox.contract import Reader
from agent.publish.canary import Canary
from agent.publish.pace import Pace
from agent.publish.refusals import Refusals
from agent.publish.suspicion import Key, Loss, Suspicion
from agent.record import Entry, Record
from agent.scope import Scope
from drivers.contract import Journal
from drivers.phrase import Phrase

S = TypeVar("S")

UNSPEAKABLE = (ValueError, TypeError, LookupError, ArithmeticError)
"""What a format raises on a record that it cannot put into words; the next record may do."""

NOT_CUT = frozenset((Cause.UNACKNOWLEDGED, Cause.SILENT, Cause.UNREACHABLE, Cause.TAKEN_OVER))
"""Ends of a connection that no record brings about."""


@dataclass(slots=True)
class Ways(Generic[S]):
    """What one destination has for good: its format with the state of that, its reader, whom to tell."""

    name: str
    reader: Reader
    format: Format[S]
    state: S
    snapshot: Callable[[], Snapshot]
    report: Callable[[], Mapping[str, object]]
    journal: Journal
    pace: Pace
    canary_topic: InitVar[str | None] = None
    refusals: Refusals = field(init=False)
    suspicion: Suspicion = field(init=False)
    canary: Canary | None = field(init=False)

    def __post_init__(self, canary_topic: str | None) -> None:
        self.refusals = Refusals(self.name, self.reader, self.journal, self.pace)
        self.suspicion = Suspicion(self.pace)
        self.canary = Canary(self.name, canary_topic, self.journal, self.pace) if canary_topic else None


@dataclass(slots=True)
class _Parts:
    """How many messages of a record are not answered, and whether one of them was refused."""

    left: int
    refusal: Refusal | None = None


@dataclass(frozen=True, slots=True)
class _Alone:
    """A record that is under way while nothing else is."""

    entry: Entry
    sent_s: float
    is_proved: bool
    """Whether something had been acknowledged on this connection before."""


class Session(Generic[S]):
    """Sends what the outbox has while the link lives."""

    def __init__(self, ways: Ways[S], link: Link, on_proof: Callable[[], None], on_turn: Callable[[], None]) -> None:
        self._ways = ways
        self._link = link
        self._on_proof = on_proof
        self._on_turn = on_turn
        self._proof = asyncio.Event()
        self._is_ending = False
        self._is_draining = False
        self._drained = asyncio.Event()
        self._refusals = ways.refusals
        self._suspicion = ways.suspicion
        self._flying: dict[int, Entry] = {}
        """Records that were sent and are not answered, by number."""
        self._others = 0
        """How many messages that are no records are under way."""
        self._alone: _Alone | None = None
        self._greeting = ""
        """The topic of what is under way alone before the first record."""
        self._metas: Mapping[str, Meta] = NO_METAS
        """Those that this connection was told."""
        self._is_open = asyncio.Event()
        """Neither what comes before the first record nor a record that must be alone is under way."""
        self._begun_s = time.monotonic()

    async def run(self) -> None:
        """Until the link is lost, which is raised as `LinkFailed`."""
        ways = self._ways
        ways.reader.begin()
        try:
            async with Scope() as scope:
                scope.start(self._records(), f"records to {ways.name}")
                scope.start(self._health(), f"health to {ways.name}")
                scope.start(self._metas_too(), f"metas to {ways.name}")
                scope.start(self._turns(), f"turns of {ways.name}")
                if ways.canary is not None and self._link.protocol == "3.1.1":
                    scope.start(ways.canary.sing(self._link, self._aside), f"canary of {ways.name}")
                await asyncio.wait((self._link.lost,))
        finally:
            self._refusals.close()
        if not self._is_ending:
            self._judge()
        raise LinkFailed(self._link.lost.result(), self._link.cause)

    def _snapshot(self) -> Snapshot:
        return self._ways.snapshot()._replace(max_packet=self._link.split_above)

    async def _begin(self) -> None:
        ways, snapshot = self._ways, self._snapshot()
        ways.state, messages = ways.format.begin(ways.state, snapshot)
        self._metas = snapshot.metas
        await self._greet(messages)

    async def _explain(self) -> None:
        """Tell of metas that this connection was not told of: before records name them, and when none do."""
        await self._opened()
        ways, snapshot = self._ways, self._snapshot()
        if snapshot.metas is self._metas:
            return
        ways.state, messages = ways.format.explain(ways.state, snapshot, self._metas)
        self._metas = snapshot.metas
        self._is_open.clear()
        await self._greet(messages)

    async def _greet(self, messages: Sequence[Message]) -> None:
        """While something is under suspicion, one by one."""
        messages = [message for message in messages if not self._suspicion.leaves_out(message.topic)]
        if not self._suspicion.is_greeting_slowly:
            self._beside(messages)
        else:
            for message in messages:
                self._greeting = message.topic
                self._beside((message,))
                await self._link.idle()
            self._greeting = ""
        self._is_open.set()

    async def _opened(self) -> None:
        """Wait until there may be something beside the records."""
        while not self._is_open.is_set():
            await self._is_open.wait()

    async def _aside(self, message: Message) -> None:
        await self._opened()
        self._beside((message,))

    async def _records(self) -> None:
        await self._begin()
        while not self._is_ending:
            await self._link.room()
            room = self._link.free
            entries = await self._ways.reader.take(room)
            await self._explain()
            snapshot = self._snapshot()
            for entry in entries:
                if self._suspicion.is_careful and self._suspicion.watches(key_of(entry.record)):
                    await self._send_alone(entry)
                else:
                    self._send(entry, snapshot)
            # What comes together leaves together: in one packet, from warm caches. A full window does not wait; a
            # format may need no answer (QoS 0), and then nothing above would let others run.
            await asyncio.sleep(0 if len(entries) == room else self._ways.pace.gather_s)

    async def _health(self) -> None:
        """First when the broker has acknowledged something: before that the report still tells of the outage."""
        ways = self._ways
        await self._proved()
        while True:
            await self._opened()
            ways.state, messages = ways.format.health(ways.state, ways.report(), self._snapshot())
            self._beside(messages)
            await asyncio.sleep(ways.pace.health_every_s)

    async def _metas_too(self) -> None:
        while True:
            await asyncio.sleep(self._ways.pace.tick_s)
            await self._explain()

    async def _turns(self) -> None:
        while True:
            self._on_turn()
            await asyncio.sleep(self._ways.pace.tick_s)

    def _beside(self, messages: Sequence[Message]) -> None:
        """Publish what does not come from the outbox and is not repeated when it is refused."""
        for message in messages:
            self._others += 1
            self._link.publish(*message, partial(self._answered_beside, message.topic))

    def _answered_beside(self, topic: str, refusal: Refusal | None) -> None:
        self._others -= 1
        self._suspicion.greeted(topic)
        if refusal is None:
            self._refusals.accepted(topic)
            self._prove()
        else:
            self._refusals.tell(topic, refusal)

    async def _send_alone(self, entry: Entry) -> None:
        """A record under suspicion, when the connection has held long enough; others wait until it is answered."""
        now = time.monotonic()
        wait_s = self._suspicion.wait_s(key_of(entry.record), now - self._begun_s)
        if wait_s > 0:
            self._ways.reader.refuse(entry.lsn, wait_s)
            return
        await self._link.idle()
        self._is_open.clear()
        self._alone = _Alone(entry, time.monotonic(), self._proof.is_set())
        self._send(entry, self._snapshot())
        await self._link.idle()
        self._alone = None
        self._is_open.set()

    def _send(self, entry: Entry, snapshot: Snapshot) -> None:
        ways = self._ways
        try:
            ways.state, messages = ways.format.encode(ways.state, entry, snapshot)
        except UNSPEAKABLE as error:
            self._set_aside(entry, "encode", Phrase(f"无法编码：{error!r}", repr(error)))
            return
        if not messages:
            ways.reader.confirm(entry.lsn)
        elif self._refusals.parks(messages[0].topic, entry.lsn):
            return
        elif len(messages) == 1:
            self._flying[entry.lsn] = entry
            self._link.publish(*messages[0], partial(self._answered, entry, messages[0].topic))
        else:
            self._flying[entry.lsn] = entry
            parts = _Parts(len(messages))
            for message in messages:
                self._link.publish(*message, partial(self._answered_part, parts, entry, message.topic))

    def _answered_part(self, parts: _Parts, entry: Entry, topic: str, refusal: Refusal | None) -> None:
        parts.left -= 1
        if refusal is not None and (parts.refusal is None or parts.refusal.is_asked):
            # What cannot even be asked for comes before what the broker may take at another time.
            parts.refusal = refusal
        if not parts.left:
            self._answered(entry, topic, parts.refusal)

    def _answered(self, entry: Entry, topic: str, refusal: Refusal | None) -> None:
        self._flying.pop(entry.lsn, None)
        if not self._suspicion.is_idle:
            self._suspicion.answered(key_of(entry.record))
        if refusal is None:
            self._ways.reader.confirm(entry.lsn)
            self._refusals.delivered(topic, entry.lsn)
            self._prove()
        elif refusal.code == PACKET_TOO_LARGE:
            self._refusals.ended(topic, entry.lsn)
            if refusal.is_asked and self._fits(entry):
                self._ways.reader.refuse(entry.lsn, 0.0)
            else:
                self._set_aside(entry, "too_large", refusal.reason)
        elif refusal.code == PAYLOAD_FORMAT_INVALID:
            self._refusals.malformed(topic, entry.lsn, refusal)
        else:
            self._refusals.refused(topic, entry.lsn, refusal)
        if self._is_draining:
            self._look_whether_drained()

    def _fits(self, entry: Entry) -> bool:
        """Whether it comes in parts small enough, by what is known of the broker now."""
        snapshot = self._snapshot()
        _, messages = self._ways.format.encode(self._ways.state, entry, snapshot)
        return all(packet_bytes(message.topic, message.payload) <= snapshot.max_packet for message in messages)

    def _set_aside(self, entry: Entry, reason: str, why: str) -> None:
        stream = entry.record.stream
        self._ways.journal.lost("E4011", f"{self._ways.name} {stream}", stream=stream, reason=why)
        self._ways.reader.set_aside(entry.lsn, reason)

    def _judge(self) -> None:
        """Did a record end this connection, and has it done so too often?"""
        now = time.monotonic()
        alone = self._alone
        flying = {key_of(entry.record) for entry in self._flying.values()}
        if alone is not None and (not alone.is_proved or self._others or self._flying.keys() != {alone.entry.lsn}):
            alone = None
        sent_s = alone.sent_s if alone else now
        loss = Loss(
            frozenset(flying),
            key_of(alone.entry.record) if alone else None,
            self._link.cause not in NOT_CUT,
            sent_s - self._begun_s,
            now - sent_s,
            self._others,
            self._greeting if self._proof.is_set() and self._others == 1 and not flying else "",
        )
        convicted = self._suspicion.lost(loss)
        if convicted is not None and alone is not None:
            self._convict(alone.entry)
        if loss.greeting and self._suspicion.leaves_out(loss.greeting):
            facts = {"topic": loss.greeting, "times": self._ways.pace.strikes}
            self._ways.journal.note("E4014", self._ways.name, **facts)

    def _convict(self, entry: Entry) -> None:
        record = entry.record
        facts = {"stream": record.stream, "boot": record.boot, "seq": record.seq, "times": self._ways.pace.strikes}
        self._ways.journal.note("E4012", self._ways.name, **facts)
        _, messages = self._ways.format.encode(self._ways.state, entry, self._snapshot())
        said = b"".join(b"%b\n%b\n" % (message.topic.encode(), message.payload) for message in messages)
        self._ways.reader.set_aside(entry.lsn, "poison", said)

    async def _proved(self) -> None:
        """A bounded time: where a format sends nothing that is acknowledged, the health message may be the first."""
        try:
            async with asyncio.timeout(self._ways.pace.health_every_s):
                await self._proof.wait()
        except TimeoutError:
            return

    def _prove(self) -> None:
        if not self._proof.is_set():
            self._on_proof()
            self._proof.set()

    async def drain(self) -> None:
        """Wait a bounded time until the outbox is empty; records go on being sent meanwhile."""
        self._is_draining = True
        self._look_whether_drained()
        self._link.lost.add_done_callback(lambda _: self._drained.set())
        try:
            async with asyncio.timeout(self._ways.pace.drain_s):
                await self._drained.wait()
        except TimeoutError:
            return

    def _look_whether_drained(self) -> None:
        if self._is_draining and self._ways.reader.queued == 0:
            self._drained.set()

    async def farewell(self) -> None:
        """Say what the format says at a clean stop, wait a moment until it is heard, disconnect."""
        ways = self._ways
        self._is_ending = True
        ways.state, messages = ways.format.end(ways.state, self._snapshot())
        heard = asyncio.get_running_loop().create_future()
        parts = _Parts(len(messages))

        def answered(_: Refusal | None) -> None:
            parts.left -= 1
            if not parts.left and not heard.done():
                heard.set_result(None)

        for message in messages:
            self._link.publish(*message, answered)
        if messages:
            half = ways.pace.farewell_s / 2
            await asyncio.wait((heard, self._link.lost), timeout=half, return_when="FIRST_COMPLETED")
        await self._link.disconnect(ways.pace.farewell_s / 2)


def key_of(record: Record) -> Key:
    return record.stream, record.boot, record.seq
