"""Kinds of values that people write, each with the check and the words for what is wrong with it."""

import math
import re
from fractions import Fraction
from typing import Annotated, Any, Literal, NamedTuple, TypeGuard

from pydantic import AfterValidator, BeforeValidator, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from agent.config.located import shorten
from drivers.quantities import duration_text

MAX_LEVEL_BYTES = 128
MIN_FACTOR, MAX_FACTOR = Fraction(1, 10**15), Fraction(10**15)
"""No machine needs more, and with more a value times a factor is soon beyond what a float can hold."""
RESERVED_LABELS = ("device", "device_type", "gateway", "stream")
"""Labels that the agent gives by itself."""

_SNAKE = re.compile(r"[a-z][a-z0-9_]{0,63}", re.ASCII)
_FORBIDDEN_IN_LEVEL = re.compile("[+#/{}\x00-\x1f\x7f-\x9f\ufdd0-\ufdef\ufffe\uffff\ud800-\udfff]")
_FORBIDDEN_IN_TEXT = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff\ud800-\udfff]")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,9})?) ?%", re.ASCII)
_FRACTION = re.compile(r"([-+]?[0-9]{1,15}) ?/ ?([0-9]{1,15})", re.ASCII)
_BITS = re.compile(r"([0-9]{1,2}) ?- ?([0-9]{1,2})", re.ASCII)


def refuse(code: str, **facts: object) -> PydanticCustomError:
    """The error that becomes the message `code`."""
    return PydanticCustomError(code, code, facts)


def is_number(written: object) -> TypeGuard[int | float]:
    """A number that can be measured: no bool, not infinite, not NaN, and a float can hold it."""
    if isinstance(written, bool) or not isinstance(written, int | float):
        return False
    return abs(written) < 10**300 if isinstance(written, int) else math.isfinite(written)


def _number(written: Any) -> Any:
    if not is_number(written):
        finite = isinstance(written, bool) or not isinstance(written, int | float)
        raise refuse("E1024" if finite else "E1032", value=shorten(written))
    return written


def as_text(written: Any) -> Any:
    """A whole number where a text belongs is that text: `line: 2`, `unit: 1`."""
    return str(written) if isinstance(written, int) and not isinstance(written, bool) else written


def _level(text: str) -> str:
    """Raises E1070 for what cannot be one level of an MQTT topic (MQTT 5.0, section 4.7)."""
    found = _FORBIDDEN_IN_LEVEL.search(text)
    if found:
        raise refuse("E1070", value=shorten(text), character=_named(found[0]))
    if not text.strip() or text != text.strip():
        raise refuse("E1071", value=shorten(text))
    if text.startswith("$"):
        raise refuse("E1070", value=shorten(text), character="$")
    if len(text.encode()) > MAX_LEVEL_BYTES:
        raise refuse("E1072", value=shorten(text), limit=MAX_LEVEL_BYTES)
    return text


def _named(character: str) -> str:
    return character if character.isprintable() else f"U+{ord(character):04X}"


def _line(text: str) -> str:
    found = _FORBIDDEN_IN_TEXT.search(text)
    if found:
        raise refuse("E1073", value=shorten(text), character=_named(found[0]))
    if not text.strip():
        raise refuse("E1033")
    return text


def _snake(text: str) -> str:
    if not _SNAKE.fullmatch(text):
        raise refuse("E1056", value=shorten(text))
    return text


def _label(text: str) -> str:
    if text in RESERVED_LABELS:
        raise refuse("E1048", value=text)
    if not _SNAKE.fullmatch(text):
        raise refuse("E1047", value=shorten(text))
    return text


def is_label(text: str) -> bool:
    return text not in RESERVED_LABELS and _SNAKE.fullmatch(text) is not None


def at_least(least_s: float) -> AfterValidator:
    """A duration that is not shorter. Raises E1030."""

    def check(value_s: float) -> float:
        if value_s < least_s:
            raise refuse("E1030", value=duration_text(value_s), sign=">=", bound=duration_text(least_s))
        return value_s

    return AfterValidator(check)


def exact(written: object) -> Fraction:
    """The decimal that is written, exactly: 0.1 -> 1/10; also `1/60`. Raises E1024, E1030, E1032 or E1034."""
    match = _FRACTION.fullmatch(written) if isinstance(written, str) else None
    if isinstance(written, str) and not (match and int(match[2])):
        raise refuse("E1034", value=shorten(written))
    value = Fraction(int(match[1]), int(match[2])) if match else Fraction(repr(_number(written)))
    if value and not MIN_FACTOR <= abs(value) <= MAX_FACTOR:
        raise refuse("E1030", value=shorten(written), sign="<=", bound="1e15, >= 1e-15")
    return value


def _factor(written: object) -> Fraction:
    value = exact(written)
    if not value:
        raise refuse("E1035")
    return value


class Deadband(NamedTuple):
    """A change that is too small to report: absolute, or in percent of the last reported value."""

    absolute: float | None = None
    percent: float | None = None


def _deadband(written: object) -> Deadband:
    match = _PERCENT.fullmatch(written) if isinstance(written, str) else None
    if match and 0 < float(match[1]) <= 100:
        return Deadband(percent=float(match[1]))
    if isinstance(written, str) or not is_number(written) or written < 0:
        raise refuse("E1036", value=shorten(written))
    return Deadband(absolute=float(written))


def _bits(written: object) -> tuple[int, int]:
    if isinstance(written, int) and not isinstance(written, bool):
        low = high = written
    else:
        match = _BITS.fullmatch(written) if isinstance(written, str) else None
        if match is None:
            raise refuse("E1037", value=shorten(written))
        low, high = sorted((int(match[1]), int(match[2])))
    if not 0 <= low <= high <= 63:
        raise refuse("E1037", value=shorten(written))
    return low, high


def _enum(written: object) -> dict[int, int | str]:
    if not isinstance(written, dict) or not written:
        raise refuse("E1038", value=shorten(written))
    if not all(isinstance(key, int) and not isinstance(key, bool) for key in written):
        raise refuse("E1039", value=shorten(next(key for key in written if not isinstance(key, int))))
    kinds = {type(value) for value in written.values()}
    if kinds not in ({int}, {str}):
        raise refuse("E1042", value=listed_values(written))
    for value in written.values():
        if isinstance(value, int) and not -(2**63) <= value < 2**63:
            raise refuse("E1030", value=shorten(value), sign="<", bound="2^63")
    return {key: _line(value) if isinstance(value, str) else value for key, value in written.items()}


def listed_values(written: dict[Any, Any]) -> str:
    return shorten(", ".join(shorten(value, 20) for value in list(written.values())[:10]))


def _range(written: object) -> tuple[float, float]:
    if not isinstance(written, list | tuple) or len(written) != 2 or not all(map(is_number, written)):
        raise refuse("E1043", value=_shown_list(written))
    low, high = float(written[0]), float(written[1])
    if low >= high:
        raise refuse("E1044", low=shorten(written[0]), high=shorten(written[1]))
    return low, high


def _shown_list(written: object) -> str:
    if not isinstance(written, list):
        return shorten(written)
    return shorten(f"[{', '.join(shorten(value, 20) for value in written[:10])}]")


def _nulls(written: object) -> tuple[int | float, ...]:
    if not isinstance(written, list | tuple) or not all(map(is_number, written)):
        raise refuse("E1045", value=_shown_list(written))
    return tuple(written)


def _description(written: object) -> dict[Literal["zh", "en"], str]:
    if isinstance(written, str):
        return {"zh": _line(written), "en": _line(written)}
    if not isinstance(written, dict) or not written or not set(written) <= {"zh", "en"}:
        raise refuse("E1046")
    if not all(isinstance(text, str) for text in written.values()):
        raise refuse("E1046")
    return {key: _line(text) for key, text in written.items()}


_NUMBER_SCHEMA: dict[str, Any] = {"type": "number"}
_BITS_SCHEMA = [
    {"type": "integer", "minimum": 0, "maximum": 63},
    {"type": "string", "pattern": r"^\d{1,2} ?- ?\d{1,2}$"},
]
_DEADBAND_SCHEMA = [{"type": "number", "minimum": 0}, {"type": "string", "pattern": r"^\d{1,3}(\.\d{1,9})? ?%$"}]
_FRACTION_SCHEMA = [_NUMBER_SCHEMA, {"type": "string", "pattern": r"^[-+]?\d{1,15} ?/ ?\d{1,15}$"}]
_TEXT_SCHEMA = {"type": ["string", "integer"]}

Line = Annotated[str, BeforeValidator(as_text), AfterValidator(_line), WithJsonSchema(_TEXT_SCHEMA)]
"""One line of text, not empty."""
Level = Annotated[str, BeforeValidator(as_text), AfterValidator(_level), WithJsonSchema(_TEXT_SCHEMA)]
"""A text that can be a level of an MQTT topic."""
Protocol = Annotated[Literal["auto", "5", "3.1.1"], BeforeValidator(as_text)]
LabelName = Annotated[str, AfterValidator(_label)]
"""What can stand in a topic template as {name}."""
Snake = Annotated[str, AfterValidator(_snake), WithJsonSchema({"type": "string", "pattern": "^[a-z][a-z0-9_]{0,63}$"})]
"""A name such as `count_good`: lower case, digits and underscores, at most 64 characters."""
Factor = Annotated[Fraction, PlainValidator(_factor), WithJsonSchema({"anyOf": _FRACTION_SCHEMA})]
Exact = Annotated[Fraction, PlainValidator(exact), WithJsonSchema({"anyOf": _FRACTION_SCHEMA})]
Deadbands = Annotated[Deadband, PlainValidator(_deadband), WithJsonSchema({"anyOf": _DEADBAND_SCHEMA})]
Bits = Annotated[tuple[int, int], PlainValidator(_bits), WithJsonSchema({"anyOf": _BITS_SCHEMA})]
Enum = Annotated[
    dict[int, int | str],
    PlainValidator(_enum),
    WithJsonSchema({"type": "object", "additionalProperties": _TEXT_SCHEMA, "minProperties": 1}),
]
Range = Annotated[
    tuple[float, float],
    PlainValidator(_range),
    WithJsonSchema({"type": "array", "items": _NUMBER_SCHEMA, "minItems": 2, "maxItems": 2}),
]
Nulls = Annotated[
    tuple[int | float, ...], PlainValidator(_nulls), WithJsonSchema({"type": "array", "items": _NUMBER_SCHEMA})
]
Description = Annotated[
    dict[Literal["zh", "en"], str],
    PlainValidator(_description),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {"zh": {"type": "string"}, "en": {"type": "string"}},
                    "additionalProperties": False,
                    "minProperties": 1,
                },
            ]
        }
    ),
]
