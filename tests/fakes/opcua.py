"""An OPC UA server in this process, on a free loopback port.

    variables = {"Press.Speed": 12.5, "nsu=urn:other;s=Count": ua.Variant(7, ua.VariantType.UInt16)}
    async with opcua_server(variables) as server:
        await server.set("Press.Speed", 13.0, source_time=when)
        await server.set("Press.Speed", status=StatusCodes.BadSensorFailure)
        with server.refusing("Publish", StatusCodes.BadTooManyPublishRequests):
            ...
        await server.end_subscriptions()
        server.namespaces.insert(0, "urn:new")
        await server.restart()

A name is the string identifier of its node; its dots are folders: `Press.Speed` is Objects/Press/Speed. Namespaces are
registered in the order in which they are named, from index 2. What was set survives `restart`. A plain int is an Int32.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.common.node import Node
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import User, UserRole
from asyncua.server.user_managers import UserManager
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uatypes import DateTime, Int16, Int32, String, UInt32
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from tests.fakes.application import SERVER_URI, Application
from tests.fakes.mosquitto import free_port
from tests.fakes.opcua_wire import Desk, Ear, EaredServer

NAMESPACE = "urn:lineside:tests:press"
SECURE = (
    ua.SecurityPolicyType.NoSecurity,
    ua.SecurityPolicyType.Basic256Sha256_Sign,
    ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt,
    ua.SecurityPolicyType.Aes128Sha256RsaOaep_Sign,
    ua.SecurityPolicyType.Aes128Sha256RsaOaep_SignAndEncrypt,
    ua.SecurityPolicyType.Aes256Sha256RsaPss_Sign,
    ua.SecurityPolicyType.Aes256Sha256RsaPss_SignAndEncrypt,
)


@dataclass(slots=True)
class Spec:
    """What a server is; read at each start."""

    application: Application | None = None
    """Without one there is no security."""
    policies: Sequence[ua.SecurityPolicyType] = SECURE
    users: Mapping[str, str] = field(default_factory=dict)
    """Name -> password; nobody comes in without one, if there is any."""
    trusted: Sequence[Path] | None = None
    """Certificates of clients (DER); None: all."""
    max_sessions: int = 100
    max_per_call: int = 10_000
    """Nodes of a Read, Browse, TranslateBrowsePaths or CreateMonitoredItems."""
    max_items: int | None = None
    """Monitored items of all clients together; None: any number."""
    refuses_whole_calls: bool = False
    """Whether a call with one item too many is refused as a whole, else only the items beyond."""
    says_limits: bool = True
    """Whether ServerCapabilities has all that."""


class OpcUaServer:
    """One endpoint, which may be stopped, changed and started again."""

    def __init__(self, variables: Mapping[str, object] | None = None, spec: Spec | None = None, port: int = 0) -> None:
        self.spec = spec or Spec()
        self.port = port or free_port()
        self.namespaces: list[str] = []
        """In the order of their indices, the first at 2. Changes show after the next start."""
        self._values: dict[str, ua.DataValue] = {}
        for name, value in (variables or {}).items():
            self._values[name] = _data_value(_variant(value))
            self._register(name)
        self._server: EaredServer | None = None

    @property
    def url(self) -> str:
        return f"opc.tcp://127.0.0.1:{self.port}/"

    @property
    def server(self) -> EaredServer:
        """asyncua's own, for what is not here; another one after each start."""
        assert self._server is not None, "not started"
        return self._server

    @property
    def desk(self) -> Desk:
        return self.server.iserver

    @property
    def services(self) -> Counter[str]:
        """How often each service was asked since the start."""
        return self.desk.services

    @property
    def sessions(self) -> int:
        """Alive now."""
        return len(self.desk.alive())

    @property
    def created(self) -> Sequence[float]:
        """When sessions were created since the start, by the monotonic clock."""
        return self.desk.created

    @property
    def subscriptions(self) -> list[int]:
        return list(self.desk.subscription_service.subscriptions)

    @property
    def items(self) -> int:
        """Monitored items."""
        return self.desk.items

    async def start(self) -> None:
        """Listen, at the same port as before if there was one."""
        spec = self.spec
        desk = Desk(_Users(spec.users) if spec.users else None, spec.max_sessions, spec.max_per_call)
        desk.max_items, desk.refuses_whole_calls = spec.max_items, spec.refuses_whole_calls
        server = EaredServer(desk)
        await server.init()
        await server.set_application_uri(SERVER_URI)
        server.set_endpoint(self.url)
        server.set_security_policy(list(spec.policies) if spec.application else [ua.SecurityPolicyType.NoSecurity])
        if spec.application:
            await server.load_certificate(spec.application.certificate)
            await server.load_private_key(spec.application.key)
        server.set_identity_tokens([ua.UserNameIdentityToken if spec.users else ua.AnonymousIdentityToken])
        if spec.trusted is not None:
            desk.certificate_validator = _trust({path.read_bytes() for path in spec.trusted})
        desk.aspace.set_attribute_value_callback(_standard("Server_ServerStatus_CurrentTime"), AttributeIds.Value, _now)
        self._server = server
        for uri in self.namespaces:
            await server.register_namespace(uri)
        if spec.says_limits:
            await self._say_limits()
        for name, value in self._values.items():
            await self._create(name, value)
        await server.start()

    async def _say_limits(self) -> None:
        per_call = ua.Variant(self.spec.max_per_call, ua.VariantType.UInt32)
        reads = ("MaxNodesPerRead", "MaxNodesPerBrowse", "MaxNodesPerTranslateBrowsePathsToNodeIds")
        for limit in (*reads, "MaxMonitoredItemsPerCall"):
            node_id = _standard("Server_ServerCapabilities_OperationLimits_" + limit)
            await self.server.get_node(node_id).write_value(per_call)
        if self.spec.max_items is not None:
            items = ua.Variant(self.spec.max_items, ua.VariantType.UInt32)
            await self.server.get_node(_standard("Server_ServerCapabilities_MaxMonitoredItems")).write_value(items)

    async def stop(self) -> None:
        """Power off: nobody listens, all connections are reset, sessions and subscriptions are forgotten."""
        if self._server is not None:
            server, self._server = self._server, None
            await server.stop()

    async def restart(self) -> None:
        await self.stop()
        await self.start()

    def cut(self) -> None:
        """Reset all connections; sessions with subscriptions wait for their clients."""
        self.server.cut()

    def node(self, name: str) -> ua.NodeId:
        """Its id at this start."""
        uri, identifier = _parted(name)
        return ua.NodeId(String(identifier), Int16(2 + self.namespaces.index(uri)))

    async def set(
        self,
        name: str,
        value: object = None,
        *,
        status: int = StatusCodes.Good,
        source_time: datetime | None = None,
        server_time: datetime | None = None,
    ) -> None:
        """A new value of the type that it has; without one the last value, with another status or time."""
        before = self._values[name]
        assert before.Value is not None
        kind = before.Value.VariantType
        variant = before.Value if value is None else value if isinstance(value, ua.Variant) else ua.Variant(value, kind)
        data = _data_value(variant, status, source_time, server_time)
        self._values[name] = data
        await self.desk.aspace.write_attribute_value(self.node(name), AttributeIds.Value, data)

    async def add(self, name: str, value: object) -> None:
        """A node that was not there; its namespace gets the next index if it is new."""
        if self._register(name):
            await self.server.register_namespace(self.namespaces[-1])
        self._values[name] = _data_value(_variant(value))
        await self._create(name, self._values[name])

    async def remove(self, name: str) -> None:
        """The node is deleted: items that monitor it are told BadNodeIdUnknown, and nothing when it comes back."""
        node_id, space = self.node(name), self.desk.aspace
        gone = _data_value(ua.Variant(), StatusCodes.BadNodeIdUnknown)
        await space.write_attribute_value(node_id, AttributeIds.Value, gone)
        # asyncua's own way forgets to await that, and walks through all nodes for references to it.
        for reference in space[node_id].references:
            if not reference.IsForward:
                parent = space[reference.NodeId]
                parent.references = [one for one in parent.references if one.NodeId != node_id]
        del space[node_id], self._values[name]

    async def end_sessions(self) -> None:
        """In the server alone: its clients are told BadSessionIdInvalid when they ask next."""
        for session in list(self.desk.alive()):
            await session.close_session(True)

    async def end_subscriptions(self) -> None:
        """Waiting Publish requests are answered with BadNoSubscription, as the standard has it."""
        await self.forget_subscriptions()
        assert self.server.bserver is not None
        for client in self.server.bserver.clients:
            if isinstance(client.processor, Ear):
                client.processor.no_subscription()

    async def forget_subscriptions(self) -> None:
        """In the server alone: nothing is said to anybody."""
        await self.desk.subscription_service.delete_subscriptions(self.subscriptions)

    async def announce_shutdown(self, seconds: int = 10) -> None:
        """ServerStatus says so; nothing else happens."""
        for name, value in (
            ("State", ua.Variant(ua.ServerState.Shutdown, ua.VariantType.Int32)),
            ("SecondsTillShutdown", ua.Variant(seconds, ua.VariantType.UInt32)),
        ):
            await self.server.get_node(_standard("Server_ServerStatus_" + name)).write_value(value)
        status = await self.desk.server_status_node.read_value()
        status.State, status.SecondsTillShutdown = ua.ServerState.Shutdown, seconds
        await self.desk.server_status_node.write_value(status)

    @contextmanager
    def refusing(self, service: str, code: int) -> Iterator[None]:
        """Every request of that service, as `Publish`, is answered with a fault."""
        self.desk.refusals[service] = code
        try:
            yield
        finally:
            self.desk.refusals.pop(service, None)

    @contextmanager
    def mute(self) -> Iterator[None]:
        """Connections are accepted, channels opened, and no request is answered until the end."""
        self.desk.answering.clear()
        try:
            yield
        finally:
            self.desk.answering.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for what shows in the services that were asked; it is looked at after each request."""
        while not condition():
            self.desk.stirred.clear()
            await self.desk.stirred.wait()
            await asyncio.sleep(0)

    def _register(self, name: str) -> bool:
        uri = _parted(name)[0]
        is_new = uri not in self.namespaces
        if is_new:
            self.namespaces.append(uri)
        return is_new

    async def _create(self, name: str, data: ua.DataValue) -> None:
        node_id = self.node(name)
        parent: Node = self.server.nodes.objects
        *folders, last = str(node_id.Identifier).split(".")
        for depth, folder in enumerate(folders, 1):
            its_id = ua.NodeId(String(".".join(folders[:depth])), node_id.NamespaceIndex)
            here = self.server.get_node(its_id)
            parent = here if its_id in self.desk.aspace else await parent.add_folder(its_id, _named(folder, its_id))
        assert data.Value is not None
        await parent.add_variable(node_id, _named(last, node_id), data.Value)
        await self.desk.aspace.write_attribute_value(node_id, AttributeIds.Value, data)


@asynccontextmanager
async def opcua_server(
    variables: Mapping[str, object] | None = None, spec: Spec | None = None, port: int = 0
) -> AsyncIterator[OpcUaServer]:
    """A running server."""
    server = OpcUaServer(variables, spec, port)
    await server.start()
    try:
        yield server
    finally:
        await server.stop()


def address(name: str) -> str:
    """`nsu=<uri>;s=<identifier>` of a name, which is that already or an identifier in `NAMESPACE`."""
    return name if name.startswith("nsu=") else f"nsu={NAMESPACE};s={name}"


def _parted(name: str) -> tuple[str, str]:
    uri, _, identifier = address(name).removeprefix("nsu=").partition(";s=")
    return uri, identifier


def _named(name: str, node_id: ua.NodeId) -> ua.QualifiedName:
    return ua.QualifiedName(name, node_id.NamespaceIndex)


def _variant(value: object) -> ua.Variant:
    if isinstance(value, ua.Variant):
        return value
    first = value[0] if isinstance(value, list) and value else value
    is_whole = isinstance(first, int) and not isinstance(first, bool)
    return ua.Variant(value, ua.VariantType.Int32) if is_whole else ua.Variant(value)


def _data_value(
    variant: ua.Variant,
    status: int = StatusCodes.Good,
    source_time: datetime | None = None,
    server_time: datetime | None = None,
) -> ua.DataValue:
    now = datetime.now(UTC)
    return ua.DataValue(
        variant,
        ua.StatusCode(UInt32(status)),
        SourceTimestamp=DateTime.fromtimestamp((source_time or now).timestamp(), UTC),
        ServerTimestamp=DateTime.fromtimestamp((server_time or now).timestamp(), UTC),
    )


def _standard(name: str) -> ua.NodeId:
    """Of namespace 0."""
    return ua.NodeId(Int32(getattr(ObjectIds, name)))


def _now(_node: ua.NodeId, _attribute: AttributeIds) -> ua.DataValue:
    return _data_value(ua.Variant(datetime.now(UTC), ua.VariantType.DateTime))


class _Users(UserManager):
    def __init__(self, passwords: Mapping[str, str]) -> None:
        self._passwords = passwords

    def get_user(
        self, iserver: Any, username: str | None = None, password: str | None = None, certificate: Any = None
    ) -> User | None:
        known = self._passwords.get(username or "")
        return User(role=UserRole.User, name=username) if known is not None and known == password else None


def _trust(known: set[bytes]) -> Any:
    """asyncua's hook: raises where the certificate is not one of these."""

    async def validate(certificate: x509.Certificate, _description: ua.ApplicationDescription) -> None:
        if certificate.public_bytes(Encoding.DER) not in known:
            raise ServiceError(StatusCodes.BadCertificateUntrusted)

    return validate
