"""Structures of OPC 30050 from their bytes (OPC 30050 1.01, 6.8; OPC 10000-6, 5.2).

asyncua keeps a structure as bytes as long as nobody loads the server's type definitions, which costs a browse through
all of them and a registry for the whole process. Two structures with fixed fields do not need that.
"""

from dataclasses import is_dataclass
from struct import Struct, error
from typing import Any, Final, Literal

Kind = Literal["count", "alarm"]
COUNT: Final = "count"
ALARM: Final = "alarm"

_INT32, _TIME = Struct("<i"), Struct("<q")
_LAYOUT: dict[Kind, str] = {
    COUNT: "ID:i Name:s Unit:u Count:i AccCount:i",
    ALARM: "ID:i Value:i Message:s Category:i DateTime:t AckDateTime:t Trigger:b",
}


def fields(structure: Any, kind: Kind) -> dict[str, Any] | None:
    """Field -> value; None of what is no such structure."""
    if isinstance(structure, dict):
        return structure
    body = getattr(structure, "Body", None)
    if isinstance(body, bytes):
        return _decoded(body, kind)
    if is_dataclass(structure) and hasattr(structure, "ID"):
        return vars(structure)
    return None


def _decoded(body: bytes, kind: Kind) -> dict[str, Any] | None:
    reader, found = _Reader(body), dict[str, Any]()
    try:
        for field in _LAYOUT[kind].split():
            name, _, code = field.partition(":")
            found[name] = reader.next(code)
    except (error, IndexError, UnicodeDecodeError):
        return None
    return found if reader.is_at_end else None


class _Reader:
    def __init__(self, body: bytes) -> None:
        self._body = body
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._at == len(self._body)

    def next(self, code: str) -> Any:
        match code:
            case "i":
                return self._fixed(_INT32)
            case "t":
                return self._fixed(_TIME)
            case "b":
                self._at += 1
                return bool(self._body[self._at - 1])
            case "s":
                return self._text()
            case _:  # EUInformation: NamespaceUri, UnitId, DisplayName, Description
                unit = [self._text(), self._fixed(_INT32), self._localized(), self._localized()]
                return {"UnitId": unit[1], "DisplayName": unit[2]}

    def _fixed(self, form: Struct) -> int:
        (value,) = form.unpack_from(self._body, self._at)
        self._at += form.size
        return int(value)

    def _text(self) -> str | None:
        length = self._fixed(_INT32)
        if length < 0:
            return None
        text = self._body[self._at : self._at + length]
        if len(text) < length:
            raise IndexError
        self._at += length
        return text.decode()

    def _localized(self) -> str | None:
        """The text; the bits of its mask say whether there is a locale and a text (5.2.2.14)."""
        mask = self._body[self._at]
        self._at += 1
        _locale = self._text() if mask & 1 else None
        return self._text() if mask & 2 else None
