"""Durations, sizes and rates as people write them: `30d`, `512KiB`, `50/s`. For the models of drivers and agent.

What cannot be read is refused with a code of `MESSAGES`; who offers a model with these types offers these messages too.
"""

import math
import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema
from pydantic_core import PydanticCustomError

from drivers.contract import Message

_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_BYTES = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40}
_NUMBER = r"(\d{1,12}(?:\.\d{1,9})?)"
_DURATION = re.compile(rf"{_NUMBER} ?({'|'.join(_SECONDS)})", re.ASCII)
_RATE = re.compile(rf"{_NUMBER} ?/ ?(s|m|h)", re.ASCII)
_SIZE = re.compile(rf"{_NUMBER} ?({'|'.join(_BYTES)})", re.ASCII)

MESSAGES: dict[str, Message] = {
    "Q1001": Message(
        "error",
        "{given} 不是时长",
        "{given} is not a duration",
        "写成数字加单位，例如 200ms、1s、5m、12h、30d",
        "write a number and a unit, such as 200ms, 1s, 5m, 12h, 30d",
    ),
    "Q1002": Message(
        "error",
        "{given} 不是数据大小",
        "{given} is not a size",
        "写成数字加单位，例如 4096B、512KiB、64MiB、1GiB",
        "write a number and a unit, such as 4096B, 512KiB, 64MiB, 1GiB",
    ),
    "Q1003": Message(
        "error",
        "{given} 不是速率",
        "{given} is not a rate",
        "写成每秒、每分或每小时多少条，例如 50/s、600/m",
        "write how many a second, minute or hour, such as 50/s, 600/m",
    ),
}


def _shown(given: object) -> str:
    text = given if isinstance(given, str) else str(given)
    return text if len(text) <= 40 else text[:39] + "…"


def seconds(text: object) -> float:
    """`1.5s` -> 1.5. A number without a unit is refused: nobody can know what it means."""
    found = _DURATION.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise PydanticCustomError(
            "Q1001", "{given} is not a duration such as 200ms, 1s, 5m, 30d", {"given": _shown(text)}
        )
    return round(float(found[1]) * _SECONDS[found[2]], 9)


def size(text: object) -> int:
    """`512KiB` -> 524288. Only binary units: in files and memory 1KB has meant both."""
    found = _SIZE.fullmatch(text.strip()) if isinstance(text, str) else None
    if found is None:
        raise PydanticCustomError("Q1002", "{given} is not a size such as 512KiB, 1GiB", {"given": _shown(text)})
    return math.floor(float(found[1]) * _BYTES[found[2]])


def rate(text: object) -> float:
    """`600/m` -> 10.0 a second; above 0."""
    found = _RATE.fullmatch(text.strip()) if isinstance(text, str) else None
    a_second = float(found[1]) / _SECONDS[found[2]] if found else 0.0
    if not a_second:
        raise PydanticCustomError("Q1003", "{given} is not a rate such as 50/s, 600/m", {"given": _shown(text)})
    return a_second


def rate_text(value: float) -> str:
    """10.0 -> `10/s`; less than one a second by the hour."""
    for unit in ("s", "m", "h"):
        if round(value * _SECONDS[unit], 6).is_integer():
            return f"{value * _SECONDS[unit]:.0f}/{unit}"
    return f"{value * 3600:.6f}".rstrip("0").rstrip(".") + "/h"


def duration_text(value: float) -> str:
    """1.5 -> `1500ms`: the shortest whole number of a unit, as it would be written."""
    for unit in ("d", "h", "m", "s"):
        if value and value % _SECONDS[unit] == 0:
            return f"{value / _SECONDS[unit]:.0f}{unit}"
    return f"{value * 1000:.6f}".rstrip("0").rstrip(".") + "ms"


def size_text(value: int) -> str:
    """524288 -> `512KiB`."""
    for unit in ("TiB", "GiB", "MiB", "KiB"):
        if value and value % _BYTES[unit] == 0:
            return f"{value // _BYTES[unit]}{unit}"
    return f"{value}B"


Duration = Annotated[
    float,
    BeforeValidator(seconds),
    PlainSerializer(duration_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d{1,12}(\.\d{1,9})? ?(ms|s|m|h|d)\s*$"}),
]
"""Seconds as float, written `200ms 1s 5m 12h 30d`."""

Size = Annotated[
    int,
    BeforeValidator(size),
    PlainSerializer(size_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d{1,12}(\.\d{1,9})? ?(B|KiB|MiB|GiB|TiB)\s*$"}),
]
"""Bytes as int, written `4096B 512KiB 64MiB 1GiB`."""

Rate = Annotated[
    float,
    BeforeValidator(rate),
    PlainSerializer(rate_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^\s*\d{1,12}(\.\d{1,9})? ?/ ?(s|m|h)\s*$"}),
]
"""So many a second as float, written `50/s 600/m`."""
