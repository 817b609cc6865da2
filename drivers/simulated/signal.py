"""Signals: small expressions of time that a simulated tag shows. Pure; time is passed in, in seconds.

sine(60s, 0, 100)      a wave between 0 and 100 with a period of 60 s                      float
ramp(60s, 0, 100)      from 0 up to 100 in 60 s, then from 0 again                         float
noise(1s, 0, 100)      every second another value, by chance of the seed                   float
counter(0.5s, 65536)   one more every 0.5 s, modulo 65536                                  int
square(10s)            false for 5 s, true for 5 s                                         bool
constant(5)            always 5; also 5.5, true, false and text                            as written
text(GD001|GD002, 30s) each text for 30 s, in turn                                         str
hole, hole(20s)        never readable; a count of seconds for 10 s, then not for 10 s      int
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from drivers.contract import Value, ValueType
from drivers.quantities import seconds

_EXPRESSION = re.compile(r"\s*([a-z]+)\s*(?:\((.*)\))?\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Signal:
    """What a tag shows: the type of its values and the value at a time; None where it cannot be read."""

    type: ValueType
    at: Callable[[float], Value | None]


class SignalError(Exception):
    """The text is no signal: `code` and `facts` of a message."""

    def __init__(self, code: str, **facts: str) -> None:
        super().__init__(f"{code} {facts}")
        self.code = code
        self.facts = facts


class Kind(NamedTuple):
    """A way to make a signal of its arguments. `make` raises ValueError when they are wrong."""

    usage: str
    make: Callable[[Sequence[str], str], Signal]


def parse(text: str, seed: str = "") -> Signal:
    """Read an expression; `seed` makes its chance. Raises `SignalError`, never anything else."""
    match = _EXPRESSION.fullmatch(text)
    if not match:
        raise SignalError("S1003", text=text)
    kind = KINDS.get(match[1])
    if kind is None:
        raise SignalError("S1001", kind=match[1], known=", ".join(KINDS))
    arguments = [part.strip() for part in match[2].split(",")] if match[2] else []
    try:
        return kind.make(arguments, seed)
    except ValueError:
        raise SignalError("S1002", text=text, usage=kind.usage) from None


def _seconds(text: str) -> float:
    duration_s = seconds(text)  # a PydanticCustomError is a ValueError
    if duration_s <= 0:
        raise ValueError(text)
    return duration_s


def _number(text: str) -> float:
    number = float(text)
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _band(arguments: Sequence[str]) -> tuple[float, float, float]:
    period, low, high = arguments
    return _seconds(period), _number(low), _number(high)


def _sine(arguments: Sequence[str], seed: str) -> Signal:
    period, low, high = _band(arguments)
    return Signal("float", lambda t: low + (high - low) * (1 + math.sin(2 * math.pi * (t % period) / period)) / 2)


def _ramp(arguments: Sequence[str], seed: str) -> Signal:
    period, low, high = _band(arguments)
    return Signal("float", lambda t: low + (high - low) * (t % period) / period)


def _noise(arguments: Sequence[str], seed: str) -> Signal:
    period, low, high = _band(arguments)
    return Signal("float", lambda t: Random(f"{seed}/{t // period}").uniform(low, high))


def _counter(arguments: Sequence[str], seed: str) -> Signal:
    every, over = arguments
    period, modulus = _seconds(every), int(over)
    if modulus < 1:
        raise ValueError(arguments)
    return Signal("int", lambda t: int(t // period) % modulus)


def _square(arguments: Sequence[str], seed: str) -> Signal:
    (period,) = map(_seconds, arguments)
    return Signal("bool", lambda t: t % period >= period / 2)


def _constant(arguments: Sequence[str], seed: str) -> Signal:
    value = _literal(", ".join(arguments))
    types: Mapping[type, ValueType] = {bool: "bool", int: "int", float: "float", str: "str"}
    return Signal(types[type(value)], lambda t: value)


def _literal(text: str) -> Value:
    if not text:
        raise ValueError(text)
    if text in {"true", "false"}:
        return text == "true"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text)
    except ValueError:
        return text
    if not math.isfinite(number):
        raise ValueError(text)
    return number


def _text(arguments: Sequence[str], seed: str) -> Signal:
    shown, every = arguments
    texts, period = shown.split("|"), _seconds(every)
    return Signal("str", lambda t: texts[int(t // period) % len(texts)])


def _hole(arguments: Sequence[str], seed: str) -> Signal:
    if not arguments:
        return Signal("int", lambda t: None)
    (period,) = map(_seconds, arguments)
    return Signal("int", lambda t: int(t) if t % period < period / 2 else None)


KINDS: Mapping[str, Kind] = {
    "sine": Kind("sine(60s, 0, 100)", _sine),
    "ramp": Kind("ramp(60s, 0, 100)", _ramp),
    "noise": Kind("noise(1s, 0, 100)", _noise),
    "counter": Kind("counter(0.5s, 65536)", _counter),
    "square": Kind("square(10s)", _square),
    "constant": Kind("constant(5)", _constant),
    "text": Kind("text(GD001|GD002, 30s)", _text),
    "hole": Kind("hole", _hole),
}
