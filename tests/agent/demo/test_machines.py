from itertools import pairwise
from random import Random

import pytest

from agent.demo.machines import BAG_JOBS, JOBS, BagMaker, LabelPress, Machine
from agent.demo.shift import SHEET_MISSING, shift

Rows = list[dict[str, object]]


def rows(machine: Machine, seconds: int = 120) -> Rows:
    return [dict(machine.at(t / 2)) for t in range(2 * seconds)]


@pytest.fixture(params=[LabelPress, BagMaker])
def machine(request: pytest.FixtureRequest) -> Machine:
    return request.param(7)  # type: ignore[no-any-return]  # pytest has no type for it


def test_the_same_seed_shows_the_same_however_often_somebody_looks() -> None:
    often, seldom = LabelPress(3), LabelPress(3)
    for t in range(300):
        often.at(t / 10)
    assert often.at(30) == seldom.at(30)


def test_a_shift_has_everything_that_a_shift_has(machine: Machine) -> None:
    seen = rows(machine)
    assert {row["state"] for row in seen} == {1, 2, 3, 4}
    assert {row["stop_reason"] for row in seen} >= {0, 204}
    assert len({row["job"] for row in seen}) >= 2


def test_the_machine_accelerates_and_brakes_instead_of_jumping(machine: Machine) -> None:
    speeds = []
    for t in range(1200):
        machine.at(t / 10)
        speeds.append(machine.speed)
    steps = [abs(b - a) for a, b in pairwise(speeds)]
    assert max(speeds) > 0.95 * machine.rated
    assert max(steps) < 0.25 * machine.rated


def test_make_ready_counts_waste_and_nothing_good() -> None:
    press = LabelPress(1)
    before, during = dict(press.at(0)), dict(press.at(4))
    assert during["count_good"] == before["count_good"]
    assert isinstance(during["count_waste_setup"], int)
    assert during["count_waste_setup"] > 10


def test_the_counter_of_16_bits_rolls_over_in_the_first_20_seconds() -> None:
    for seed in range(20):
        counts = [int(str(row["count_good"])) for row in rows(LabelPress(seed), 20)]
        assert max(counts) > 65_000
        assert min(counts) < 5_000
        assert all(0 <= count <= 65_535 for count in counts)


def test_registers_hold_what_registers_can_hold() -> None:
    for seed in range(3):
        for row in rows(LabelPress(seed), 300):
            for name, value in row.items():
                if name == "register_error":
                    assert -32_768 <= int(str(value)) <= 32_767
                elif name == "length_total":
                    assert 0 <= int(str(value)) < 1 << 32
                elif type(value) is int:
                    assert 0 <= value <= 65_535, name


def test_an_alarm_explains_the_long_stop_only() -> None:
    for row in rows(LabelPress(5)):
        assert (row["alarm_no_material"] == SHEET_MISSING) == (row["stop_reason"] == 204)
        if row["stop_reason"]:
            assert row["state"] == 4


def test_temperatures_drift_within_reason(machine: Machine) -> None:
    seen = rows(machine, 300)
    for name in [name for name in seen[0] if name.startswith("temperature")]:
        values = [int(str(row[name])) for row in seen]
        assert len(set(values)) > 5
        assert max(values) - min(values) < 150


def test_the_roll_gets_thinner_and_is_replaced(machine: Machine) -> None:
    sizes = [machine.roll_mm for t in range(0, 3600, 5) if machine.at(t)]
    smaller = sum(b <= a for a, b in pairwise(sizes))
    assert smaller >= len(sizes) - 5
    assert min(sizes) >= 90


def test_job_names_fit_their_registers_in_gbk() -> None:
    assert all(len(job.encode("gbk")) <= 24 for job in JOBS)
    assert all(len(job.encode("gbk")) <= 20 for job in BAG_JOBS)


def test_a_shift_never_ends() -> None:
    phases = shift(Random(1))
    assert [next(phases).job for _ in range(50)][-1] >= 4
