from typing import Literal

import pytest
from pydantic import BaseModel

from agent.config.host import Refused
from agent.config.located import Place
from agent.config.models import TagKeys
from agent.config.tables.cells import readers
from agent.config.tree import Node, place

AT = Place(3, 2, "a.csv")
OWN = readers(TagKeys)


def value(key: str, text: str) -> Node:
    return OWN[key](text, AT)


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("name", "speed", "speed"),
        ("name", "1", "1"),
        ("unit", "％", "％"),
        ("scale", "0.1", 0.1),
        ("scale", "1E-1", 0.1),
        ("scale", "０．１", 0.1),
        ("scale", "1/60", "1/60"),
        ("scale", "null", "null"),
        ("offset", "−20", -20),
        ("bits", "3", 3),
        ("bits", "4-7", "4-7"),
        ("every", "１ s", "1 s"),
        ("every", "200", 200),
        ("deadband", "0.5", 0.5),
        ("deadband", "1％", "1%"),
        ("range", "-20..400", [-20, 400]),
        ("range", "-20~400", [-20, 400]),
        ("range", "－２０～４００", [-20, 400]),
        ("range", "-20 至 400.5", [-20, 400.5]),
        ("range", "0.5...5", [0.5, 0.5]),
        ("null_values", "65535", [65535]),
        ("null_values", "65535;-1", [65535, -1]),
        ("null_values", "65535；-1；", [65535, -1]),
        ("null_values", "0xFFFF\n0.5", [65535, 0.5]),
        ("enum", "0=停机;1=运行", {0: "停机", 1: "运行"}),
        ("enum", "０＝停机；１：运行", {0: "停机", 1: "运行"}),
        ("enum", "0=11\n1=6", {0: 11, 1: 6}),
        ("enum", "0=true;1=a:b", {0: "true", 1: "a:b"}),
        ("labels", "zone=dryer1;axis=2", {"zone": "dryer1", "axis": "2"}),
        ("description", "主机速度", "主机速度"),
        ("description", "zh=主机速度;en=Speed", {"zh": "主机速度", "en": "Speed"}),
    ],
)
def test_what_a_cell_says(key: str, text: str, expected: object) -> None:
    found = value(key, text)
    assert found == expected
    assert type(found) is type(expected) or isinstance(found, list | dict)


@pytest.mark.parametrize(
    ("key", "text", "code"),
    [
        ("scale", "1,5", "E1123"),
        ("scale", "1,234.5", "E1123"),
        ("null_values", "65535,-1", "E1127"),
        ("null_values", "1,5", "E1123"),
        ("null_values", "leer", "E1127"),
        ("range", "400", "E1126"),
        ("range", "a..b", "E1126"),
        ("range", "1..2..3", "E1126"),
        ("range", "1,5..2", "E1123"),
        ("enum", "停机", "E1124"),
        ("enum", "0=停机,1=运行", "E1124"),
        ("enum", "0=a;0=b", "E1128"),
        ("enum", "a=b", "E1124"),
        ("enum", ";", "E1124"),
        ("labels", "；", "E1125"),
        ("null_values", ";", "E1127"),
        ("labels", "dryer1", "E1125"),
        ("labels", "zone=a;zone=b", "E1128"),
        ("bits", "4月7日", "E1120"),
        ("bits", "7-Apr", "E1120"),
        ("scale", "Jan-60", "E1120"),
        ("scale", "2026-01-02", "E1120"),
        ("name", "1月2日", "E1120"),
    ],
)
def test_what_cannot_be_read(key: str, text: str, code: str) -> None:
    with pytest.raises(Refused) as refused:
        value(key, text)
    assert refused.value.code == code


def test_all_that_is_in_a_cell_is_placed_there() -> None:
    assert place(value("enum", "0=a"), (0,), of_key=True) == AT
    assert place(value("range", "1..2"), (1,)) == AT


class Strange(BaseModel):
    """A driver's keys of every kind."""

    where: str | None = None
    fast: bool = False
    retries: int | None = None
    mode: Literal["a", "b"] = "a"
    level: Literal[1, 2] = 1
    many: tuple[int, ...] = ()
    limits: dict[str, int] = {}


@pytest.mark.parametrize(
    ("key", "text", "expected"),
    [
        ("where", "00101", "00101"),
        ("where", "1E3", "1E3"),
        ("fast", "TRUE", True),
        ("fast", "是", True),
        ("fast", "No", False),
        ("fast", "maybe", "maybe"),
        ("retries", "3", 3),
        ("mode", "a", "a"),
        ("level", "2", 2),
        ("many", "1;2", [1, 2]),
        ("limits", "a=1;b=2", {"a": 1, "b": 2}),
    ],
)
def test_keys_of_other_drivers_are_read_by_their_types(key: str, text: str, expected: object) -> None:
    found = readers(TagKeys, Strange)[key](text, AT)
    assert found == expected
    assert type(found) is type(expected) or isinstance(found, list | dict)
