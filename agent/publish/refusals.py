"""Topics that the broker does not take: their records wait, one is tried now and then, the rest goes on."""

import asyncio
import math
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field

from agent.mqtt import Refusal
from agent.outbox.contract import Reader
from agent.publish.pace import Pace
from drivers.contract import Journal


@dataclass(slots=True)
class _Blocked:
    reason: str
    pause_s: float
    timer: asyncio.TimerHandle
    probe: int | None = None
    """The record that is tried just now."""
    parked: deque[int] = field(default_factory=deque)


class Refusals:
    """What a destination refuses. A new connection tries everything again; what was told of is told to be over."""

    def __init__(self, destination: str, reader: Reader, journal: Journal, pace: Pace) -> None:
        self._destination = destination
        self._reader = reader
        self._journal = journal
        self._pace = pace
        self._blocked: dict[str, _Blocked] = {}
        self._told: set[str] = set()
        self._malformed: dict[int, str] = {}
        """Records that are refused for what is in them, and their topics."""

    @property
    def reasons(self) -> Mapping[str, str]:
        """Topic -> why it is refused."""
        return {topic: blocked.reason for topic, blocked in self._blocked.items()}

    def parks(self, topic: str, lsn: int) -> bool:
        """Whether a record must wait because its topic is refused; it is kept back then."""
        blocked = self._blocked.get(topic)
        if blocked is None or blocked.probe == lsn:
            return False
        if self._reader.refuse(lsn, math.inf):
            blocked.parked.append(lsn)
        return True

    def refused(self, topic: str, lsn: int, refusal: Refusal) -> None:
        """The broker did not take a record on this topic."""
        self.tell(topic, refusal)
        blocked = self._blocked.get(topic)
        if blocked is None:
            timer = asyncio.get_running_loop().call_later(self._pace.probe_first_s, self._probe, topic)
            blocked = self._blocked[topic] = _Blocked(refusal.reason, self._pace.probe_first_s, timer)
        if self._reader.refuse(lsn, math.inf):
            (blocked.parked.appendleft if blocked.probe == lsn else blocked.parked.append)(lsn)
        if blocked.probe == lsn:
            blocked.probe = None

    def tell(self, topic: str, refusal: Refusal) -> None:
        """Say that something on this topic is not taken, be it that nothing waits for that."""
        self._told.add(topic)
        self._say(f"{self._destination} {topic}", topic, refusal)

    def _say(self, about: str, topic: str, refusal: Refusal) -> None:
        self._journal.lost("E4010", about, topic=topic, reason=refusal.reason, cause=f"{refusal.code:#04x}")

    def accepted(self, topic: str) -> None:
        """The broker took something on this topic: all that waits for it may go."""
        if topic in self._told:
            self._told.discard(topic)
            self._journal.back("E4010", f"{self._destination} {topic}", topic=topic)
        blocked = self._blocked.pop(topic, None)
        if blocked is not None:
            blocked.timer.cancel()
            for waiting in blocked.parked:
                self._reader.refuse(waiting, 0.0)

    def malformed(self, topic: str, lsn: int, refusal: Refusal) -> None:
        """The fault of this record, not of its topic: it alone waits and is tried again."""
        self._malformed[lsn] = topic
        self._say(self._of_payloads(topic), topic, refusal)
        self.ended(topic, lsn)
        self._reader.refuse(lsn, self._pace.probe_most_s)

    def delivered(self, topic: str, lsn: int) -> None:
        """The broker took a record."""
        if self._malformed.pop(lsn, None) is not None and topic not in self._malformed.values():
            self._journal.back("E4010", self._of_payloads(topic), topic=topic)
        self.accepted(topic)

    def _of_payloads(self, topic: str) -> str:
        """Many records may be refused for what is in them; that is said of their topic, once."""
        return f"{self._destination} {topic} payload"

    def ended(self, topic: str, lsn: int) -> None:
        """A record ended in another way: if it was the one that was tried, the next try takes another."""
        blocked = self._blocked.get(topic)
        if blocked is not None and blocked.probe == lsn:
            blocked.probe = None

    def _probe(self, topic: str) -> None:
        """Let the oldest that is still there through; what was dropped meanwhile is passed over."""
        blocked = self._blocked[topic]
        while blocked.parked and blocked.probe is None:
            lsn = blocked.parked.popleft()
            if self._reader.refuse(lsn, 0.0):
                blocked.probe = lsn
        if blocked.probe is None:
            # Nothing waits any more, so nothing says whether it is refused; the next record will.
            del self._blocked[topic]
            return
        blocked.pause_s = min(blocked.pause_s * 2, self._pace.probe_most_s)
        blocked.timer = asyncio.get_running_loop().call_later(blocked.pause_s, self._probe, topic)

    def close(self) -> None:
        """The connection is over; what waited for a topic is the reader's to give again."""
        for blocked in self._blocked.values():
            blocked.timer.cancel()
        self._blocked.clear()
