"""Look after one connection: connect, poll on time and listen, say once when it is lost, and connect again.

Policy lives here and only here; the protocol is the driver's. Turns stand on a grid of monotonic time: a late turn does
not move the next one, and turns that cannot be kept are skipped and counted, never queued.

What is subscribed comes by itself, beside the polling. A turn is then one look of the device at its values, every
sampling period, and a Scan, be it only a keep-alive, says that no look since the last Scan found anything else. So
completeness means the same for both: expected are the turns that passed, acquired those of which we know what they saw.
"""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NoReturn, Protocol

from agent.agenda import Agenda, Turns
from agent.backoff import CAP_S, Backoff
from agent.clock import Clock
from agent.health import ConnectionHealth
from drivers.contract import Driver, Identifying, Journal, Quality, Scan, SubscribingDriver
from drivers.errors import NotConnected

LATE_READS = 3
"""Late reads in a row before the operator is told."""
NO_FACTS: Mapping[str, object] = {}
CLOSE_S = 2.0
"""A driver that cannot even close in this time must not hold up the stop."""
SOON_S = 5.0
"""The longest pause, however long the outage, before a device that speaks by itself is called again where nobody
answers: the platform waits for its changes. One that answers and refuses is left in peace for longer."""
REST_S = 5.0
AGAIN_S = 5.0
"""What is read when something happens, and could not be, is tried again after this."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One conversation and what is read over it."""

    name: str
    url: str
    driver: Driver
    turns: Sequence[Turns]
    timeout_s: float = 0.0
    """How long the driver may wait for one thing, where its settings say so."""


async def _unheeded() -> None:
    """Where nobody wants to know who a machine is."""


class ForgetfulJournal(Journal, Protocol):
    """A journal that can also let go of a state without a word: an outage has one end, whatever its causes were."""

    def forget(self, code: str, about: str, /) -> None: ...


class Poller:
    """Looks after one connection until it is cancelled; `turned_s` and `heard_s` may be read at any time."""

    def __init__(
        self,
        connection: Connection,
        clock: Clock,
        journal: ForgetfulJournal,
        health: ConnectionHealth,
        recognise: Callable[[], Awaitable[None]] = _unheeded,
    ) -> None:
        """`recognise` takes up what machines say of themselves; it is waited for before values are taken."""
        self._connection = connection
        self._recognise = recognise
        self._identifying = connection.driver if isinstance(connection.driver, Identifying) else None
        self._recognised = self._identifying.identities if self._identifying else None
        """What was taken up last; at first nobody has said anything."""
        self._clock = clock
        self._journal = journal
        self._health = health
        self._polled = [turns for turns in connection.turns if not turns.is_subscribed]
        self._subscribed = {turns.group: turns for turns in connection.turns if turns.is_subscribed}
        self.turned_s = self.heard_s = clock.monotonic()
        """Monotonic times of the newest read and of the newest Scan of a subscription; both of an attempt to connect,
        successful or not. A hung reading does not hide behind a subscription that goes on, nor the other way round."""
        self._unheard: set[str] = set()
        """What of this conversation has brought nothing yet."""
        self._backoff = Backoff()
        self._lost_code: str | None = None
        self._newest_code: str | None = None

    def stirs(self) -> Mapping[str, int]:
        """What moves until a subscription is heard: what its driver counts. After that keep-alives speak for it."""
        return self._health.counts() if "changes" in self._unheard else {}

    async def look_after(self) -> NoReturn:
        """Connect, converse, close, wait, for ever. One of the three places that survive a defect."""
        while True:
            most_s = SOON_S if self._subscribed else CAP_S
            self._unheard = {word for word, turns in (("read", self._polled), ("changes", self._subscribed)) if turns}
            try:
                try:
                    await self._connection.driver.connect()
                    most_s = CAP_S
                    self._turned()
                    await self._converse()
                finally:
                    async with asyncio.timeout(CLOSE_S):
                        await self._connection.driver.close()
            except NotConnected as lost:
                self._lost(lost.code or "E2001", lost.reason, lost.facts)
                most_s = most_s if lost.code is None else CAP_S
            except Exception as defect:  # one connection must not end the others
                if _is_cancelled():  # closing failed on the way out; the end is the end all the same
                    raise asyncio.CancelledError from defect
                self._journal.lost("E9003", self._connection.name, error=repr(defect), where=origin(defect))
                self._lost("E2001", "defect")
            await self._rest(self._backoff.pause(self._clock.monotonic(), most_s))

    async def _rest(self, pause_s: float) -> None:
        """Wait, in slices, because waiting long is no sign of being stuck."""
        self._turned()
        until = self.turned_s + pause_s
        while (left := until - self.turned_s) > 0:
            await asyncio.sleep(min(left, REST_S))
            self._turned()

    def _turned(self) -> None:
        self.turned_s = self.heard_s = self._clock.monotonic()

    async def _converse(self) -> NoReturn:
        """Poll and listen side by side until the conversation is lost: what ends one of them ends both."""
        agenda = Agenda(self._polled, self._clock)
        if not self._subscribed:
            await self._poll(agenda)
        over = asyncio.Event()
        try:
            async with asyncio.TaskGroup() as both:
                tasks = [both.create_task(self._listen(agenda), name=f"listen {self._connection.name}")]
                if self._polled:
                    tasks.append(both.create_task(self._poll(agenda), name=f"poll {self._connection.name}"))
                for task in tasks:
                    task.add_done_callback(lambda _: over.set())
                await over.wait()  # a failure ends this wait; what was cancelled by its own driver would not
                raise RuntimeError("the driver cancelled its own caller")
        except ExceptionGroup as ended:  # a TaskGroup wraps whatever ended one of them
            if _is_cancelled():  # on the way out one of them failed; the end is the end all the same
                raise asyncio.CancelledError from ended
            raise ended.exceptions[0] from None  # the first one; the other was told to stop because of it

    async def _poll(self, agenda: Agenda) -> NoReturn:
        """Read what is due, in order of time, until the conversation is lost."""
        while True:
            turns, is_extra = await agenda.next()
            turn = await self._read(turns)
            if not is_extra:
                agenda.add(turns, self._next(turns, turn))
            if turns.follows and not turns.device.is_whole(turns.group):
                agenda.add(turns, self._clock.monotonic() + AGAIN_S, is_extra=True)
            agenda.want(turns.device.wanted(turns.group), turns.every_s)

    async def _read(self, turns: Turns) -> int:
        """Read a group once and return which of its turns that was; -1 before its turn 0."""
        actual = turns.turn_at(self._clock.monotonic() + 1e-6)
        fresh = turns.expect(max(actual, 0), self._clock.now_ms())
        scans = await self._connection.driver.read(turns.group)
        await self._look_who_it_is()
        self.turned_s = self._clock.monotonic()
        self._health.reads += 1
        answered = turns.device.take(turns.group, scans)
        self._came("read", answered=answered)
        if answered and fresh:
            turns.device.health.count(self._clock.now_ms(), acquired=1)
        return actual

    async def _listen(self, agenda: Agenda) -> NoReturn:
        """Take what the device tells by itself, until the conversation is lost."""
        driver = self._connection.driver
        if not isinstance(driver, SubscribingDriver):
            raise TypeError(f"{type(driver).__name__} has no changes()")
        changes = driver.changes()
        try:
            async for group, scan in changes:
                await self._look_who_it_is()
                self._hear(self._subscribed[group], scan)
                agenda.want(self._subscribed[group].device.wanted(group), self._subscribed[group].every_s)
                await asyncio.sleep(0)  # a burst of changes is no reason for others to wait
        finally:
            if isinstance(changes, AsyncGenerator):
                async with asyncio.timeout(CLOSE_S):
                    await changes.aclose()
        raise RuntimeError("changes() ended by itself")

    async def _look_who_it_is(self) -> None:
        """What a machine says of itself holds for the values that are about to be taken: it comes first."""
        if self._identifying is None or self._identifying.identities is self._recognised:
            return
        said = self._identifying.identities
        await self._recognise()
        self._recognised = said

    def _hear(self, turns: Turns, scan: Scan) -> None:
        """One Scan, of changes or a keep-alive: it speaks for all turns since the last one of this conversation."""
        self.heard_s = self._clock.monotonic()
        self._health.reads += 1
        fresh = turns.expect(max(turns.turn_at(self.heard_s + 1e-6), 0), self._clock.now_ms())
        was_live, turns.is_live = turns.is_live, turns.device.take(turns.group, [scan])
        self._came("changes", answered=turns.is_live)
        if turns.is_live:
            turns.device.health.count(self._clock.now_ms(), acquired=fresh if was_live else min(fresh, 1))

    def _next(self, turns: Turns, turn: int) -> float:
        """The next turn that can still be kept; those before it are skipped and counted."""
        after = turn + 1
        possible = max(turns.turn_at(self._clock.monotonic()), 0)
        skipped = max(possible - after, 0)
        turns.late_in_a_row = turns.late_in_a_row + 1 if skipped else 0
        self._health.overruns += skipped
        about = f"{self._connection.name}/{turns.group}"
        if turns.late_in_a_row >= LATE_READS and not turns.device.is_troubled:
            facts = {"device": turns.device.name, "every": f"{turns.every_s:g} s", "skipped": skipped}
            self._journal.lost("W2002", about, **facts)
        elif not skipped:
            self._journal.back("W2002", about, device=turns.device.name)
        return turns.due_s(max(after, possible))

    def _came(self, what: str, *, answered: bool) -> None:
        """A read or a Scan. The connection works once both do: where one fails at once, the other must not hide it."""
        self._unheard.discard(what)
        if answered and not self._unheard:
            self._answered()

    def _answered(self) -> None:
        self._backoff.reset()
        if self._health.state == "connecting":
            self._journal.note("I2005", self._connection.name, url=self._connection.url)
        if self._health.state != "up":
            self._health.enter("up", self._clock.now_ms())
            if self._lost_code is not None:
                self._journal.back(self._lost_code, self._connection.name, url=self._connection.url)
                self._lost_code = self._newest_code = None
            self._journal.back("E9003", self._connection.name)

    def _lost(self, code: str, reason: str, facts: Mapping[str, object] = NO_FACTS) -> None:
        self._health.failures += 1
        self._health.enter("down", self._clock.now_ms())
        code = self._cause(code)
        known = {**facts, "url": self._connection.url, "reason": reason}
        self._journal.lost(code, self._connection.name, **known)
        for turns in self._connection.turns:
            turns.device.lost(turns.group, Quality.BAD_NOT_CONNECTED)
            turns.is_live = False
            turns.expect(turns.turn_at(self._clock.monotonic()), self._clock.now_ms())

    def _cause(self, code: str) -> str:
        """The code under which this outage is told: another one takes over when it came twice in a row."""
        is_settled = code == self._newest_code
        self._newest_code = code
        if self._lost_code is not None and code != self._lost_code and not is_settled:
            return self._lost_code
        if self._lost_code not in (None, code):
            self._journal.forget(self._lost_code, self._connection.name)
        self._lost_code = code
        return code


def _is_cancelled() -> bool:
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


def origin(defect: BaseException) -> str:
    """File and line where a defect was raised: all that an operator can pass on without a traceback."""
    trace = defect.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return "?"
    path = trace.tb_frame.f_code.co_filename.replace("\\", "/").split("/")
    return f"{'/'.join(path[-2:])}:{trace.tb_lineno}"
