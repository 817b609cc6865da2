"""What is asked of a session, in as many calls as the server allows, and answers as columns."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors._base import UaStatusCodeError

from drivers.opcua import decode
from drivers.opcua.answer import exactly, parsed
from drivers.opcua.counts import Counts
from drivers.opcua.node import UA, ById, ByPath, Place
from drivers.opcua.oversize import TOO_MUCH, Oversize
from drivers.opcua.prepared import PreparedRead
from drivers.opcua.room import bound
from drivers.opcua.wire import Wire

T = TypeVar("T")

AT_ONCE = 1000
"""So many nodes in one call where the server knows no limit."""
FEWER = 4
"""By so much a call shrinks that was too long."""


@dataclass(slots=True)
class Bounds:
    """How much a server takes in one call."""

    read: int = AT_ONCE
    items: int = AT_ONCE
    translate: int = AT_ONCE
    browse: int = AT_ONCE
    watched: int | None = None
    """Values in all subscriptions of a session; None: as many as there are."""


def chunks(things: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(things), most):
        yield things[start : start + most]


class Asking:
    """The calls of a reader; none of them changes a machine."""

    def __init__(self, wire: Wire, counts: Counts, most: int, most_items: int = 0) -> None:
        """`most` nodes in one call, `most_items` values that are watched, where the person said so; else 0."""
        self._wire = wire
        self._counts = counts
        self._wish = self._most = most
        self._oversize = Oversize()
        self._most_items = most_items
        self.bounds = Bounds()
        self.namespaces: Sequence[str] = ()

    async def learn(self) -> None:
        """Namespaces and limits, anew in every session."""
        ids = ObjectIds
        wanted = [
            ids.Server_NamespaceArray,
            ids.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead,
            ids.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall,
            ids.Server_ServerCapabilities_OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds,
            ids.Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse,
            ids.Server_ServerCapabilities_MaxMonitoredItems,
            ids.Server_ServerCapabilities_MaxMonitoredItemsPerSubscription,
        ]
        found = await self.read([ua.NodeId(ua.Int32(one)) for one in wanted], most=len(wanted))
        names, *limits, items, items_of_one = found.values
        self.namespaces = [str(name) for name in names] if isinstance(names, list) else [UA]
        most = self._most or AT_ONCE
        self.bounds = Bounds(*(min(one, most) if isinstance(one, int) and one > 0 else most for one in limits))
        self.bounds.watched = bound(self._most_items, items, items_of_one)

    def ask_for_less(self) -> tuple[str, dict[str, object]]:
        """A call was too long. What becomes of it in the next session: code of a message, and its facts."""
        node = self._oversize.told()
        if node is not None:
            self._most = self._wish
            return "U2118", {"node": node}
        self._most = max(max(self.bounds.read, self.bounds.items) // FEWER, 1)
        return "U2116", {"count": self._most}

    def fitting(self, nodes: Sequence[ua.NodeId | None]) -> tuple[list[ua.NodeId | None], frozenset[int]]:
        """The same nodes, None in the place of those whose value is known to be too long; and where these stood."""
        large = frozenset(
            place for place, node in enumerate(nodes) if node and self._oversize.holds(node, self.namespaces)
        )
        return [None if place in large else node for place, node in enumerate(nodes)], large

    async def read(self, nodes: Sequence[ua.NodeId], *, most: int = 0) -> decode.Read:
        """Values of nodes, in order."""
        values: list[object] = []
        statuses: list[int] = []
        source_times: list[int | None] = []
        server_times: list[int | None] = []
        for some in chunks(nodes, most or self.bounds.read):
            request = ua.ReadRequest()
            request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
            request.Parameters.NodesToRead = [ua.ReadValueId(node, AttributeIds.Value) for node in some]
            answer = await self.read_prepared(request, len(some), None if most or len(some) > 1 else some[0])
            values += answer.values
            statuses += answer.statuses
            source_times += answer.source_times
            server_times += answer.server_times
        return decode.Read(values, statuses, source_times, server_times)

    async def read_prepared(
        self, request: ua.ReadRequest | PreparedRead, count: int, alone: ua.NodeId | None = None
    ) -> decode.Read:
        """The answer to one request, for so many nodes, that is within the bounds. `alone`: if it is for one value."""
        self._counts.reads += 1
        try:
            body = await self._wire.ask(request)
        except UaStatusCodeError as error:
            if alone is not None and error.code in TOO_MUCH:
                self._oversize.struck(alone, self.namespaces)
            raise
        if alone is not None:
            self._oversize.fits(alone, self.namespaces)
        answer = decode.read(_bytes(body))
        if answer is None:
            self._counts.slowly += 1
            response = parsed(ua.ReadResponse, body)
            answer = decode.of_asyncua(response)
        exactly(answer.values, count)
        return answer

    async def nodes(self, places: Sequence[Place]) -> list[ua.NodeId | None]:
        """What each place is in this session; None where there is no such thing. Words of machines are not known here:
        see `drivers.opcua.packml.machines`."""
        known: dict[Place, ua.NodeId | None] = {}
        for place in places:
            if not isinstance(place, ByPath):
                known[place] = self._node_id(place) if isinstance(place, ById) else None
        paths = list(dict.fromkeys(place for place in places if isinstance(place, ByPath)))
        for some in chunks(paths, self.bounds.translate):
            known.update(zip(some, await self._translated(some), strict=True))
        return [known[place] for place in places]

    def _index(self, space: str | int) -> int | None:
        if isinstance(space, int):
            return space
        return self.namespaces.index(space) if space in self.namespaces else None

    def _node_id(self, place: ById) -> ua.NodeId | None:
        index = self._index(place.space)
        return None if index is None else ua.NodeId(cast(Any, place.id), ua.Int16(index))

    async def _translated(self, paths: Sequence[ByPath]) -> list[ua.NodeId | None]:
        known = [self._browse_path(path) for path in paths]
        asked = [one for one in known if one is not None]
        if not asked:
            return [None] * len(paths)
        request = ua.TranslateBrowsePathsToNodeIdsRequest()
        request.Parameters.BrowsePaths = asked
        body = await self._wire.ask(request)
        response = parsed(ua.TranslateBrowsePathsToNodeIdsResponse, body)
        results = iter(exactly(response.Results, len(asked)))
        return [None if one is None else _only(next(results)) for one in known]

    def _browse_path(self, path: ByPath) -> ua.BrowsePath | None:
        steps = []
        for space, name in path.names:
            index = self._index(space)
            if index is None:
                return None
            step = ua.RelativePathElement()
            step.ReferenceTypeId = ua.NodeId(ua.Int32(ObjectIds.HierarchicalReferences))
            step.IsInverse, step.IncludeSubtypes = cast(Any, False), cast(Any, True)
            step.TargetName = ua.QualifiedName(name, ua.UInt16(index))
            steps.append(step)
        made = ua.BrowsePath()
        made.StartingNode = ua.NodeId(ua.Int32(ObjectIds.ObjectsFolder))
        made.RelativePath = ua.RelativePath(Elements=steps)
        return made


def _only(result: ua.BrowsePathResult) -> ua.NodeId | None:
    if not result.StatusCode.is_good() or not result.Targets:
        return None
    found = result.Targets[0].TargetId
    return ua.NodeId(found.Identifier, found.NamespaceIndex)


def _bytes(body: Any) -> bytes:
    """What is left of asyncua's buffer, without taking it."""
    return bytes(body)
