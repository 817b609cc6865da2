"""Folders that are longer than one answer, on a server with few continuation points."""

from collections import Counter
from typing import Any, cast

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_to_binary

from drivers.opcua.asking import Asking
from drivers.opcua.counts import Counts
from drivers.opcua.space import PAGE, Space

CHILDREN = 2 * PAGE + 500


class FewPoints:
    """A wire to a server whose folders have many children each."""

    def __init__(self, points: int) -> None:
        self.points = points
        self.held: dict[bytes, int] = {}
        """Continuation point -> how much was told."""
        self.asked: Counter[str] = Counter()

    async def ask(self, request: Any) -> Buffer:
        self.asked[type(request).__name__] += 1
        if isinstance(request, ua.BrowseRequest):
            response: Any = ua.BrowseResponse()
            response.Results = [self._page(str(one.NodeId.Identifier), 0) for one in request.Parameters.NodesToBrowse]
        else:
            assert not request.Parameters.ReleaseContinuationPoints
            response = ua.BrowseNextResponse()
            response.Parameters.Results = [
                self._page(point.decode(), self.held.pop(point)) for point in request.Parameters.ContinuationPoints
            ]
        return Buffer(struct_to_binary(response))

    def _page(self, folder: str, told: int) -> ua.BrowseResult:
        result = ua.BrowseResult()
        until = min(told + PAGE, CHILDREN)
        if until < CHILDREN:
            if len(self.held) >= self.points:
                result.StatusCode = ua.StatusCode(ua.UInt32(StatusCodes.BadNoContinuationPoints))
                return result
            result.ContinuationPoint = ua.ByteString(folder.encode())
            self.held[folder.encode()] = until
        result.References = [_reference(f"{folder}.{number}") for number in range(told, until)]
        return result


def _reference(name: str) -> ua.ReferenceDescription:
    one = ua.ReferenceDescription()
    one.NodeId = ua.ExpandedNodeId(ua.String(name), ua.Int16(1))
    one.BrowseName = ua.QualifiedName(name, ua.UInt16(1))
    return one


async def test_whole_folders_however_few_continuation_points_there_are() -> None:
    wire = FewPoints(points=1)
    asking = Asking(cast(Any, wire), Counts(), 100)
    asking.namespaces = ["http://opcfoundation.org/UA/", "urn:line"]
    folders = [ua.NodeId(ua.String(name), ua.Int16(1)) for name in "abc"]
    found = await Space(cast(Any, wire), asking).below(folders)
    assert [[one.name for one in children] for children in found] == [
        [f"{folder}.{number}" for number in range(CHILDREN)] for folder in "abc"
    ]
    assert {one.space for children in found for one in children} == {"urn:line"}
    assert wire.asked == {"BrowseRequest": 3, "BrowseNextRequest": 6}
    assert not wire.held
