"""A machine that was found: where each word comes from."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple, Protocol

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

from drivers.opcua.packml.rules import Rule
from drivers.opcua.space import Found


class Space(Protocol):
    """What discovery needs of a server: `drivers.opcua.space.Space` in a session, a dictionary in tests."""

    async def below(
        self, nodes: Sequence[ua.NodeId], *, kind: int = ObjectIds.HierarchicalReferences
    ) -> list[list[Found]]: ...
    async def read(self, nodes: Sequence[ua.NodeId]) -> list[tuple[object, int]]: ...
    def index(self, uri: str) -> int | None: ...
    def uri(self, index: int) -> str: ...


class Source(NamedTuple):
    """Nodes, and what is made of their values; without a rule the first one's value is taken as it is."""

    nodes: Sequence[ua.NodeId]
    rule: Rule | None = None
    unit: str | None = None
    """UCUM, where the server says one that we know."""


class Machine(NamedTuple):
    """Of one server."""

    where: str
    """As it is written behind `packml_root`."""
    dialect: str
    sources: Mapping[str, Source]
    identity: Mapping[str, ua.NodeId] = MappingProxyType({})
    """Label -> where the machine says it (OPC 40001-1, Identification)."""


def child(below: Sequence[Found], name: str) -> Found | None:
    return next((one for one in below if one.name == name), None)


def key(node: ua.NodeId) -> tuple[int, Any]:
    return node.NamespaceIndex, node.Identifier
