"""The dictionary of metrics: one meaning each, so that a county can compare presses of different makers.

A tag's metric is one of these words, or it starts with `x_` and means what its site says. Units are UCUM codes.
"""

from collections.abc import Mapping, Sequence
from typing import Literal, NamedTuple
from unicodedata import normalize

Kind = Literal["enum", "gauge", "counter", "text", "flag", "number"]


class Metric(NamedTuple):
    """A word of the dictionary; `units` are the canonical ones, () where a unit makes no sense."""

    name: str
    kind: Kind
    units: tuple[str, ...] = ()


def _metrics(kind: Kind, units: tuple[str, ...], names: str) -> dict[str, Metric]:
    return {name: Metric(name, kind, units) for name in names.split()}


METRICS: Mapping[str, Metric] = {
    **_metrics("enum", ("1",), "state mode"),
    **_metrics("gauge", ("m/min", "{piece}/min"), "speed speed_setpoint speed_rated"),
    **_metrics("counter", ("{piece}",), "count_total count_good count_reject count_waste_setup count_infeed"),
    **_metrics("counter", ("m",), "length_total length_good length_waste"),
    **_metrics("counter", ("{cycle}",), "cycles"),
    **_metrics("counter", ("s",), "run_seconds power_on_seconds"),
    **_metrics("gauge", ("um",), "register_error"),
    **_metrics("gauge", ("N",), "tension tension_setpoint"),
    **_metrics("gauge", ("Cel",), "temperature"),
    **_metrics("gauge", ("MPa", "kPa"), "pressure vacuum"),
    **_metrics("gauge", ("mm",), "roll_diameter"),
    **_metrics("gauge", ("%",), "humidity"),
    **_metrics("gauge", ("s",), "ink_viscosity"),
    **_metrics("counter", ("kW.h",), "energy_active"),
    **_metrics("gauge", ("kW",), "power_active"),
    **_metrics("gauge", ("V",), "voltage"),
    **_metrics("gauge", ("A",), "current"),
    **_metrics("gauge", ("1",), "power_factor"),
    **_metrics("gauge", ("Hz",), "frequency"),
    **_metrics("text", (), "job recipe product operator shift"),
    **_metrics("flag", (), "alarm_active"),
    **_metrics("number", (), "alarm_count alarm_code stop_reason"),
}

_SPELLINGS: Mapping[str, str] = {
    "m/min": "m/分 m/分钟 m/minute 米/min 米/分 米/分钟 mpm",
    "{piece}/min": "pcs/min pc/min piece/min pieces/min pcs/分 pcs/分钟 个/min 个/分 个/分钟 张/min 张/分 张/分钟 "
    "件/min 件/分 件/分钟 只/min 只/分 只/分钟 袋/min 袋/分 袋/分钟",
    "{piece}": "pcs pc pce ea piece pieces 个 件 张 只 枚 袋 片",
    "{cycle}": "cycle cycles 次",
    "m": "meter meters metre metres 米",
    "mm": "毫米",
    "um": "μm micron microns 微米",
    "s": "sec second seconds 秒",
    "N": "newton 牛 牛顿",
    "Cel": "°c oc c degc celsius 摄氏度 度",
    "MPa": "兆帕",
    "kPa": "千帕",
    "%": "%rh rh% rh percent",
    "kW.h": "kwh kw·h kw*h kw-h 千瓦时 度",
    "kW": "千瓦",
    "V": "volt volts 伏 伏特",
    "A": "amp amps ampere 安 安培",
    "Hz": "赫 赫兹",
}
"""UCUM code -> how people write it, in lower case without spaces."""


def meant_unit(written: str, units: Sequence[str]) -> str | None:
    """Which of these UCUM codes is spelt like this: `°C`, `℃` or `CEL` -> `Cel`."""
    plain = normalize("NFKC", written).casefold().replace(" ", "")
    return next((unit for unit in units if plain in (unit.casefold(), *_SPELLINGS.get(unit, "").split())), None)


OWN_PREFIX = "x_"
"""Begins the name of a metric that only its site knows."""

MACHINE_TYPES = (
    "press-label",
    "press-flexo",
    "press-offset-intermittent",
    "press-digital",
    "press-gravure",
    "die-cutter",
    "bag-maker",
    "folder-gluer",
    "rigid-box-line",
    "slitter",
    "laminator",
    "cartoner",
    "case-packer",
    "inspection",
    "meter",
    "compressor",
    "other",
)
