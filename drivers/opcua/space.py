"""A server's address space, as far as somebody looks at it: what is below nodes, under which names, of which type."""

from collections.abc import Sequence
from typing import Any, NamedTuple, cast

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from drivers.opcua.answer import exactly, parsed
from drivers.opcua.asking import Asking, chunks
from drivers.opcua.node import UA
from drivers.opcua.wire import Wire

PAGE = 1000
"""So many references of one node in one answer."""


class Found(NamedTuple):
    """A node below another one."""

    node: ua.NodeId
    space: str
    """URI of the namespace of its browse name."""
    name: str
    title: str
    """Display name."""
    node_class: ua.NodeClass
    type: ua.NodeId | None
    """Type definition of an object or a variable."""


class Space:
    """Of one session. Raises `NotConnected` and `UaStatusCodeError`."""

    def __init__(self, wire: Wire, asking: Asking) -> None:
        self._wire = wire
        self._asking = asking

    @property
    def namespaces(self) -> Sequence[str]:
        """URIs in the order of their indices in this session."""
        return self._asking.namespaces

    async def below(
        self, nodes: Sequence[ua.NodeId], *, kind: int = ObjectIds.HierarchicalReferences
    ) -> list[list[Found]]:
        """For each node what forward references of that kind, or a kind of that kind, lead to."""
        found: list[list[Found]] = []
        for some in chunks(nodes, self._asking.bounds.browse):
            request = ua.BrowseRequest()
            request.Parameters.RequestedMaxReferencesPerNode = ua.UInt32(PAGE)
            request.Parameters.NodesToBrowse = [_wanted(node, kind) for node in some]
            response = parsed(ua.BrowseResponse, await self._wire.ask(request))
            results = exactly(response.Results, len(some))
            whole = await self._whole(results)
            for place, result in enumerate(results):
                # Those of the same call held all continuation points that the server has; now they are free.
                if result.StatusCode.value == StatusCodes.BadNoContinuationPoints and len(some) > 1:
                    whole[place] = (await self.below([some[place]], kind=kind))[0]
            found += whole
        return found

    async def _whole(self, results: Sequence[ua.BrowseResult]) -> list[list[Found]]:
        found = [[self._of(one) for one in result.References or ()] for result in results]
        left = {place: result.ContinuationPoint for place, result in enumerate(results) if result.ContinuationPoint}
        while left:
            request = ua.BrowseNextRequest()
            request.Parameters.ContinuationPoints = list(left.values())
            request.Parameters.ReleaseContinuationPoints = cast(Any, False)  # asyncua would give them back unread
            response = parsed(ua.BrowseNextResponse, await self._wire.ask(request))
            places, left = list(left), {}
            for place, result in zip(places, exactly(response.Parameters.Results, len(places)), strict=True):
                found[place] += [self._of(one) for one in result.References or ()]
                if result.ContinuationPoint:
                    left[place] = result.ContinuationPoint
        return found

    def _of(self, one: ua.ReferenceDescription) -> Found:
        node = ua.NodeId(one.NodeId.Identifier, one.NodeId.NamespaceIndex)
        kind = None if one.TypeDefinition is None or one.TypeDefinition.is_null() else one.TypeDefinition
        title = one.DisplayName.Text or one.BrowseName.Name or ""
        return Found(
            node, self.uri(one.BrowseName.NamespaceIndex), one.BrowseName.Name or "", title, one.NodeClass, kind
        )

    def uri(self, index: int) -> str:
        """Of a namespace; that of OPC UA where the server names none."""
        names = self._asking.namespaces
        return names[index] if 0 < index < len(names) else UA

    def index(self, uri: str) -> int | None:
        """Of a namespace; None where the server has none of that URI."""
        names = self._asking.namespaces
        return names.index(uri) if uri in names else None

    async def read(self, nodes: Sequence[ua.NodeId]) -> list[tuple[object, int]]:
        """Value and status of each."""
        answer = await self._asking.read(nodes)
        return list(zip(answer.values, answer.statuses, strict=True))

    async def attributes(self, nodes: Sequence[ua.NodeId], attribute: AttributeIds) -> list[object]:
        """Another attribute than the value of each; None where there is none."""
        found: list[object] = []
        for some in chunks(nodes, self._asking.bounds.read):
            request = ua.ReadRequest()
            request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Neither
            request.Parameters.NodesToRead = [ua.ReadValueId(node, attribute) for node in some]
            answer = await self._asking.read_prepared(request, len(some))
            found += [None if status else value for value, status in zip(answer.values, answer.statuses, strict=True)]
        return found


def _wanted(node: ua.NodeId, kind: int) -> ua.BrowseDescription:
    wanted = ua.BrowseDescription()
    wanted.NodeId = node
    wanted.BrowseDirection = ua.BrowseDirection.Forward
    wanted.ReferenceTypeId = ua.NodeId(ua.Int32(kind))
    wanted.IncludeSubtypes = cast(Any, True)
    wanted.NodeClassMask = ua.UInt32(0)
    wanted.ResultMask = ua.UInt32(63)
    return wanted
