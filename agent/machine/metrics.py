"""The dictionary of metrics: one meaning each, so that a county can compare presses of different makers.

A tag's metric is one of these words, or it starts with `x_` and means what its site says. Units are UCUM codes.
"""

from collections.abc import Mapping
from typing import Literal, NamedTuple

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
