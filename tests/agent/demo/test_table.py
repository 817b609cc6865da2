import io

import pytest
from rich.cells import cell_len
from rich.console import Console

from agent.demo.arrivals import Arrivals, TagSeen
from agent.demo.table import halved, screen, shares, trend
from agent.demo.texts import Words
from agent.messages import Language
from tests.agent.demo.test_summary import Believes


@pytest.fixture
def arrivals() -> Arrivals:
    arrivals = Arrivals("gw", Believes())
    press = {f"x_tag{i}": TagSeen(i * 1_000, time_ms=1_000, values=1) for i in range(12)}
    press["speed"] = TagSeen(118.46, time_ms=1_000, values=2, unit="m/min", title={"zh": "车速", "en": "web speed"})
    press["speed"].history.extend([1.0, 2.0, 3.0])
    press["alarm_guard"] = TagSeen(True, time_ms=1_000, values=1, title={"zh": "防护门打开报警", "en": "guard open"})
    press["ink_viscosity"] = TagSeen(None, "bad.config", 1_000, values=1)
    press["job"] = TagSeen("GD20260302-07 缺料标签", time_ms=1_000, values=1)
    cartoner = {"state": TagSeen(10, time_ms=1_000, values=1), "alarm_active": TagSeen(True, time_ms=1_000, values=1)}
    bags = {"state": TagSeen(11, time_ms=1_000, values=1)}
    arrivals.devices = {"press01": press, "bags01": bags, "cartoner01": cartoner}
    return arrivals


def drawn(arrivals: Arrivals, language: Language, size: tuple[int, int]) -> list[str]:
    console = Console(file=io.StringIO(), width=size[0], height=size[1], force_terminal=True, color_system=None)
    with console.capture() as capture:
        console.print(screen(arrivals, ["line one", "第二行 " * 60], Words(language), 3_500, size))
    return capture.get().splitlines()


@pytest.mark.parametrize("size", [(80, 24), (100, 40), (160, 45), (60, 15)])
@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_picture_fits_the_terminal(arrivals: Arrivals, language: Language, size: tuple[int, int]) -> None:
    lines = drawn(arrivals, language, size)
    assert max(cell_len(line) for line in lines) <= size[0]
    assert len(lines) <= size[1]


@pytest.mark.parametrize("language", ["zh", "en"])
def test_columns_stand_under_each_other_in_both_languages(arrivals: Arrivals, language: Language) -> None:
    lines = drawn(arrivals, language, (120, 60))
    ends = {cell_len(line[: line.index(" s ") + 2]) for line in lines if "2.5 s" in line}
    assert len([line for line in lines if "2.5 s" in line]) >= 16
    assert len(ends) == 1, "the age column ends in one place"


def test_the_rows_say_what_a_person_wants_to_know(arrivals: Arrivals) -> None:
    text = "\n".join(drawn(arrivals, "zh", (120, 60)))
    for wanted in (
        "车速",
        "118.5",
        "▁▅█",
        "● 是",
        "bad.config",
        "11 内因暂停",
        "10 内因暂停中",
        "报警",
        "GD20260302-07 缺料标签",
        "第二行",
    ):
        assert wanted in text


def test_rows_that_do_not_fit_are_announced(arrivals: Arrivals) -> None:
    assert "more rows" in "\n".join(drawn(arrivals, "en", (80, 24)))


def test_a_trend_is_drawn_from_lowest_to_highest() -> None:
    assert trend([1, 2, 3]) == "▁▅█"
    assert trend([5, 5, 5]) == ""
    assert trend([]) == ""
    assert len(trend(list(range(100)))) == 12


def test_a_small_table_leaves_its_room_to_the_large_one() -> None:
    assert shares([19, 12], 40) == [19, 12]
    assert shares([19, 12], 28) == [16, 12]
    assert shares([19, 12], 10) == [5, 5]
    assert shares([19, 12], -3) == [0, 0]


def test_two_columns_are_as_low_as_they_can_be() -> None:
    assert halved([21, 14, 14]) == 1
    assert halved([10, 10, 30]) == 2
    assert halved([14, 14]) == 1
    assert halved([14]) == 1
    assert halved([]) == 0


def test_beside_the_largest_machine_stand_the_others(arrivals: Arrivals) -> None:
    lines = drawn(arrivals, "en", (160, 45))
    (heads,) = [line for line in lines if "press01" in line]
    assert "cartoner01" in heads
    assert "bags01" not in heads
    (below,) = [line for line in lines if "bags01" in line]
    assert below.index("bags01") == heads.index("cartoner01")
