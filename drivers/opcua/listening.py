"""What is subscribed, as Scans: all that is known at first, then every change, and signs of life between them."""

import time
from collections.abc import AsyncGenerator, Iterator, Mapping

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from drivers.contract import Journal, Quality, Scan
from drivers.errors import NotConnected
from drivers.opcua import decode
from drivers.opcua.asking import Asking
from drivers.opcua.counts import Counts
from drivers.opcua.packml.composing import Composer
from drivers.opcua.packml.machines import Machines
from drivers.opcua.plan import Plan
from drivers.opcua.room import Leftover, bound, divided, named
from drivers.opcua.scans import Columns, Sorter, faults
from drivers.opcua.status import quality
from drivers.opcua.subscription import Ended, Subscription
from drivers.phrase import Phrase

AGAIN_S = 60.0
"""How often nodes that are not there are looked for, and whether the server tells of every change."""
LIFE_S = 1.0
"""How often a group of which nothing changes shows life while others change."""

_UNASKED = Phrase("服务器发来没有订阅过的数据", "the server tells of what nobody asked for")
FULL = StatusCodes.BadTooManyMonitoredItems

Found = tuple[int, Scan]
_Known = tuple[object, int, int | None, int | None]
"""Value, status, the source's and the server's time."""


class Listening:
    """Of one driver; `changes` once in every session."""

    def __init__(
        self,
        plan: Plan,
        asking: Asking,
        machines: Machines,
        subscription: Subscription,
        counts: Counts,
        journal: Journal,
        most_items: int,
    ) -> None:
        """`most_items`: how many may be watched as the configuration says, so that this was told already; else 0."""
        self._plan = plan
        self._items = plan.subscribed
        self._asking = asking
        self._machines = machines
        self._subscription = subscription
        self._counts = counts
        self._journal = journal
        self._told_most = bound(most_items)
        self._is_told = False
        """Whether the operator knows that there is less room than that."""
        self._most: int | None = None
        """How many the server watches of this session's subscription; None where no end of it is known."""
        self._leftover: Leftover[ua.NodeId] = Leftover(plan.subscribed)
        self._sorter = Sorter(plan.subscribed)
        self._composer = Composer(plan.subscribed)
        self._known: dict[int, _Known] = {}
        """What was told last of each item."""
        self._doubted: dict[int, _Known] = {}
        """What a read found that nobody had told."""
        self._large: frozenset[int] = frozenset()
        """Items whose value alone is longer than a message may be."""
        self._looked_s = 0.0
        self._alive_s: dict[int, float] = {}

    async def changes(self, *, is_same_session: bool) -> AsyncGenerator[Found, None]:
        """Group and Scan. Raises `NotConnected`."""
        found = await self._taken_over(is_same_session=is_same_session)
        while True:
            try:
                for one in found if found is not None else await self._begun():
                    yield one
                while True:
                    for one in self._news(await self._subscription.published()):
                        yield one
                    for one in await self._read_on():
                        yield one
                    if time.monotonic() - self._looked_s >= AGAIN_S:
                        for one in await self._looked_again():
                            yield one
            except Ended:
                self._journal.note("U2101", self._where, device=self._where, subscriptions=self._counts.subscriptions)
                await self._subscription.drop()
                found = None

    @property
    def _where(self) -> str:
        return self._plan.groups[self._plan.listening[0]].device

    async def _taken_over(self, *, is_same_session: bool) -> list[Found] | None:
        """What an old subscription has to say, if it lives on: what is unchanged, then what changed meanwhile.

        The server says what changed before it says that there is no more: what it does not name is as it was.
        """
        if not self._subscription.is_there or not (is_same_session or await self._subscription.moved()):
            return None
        try:
            missed = [*await self._subscription.missed(), await self._subscription.published()]
            while missed[-1].more_notifications:
                missed.append(await self._subscription.published())
        except Ended:
            return None
        named = {handle for one in missed for handle in one.handles}
        left = self._leftover.nodes
        self._known.update(await self._read(left))
        same = {item: known for item, known in self._known.items() if item not in named}
        unknown = {one: self._why_not(one) for one in self._subscription.missing() if one not in left}
        now_ms = _now_ms()
        self._composer.again()
        found = [*self._sorted(same, now_ms), *faults(self._items, unknown, now_ms)]
        for one in missed:
            found += self._news(one)
        return found

    async def _begun(self) -> list[Found]:
        """A new subscription. Values are read before they are watched, so what changes in between is told."""
        self._known.clear()
        self._doubted.clear()
        self._looked_s = time.monotonic()
        places = await self._places()
        self._composer.begin()
        nodes = {item: node for item, node in enumerate(places) if node is not None}
        answer = await self._read(nodes)
        now_ms = _now_ms()
        refused = await self._watched(nodes)
        self._composer.refused(refused)
        reasons = {item: _reason(status) for item, status in refused.items()}
        reasons.update({item: self._why_not(item) for item, node in enumerate(places) if node is None})
        self._known = {item: known for item, known in answer.items() if item not in reasons}
        return [*self._sorted(self._known, now_ms), *faults(self._items, reasons, now_ms)]

    async def _watched(self, nodes: dict[int, ua.NodeId]) -> dict[int, int]:
        """Watch what the server has room for, and read the rest; the status of what it refuses for another reason.

        Where it finds out on the way that it has less room, the subscription is made again: what is read is read when
        messages come, so these come more often then.
        """
        most = self._asking.bounds.watched
        while True:
            some, left = divided(self._items, nodes, most)
            self._leftover.take(left, time.monotonic())
            await self._subscription.make(self._leftover.period_s)
            refused = await self._subscription.watch(some)
            full = [item for item, status in refused.items() if status == FULL]
            if not full:
                break
            most = len(some) - len(full)
            await self._subscription.drop()
        self._most = most
        self._tell(most)
        return refused

    async def _watched_too(self, nodes: dict[int, ua.NodeId]) -> dict[int, int]:
        """Watch these beside the others, or read them from now on; the status of what is refused for another reason."""
        watched = len(self._items) - len(self._subscription.missing())
        some, left = divided(self._items, nodes, None if self._most is None else max(self._most - watched, 0))
        refused = await self._subscription.watch(some)
        left |= {item: some[item] for item, status in refused.items() if status == FULL}
        if left:
            self._leftover.take({**self._leftover.nodes, **left}, time.monotonic())
            self._tell(self._most if self._most is not None else watched + len(some) - len(left))
        return {item: status for item, status in refused.items() if item not in left}

    def _tell(self, most: int | None) -> None:
        """The operator: where the configuration knew how many it would be this was said already."""
        left = self._leftover.nodes
        if left and most != self._told_most:
            facts = named(self._plan.groups, self._items, list(left))
            self._journal.lost("U2103", self._where, most=most, every=f"{self._leftover.period_s:g} s", **facts)
            self._is_told = True
        elif self._is_told:
            self._journal.back("U2103", self._where)
            self._is_told = False

    async def _read_on(self) -> list[Found]:
        """What is not watched, where it is time; only what is another value than before."""
        due = self._leftover.due(time.monotonic())
        answer = await self._read(due)
        fresh = {item: now for item, now in answer.items() if now[:2] != self._known.get(item, (None, -1))[:2]}
        self._known.update(fresh)
        return list(self._sorted(fresh, _now_ms()))

    async def _places(self) -> list[ua.NodeId | None]:
        """The node of each item in this session; None where it is not there, and where its value is too long."""
        found = await self._machines.nodes([item.place for item in self._items])
        places, self._large = self._asking.fitting(found)
        self._composer.learn(places, self._machines.rule)
        return places

    def _why_not(self, item: int) -> Quality:
        return Quality.BAD_DECODE if item in self._large else Quality.BAD_CONFIG

    async def _read(self, nodes: Mapping[int, ua.NodeId]) -> dict[int, _Known]:
        if not nodes:
            return {}
        answer = await self._asking.read(list(nodes.values()))
        return dict(zip(nodes, zip(*answer, strict=True), strict=True))

    def _sorted(self, known: dict[int, _Known], now_ms: int) -> Iterator[Found]:
        if known:
            columns = Columns(list(known), *map(list, zip(*known.values(), strict=True)))
            columns = self._composer.columns(columns, time.monotonic(), is_news=False)
            yield from self._sorter.scans(columns, now_ms, is_news=False)

    def _news(self, message: decode.Published) -> Iterator[Found]:
        """What one message brought, and signs of life of the groups of which it brought nothing."""
        now_ms, now_s = _now_ms(), time.monotonic()
        told: set[int] = set()
        if message.handles and max(message.handles) >= len(self._items):
            raise NotConnected(_UNASKED)
        if message.handles or self._composer.is_waiting:
            columns = Columns(
                message.handles, message.values, message.statuses, message.source_times, message.server_times
            )
            self._remember(columns)
            columns = self._composer.columns(columns, now_s, is_news=True, is_whole=not message.more_notifications)
            for group, scan in self._sorter.scans(columns, now_ms, is_news=True):
                told.add(group)
                yield group, scan
            self._counts.overflows = self._sorter.overflows
        for group in self._plan.listening:
            if group in told:
                self._alive_s[group] = now_s
            elif message.is_keep_alive or now_s - self._alive_s.get(group, 0.0) >= LIFE_S:
                self._alive_s[group] = now_s
                yield group, Scan(now_ms, (), ())

    def _remember(self, columns: Columns) -> None:
        handles, *values = columns
        self._known.update(zip(handles, zip(*values, strict=True), strict=True))

    async def _looked_again(self) -> list[Found]:
        """Nodes that were not there may be now; and what is there is read, because a server may forget to tell."""
        self._looked_s = time.monotonic()
        places = await self._places()
        there = {item: node for item, node in enumerate(places) if node is not None}
        nodes = {item: node for item, node in there.items() if item not in self._leftover.nodes}
        self._leftover.nodes = {item: there.get(item, node) for item, node in self._leftover.nodes.items()}
        answer = await self._read(nodes)
        silent = self._silent(answer)
        self._counts.stale += len(silent)
        gone = {*self._subscription.missing(), *(item for item, one in self._known.items() if _is_gone(one[1]))}
        again = {item: answer[item] for item in (gone & answer.keys()) if not _is_gone(answer[item][1])} | silent
        if not again:
            return []
        await self._subscription.unwatch(list(again))
        refused = await self._watched_too({item: nodes[item] for item in again})
        fresh = {item: now for item, now in again.items() if item not in refused}
        self._known.update(fresh)
        return list(self._sorted(fresh, _now_ms()))

    def _silent(self, answer: dict[int, _Known]) -> dict[int, _Known]:
        """Items whose value is another one than was told, twice in a row the same: what they are now."""
        other = {item: now for item, now in answer.items() if now[:2] != self._known.get(item, now)[:2]}
        silent = {item: now for item, now in other.items() if self._doubted.get(item, (None, -1))[:2] == now[:2]}
        self._doubted = {item: now for item, now in other.items() if item not in silent}
        return silent


def _is_gone(status: int) -> bool:
    """Whether the server says that there is no such node."""
    return quality(status) is Quality.BAD_CONFIG


def _reason(status: int) -> Quality:
    return quality(status) or Quality.BAD_DEVICE


def _now_ms() -> int:
    return time.time_ns() // 1_000_000
