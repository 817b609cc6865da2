"""A prepared reading is on the wire what asyncua makes of the same request."""

from uuid import UUID

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.ua_binary import struct_to_binary
from hypothesis import given
from hypothesis import strategies as st

from drivers.opcua.prepared import prepared

INDEXES = st.integers(0, 0xFFFF)
IDENTIFIERS = st.one_of(
    st.integers(0, 0xFFFF_FFFF), st.text(), st.binary(), st.builds(UUID, int=st.integers(0, 2**128 - 1))
)
NODES = st.builds(ua.NodeId, IDENTIFIERS, INDEXES)


def plain(nodes: list[ua.NodeId]) -> ua.ReadRequest:
    request = ua.ReadRequest()
    request.Parameters.TimestampsToReturn = ua.TimestampsToReturn.Neither
    request.Parameters.NodesToRead = [ua.ReadValueId(node, AttributeIds.Value) for node in nodes]
    return request


def told(request: ua.ReadRequest, handle: int) -> bytes:
    """With the header that asyncua gives it when it is sent."""
    request.RequestHeader.AuthenticationToken = ua.NodeId(b"token", 1)
    request.RequestHeader.RequestHandle = ua.UInt32(handle)
    request.RequestHeader.TimeoutHint = ua.UInt32(4000)
    request.RequestHeader.Timestamp = ua.DateTime(2026, 11, 28)
    return struct_to_binary(request)


@given(st.lists(NODES, min_size=1, max_size=20))
def test_it_is_the_request_that_asyncua_makes_every_time_it_is_sent(nodes: list[ua.NodeId]) -> None:
    made, wanted = prepared(nodes), plain(nodes)
    assert told(made, 7) == told(wanted, 7)
    assert told(made, 8) == told(wanted, 8)


def test_a_thousand_nodes_are_counted_as_a_thousand() -> None:
    status = ua.NodeId(ua.Int32(ObjectIds.Server_ServerStatus_State))
    assert told(prepared([status] * 1000), 1) == told(plain([status] * 1000), 1)
