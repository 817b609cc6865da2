"""How nodes are written."""

import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.opcua.node import UA, ById, ByPath, Node, NodeError, node

LINE = "http://example.org/line"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (f"nsu={LINE};s=Cartoner.Speed", Node(ById(LINE, "Cartoner.Speed"))),
        (f"nsu={LINE};s=a;b=c", Node(ById(LINE, "a;b=c"))),
        (f"nsu={LINE};s=R&D.a&|b|[0]", Node(ById(LINE, "R&D.a|b"), "[0]")),
        ("ns=4;s=|var|PLC.App.GVL.x", Node(ById(4, "|var|PLC.App.GVL.x"))),
        ("ns=4;s=|var|PLC.App.GVL.x||[0].y", Node(ById(4, "|var|PLC.App.GVL.x"), "[0].y")),
        ("i=2258", Node(ById(0, 2258))),
        (f"nsu={UA};i=2258", Node(ById(0, 2258))),
        ("ns=2;s=Speed", Node(ById(2, "Speed"))),
        (" ns=2;i=7 ", Node(ById(2, 7))),
        (
            f"nsu={LINE};g=72962b91-fa75-4ae6-8d28-b404dc7daf63",
            Node(ById(LINE, uuid.UUID("72962b91-fa75-4ae6-8d28-b404dc7daf63"))),
        ),
        (f"nsu={LINE};b=M/RbKBsRVkePCePcx24oRA==", Node(ById(LINE, bytes.fromhex("33f45b281b1156478f09e3dcc76e2844")))),
        (f"nsu={LINE};s=Job|Orders[0].Name", Node(ById(LINE, "Job"), "Orders[0].Name")),
        ("/0:Server/ServerStatus", Node(ByPath(((UA, "Server"), (UA, "ServerStatus"))))),
        (
            f"/nsu={LINE};Cartoner/Status/0:Id|[3]",
            Node(ByPath(((LINE, "Cartoner"), (LINE, "Status"), (UA, "Id"))), "[3]"),
        ),
        (f"/nsu={LINE};Speed&/2&|", Node(ByPath(((LINE, "Speed/2|"),)))),
    ],
)
def test_what_is_written_is_meant(written: str, meant: Node) -> None:
    assert node(written) == meant


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "U1001"),
        ("D100", "U1001"),
        ("nsu=;s=a", "U1001"),
        ("nsu=http://x s=a", "U1001"),
        ("ns=70000;i=1", "U1001"),
        ("i=", "U1002"),
        ("i=-1", "U1002"),
        ("i=4294967296", "U1002"),
        ("i=\u0663", "U1002"),
        ("s=", "U1002"),
        ("g=1234", "U1002"),
        ("b=*", "U1002"),
        ("s=a|", "U1003"),
        ("/", "U1004"),
        ("/a//b", "U1004"),
        ("/nsu=http://x/a", "U1004"),
    ],
)
def test_what_names_no_node_is_refused(written: str, code: str) -> None:
    with pytest.raises(NodeError) as caught:
        node(written)
    assert caught.value.code == code
    assert caught.value.facts["given"] == written


NAMES = st.text(st.characters(exclude_categories=["C"]), min_size=1, max_size=10).filter(
    lambda name: name == name.strip()
)
SPACES = st.sampled_from([UA, LINE, "urn:a:b"])


@given(st.lists(st.tuples(SPACES, NAMES), min_size=1, max_size=5))
def test_a_path_is_written_as_it_is_read(names: list[tuple[str, str]]) -> None:
    path = ByPath(tuple(names))
    assert node(str(path)).place == path


IDS = st.integers(0, 2**32 - 1) | st.uuids() | st.binary(min_size=1, max_size=9) | NAMES


@given(st.sampled_from([0, 2, LINE]), IDS)
def test_an_id_is_written_as_it_is_read(space: str | int, identifier: int | str | bytes | uuid.UUID) -> None:
    assert node(str(ById(space, identifier))).place == ById(space, identifier)
