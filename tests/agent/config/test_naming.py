"""Names for tags: snake_case, unique, and a metric's word only where it clearly is one."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.naming import NAME_MAX, Candidate, Named, names, words
from drivers.contract import ValueType


def named(*paths: str, type_: ValueType | None = "float", unit: str = "") -> list[Named]:
    return names([Candidate(path.split("/"), type_, unit) for path in paths])


@pytest.mark.parametrize(
    ("called", "wanted"),
    [
        ("CurMachSpeed", "cur_mach_speed"),
        ("PLCState", "plc_state"),
        ('"DB1"."Speed"', "db1_speed"),
        ("count good", "count_good"),
        ("Ｓpeed", "speed"),
        ("速度", ""),
        ("T1Value", "t1_value"),
    ],
)
def test_words(called: str, wanted: str) -> None:
    assert words(called) == wanted


def test_a_metric_is_named_so() -> None:
    assert named("Press/Speed", "Press/CountGood") == [Named("speed"), Named("count_good")]


def test_several_of_one_metric_have_zones() -> None:
    assert named("Press/Infeed/Speed", "Press/Outfeed/Speed") == [
        Named("speed_infeed", "speed", "infeed"),
        Named("speed_outfeed", "speed", "outfeed"),
    ]


def test_what_cannot_be_told_apart_by_a_zone_is_no_metric() -> None:
    found = named("速度/Speed", "张力/Speed")
    assert [one.name for one in found] == ["x_speed", "x_speed_2"]


@pytest.mark.parametrize(
    ("called", "type_", "unit", "name"),
    [
        ("Speed", "float", "m/min", "speed"),
        ("Speed", "float", "Cel", "x_speed"),
        ("Speed", "str", "", "x_speed"),
        ("Speed", None, "", "x_speed"),
        ("CountGood", "int", "1", "count_good"),
        ("Job", "str", "", "job"),
        ("Job", "int", "", "x_job"),
        ("AlarmActive", "bool", "", "alarm_active"),
        ("State", "int", "", "x_state"),
        ("Anything", "float", "", "x_anything"),
        ("温度", "float", "", "x_tag"),
    ],
)
def test_only_what_clearly_is_one(called: str, type_: ValueType | None, unit: str, name: str) -> None:
    assert named(called, type_=type_, unit=unit) == [Named(name)]


def test_elements_belong_to_their_arrays() -> None:
    assert [one.name for one in named("Line/Temps/[0]", "Line/Temps/[1]")] == ["x_temps_0", "x_temps_1"]


def test_as_much_of_the_path_as_tells_it_apart() -> None:
    found = named("A/Axis/Torque", "B/Axis/Torque", "B/Level")
    assert [one.name for one in found] == ["x_a_axis_torque", "x_b_axis_torque", "x_level"]


STEPS = st.one_of(
    st.sampled_from(["Speed", "Temperature", "Job", "温度", "[0]", "A", "x", "speed_a"]), st.text(max_size=80)
)


@given(
    st.lists(st.tuples(st.lists(STEPS, min_size=1, max_size=4), st.sampled_from(["float", "str", None])), max_size=12)
)
def test_every_name_is_one_and_nobody_elses(given_: list[tuple[list[str], ValueType | None]]) -> None:
    found = names([Candidate(path, type_, "") for path, type_ in given_])
    assert len({one.name for one in found}) == len(found) == len(given_)
    assert all(re.fullmatch(r"[a-z][a-z0-9_]*", one.name) and len(one.name) <= NAME_MAX for one in found)
    told = [(one.metric or one.name, one.zone) for one in found]
    assert len(set(told)) == len(told), "no two with one metric and the same labels"
