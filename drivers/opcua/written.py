"""A node of a session -> the address that a person writes for it."""

from collections.abc import Sequence

from asyncua import ua

from drivers.opcua.node import ById, ByPath, Node, NodeError, node
from drivers.opcua.path import Path, text_of


def written(found: ua.NodeId, namespaces: Sequence[str], names: Sequence[tuple[str, str]], within: Path = ()) -> str:
    """By namespace URI and identifier; by its browse names from Objects on where that cannot be written.

    Empty where nothing can: what is written leads to the same node when it is read.
    """
    rest = text_of(within)
    places: list[ById | ByPath] = []
    space = _space(found.NamespaceIndex, namespaces)
    if space is not None:
        places.append(ById(space, found.Identifier))
    if names:
        places.append(ByPath(tuple(names)))
    for place in places:
        wanted = Node(place, rest)
        text = str(wanted)
        if _leads_to(text, wanted):
            return text
    return ""


def _space(index: int, namespaces: Sequence[str]) -> str | int | None:
    if index == 0:
        return 0
    return namespaces[index] if index < len(namespaces) and namespaces[index] else None


def _leads_to(text: str, wanted: Node) -> bool:
    try:
        text.encode()
        return node(text) == wanted
    except (NodeError, UnicodeEncodeError):
        return False
