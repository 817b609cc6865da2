"""What asyncua or `drivers.opcua.decode` decoded -> a value of the contract, or the reason why there is none."""

from base64 import b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from enum import Enum
from math import isfinite
from typing import TYPE_CHECKING, TypeGuard
from uuid import UUID

from drivers.contract import Quality, Value
from drivers.opcua.path import Path, follow
from drivers.opcua.status import quality

if TYPE_CHECKING:
    from asyncua import ua

Outcome = tuple[Value, None] | tuple[None, Quality]

_NULL: Outcome = (None, Quality.BAD_NULL)
_NO_VALUE: Outcome = (None, Quality.BAD_DECODE)
_OTHER_TYPE: Outcome = (None, Quality.BAD_TYPE)

_PLAIN = frozenset({bool, int, float, str})
_BEGIN_OF_TIME = datetime(1601, 1, 1, tzinfo=UTC)
_END_OF_TIME = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)


def settled(decoded: object, status: int, path: Path = ()) -> tuple[Value | None, Quality | None]:
    """Value and reason of one item: (value, None) is good, (value, reason) uncertain, (None, reason) bad.

    A bad status means that there is no value, even where the server sends one.
    """
    reason = quality(status) if status else None
    if reason is not None and reason.is_bad:
        return None, reason
    value, fault = value_of(decoded, path)
    return (value, reason) if fault is None else (None, fault)


def value_of(decoded: object, path: Path = ()) -> Outcome:
    """The value that a path leads to, and None; or None and the fault.

    DateTime becomes ISO 8601 text in UTC with milliseconds, ByteString hexadecimal text, an enumeration or a
    StatusCode its number, a NodeId its text, a LocalizedText or QualifiedName its text without locale or namespace.
    `bad.null` is what is absent, and the first and last moment, which stand for no time (Part 6, 5.2.2.5);
    `bad.decode` NaN, infinity and a text that is no UTF-8; `bad.type` an array or a structure without a path.
    """
    if path:
        decoded, fault = follow(path, decoded)
        if fault is not None:
            return None, fault
    match decoded:
        case None:
            return _NULL
        case bool():
            return decoded, None
        case int():
            return int(decoded), None
        case float():
            return (float(decoded), None) if isfinite(decoded) else _NO_VALUE
        case str():
            return _text(decoded)
        case datetime():
            return _moment(decoded)
        case bytes():
            return decoded.hex(), None
        case UUID():
            return str(decoded), None
        case Enum():
            return value_of(decoded.value)
        case list() | tuple() | dict():
            return _OTHER_TYPE
        case _:
            return _of_asyncua(decoded)


def are_values(found: Sequence[object], statuses: Sequence[int]) -> TypeGuard[Sequence[Value]]:
    """Whether a whole column is good and can be taken as it is: quicker than `settled` for each.

    False says nothing: then each has to be looked at.
    """
    kinds = set(map(type, found))
    if any(statuses) or not kinds <= _PLAIN:
        return False
    if float in kinds and not isfinite(sum([one for one in found if isinstance(one, float)])):
        return False
    return str not in kinds or _is_text("".join([one for one in found if isinstance(one, str)]))


def _is_text(text: str) -> bool:
    """Bytes that were no UTF-8 are surrogates here, which no destination could be sent."""
    return text.isascii() or not any("\ud800" <= character <= "\udfff" for character in text)


def _text(text: str) -> Outcome:
    return (str(text), None) if _is_text(text) else _NO_VALUE


def _moment(moment: datetime) -> Outcome:
    if not _BEGIN_OF_TIME < moment < _END_OF_TIME:
        return _NULL
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"), None


def _node(node: "ua.NodeId") -> str:
    """As Part 6, 5.1.12 has it; asyncua 2.1 puts the namespace's URI behind the identifier."""
    parts = []
    if server := getattr(node, "ServerIndex", 0):
        parts.append(f"svr={server}")
    if uri := getattr(node, "NamespaceUri", None):
        parts.append(f"nsu={uri.replace('%', '%25').replace(';', '%3B')}")
    elif node.NamespaceIndex:
        parts.append(f"ns={node.NamespaceIndex}")
    match node.Identifier:
        case bytes() as raw:
            parts.append(f"b={b64encode(raw).decode()}")
        case UUID() as guid:
            parts.append(f"g={guid}")
        case str() as text:
            parts.append(f"s={text}")
        case number:
            parts.append(f"i={number}")
    return ";".join(parts)


def _of_asyncua(decoded: object) -> Outcome:
    """Types that asyncua has classes for."""
    from asyncua import ua

    match decoded:
        case ua.Variant():
            return value_of(decoded.Value)
        case ua.NodeId():
            return _NULL if decoded.is_null() else _text(_node(decoded))
        case ua.StatusCode():
            return decoded.value, None
        case ua.QualifiedName():
            return value_of(decoded.Name)
        case ua.LocalizedText():
            return value_of(decoded.Text)
        case ua.XmlElement():
            return value_of(decoded.Value)
        case ua.ExtensionObject() if decoded.TypeId.is_null():
            return _NULL
        case _:
            return _OTHER_TYPE
