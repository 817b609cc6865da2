from collections.abc import Mapping
from itertools import groupby, pairwise
from random import Random

import pytest

from agent.demo.cartoner import ALARMS, RATED, Cartoner, stages
from agent.demo.texts import METRICS, STATES
from drivers.contract import Value
from drivers.opcua import PLUGIN

LEGAL: Mapping[int, set[int]] = {
    1: {2},
    2: {15},
    3: {6},
    4: {3},
    5: {14},
    6: {10, 13, 16},
    7: {2},
    8: {9},
    9: {1},
    10: {11},
    11: {12},
    12: {6},
    13: {5},
    14: {6},
    15: {4},
    16: {17},
    17: {15},
}
"""ISA-TR88.00.02, the base state model: what follows a state. Stopping and aborting may follow nearly any."""
UNSTOPPED = set(LEGAL) - {1, 2, 7, 8, 9}


def shown(seed: int = 7, seconds: int = 400) -> list[Mapping[str, Value]]:
    cartoner = Cartoner(seed)
    return [cartoner.at(t / 10) for t in range(10 * seconds)]


def column(rows: list[Mapping[str, Value]], word: str) -> list[float]:
    return [float(row[word]) for row in rows]


def test_the_same_seed_shows_the_same_however_often_somebody_looks() -> None:
    often, seldom, other = Cartoner(3), Cartoner(3), Cartoner(4)
    for t in range(1, 300):
        often.at(t / 10)
    assert often.at(30) == seldom.at(30)
    assert seldom.at(30) != other.at(30)
    assert seldom.at(5) == seldom.at(30), "a time that is past shows the newest state"


@pytest.mark.parametrize("seed", range(4))
def test_states_follow_each_other_as_packml_has_it(seed: int) -> None:
    states = [state for state, _ in groupby(row["state"] for row in shown(seed))]
    for before, after in pairwise(states):
        assert isinstance(before, int)
        legal = LEGAL[before] | ({7, 8} if before in UNSTOPPED else set()) | ({8} if before in {2, 7} else set())
        assert after in legal, (before, after)


def test_in_time_there_is_every_state_and_every_alarm() -> None:
    rows = [row for seed in range(4) for row in shown(seed)]
    assert {row["state"] for row in rows} == set(STATES)
    assert {row["alarm_code"] for row in rows} == {0, *ALARMS.values()}
    assert {row["mode"] for row in rows} == {1, 2}


def test_no_state_is_too_short_to_be_seen() -> None:
    life = stages(Random(1))
    assert min(next(life).seconds for _ in range(200)) >= 0.5


def test_it_begins_stopped_and_has_a_stop_in_the_first_20_s() -> None:
    rows = shown(seconds=20)
    assert [state for state, _ in groupby(row["state"] for row in rows)][:9] == [2, 15, 4, 3, 6, 10, 11, 12, 6]


def test_counts_only_rise_and_fit_together() -> None:
    rows = shown()
    for word in ("count_infeed", "count_total", "count_reject"):
        assert all(a <= b for a, b in pairwise(column(rows, word))), word
    for row in rows:
        assert column([row], "count_reject") < column([row], "count_total") < column([row], "count_infeed")
    total, reject = column(rows, "count_total"), column(rows, "count_reject")
    assert 0 < reject[-1] - reject[0] < 0.1 * (total[-1] - total[0])


def test_it_makes_as_many_cartons_as_its_speed_says() -> None:
    rows = shown()
    made = column(rows, "count_total")[-1] - column(rows, "count_total")[0]
    assert made == pytest.approx(sum(column(rows, "speed")) / 600, rel=0.02)
    executing = [row for row in rows if row["state"] == 6]
    assert sum(column(executing, "speed")) / len(executing) == pytest.approx(100, abs=20)
    assert max(column(rows, "speed")) <= RATED
    assert {row["speed"] for row in rows if row["state"] in {2, 4, 9, 11}} == {0.0}


def test_it_accelerates_and_brakes_instead_of_jumping() -> None:
    steps = [abs(b - a) for a, b in pairwise(column(shown(), "speed"))]
    assert max(steps) < 0.2 * RATED


def test_an_alarm_is_explained_and_gone_when_it_runs() -> None:
    for row in shown():
        assert row["alarm_active"] == (row["alarm_code"] != 0) == (row["alarm_count"] == 1)
        if row["alarm_active"]:
            assert row["alarm_code"] == ALARMS[int(row["stop_reason"])]
            assert row["state"] in {8, 9, 10, 11}
        if row["state"] in {4, 6}:
            assert row["stop_reason"] == 0


def test_it_shows_every_word_of_a_machine_that_maps_itself_and_each_has_a_title() -> None:
    assert PLUGIN.tags is not None
    words = {str(tag["name"]) for tag in PLUGIN.tags(PLUGIN.device(packml="auto"))}
    assert set(Cartoner(1).at(0)) == words == set(METRICS)
