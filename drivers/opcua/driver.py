"""The conversation with one OPC UA endpoint: one session, one subscription, and what is read with a period."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping, Sequence
from typing import cast

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors._base import UaStatusCodeError
from pydantic import BaseModel

from drivers.contract import Group, Journal, Scan
from drivers.errors import NotConnected
from drivers.opcua.asking import Asking
from drivers.opcua.config import Connection
from drivers.opcua.counts import Counts
from drivers.opcua.listening import Listening
from drivers.opcua.packml.machines import Machines
from drivers.opcua.plan import plan
from drivers.opcua.polled import PolledGroup
from drivers.opcua.protection import Protection
from drivers.opcua.space import Space
from drivers.opcua.subscription import Subscription
from drivers.opcua.wire import Wire

SHUTDOWN = 4
"""ServerState: OPC 10000-5, 12.6."""
S7_1200_CALL = 100
"""Nodes in one call of an S7-1200 (Siemens, OPC UA system limits); it does not always say so itself."""


class OpcUaDriver:
    """`drivers.contract.SubscribingDriver` and `Counting`."""

    def __init__(self, settings: Connection, groups: Sequence[Group], journal: Journal) -> None:
        self._counts = Counts()
        self._journal = journal
        self._url = settings.url
        self._plan = plan(groups)
        protection = Protection(settings, journal)
        url = settings.url if f":{settings.port}" in settings.url else _with_port(settings)
        self._wire = Wire(url, settings.timeout, settings.limits.message, protection, self._counts)
        most = settings.limits.nodes or (S7_1200_CALL if settings.server == "s7-1200" else 0)
        self._asking = Asking(self._wire, self._counts, most)
        self._machines = Machines(self._asking, Space(self._wire, self._asking), journal)
        self._keep_alive_s = settings.keep_alive
        self._subscription = Subscription(
            self._plan.subscribed, self._wire, self._asking, self._counts, settings.keep_alive, settings.limits.queue
        )
        self._listening = Listening(self._plan, self._asking, self._machines, self._subscription, self._counts, journal)
        self._polled = {
            name: PolledGroup(items, self._asking, self._machines) for name, items in self._plan.polled.items()
        }
        self._is_resumed = False
        self._keeping: asyncio.Task[None] | None = None

    @property
    def counts(self) -> Mapping[str, int]:
        """What happened on the wire; see `drivers.opcua.counts`."""
        return self._counts.by_name()

    async def connect(self) -> None:
        """A session, the old one if the server still knows it. Raises `NotConnected`."""
        self._is_resumed = await self._wire.open()
        try:
            await self._asking.learn()
            self._machines.forget()
            for group in self._polled.values():
                await group.begin()
        except UaStatusCodeError as error:
            raise NotConnected(f"the server refused ({ua.StatusCode(error.code).name})") from error
        self._keeping = asyncio.create_task(self._keep(), name=f"keep {self._url}")

    async def read(self, group: str) -> Sequence[Scan]:
        """Read a polled group once. Raises `NotConnected`."""
        try:
            return await self._polled[group].read()
        except UaStatusCodeError as error:
            raise self._lost(error) from error

    async def changes(self) -> AsyncIterator[tuple[str, Scan]]:
        """Group and Scan, as they come. Raises `NotConnected`."""
        if not self._plan.subscribed:
            return
        names = [group.name for group in self._plan.groups]
        try:
            async with contextlib.aclosing(self._listening.changes(is_same_session=self._is_resumed)) as found:
                async for group, scan in found:
                    yield names[group], scan
        except UaStatusCodeError as error:
            raise self._lost(error) from error
        finally:
            self._subscription.rest()

    def _lost(self, error: UaStatusCodeError) -> NotConnected:
        why = f"the server refused ({ua.StatusCode(error.code).name})"
        self._wire.lose(why)
        return NotConnected(why)

    async def _keep(self) -> None:
        """Keep the session: renew the channel in time, and look whether the server lives and will go on to."""
        with contextlib.suppress(NotConnected):
            while True:
                await asyncio.sleep(min(self._keep_alive_s, 5.0))
                await self._wire.renew()
                state = await self._asking.read([ua.NodeId(ua.Int32(ObjectIds.Server_ServerStatus_State))])
                if state.values[0] == SHUTDOWN:
                    self._journal.note("U2102", self._url)
                    self._wire.lose("the server announced that it shuts down")

    async def close(self) -> None:
        """End the conversation, in whatever state it is. Never raises."""
        keeping, self._keeping = self._keeping, None
        if keeping is not None:
            keeping.cancel()
            await asyncio.wait((keeping,))
        self._subscription.rest()
        await self._wire.close()


def _with_port(settings: Connection) -> str:
    """asyncua wants one."""
    head, _, path = settings.url.removeprefix("opc.tcp://").partition("/")
    return f"opc.tcp://{head}:{settings.port}" + (f"/{path}" if path else "")


def open_driver(connection: BaseModel, groups: Sequence[Group], journal: Journal) -> OpcUaDriver:
    """Plan everything, touch nothing."""
    return OpcUaDriver(cast(Connection, connection), groups, journal)
