"""A ReadRequest that is sent again and again: what it asks for is encoded once.

asyncua encodes a request whenever it is sent, and that took twice as long as all the rest of a reading.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.ua_binary import struct_to_binary


class _Encoded(ua.ByteString):
    """The elements of an array. asyncua writes the `len` of bytes before them; of an array that is how many it has."""

    def __new__(cls, elements: Sequence[bytes]) -> "_Encoded":
        made = super().__new__(cls, b"".join(elements))
        made._count = len(elements)
        return made

    _count: int

    def __len__(self) -> int:
        return self._count


@dataclass(slots=True)
class PreparedRead:
    """On the wire it is a `ua.ReadRequest`; asyncua encodes the fields in this order (OPC 10000-4, 5.11.2)."""

    TypeId: ua.NodeId
    RequestHeader: ua.RequestHeader
    MaxAge: ua.Double
    TimestampsToReturn: ua.TimestampsToReturn
    NodesToRead: ua.ByteString


def prepared(nodes: Sequence[ua.NodeId]) -> PreparedRead:
    """The values of nodes, without their times."""
    request = ua.ReadRequest()
    encoded = _Encoded([struct_to_binary(ua.ReadValueId(node, AttributeIds.Value)) for node in nodes])
    return PreparedRead(request.TypeId, request.RequestHeader, ua.Double(0), ua.TimestampsToReturn.Neither, encoded)
