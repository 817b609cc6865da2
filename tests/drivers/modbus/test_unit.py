"""A silent unit on a shared connection."""

import math

import pytest

from drivers.contract import Quality
from drivers.modbus.unit import FULL_PROBES, LEAST_PATIENCE_S, Bus, Unit


def silent(units: int = 2, reads: int = 3) -> tuple[Bus, Unit]:
    bus = Bus(units)
    unit = Unit(bus)
    for _ in range(reads):
        unit.failed(Quality.BAD_TIMEOUT, 0.0)
    return bus, unit


def test_it_is_out_after_three_reads_and_back_with_an_answer() -> None:
    assert not silent(reads=2)[1].is_out
    _, unit = silent()
    assert unit.is_out
    unit.answered(0.03)
    assert not unit.is_out


def test_a_unit_that_is_alone_is_never_out() -> None:
    assert not silent(units=1, reads=50)[1].is_out


def test_probes_come_at_growing_jittered_intervals() -> None:
    _, unit = silent()
    now, waits = 0.0, []
    for _ in range(8):
        due = next(now + step / 100 for step in range(4000) if unit.may_be_probed(now + step / 100))
        waits.append(due - now)
        now = due
        unit.probe_failed(Quality.BAD_TIMEOUT, 0.0, now)
    for wait, most in zip(waits, (1, 2, 4, 8, 16, 30, 30, 30), strict=True):
        assert most / 2 - 0.02 <= wait <= most + 0.02
    assert len({round(wait, 3) for wait in waits[5:]}) > 1


def test_probes_of_all_units_take_a_tenth_of_the_connections_time() -> None:
    bus = Bus(10)
    units = [Unit(bus) for _ in range(9)]
    for unit in units:
        for _ in range(3):
            unit.failed(Quality.BAD_TIMEOUT, 0.0)
    now, spent = 0.0, 0.0
    while now < 600:
        for unit in units:
            if unit.may_be_probed(now):
                now, spent = now + 1.0, spent + 1.0
                unit.probe_failed(Quality.BAD_TIMEOUT, 1.0, now)
        now += 0.1
    assert 0.05 * now < spent <= 0.1 * now + 1


def test_a_probe_waits_a_little_longer_than_the_others_take_and_now_and_then_for_the_whole_time_out() -> None:
    bus, unit = silent()
    assert unit.patience_s == math.inf, "nobody has answered yet"
    bus.answered(0.06)
    patience = []
    for _ in range(2 * FULL_PROBES):
        patience.append(unit.patience_s)
        unit.probe_failed(Quality.BAD_TIMEOUT, 0.2, 0.0)
    assert patience == [*[pytest.approx(0.18)] * (FULL_PROBES - 1), math.inf] * 2
    for _ in range(1000):
        bus.answered(0.001)
    assert unit.patience_s == LEAST_PATIENCE_S


def test_a_probe_waits_as_long_as_the_unit_itself_used_to_take() -> None:
    bus = Bus(2)
    slow = Unit(bus)
    slow.answered(0.4)
    for _ in range(1000):
        bus.answered(0.01)
    assert slow.patience_s == pytest.approx(1.2)
