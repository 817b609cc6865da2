"""What the raw values of a source mean: value and status of the word. Pure."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from drivers.opcua.packml.states import SUPER
from drivers.opcua.packml.structures import ALARM, COUNT, Kind, fields

Seen = tuple[object, int]
"""A value and its status code."""
Rule = Callable[[Sequence[Seen]], Seen | None]
"""None where the values do not fit together, as between two notifications of one change of state."""
Key = tuple[int, object]
"""Namespace index and identifier of a node id: how an id is written does not tell nodes apart."""

INACTIVE = 0x80BF_0000
"""BadStateNotActive."""
NO_MATCH = 0x8007_0000
"""BadDecodingError: what came is nothing that the standard knows."""
NO_ELEMENT = 0x809B_0000
"""BadNoData: an array without elements."""
NO_FIELD = 0x8074_0000
"""BadTypeMismatch."""
_BAD = 0x8000_0000
_NOTHING = (None, (0, 0))
"""No id, and the null id: with these some servers say that a machine of states is not active."""


def key_of(node: Any) -> Key | None:
    return (node.NamespaceIndex, node.Identifier) if hasattr(node, "NamespaceIndex") else None


def numbered(numbers: Mapping[Key, int]) -> Rule:
    """Of machines of states, the outermost first, the deepest active one: its state's number.

    A state that stands for a machine below sends there; one that is not active though its turn has come makes no
    state: the other half of the change is still to come.
    """

    def rule(seen: Sequence[Seen]) -> Seen | None:
        for level, (value, status) in enumerate(seen):
            key = key_of(value)
            is_inactive = status & 0xFFFF_0000 == INACTIVE or (not status & _BAD and key in _NOTHING)
            if is_inactive or status & _BAD:
                return None if level and is_inactive else (None, INACTIVE if is_inactive else status)
            number = numbers.get(key) if key is not None else None
            if number is None:
                return None, NO_MATCH
            if number not in SUPER:
                return number, status
        return None, NO_MATCH

    return rule


def _single(read: Callable[[Any], Seen]) -> Rule:
    """Of one node; a bad one stays as it is."""

    def rule(seen: Sequence[Seen]) -> Seen:
        value, status = seen[0]
        if status & _BAD:
            return None, status
        found, fault = read(value)
        return found, fault or status

    return rule


def _field(structure: Any, kind: Kind, name: str) -> Seen:
    known = fields(structure, kind)
    return (known[name], 0) if known is not None and name in known else (None, NO_FIELD)


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, list | tuple) and value else None if isinstance(value, list | tuple) else value


def count(value: Any) -> Seen:
    """AccCount of the first element, the primary stream: it does not begin again with a job, as Count does."""
    first = _first(value)
    return (None, NO_ELEMENT) if first is None else _field(first, COUNT, "AccCount")


def reason(value: Any) -> Seen:
    """ID of StopReason: a structure, or the first one of an array; 0 where there is none."""
    first = _first(value)
    return (0, 0) if first is None else _field(first, ALARM, "ID")


def _raised(value: Any) -> list[int] | None:
    """IDs of what is active; None where it is no list of alarms."""
    alarms = [
        fields(one, ALARM) for one in (value if isinstance(value, list | tuple) else [] if value is None else [value])
    ]
    if any(one is None for one in alarms):
        return None
    return [int(one["ID"]) for one in alarms if one is not None and one["Trigger"]]


def _of_alarms(read: Callable[[list[int]], object]) -> Rule:
    def rule(value: Any) -> Seen:
        raised = _raised(value)
        return (None, NO_FIELD) if raised is None else (read(raised), 0)

    return _single(rule)


COUNTED = _single(count)
STOPPED_BY = _single(reason)
ALARMS: Mapping[str, Rule] = {
    "alarm_active": _of_alarms(bool),
    "alarm_count": _of_alarms(len),
    "alarm_code": _of_alarms(lambda raised: raised[0] if raised else 0),
}
"""Word -> rule over Admin/Alarm."""
