"""The words of the metric dictionary that a machine can map itself to, and the tags that they become. Pure."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

STATE = "state"
PARTS: Mapping[str, int] = MappingProxyType({STATE: 3})
"""How many nodes may be looked at for a word; others have one."""

UNITS: Mapping[str, str | None] = MappingProxyType(
    {
        STATE: None,
        "mode": None,
        "speed": "{piece}/min",
        "speed_setpoint": "{piece}/min",
        "speed_rated": "{piece}/min",
        "count_infeed": "{piece}",
        "count_total": "{piece}",
        "count_reject": "{piece}",
        "alarm_active": None,
        "alarm_count": None,
        "alarm_code": None,
        "stop_reason": None,
    }
)
"""Word -> unit. PackML counts primary packages and gives speeds in them (ISA-TR88.00.02, 6); it has no good count."""


def tags() -> Sequence[Mapping[str, object]]:
    """As a person would write them."""
    return [
        {"name": word, "address": f"packml:{word}"} | ({"unit": unit} if unit else {}) for word, unit in UNITS.items()
    ]
