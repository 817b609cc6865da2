"""Units as people write them."""

import pytest

from agent.machine.metrics import _SPELLINGS, METRICS, meant_unit


@pytest.mark.parametrize(
    ("metric", "written", "meant"),
    [
        ("temperature", "°C", "Cel"),
        ("temperature", "℃", "Cel"),
        ("temperature", "度", "Cel"),
        ("energy_active", "度", "kW.h"),
        ("energy_active", "kWh", "kW.h"),
        ("speed", "m/分", "m/min"),
        ("speed", "个/分钟", "{piece}/min"),
        ("speed", "M / min", "m/min"),
        ("power_active", "kw", "kW"),
        ("pressure", "Mpa", "MPa"),
        ("pressure", "㎪", "kPa"),
        ("count_good", "pcs", "{piece}"),
        ("register_error", "µm", "um"),
        ("speed", "m/s", None),
        ("pressure", "bar", None),
        ("temperature", "K", None),
    ],
)
def test_what_was_meant(metric: str, written: str, meant: str | None) -> None:
    assert meant_unit(written, METRICS[metric].units) == meant


def test_spellings_are_of_units_of_the_dictionary_and_written_plainly() -> None:
    units = {unit for metric in METRICS.values() for unit in metric.units}
    assert set(_SPELLINGS) <= units
    for unit, spellings in _SPELLINGS.items():
        assert all(meant_unit(spelling, [unit]) == unit for spelling in spellings.split())
