"""asyncua's server, with an ear on every request: who asks what, what is refused, how much is too much."""

import asyncio
import copy
import time
from collections import Counter
from collections.abc import Iterator, MutableMapping
from functools import cache
from typing import Any

from asyncua import ua
from asyncua.common.utils import ServiceError
from asyncua.server.address_space import AddressSpace, NodeData, NodeManagementService
from asyncua.server.binary_server_asyncio import BinaryServer, OPCUAProtocol
from asyncua.server.internal_server import InternalServer
from asyncua.server.internal_session import InternalSession, SessionState
from asyncua.server.server import Server
from asyncua.server.standard_address_space import standard_address_space
from asyncua.server.uaprocessor import UaProcessor
from asyncua.server.user_managers import UserManager
from asyncua.ua.object_ids import ObjectIdNames
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uatypes import UInt32

from tests.fakes.recorder import record_service

WITHOUT_SESSION = frozenset({"CreateSession", "FindServers", "GetEndpoints", "CloseSecureChannel"})


@cache
def standard_nodes() -> dict[ua.NodeId, NodeData]:
    """Namespace 0, made once in this process: it takes seconds."""
    space = AddressSpace()
    standard_address_space.fill_address_space(NodeManagementService(space))  # type: ignore[no-untyped-call]  # asyncua
    return dict(space._nodes)  # asyncua has no other way to its nodes than a file


class Nodes(MutableMapping[ua.NodeId, NodeData]):
    """An address space over the standard one, of which each node is copied when it is first touched."""

    def __init__(self) -> None:
        self._own: dict[ua.NodeId, NodeData] = {}
        self._gone: set[ua.NodeId] = set()

    def __getitem__(self, key: ua.NodeId) -> NodeData:
        if key not in self._own:
            if key in self._gone:
                raise KeyError(key)
            self._own[key] = copy.deepcopy(standard_nodes()[key])
        return self._own[key]

    def __setitem__(self, key: ua.NodeId, value: NodeData) -> None:
        self._own[key] = value

    def __delitem__(self, key: ua.NodeId) -> None:
        self._own.pop(key, None)
        self._gone.add(key)

    def __contains__(self, key: object) -> bool:
        return key in self._own or (key in standard_nodes() and key not in self._gone)

    def __iter__(self) -> Iterator[ua.NodeId]:
        yield from self._own
        yield from (key for key in standard_nodes() if key not in self._own and key not in self._gone)

    def __len__(self) -> int:
        return sum(1 for _ in self)


class Desk(InternalServer):
    """What all connections of one server share: the record, the refusals, the limits."""

    def __init__(self, users: UserManager | None, max_sessions: int, max_per_call: int) -> None:
        super().__init__(user_manager=users)
        self.disabled_clock = True  # it would write each second, and keep `stop` waiting for one
        self.max_sessions = max_sessions
        self.max_per_call = max_per_call
        self.max_items: int | None = None
        self.refuses_whole_calls = False
        self.services: Counter[str] = Counter()
        self.sessions: list[InternalSession] = []
        self.created: list[float] = []
        self.asked: list[float] = []
        """When a session was asked for, by the monotonic clock, whether there was one or not."""
        self.most_sessions = 0
        """Alive at the same time."""
        self.refusals: dict[str, int] = {}
        self.answering = asyncio.Event()
        self.answering.set()
        self.stirred = asyncio.Event()

    async def load_standard_address_space(self, shelf_file: object = None) -> None:
        self.aspace._nodes = Nodes()  # type: ignore[assignment]  # asyncua's own shelf puts a mapping there too

    def note(self, service: str) -> None:
        record_service(service)
        self.services[service] += 1
        self.stirred.set()

    async def hear(self, service: str) -> None:
        """Note a request; wait while nothing is answered; raise what it is to be refused with."""
        self.note(service)
        if service == "CreateSession":
            self.asked.append(time.monotonic())
        await self.answering.wait()
        if code := self.refusals.get(service):
            raise ServiceError(code)
        if service == "CreateSession" and len(self.alive()) >= self.max_sessions:
            raise ServiceError(StatusCodes.BadTooManySessions)

    @property
    def items(self) -> int:
        every = self.subscription_service.subscriptions.values()
        return sum(len(one.monitored_item_srv._monitored_items) for one in every)  # asyncua does not count them

    def alive(self) -> list[InternalSession]:
        self.sessions = [session for session in self.sessions if session.state is not SessionState.Closed]
        return self.sessions

    def create_session(self, name: str, user: Any = None, external: bool = False) -> InternalSession:
        session = LimitedSession(self, self.aspace, self.subscription_service, name, external=external)
        self.sessions.append(session)
        self.created.append(time.monotonic())
        self.most_sessions = max(self.most_sessions, len(self.alive()))
        return session


class LimitedSession(InternalSession):
    """A session of a client, who may not ask for too much in one request."""

    iserver: Desk

    def _count(self, operations: int) -> None:
        if operations > self.iserver.max_per_call:
            raise ServiceError(StatusCodes.BadTooManyOperations)

    async def read(self, params: ua.ReadParameters) -> list[ua.DataValue]:
        self._count(len(params.NodesToRead))
        return await super().read(params)

    async def browse(self, params: ua.BrowseParameters) -> list[ua.BrowseResult]:
        self._count(len(params.NodesToBrowse))
        return await super().browse(params)

    async def translate_browsepaths_to_nodeids(self, params: list[ua.BrowsePath]) -> list[ua.BrowsePathResult]:
        self._count(len(params))
        return await super().translate_browsepaths_to_nodeids(params)

    async def create_monitored_items(
        self, params: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        self._count(len(params.ItemsToCreate))
        room = len(params.ItemsToCreate)
        if self.iserver.max_items is not None:
            room = min(max(self.iserver.max_items - self.iserver.items, 0), room)
        over = len(params.ItemsToCreate) - room
        if over and self.iserver.refuses_whole_calls:
            raise ServiceError(StatusCodes.BadTooManyMonitoredItems)
        params.ItemsToCreate = params.ItemsToCreate[:room]
        made = await super().create_monitored_items(params) if room else []
        full = ua.MonitoredItemCreateResult(StatusCode=ua.StatusCode(UInt32(StatusCodes.BadTooManyMonitoredItems)))
        return [*made, *[full] * over]


class Ear(UaProcessor):
    """One connection."""

    iserver: Desk

    async def process(self, header: Any, body: Any) -> Any:
        if header.MessageType == ua.MessageType.SecureOpen:
            self.iserver.note("OpenSecureChannel")
        if header.MessageType == ua.MessageType.SecureClose:
            self.iserver.note("CloseSecureChannel")
        return await super().process(header, body)  # type: ignore[no-untyped-call]  # asyncua

    async def _process_message(self, typeid: Any, requesthdr: Any, seqhdr: Any, body: Any) -> Any:
        service = ObjectIdNames[typeid.Identifier].partition("Request_Encoding")[0]
        await self.iserver.hear(service)
        if self.session and self.session.state is SessionState.Closed and service not in WITHOUT_SESSION:
            raise ServiceError(StatusCodes.BadSessionIdInvalid)  # asyncua would go on serving it
        return await super()._process_message(  # type: ignore[no-untyped-call]  # asyncua
            typeid, requesthdr, seqhdr, body
        )

    def no_subscription(self) -> None:
        """Answer what waits for a subscription that is gone (OPC 10000-4, 5.14.5)."""
        while self._publish_requests:
            asked = self._publish_requests.popleft()
            fault = ua.ServiceFault()
            fault.ResponseHeader.ServiceResult = ua.StatusCode(UInt32(StatusCodes.BadNoSubscription))
            self.send_response(asked.requesthdr.RequestHandle, asked.seqhdr, fault)  # type: ignore[no-untyped-call]  # asyncua


class Wire(OPCUAProtocol):
    """The bytes of one connection."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.gone = asyncio.Event()

    def connection_lost(self, ex: BaseException | None) -> None:
        super().connection_lost(ex)
        self.gone.set()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.processor is not None:
            self.processor = Ear(self.iserver, self.transport, self.limits)
            self.processor.set_policies(self.policies)  # type: ignore[no-untyped-call]  # asyncua


class Port(BinaryServer):
    def _make_protocol(self) -> OPCUAProtocol:
        return Wire(self.iserver, self._policies, self.clients, self.closing_tasks, self.limits)


class EaredServer(Server):
    """asyncua's `Server` on our `Port`."""

    iserver: Desk

    async def start(self) -> None:
        await self._setup_server_nodes()
        await self.iserver.start()
        self.bserver = Port(self.iserver, self.endpoint.hostname or "", self.endpoint.port or 0, self.limits)
        self.bserver.set_policies(self._policies)
        await self.bserver.start()

    def cut(self) -> None:
        """Reset all connections."""
        assert self.bserver is not None
        for client in list(self.bserver.clients):
            if client.transport is not None:
                client.transport.abort()

    async def stop(self) -> None:
        """Power off. asyncua leaves sessions with subscriptions to their own time-outs: those end here too."""
        assert self.bserver is not None
        self.iserver.answering.set()
        listening = self.bserver._server
        assert listening is not None
        listening.close()
        self.cut()
        for client in list(self.bserver.clients):
            assert isinstance(client, Wire)
            await client.gone.wait()
        while self.bserver.closing_tasks:
            await self.bserver.closing_tasks.pop()
        for session in self.iserver.alive():
            await session.close_session(True)
        subscriptions = self.iserver.subscription_service
        await subscriptions.delete_subscriptions(list(subscriptions.subscriptions))
        await super().stop()
