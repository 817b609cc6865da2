"""asyncua's server with as little in it as a reader needs, on a socket that listens already.

Its own namespace 0 is all of the standard's, which takes seconds to make; here it is `simulate_standard.csv`. Whoever
comes may read and nothing else: nobody is its administrator, and every variable says that it is only for reading.
"""

import asyncio
import csv
import socket
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.server.address_space import AttributeValue
from asyncua.server.binary_server_asyncio import BinaryServer, OPCUAProtocol
from asyncua.server.internal_server import InternalServer
from asyncua.server.server import Server
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds

URI = "urn:lineside:simulation"
_Typed = tuple[ua.NodeId | None, ua.ValueRank]
"""Data type and rank of a variable."""
_READ_ONLY = ua.Byte(ua.AccessLevel.CurrentRead.mask)


def standard(name: str) -> ua.NodeId:
    """Of namespace 0, by the name of its node id."""
    return ua.NodeId(ua.Int32(getattr(ObjectIds, name)))


class SmallServer(Server):
    """`begin`, then `place` what it shows, then `start`; nobody is answered before that."""

    iserver: "_Desk"

    def __init__(self, listening: socket.socket) -> None:
        super().__init__(_Desk())
        self._listening = listening
        self._port: _Port | None = None

    async def begin(self, url: str) -> None:
        """Make the address space that every server has."""
        self.name, self.manufacturer_name, self.product_uri = "Lineside simulation", "Lineside", "urn:lineside"
        self.set_endpoint(url)
        self.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        self.set_identity_tokens([ua.AnonymousIdentityToken])
        await self.init()
        await self.set_application_uri(URI)

    def place(
        self,
        node: ua.NodeId,
        name: ua.QualifiedName,
        parent: ua.NodeId,
        value: ua.DataValue | None = None,
        reference: str = "HasComponent",
    ) -> ua.NodeId:
        """A variable with that value, or without one an object; what is there already stays."""
        if node not in self.iserver.aspace:
            kind, its_type = ("Object", "BaseObjectType") if value is None else ("Variable", "BaseDataVariableType")
            self.iserver.add(node, name, kind, (parent, reference), standard(its_type), _typed(value))
            if value is not None:
                self._held(node).value = value
        return node

    async def show(self, node: ua.NodeId, value: ua.DataValue) -> None:
        """What a variable of this server has from now on; those who watch it are told."""
        held = self._held(node)
        held.value = value
        for number, tell in list(held.datachange_callbacks.items()):
            if number in held.datachange_callbacks:  # nobody gave it up while the others were told
                await tell(number, value)

    def _held(self, node: ua.NodeId) -> AttributeValue:
        return self.iserver.aspace[node].attributes[AttributeIds.Value]

    async def start(self) -> None:
        """Take up all who came since the socket listens."""
        await self._setup_server_nodes()
        await self.iserver.start()
        self.bserver = self._port = _Port(self.iserver, self._listening, self.limits)
        self._port.set_policies(self._policies)
        await self._port.start()

    async def stop(self) -> None:
        """End every conversation and what it left; asyncua leaves subscriptions to their own time-outs."""
        if self._port is not None:
            await self._port.silence()
            await self.iserver.forget_sessions()
        await super().stop()


class _Desk(InternalServer):
    """What all conversations share."""

    def __init__(self) -> None:
        super().__init__()
        self.disabled_clock = True  # it would change a variable each second, and keep `stop` waiting for one
        self.allow_remote_admin = False

    async def load_standard_address_space(self, shelf_file: Path | None = None) -> None:
        for row in _rows():
            name = ua.QualifiedName(row["name"].rpartition("_")[2].removesuffix("Folder"))
            parent, its_type, data = (standard(row[key]) if row[key] else None for key in ("parent", "type", "data"))
            above = (parent, row["reference"]) if parent is not None else None
            self.add(standard(row["name"]), name, row["class"], above, its_type, (data, ua.ValueRank.Any))
        self.aspace.set_attribute_value_callback(standard("Server_ServerStatus_CurrentTime"), AttributeIds.Value, _now)

    async def setup_nodes(self) -> None:
        """As asyncua's, which would also say limits of what nobody can do here."""
        uris = ua.Variant(["http://opcfoundation.org/UA/"], ua.VariantType.String)
        self.aspace[standard("Server_NamespaceArray")].attributes[AttributeIds.Value].value = ua.DataValue(uris)

    def add(
        self,
        node: ua.NodeId,
        name: ua.QualifiedName,
        kind: str,
        above: tuple[ua.NodeId, str] | None,
        its_type: ua.NodeId | None,
        typed: _Typed,
    ) -> None:
        """A node of the class `kind`; `above` is its parent, and the name of the reference from there."""
        about: Any = getattr(ua, f"{kind}Attributes")()
        about.DisplayName = ua.LocalizedText(name.Name)
        if kind == "Variable":
            about.DataType, about.ValueRank = typed
            about.AccessLevel = about.UserAccessLevel = _READ_ONLY
        wanted: Any = ua.AddNodesItem()
        wanted.RequestedNewNodeId, wanted.BrowseName = node, name
        wanted.NodeClass, wanted.NodeAttributes = ua.NodeClass[kind], about
        if above is not None:
            wanted.ParentNodeId, wanted.ReferenceTypeId = above[0], standard(above[1])
        if its_type is not None:
            wanted.TypeDefinition = its_type
        if list(self.node_mgt_service.try_add_nodes([wanted], check=False)):
            raise ValueError(f"{name} cannot be placed")

    async def forget_sessions(self) -> None:
        for session in list(self._external_sessions.values()):
            await session.close_session(True)
        subscriptions = self.subscription_service
        await subscriptions.delete_subscriptions(list(subscriptions.subscriptions))


class _Port(BinaryServer):
    """Knows when all its conversations have ended."""

    def __init__(self, desk: _Desk, listening: socket.socket, limits: Any) -> None:
        host, port = listening.getsockname()
        super().__init__(desk, host, port, limits)
        self._listening = listening
        self.silent = asyncio.Event()
        self.silent.set()

    def _make_protocol(self) -> OPCUAProtocol:
        return _Conversation(self)

    async def start(self) -> None:
        self._server = await asyncio.get_running_loop().create_server(self._make_protocol, sock=self._listening)

    async def silence(self) -> None:
        """Close the port and every conversation, and wait until their sockets are closed."""
        if self._server is not None:
            self._server.close()
        for client in list(self.clients):
            if client.transport is not None:
                client.transport.abort()
        await self.silent.wait()
        await self._close_tasks()


class _Conversation(OPCUAProtocol):
    def __init__(self, port: _Port) -> None:
        super().__init__(port.iserver, port._policies, port.clients, port.closing_tasks, port.limits)
        self._port = port

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._port.silent.clear()
        super().connection_made(transport)

    def connection_lost(self, ex: BaseException | None) -> None:
        super().connection_lost(ex)
        if not self._port.clients:
            self._port.silent.set()


def _typed(value: ua.DataValue | None) -> _Typed:
    variant = value.Value if value is not None and value.Value is not None else ua.Variant()
    rank = ua.ValueRank.OneDimension if variant.is_array else ua.ValueRank.Scalar
    return ua.NodeId(ua.Int32(variant.VariantType.value or ObjectIds.BaseDataType)), rank


def _rows() -> Iterator[dict[str, str]]:
    text = Path(__file__).with_name("simulate_standard.csv").read_text(encoding="utf-8")
    yield from csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))


def _now(_node: ua.NodeId, _attribute: AttributeIds) -> ua.DataValue:
    return ua.DataValue(ua.Variant(datetime.now(UTC), ua.VariantType.DateTime))
