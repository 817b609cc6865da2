"""From what the wire says to what it means: scale, offset, enum, bit fields, null values, range. Pure.

Columns stay columns: what has no rule passes through untouched, and only what has one is looked at.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import lcm
from operator import gt, lt
from typing import NamedTuple

from agent.columns import MAX_LANES, NO_QUALITIES, Columns
from drivers.contract import Quality, Scan, Value


@dataclass(frozen=True, slots=True)
class Rule:
    """What a tag's raw value means. Applied in this order: null values, bits, enum or scale and offset, range."""

    scale: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)
    enum: Mapping[int, int | str] | None = None
    bits: tuple[int, int] | None = None
    """Lowest and highest bit of a field inside an integer; a field of one bit is a bool."""
    null_values: Sequence[int | float] = ()
    """Raw values by which the device says "not available"."""
    range: tuple[float, float] | None = None
    """Plausible values after scaling; outside it a value is uncertain."""

    @property
    def is_linear(self) -> bool:
        return self.scale != 1 or self.offset != 0

    @property
    def is_picked(self) -> bool:
        """Whether the value is made of a part of the raw one, or looked up."""
        return self.enum is not None or self.bits is not None

    @property
    def is_special(self) -> bool:
        """Whether there is more to it than a scale."""
        return self.is_picked or bool(self.null_values) or self.range is not None


Verdict = tuple[Value | None, Quality]
Judge = Callable[[Value], Verdict]
Linear = tuple[int, int, int, int]
"""Position and the integers p, o, q of (value * p + o) / q."""


class _Lane(NamedTuple):
    """The rules of one tuple of indexes, compiled: what is at which position."""

    indexes: Sequence[int]
    whole: list[Linear]
    """Scaled by whole numbers: integers stay integers."""
    broken: list[Linear]
    nulls: frozenset[int | float]
    """A raw value of these makes somebody null."""
    ranged: list[int]
    lows: list[float]
    highs: list[float]
    judges: list[tuple[int, int, Judge]]
    """Position, tag index and rule of what has always to be looked at by itself."""
    all_judges: list[tuple[int, int, Judge]]
    """The same with those that the columns before can clear of suspicion."""
    is_plain: bool


class Normaliser:
    """The rules of one group of tags, by their position in the group."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._rules = tuple(rules)
        self._lanes: dict[int, _Lane] = {}

    def __call__(self, scan: Scan) -> Columns:
        lane = self._lanes.get(id(scan.indexes))
        if lane is None or lane.indexes is not scan.indexes:
            lane = self._compile(scan.indexes)
        if lane.is_plain and not scan.faults:
            return Columns(scan.time_ms, scan.indexes, scan.values, NO_QUALITIES, scan.times)
        values: list[Value | None] = list(scan.values)
        qualities: dict[int, Quality] = {}
        try:
            _scale(lane, values, scan.values)
        except TypeError:
            _scale_each(lane, values, scan.values, qualities)
        for position, index, judge in lane.judges if _is_unsuspicious(lane, scan.values, values) else lane.all_judges:
            values[position], quality = judge(scan.values[position])
            if quality is not Quality.GOOD:
                qualities[index] = quality
        if scan.faults:
            return _with_faults(scan, values, qualities)
        return Columns(scan.time_ms, scan.indexes, values, qualities, scan.times)

    def _compile(self, indexes: Sequence[int]) -> _Lane:
        rules = [(position, index, self._rules[index]) for position, index in enumerate(indexes)]
        linear = [(k, *_integers(rule)) for k, _, rule in rules if rule.is_linear and not rule.is_picked]
        ranged = [(k, *rule.range) for k, _, rule in rules if rule.range is not None and not rule.is_picked]
        lane = _Lane(
            indexes,
            [entry for entry in linear if entry[3] == 1],
            [entry for entry in linear if entry[3] != 1],
            frozenset(null for _, _, rule in rules for null in rule.null_values),
            [k for k, _, _ in ranged],
            [_plainest(low) for _, low, _ in ranged],
            [_plainest(high) for _, _, high in ranged],
            [(k, index, compile_rule(rule)) for k, index, rule in rules if rule.is_picked],
            [(k, index, compile_rule(rule)) for k, index, rule in rules if rule.is_special],
            not any(rule.is_linear or rule.is_special for _, _, rule in rules),
        )
        if isinstance(indexes, tuple):
            if len(self._lanes) >= MAX_LANES:
                self._lanes.clear()
            self._lanes[id(indexes)] = lane
        return lane


def _plainest(bound: float) -> float:
    """The same number as an int where it is whole: an int is compared with an int in half the time."""
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound


def _scale(lane: _Lane, values: list[Value | None], raw: Sequence[Value]) -> None:
    """Exact: an integer times p is exact and one division rounds once, so 3 tenths are 0.3, not 0.30000000000000004.

    Raises TypeError where a text came instead of a number.
    """
    for position, p, o, q in lane.broken:
        values[position] = (raw[position] * p + o) / q  # type: ignore[operator]  # text raises, as said
    for position, p, o, _ in lane.whole:
        values[position] = raw[position] * p + o  # type: ignore[operator]  # text raises, as said


def _scale_each(lane: _Lane, values: list[Value | None], raw: Sequence[Value], qualities: dict[int, Quality]) -> None:
    """The same where there is a text: it makes no number, and none of its neighbours suffers for it."""
    for position, p, o, q in (*lane.broken, *lane.whole):
        number = raw[position]
        if isinstance(number, str):
            values[position] = None
            qualities[lane.indexes[position]] = Quality.BAD_TYPE
        else:
            values[position] = number * p + o if q == 1 else (number * p + o) / q


def _is_unsuspicious(lane: _Lane, raw: Sequence[Value], values: Sequence[Value | None]) -> bool:
    """Whether no value is null and none outside its range, found out for whole columns at once."""
    if lane.nulls and not lane.nulls.isdisjoint(raw):
        return False
    if not lane.ranged:
        return True
    picked = values if len(lane.ranged) == len(values) else [values[k] for k in lane.ranged]
    try:
        too_low, too_high = map(lt, picked, lane.lows), map(gt, picked, lane.highs)  # type: ignore[arg-type]  # text raises
        return not (any(too_low) or any(too_high))
    except TypeError:
        return False


def _with_faults(scan: Scan, values: list[Value | None], qualities: dict[int, Quality]) -> Columns:
    """Uncertain faults mark a value that is there; bad ones have none and are appended."""
    bad = [index for index, quality in scan.faults.items() if quality.is_bad]
    for index, quality in scan.faults.items():
        if quality.is_bad or index not in qualities:
            qualities[index] = quality
    times = None if scan.times is None else [*scan.times, *(scan.time_ms for _ in bad)]
    return Columns(scan.time_ms, [*scan.indexes, *bad], [*values, *(None for _ in bad)], qualities, times)


def _integers(rule: Rule) -> tuple[int, int, int]:
    q = lcm(rule.scale.denominator, rule.offset.denominator)
    return int(rule.scale * q), int(rule.offset * q), q


def compile_rule(rule: Rule) -> Judge:
    """One tag's rule as a function: raw value -> value and quality."""
    nulls = frozenset(rule.null_values)
    convert = _converter(rule)
    low, high = rule.range or (float("-inf"), float("inf"))

    def judge(raw: Value) -> Verdict:
        if raw in nulls:
            return None, Quality.BAD_NULL
        value = convert(raw)
        if value is None:
            return None, Quality.BAD_TYPE if isinstance(raw, str) and rule.enum is None else Quality.BAD_DECODE
        if not isinstance(value, str) and not low <= value <= high:
            return value, Quality.UNCERTAIN_RANGE
        return value, Quality.GOOD

    return judge


def _converter(rule: Rule) -> Callable[[Value], Value | None]:
    """Raw value -> value, or None where the raw value means nothing (an enum without that number)."""
    pick = _bit_field(rule.bits)
    enum = rule.enum
    if enum is not None:
        return lambda raw: enum.get(int(pick(raw))) if isinstance(raw, int) else None
    if not rule.is_linear:
        return pick
    p, o, q = _integers(rule)

    def scaled(raw: Value) -> Value | None:
        number = pick(raw)
        return None if isinstance(number, str) else number * p + o if q == 1 else (number * p + o) / q

    return scaled


def _bit_field(bits: tuple[int, int] | None) -> Callable[[Value], Value | int]:
    if bits is None:
        return lambda raw: raw
    low, high = bits
    mask = (1 << high - low + 1) - 1
    if low == high:
        return lambda raw: isinstance(raw, int) and bool(raw >> low & 1)
    return lambda raw: raw >> low & mask if isinstance(raw, int) else raw
