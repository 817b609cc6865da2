"""Which node a tag is, as a person writes it. Pure: what a namespace or a path leads to is only known in a session.

    nsu=http://example.org/line;s=Cartoner.Speed     by namespace URI: i= number, s= text, g= GUID, b= base64
    i=2258                                           in namespace 0, that of OPC UA itself
    ns=2;s=Cartoner.Speed                            by namespace index, which may move when the server is changed
    /nsu=http://example.org/line;Cartoner/Speed      by browse names, from the folder Objects on
    ...|Orders[0].Name                               an element or a field of an array or a structure
    ns=4;s=|var|PLC.Application.GVL.speed||[0]       ids of CODESYS begin with a bar and are full of them: || then
    packml:state                                     what a machine that maps itself has for this word

In a path a name without a namespace is in that of the name before it, at first in namespace 0; `0:Server` is in
namespace 0 again. `&` before a character takes it as it is: `Speed&/2`. In an id only a bar needs that: `s=a&|b`.
"""

import base64
import binascii
import re
import uuid
from dataclasses import dataclass
from functools import lru_cache

from drivers.opcua.packml.words import UNITS

UA = "http://opcfoundation.org/UA/"
"""Namespace 0."""

_SPACE = re.compile(r"\s*(?:nsu=(?P<uri>[^;|]+);|ns=(?P<index>\d{1,5});)?\s*(?P<kind>[isgb])=(?P<name>.*)", re.DOTALL)
_BAR, _DOUBLE_BAR = re.compile(r"(?<!&)\|"), re.compile(r"\|\|")
_CODESYS = re.compile(r"[^|]*s=\|")
_INDEX_MAX = 0xFFFF
_MACHINE = "packml:"
_NUMBER_MAX = 0xFFFF_FFFF


class NodeError(ValueError):
    """The text names no node: `code` and `facts` of a message."""

    def __init__(self, code: str, given: str, **facts: object) -> None:
        super().__init__(f"{code} {given}")
        self.code = code
        self.facts = {"given": given, **facts}


@dataclass(frozen=True, slots=True)
class ById:
    """A node id. `space` is a namespace URI, or an index where the person wrote one."""

    space: str | int
    id: int | str | bytes | uuid.UUID

    def __str__(self) -> str:
        space = (
            ""
            if self.space in (0, UA)
            else f"ns={self.space};"
            if isinstance(self.space, int)
            else f"nsu={self.space};"
        )
        if isinstance(self.id, bytes):
            return f"{space}b={base64.b64encode(self.id).decode()}"
        kind = "i" if isinstance(self.id, int) else "g" if isinstance(self.id, uuid.UUID) else "s"
        name = str(self.id)
        return f"{space}{kind}={name if name.startswith('|') else name.replace('|', '&|')}"


@dataclass(frozen=True, slots=True)
class ByPath:
    """Browse names from the folder Objects on, each with the URI of its namespace."""

    names: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        said, before = "", UA
        for space, name in self.names:
            escaped = re.sub(r"[&/;|]", lambda found: "&" + found[0], name)
            prefix = "" if space == before else "0:" if space == UA else f"nsu={space};"
            said, before = f"{said}/{prefix}{escaped}", space
        return said


@dataclass(frozen=True, slots=True)
class OfMachine:
    """A word of a machine that maps itself; which nodes that are is only known in a session."""

    word: str
    part: int = 0
    """A word may be made of several nodes."""
    device: str = ""
    root: ById | ByPath | None = None
    """Where the machine is, if there is more than one."""

    def __str__(self) -> str:
        return f"{_MACHINE}{self.word}"


Place = ById | ByPath | OfMachine


@dataclass(frozen=True, slots=True)
class Node:
    """A node, and the path to what is wanted of its value; empty for the whole of it."""

    place: Place
    within: str = ""

    def __str__(self) -> str:
        bar = "||" if _CODESYS.match(str(self.place)) else "|"
        return f"{self.place}{bar}{self.within}" if self.within else str(self.place)


@lru_cache(maxsize=4096)
def node(written: str) -> Node:
    """Read a node. Raises `NodeError`."""
    if written.strip().startswith(_MACHINE):
        return Node(_of_machine(written))
    halves = (_DOUBLE_BAR if _CODESYS.match(written) else _BAR).split(written, maxsplit=1)
    text, within = halves[0], halves[1].strip() if len(halves) > 1 else ""
    if len(halves) > 1 and not within:
        raise NodeError("U1003", written)
    place = _by_path(text, written) if text.lstrip().startswith("/") else _by_id(text, written)
    return Node(place, within)


def _of_machine(written: str) -> OfMachine:
    word = written.strip().removeprefix(_MACHINE)
    if word not in UNITS:
        raise NodeError("U2201", written, known=", ".join(UNITS))
    return OfMachine(word)


def _by_id(text: str, written: str) -> ById:
    match = _SPACE.fullmatch(text)
    if match is None:
        raise NodeError("U1001", written)
    space: str | int = match["uri"].strip() if match["uri"] else int(match["index"] or 0)
    if isinstance(space, int) and space > _INDEX_MAX:
        raise NodeError("U1001", written)
    name = match["name"].strip()
    name = name if name.startswith("|") else name.replace("&|", "|")
    return ById(0 if space == UA else space, _identifier(match["kind"], name, written))


def _identifier(kind: str, name: str, written: str) -> int | str | bytes | uuid.UUID:
    try:
        if kind == "g":
            return uuid.UUID(name)
        if kind == "b":
            return base64.b64decode(name, validate=True)
    except (ValueError, binascii.Error):
        raise NodeError("U1002", written, kind=kind, name=name) from None
    if kind == "i" and not (name.isascii() and name.isdigit() and int(name) <= _NUMBER_MAX):
        raise NodeError("U1002", written, kind=kind, name=name)
    if not name:
        raise NodeError("U1002", written, kind=kind, name=name)
    return int(name) if kind == "i" else name


def _by_path(text: str, written: str) -> ByPath:
    names: list[tuple[str, str]] = []
    space, rest = UA, text.strip()
    while rest:
        match = re.match(r"/(?:nsu=(?P<uri>[^;]+);|(?P<own>0:))?(?P<name>(?:[^&/]|&.)*)", rest, re.DOTALL)
        if match is None or not match["name"].strip():
            raise NodeError("U1004", written)
        space = match["uri"] or (UA if match["own"] else space)
        names.append((space, re.sub(r"&(.)", r"\1", match["name"].strip(), flags=re.DOTALL)))
        rest = rest[match.end() :]
    return ByPath(tuple(names))
