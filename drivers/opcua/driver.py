"""The conversation with one OPC UA endpoint: one session, one subscription, and what is read with a period."""

import contextlib
import math
import time
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import cast

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors._base import UaStatusCodeError
from pydantic import BaseModel

from drivers.contract import Group, Journal, Scan
from drivers.errors import NotConnected
from drivers.opcua.absent import Absent
from drivers.opcua.asking import Asking
from drivers.opcua.config import Connection
from drivers.opcua.counts import Counts
from drivers.opcua.listening import Listening
from drivers.opcua.oversize import TOO_MUCH
from drivers.opcua.packml.machines import Machines
from drivers.opcua.plan import plan
from drivers.opcua.polled import PolledGroup
from drivers.opcua.protection import Protection
from drivers.opcua.reason import refused
from drivers.opcua.space import Space
from drivers.opcua.subscription import Subscription
from drivers.opcua.wire import Wire
from drivers.phrase import Phrase

SHUTDOWN = 4
"""ServerState: OPC 10000-5, 12.6."""
_SHUTS_DOWN = Phrase("服务器通知即将关闭", "the server announced that it shuts down")
SESSION_S = 60.0
"""How long the server keeps a session without a request: an outage that is shorter costs nothing."""


class OpcUaDriver:
    """`drivers.contract.SubscribingDriver`, `Counting` and `Identifying`."""

    def __init__(self, settings: Connection, groups: Sequence[Group], journal: Journal) -> None:
        self._counts = Counts()
        self._journal = journal
        self._url = settings.url
        self._plan = plan(groups)
        protection = Protection(settings, journal)
        session_s = max([SESSION_S, *(3 * group.every_s for group in groups if math.isfinite(group.every_s))])
        self._wire = Wire(
            with_port(settings), settings.timeout, session_s, settings.limits.message, protection, self._counts
        )
        self._asking = Asking(self._wire, self._counts, settings.most_nodes, settings.most_items)
        self._machines = Machines(self._asking, Space(self._wire, self._asking), journal)
        self._keep_alive_s = settings.keep_alive
        self._subscription = Subscription(
            self._plan.subscribed, self._wire, self._asking, self._counts, settings.keep_alive, settings.limits.queue
        )
        self._listening = Listening(
            self._plan, self._asking, self._machines, self._subscription, self._counts, journal, settings.most_items
        )
        self._polled = {
            name: PolledGroup(items, self._asking, self._machines) for name, items in self._plan.polled.items()
        }
        self._absent = Absent(groups, settings.url, journal)
        self._numbers = {group.name: number for number, group in enumerate(groups)}
        self._is_resumed = False
        self._kept_s = 0.0

    @property
    def counts(self) -> Mapping[str, int]:
        """What happened on the wire; see `drivers.opcua.counts`."""
        return self._counts.by_name()

    @property
    def identities(self) -> Mapping[str, Mapping[str, str]]:
        """Device -> label -> what its machine says of itself; see `drivers.opcua.packml.identification`."""
        return self._machines.identities

    async def connect(self) -> None:
        """A session, the old one if the server still knows it. Raises `NotConnected`."""
        self._is_resumed = await self._wire.open()
        try:
            await self._asking.learn()
            if self._plan.looks_into_structures:
                await self._wire.learn_types()
            self._machines.forget()
            for group in self._polled.values():
                await group.begin()
        except UaStatusCodeError as error:
            raise self._refused(error) from error
        self._kept_s = time.monotonic()

    async def read(self, group: str) -> Sequence[Scan]:
        """Read a polled group once. Raises `NotConnected`."""
        try:
            await self._keep()
            scans = await self._polled[group].read()
        except UaStatusCodeError as error:
            raise self._lost(error) from error
        for scan in scans:
            self._absent.saw(self._numbers[group], scan)
        self._absent.tell()
        return scans

    async def changes(self) -> AsyncIterator[tuple[str, Scan]]:
        """Group and Scan, as they come. Raises `NotConnected`."""
        if not self._plan.subscribed:
            return
        names = [group.name for group in self._plan.groups]
        try:
            async with contextlib.aclosing(self._listening.changes(is_same_session=self._is_resumed)) as found:
                async for group, scan in found:
                    self._absent.saw(group, scan)
                    self._absent.tell()
                    yield names[group], scan
                    await self._keep()
        except UaStatusCodeError as error:
            raise self._lost(error) from error

    def _lost(self, error: UaStatusCodeError) -> NotConnected:
        lost = self._refused(error)
        self._wire.lose(lost.reason)
        return lost

    def _refused(self, error: UaStatusCodeError) -> NotConnected:
        why = refused(error)
        if error.code in TOO_MUCH:
            return NotConnected(why, *self._asking.ask_for_less())
        return NotConnected(why)

    async def _keep(self) -> None:
        """Now and then renew the channel, and look whether the server will go on. Raises `NotConnected`."""
        now_s = time.monotonic()
        if now_s - self._kept_s < self._keep_alive_s:
            return
        self._kept_s = now_s
        await self._wire.renew()
        state = await self._asking.read([ua.NodeId(ua.Int32(ObjectIds.Server_ServerStatus_State))], most=1)
        if state.values[0] == SHUTDOWN:
            self._journal.note("U2102", self._url)
            self._wire.lose(_SHUTS_DOWN)
            raise NotConnected(_SHUTS_DOWN)

    async def close(self) -> None:
        """End the conversation, in whatever state it is. Never raises."""
        await self._wire.close()


def with_port(settings: Connection) -> str:
    """The URL as asyncua wants it."""
    if f":{settings.port}" in settings.url:
        return settings.url
    head, _, path = settings.url.removeprefix("opc.tcp://").partition("/")
    return f"opc.tcp://{head}:{settings.port}" + (f"/{path}" if path else "")


def open_driver(connection: BaseModel, groups: Sequence[Group], journal: Journal) -> OpcUaDriver:
    """Plan everything, touch nothing."""
    return OpcUaDriver(cast(Connection, connection), groups, journal)
