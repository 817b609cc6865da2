from typing import Any

import pytest

from drivers.contract import Value
from drivers.opcua.packml.rules import ALARMS, COUNTED, INACTIVE, STOPPED_BY, Seen, numbered
from drivers.opcua.packml.states import SUPER, states
from drivers.opcua.packml.structures import ALARM, COUNT, fields
from drivers.opcua.simulate_packml import active, alarm, count, raised


class Id:
    """A node id by its number alone."""

    NamespaceIndex = 0

    def __init__(self, number: int) -> None:
        self.Identifier = number


class Raw:
    """A structure as its bytes."""

    def __init__(self, body: bytes) -> None:
        self.Body = body


@pytest.mark.parametrize("state", sorted(set(states().by_name.values()) - SUPER - {0}))
def test_our_driver_reads_the_state_out_of_the_three_machines(state: int) -> None:
    seen: list[Seen] = [(None, INACTIVE) if one is None else (Id(one), 0) for one in active(state)]
    rule = numbered({(0, number): number for number in states().by_name.values()})
    assert rule(seen) == (state, 0)


@pytest.mark.parametrize(
    ("state", "levels"), [(6, (19, 18, 6)), (2, (19, 2, None)), (1, (19, 1, None)), (9, (9, None, None))]
)
def test_what_is_not_active_shows_nothing(state: int, levels: tuple[int | None, ...]) -> None:
    assert active(state) == levels


def test_a_count_is_read_back() -> None:
    assert COUNTED([([Raw(count("count_total", 2**31 - 1))], 0)]) == (2**31 - 1, 0)
    found = fields(Raw(count("count_reject", 7)), COUNT)
    assert found is not None
    assert (found["Name"], found["Count"], found["Unit"]["DisplayName"]) == ("defective", 7, "one")


@pytest.mark.parametrize(("number", "is_active"), [(412, True), (0, False)])
def test_an_alarm_is_read_back(number: int, is_active: bool) -> None:
    assert STOPPED_BY([(Raw(alarm(number, is_active=is_active)), 0)]) == (number, 0)
    found = fields(Raw(alarm(number, is_active=is_active)), ALARM)
    assert found is not None
    assert found["Trigger"] is is_active


@pytest.mark.parametrize(
    "shown",
    [
        {"alarm_active": True, "alarm_count": 2, "alarm_code": 41},
        {"alarm_active": False, "alarm_count": 0, "alarm_code": 0},
        {"alarm_active": True},
        {"alarm_active": False},
        {"alarm_count": 3},
        {"alarm_code": 9},
        {"alarm_code": 0},
        {"alarm_active": True, "alarm_code": 9},
    ],
)
def test_each_word_of_the_alarms_is_read_back(shown: dict[str, Value]) -> None:
    value: Any = [Raw(alarm(number, is_active=True)) for number in raised(shown)]
    assert {word: ALARMS[word]([(value, 0)]) for word in shown} == {word: (value, 0) for word, value in shown.items()}
