"""The address that a person writes for a node."""

import pytest
from asyncua import ua

from drivers.opcua.node import node
from drivers.opcua.written import written

NAMESPACES = ["http://opcfoundation.org/UA/", "urn:own", "http://example.org/line"]
NAMES = [("http://example.org/line", "Press"), ("http://example.org/line", "Speed")]
PATH = "/nsu=http://example.org/line;Press/Speed"


@pytest.mark.parametrize(
    ("found", "address"),
    [
        (ua.NodeId("Press.Speed", 2), "nsu=http://example.org/line;s=Press.Speed"),
        (ua.NodeId(2258, 0), "i=2258"),
        (ua.NodeId("a|b", 2), "nsu=http://example.org/line;s=a&|b"),
        (ua.NodeId("\ud800", 2), PATH),
        (ua.NodeId(" x", 2), PATH),
        (ua.NodeId("", 2), PATH),
        (ua.NodeId("x", 9), PATH),
    ],
)
def test_by_its_id_where_that_can_be_written_else_by_its_names(found: ua.NodeId, address: str) -> None:
    said = written(found, NAMESPACES, NAMES)
    assert said == address
    assert str(node(said)) == said


def test_nothing_where_nothing_leads_there() -> None:
    assert written(ua.NodeId("", 2), NAMESPACES, ()) == ""


def test_within_an_array() -> None:
    assert written(ua.NodeId("Orders", 2), NAMESPACES, NAMES, ((1,),)) == "nsu=http://example.org/line;s=Orders|[1]"
