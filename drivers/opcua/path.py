"""Paths into arrays and structures: `Orders[0].Name` of what a node holds. Written behind the node and a `|`.

    path  = (name | index) { "." name | index }
    name  = characters but . [ ] "     or     "any characters", a quote written twice
    index = [2]     or, of a matrix,     [1,2]

Positions of arrays begin with 0, as the server counts them.
"""

import re
from dataclasses import is_dataclass
from typing import Any, Literal

from drivers.contract import Quality

Step = str | tuple[int, ...]
Path = tuple[Step, ...]
"""Names of fields and positions, from the outside in."""

Mistake = Literal["name", "index", "quote", "separator"]
"""What is wanted and missing: a name; whole numbers and a closing bracket; a closing quote; a dot or a bracket."""

_NAME = re.compile(r'[^.\[\]"]+')
_QUOTED = re.compile(r'"((?:[^"]|"")+)"')
_INDEX = re.compile(r"\[ *([0-9]{1,9}(?: *, *[0-9]{1,9})*) *\]")


class PathError(ValueError):
    """A text is no path: what was expected (`mistake`) and where (`position`, from 0)."""

    def __init__(self, mistake: Mistake, position: int) -> None:
        super().__init__(f"{mistake} expected at {position}")
        self.mistake = mistake
        self.position = position


def parse(written: str) -> Path:
    """The steps of a path. Raises `PathError`, and nothing else, for any text; an empty one is no path."""
    steps: list[Step] = []
    at = 0
    while not steps or at < len(written):
        if written.startswith("[", at):
            at = _index(written, at, steps)
        elif not steps:
            at = _name(written, at, steps)
        elif written[at] == ".":
            at = _name(written, at + 1, steps)
        else:
            raise PathError("separator", at)
    return tuple(steps)


def _index(written: str, at: int, steps: list[Step]) -> int:
    found = _INDEX.match(written, at)
    if found is None:
        raise PathError("index", at)
    steps.append(tuple(int(number) for number in found[1].split(",")))
    return found.end()


def _name(written: str, at: int, steps: list[Step]) -> int:
    if written.startswith('"', at):
        found = _QUOTED.match(written, at)
        if found is None:
            raise PathError("quote", at)
        steps.append(found[1].replace('""', '"'))
        return found.end()
    found = _NAME.match(written, at)
    if found is None:
        raise PathError("name", at)
    steps.append(found[0])
    return found.end()


def text_of(path: Path) -> str:
    """The inverse of `parse`, in canonical notation."""
    parts: list[str] = []
    for step in path:
        if isinstance(step, str):
            quoted = step if _NAME.fullmatch(step) else '"' + step.replace('"', '""') + '"'
            parts.append(f".{quoted}" if parts else quoted)
        else:
            parts.append(f"[{','.join(map(str, step))}]")
    return "".join(parts)


def follow(path: Path, decoded: object) -> tuple[object, Quality | None]:
    """What the path leads to in what asyncua decoded, and None; or None and the fault.

    `bad.config` where there is no such field or position, or the path leads into a plain value; `bad.null` where a
    structure or an array on the way is absent; `bad.type` where the server did not say how a structure is made.
    """
    for step in path:
        decoded, fault = _entered(decoded)
        if fault is None:
            decoded, fault = _field(decoded, step) if isinstance(step, str) else _element(decoded, step)
        if fault is not None:
            return None, fault
    return decoded, None


def _entered(decoded: object) -> tuple[object, Quality | None]:
    """An array or a structure, out of the Variant that may be around it."""
    if is_dataclass(decoded):
        from asyncua import ua

        if isinstance(decoded, ua.Variant):
            decoded = decoded.Value
        if isinstance(decoded, ua.ExtensionObject):
            return None, Quality.BAD_NULL if decoded.TypeId.is_null() else Quality.BAD_TYPE
    return decoded, Quality.BAD_NULL if decoded is None else None


def _element(decoded: Any, positions: tuple[int, ...]) -> tuple[object, Quality | None]:
    for position in positions:
        if not isinstance(decoded, list | tuple) or position >= len(decoded):
            return None, Quality.BAD_CONFIG
        decoded = decoded[position]
    return decoded, None


def _field(decoded: Any, name: str) -> tuple[object, Quality | None]:
    if isinstance(decoded, dict):
        return (decoded[name], None) if name in decoded else (None, Quality.BAD_CONFIG)
    if is_dataclass(decoded):
        for attribute in (name, _renamed(name)):
            if attribute in decoded.__dataclass_fields__ or _is_alternative(decoded, attribute):
                return getattr(decoded, attribute), None
    return None, Quality.BAD_CONFIG


def _renamed(name: str) -> str:
    """What asyncua calls a field whose name is none in Python: `a.b` is `a_b`."""
    from asyncua.common.structures104 import clean_name

    return clean_name(name)


def _is_alternative(decoded: Any, name: str) -> bool:
    """Alternatives of a union are properties, None where another one is chosen."""
    return isinstance(getattr(type(decoded), name, None), property)
