"""What a variable holds, for people: its value as text, and the elements and fields that a tag can have. Pure."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import NamedTuple

from drivers.contract import Quality, ValueType
from drivers.opcua.path import Path
from drivers.opcua.value import settled, value_of

PARTS = 16
"""So many elements of an array are shown."""
LEVELS = 3
"""Arrays in structures in arrays, and no deeper."""
TEXT_MAX = 200
_HIDDEN = frozenset({"Encoding", "TypeId", "Body"})
"""Of asyncua's making."""
_TYPES: dict[type, ValueType] = {bool: "bool", int: "int", float: "float", str: "str"}
_BUILT_IN: dict[int, ValueType] = {
    1: "bool",
    **dict.fromkeys((*range(2, 10), 19, 27, 28, 29), "int"),
    **dict.fromkeys((10, 11, 290), "float"),
    **dict.fromkeys((12, 13, 14, 15, 16, 17, 20, 21, 294, 295), "str"),
}
"""Data types of namespace 0 whose values are plain: OPC 10000-6, 5.1.2, and the usual ones below them."""
_OPEN = frozenset({0, 24, 26})
"""Types of which nobody knows what their values are: of another namespace, BaseDataType, Number."""


class Held(NamedTuple):
    """What there is."""

    text: str
    type: ValueType | None
    quality: Quality
    size: str = ""
    """`[10]` or `[2,3]` of an array."""
    is_whole: bool = True
    """Whether a tag can have all of it; of an array or a structure it can have parts."""


class Part(NamedTuple):
    """An element or a field."""

    name: str
    path: Path
    """From the whole value on."""
    held: Held
    level: int


def held(decoded: object, status: int) -> Held:
    """Of a variable, or of a part of it."""
    value, quality = settled(decoded, status)
    if value is not None:
        return Held(_cut(str(value)), _TYPES[type(value)], quality or Quality.GOOD)
    if quality is not Quality.BAD_TYPE or decoded is None:
        return Held("", None, quality or Quality.BAD_NULL)
    inner = _inner(decoded)
    if isinstance(inner, list | tuple):
        return Held(_cut(_shown(inner)), None, Quality.GOOD, f"[{','.join(map(str, _lengths(inner)))}]", False)
    return Held("{...}", None, Quality.GOOD if is_structure(inner) else Quality.BAD_TYPE, "", False)


def built_in(data_type: int) -> ValueType | None:
    """What values of a data type of namespace 0 are."""
    return _BUILT_IN.get(data_type)


def may_be_plain(data_type: int) -> bool:
    """Whether a tag may have what such a variable will hold, when there is nothing yet."""
    return data_type in _OPEN or data_type in _BUILT_IN


def is_structure(decoded: object) -> bool:
    """Whether it has fields that are known without asking the server for more."""
    return is_dataclass(decoded) and not isinstance(decoded, type) and type(decoded).__name__ != "ExtensionObject"


def parts(decoded: object, path: Path = (), level: int = 1) -> Iterator[Part]:
    """What is in an array or a structure, each followed by what is in it."""
    inner = _inner(decoded)
    for name, step, part in _children(inner, path):
        found = held(part, 0)
        yield Part(name, step, found, level)
        if not found.is_whole and level < LEVELS:
            yield from parts(part, step, level + 1)


def _children(inner: object, path: Path) -> Iterator[tuple[str, Path, object]]:
    if isinstance(inner, list | tuple):
        for position, part in enumerate(inner[:PARTS]):
            yield f"[{position}]", (*path, (position,)), part
    elif is_structure(inner):
        for field in fields(inner):  # type: ignore[arg-type]  # `is_structure` says that it is a dataclass
            if field.name not in _HIDDEN:
                yield field.name, (*path, field.name), getattr(inner, field.name)


def _inner(decoded: object) -> object:
    """Out of the Variant that may be around it."""
    return getattr(decoded, "Value", decoded) if type(decoded).__name__ == "Variant" else decoded


def _lengths(found: object) -> list[int]:
    lengths: list[int] = []
    while isinstance(found, list | tuple):
        lengths.append(len(found))
        found = found[0] if found else None
    return lengths


def _shown(found: object) -> str:
    if isinstance(found, list | tuple):
        more = ", ..." if len(found) > PARTS else ""
        return f"[{', '.join(_shown(_inner(one)) for one in found[:PARTS])}{more}]"
    value, _ = value_of(found)
    return "?" if value is None else str(value)


def _cut(text: str) -> str:
    return text if len(text) <= TEXT_MAX else text[: TEXT_MAX - 1] + "…"
