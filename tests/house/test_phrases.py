"""What goes wrong is told in two languages: its reason is no bare English text."""

import ast
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from tests.house.test_rules import Place, dotted, trees


class Room(NamedTuple):
    """Where reasons are given, and the classes that carry them to the log."""

    folder: str
    classes: frozenset[str]


ROOMS = (
    Room("agent/mqtt", frozenset(("LinkFailed", "Refusal"))),
    Room("agent/publish", frozenset(("LinkFailed", "Refusal"))),
    Room("drivers", frozenset(("NotConnected", "Malformed"))),
)
"""With their subclasses in the same folder."""
REASON_AT = {"Refusal": 1}
"""Which argument it is; elsewhere the first."""


def bare(node: ast.expr) -> bool:
    """Whether it is a text in one language, be it only in one of its branches."""
    match node:
        case ast.Constant(value=str()) | ast.JoinedStr():
            return True
        case ast.BinOp(left=left, right=right):
            return bare(left) or bare(right)
        case ast.IfExp(body=one, orelse=other):
            return bare(one) or bare(other)
        case ast.BoolOp(values=several):
            return any(bare(one) for one in several)
        case ast.Call(func=ast.Name(id="str")):
            return True
        case ast.Call(func=ast.Attribute(value=text)):
            return bare(text)
    return False


def heirs(tree: ast.Module, classes: frozenset[str]) -> frozenset[str]:
    """These classes and those of the module that are made of them."""
    defined = (node for node in ast.walk(tree) if isinstance(node, ast.ClassDef))
    return classes | {one.name for one in defined if any(dotted(base) in classes for base in one.bases)}


def told(tree: ast.Module, classes: frozenset[str]) -> Iterator[tuple[int, str]]:
    """Where one of these is made with a bare text for a reason."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (name := dotted(node.func).split(".")[-1]) in classes:
            at = REASON_AT.get(name, 0)
            named = [keyword.value for keyword in node.keywords if keyword.arg == "reason"]
            if any(bare(reason) for reason in (*node.args[at : at + 1], *named)):
                yield node.lineno, name


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.folder)
def test_reasons_are_phrases(room: Room) -> None:
    modules = trees(room.folder)
    classes = room.classes.union(*(heirs(tree, room.classes) for tree in modules.values()))
    assert modules
    assert not [Place(file, *place) for file, tree in modules.items() for place in told(tree, classes)]


@pytest.mark.parametrize(
    "source",
    [
        'LinkFailed("gone")',
        'words.LinkFailed(f"{place} is gone", Cause.CLOSED)',
        'LinkFailed(said + " and gone")',
        'LinkFailed(said if said else "gone")',
        'LinkFailed(said or "gone")',
        'LinkFailed("%s is gone" % place)',
        'LinkFailed("{} is gone".format(place))',
        "LinkFailed(str(error))",
        'LinkFailed(reason="gone")',
        'Refusal(0x90, "no topic")',
        'class Silent(LinkFailed): pass\nSilent("gone")',
    ],
)
def test_a_bare_reason_is_found(source: str) -> None:
    tree = ast.parse(source)
    assert list(told(tree, heirs(tree, frozenset(("LinkFailed", "Refusal")))))


@pytest.mark.parametrize(
    "source",
    ['LinkFailed(Phrase("断", "gone"))', "LinkFailed(reason)", "Refusal(0x90, puback_reason(0x90))", 'Other("gone")'],
)
def test_a_phrase_is_none(source: str) -> None:
    assert not list(told(ast.parse(source), frozenset(("LinkFailed", "Refusal"))))
