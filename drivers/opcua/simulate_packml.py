"""What a machine by OPC 30050 shows of its words: the inverse of what `drivers.opcua.packml` makes of it. Pure."""

from collections.abc import Mapping
from struct import pack
from types import MappingProxyType

from drivers.contract import Value

CLEARED, RUNNING = 19, 18
OUTER = frozenset({8, 9})
"""Aborting and Aborted: states of the BaseStateMachine."""
MIDDLE = frozenset({1, 2, 7})
"""Clearing, Stopped and Stopping: states of the MachineState. All others are of the ExecuteState."""

COUNTS: Mapping[str, str] = MappingProxyType(
    {"count_infeed": "consumed", "count_total": "processed", "count_reject": "defective"}
)
"""Word -> what is counted, for people."""
_PIECES = 4404786
"""C62 of the UNECE, one (OPC 10000-8, 5.6.3.3)."""


def active(state: int) -> tuple[int | None, int | None, int | None]:
    """States of BaseStateMachine, MachineState and ExecuteState; None where a machine of states is not active."""
    if state in OUTER:
        return state, None, None
    if state in MIDDLE:
        return CLEARED, state, None
    return CLEARED, RUNNING, state


def count(word: str, total: int) -> bytes:
    """PackMLCountDataType: ID, Name, Unit (EUInformation), Count, AccCount."""
    unit = _text("http://www.opcfoundation.org/UA/units/un/cefact") + pack("<i", _PIECES) + _titled("one") * 2
    return pack("<i", 1) + _text(COUNTS[word]) + unit + pack("<ii", total, total)


def alarm(number: int, *, is_active: bool) -> bytes:
    """PackMLAlarmDataType: ID, Value, Message, Category, DateTime, AckDateTime, Trigger."""
    return pack("<ii", number, 0) + _text("") + pack("<iqq?", 0, 0, 0, is_active)


def raised(shown: Mapping[str, Value]) -> list[int]:
    """Numbers of the alarms that are active, of what is known of `alarm_active`, `alarm_count` and `alarm_code`."""
    number = int(shown.get("alarm_code", 0))
    if "alarm_count" in shown:
        return [number] * int(shown["alarm_count"])
    return [number] if shown.get("alarm_active", number) else []


def _text(text: str) -> bytes:
    return pack("<i", len(text.encode())) + text.encode()


def _titled(text: str) -> bytes:
    """A LocalizedText of which only the text is given."""
    return b"\x02" + _text(text)
