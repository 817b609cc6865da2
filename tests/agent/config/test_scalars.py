from math import inf, isnan

import pytest

from agent.config.scalars import resolve


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None),
        ("~", None),
        ("null", None),
        ("true", True),
        ("FALSE", False),
        ("0", 0),
        ("-12", -12),
        ("+5", 5),
        ("0x8000", 32768),
        ("0o17", 15),
        ("0.1", 0.1),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-.inf", -inf),
    ],
)
def test_the_core_schema_of_yaml_1_2(text: str, value: object) -> None:
    assert resolve(text) == value
    assert type(resolve(text)) is type(value)


@pytest.mark.parametrize(
    "text", ["no", "on", "off", "yes", "12:30", "1_000", "1%", "1s", "D100", "-", "+", ".", "0b1", "٣"]
)
def test_what_older_yaml_took_for_something_else_stays_text(text: str) -> None:
    assert resolve(text) == text


@pytest.mark.parametrize("text", ["0007", "00101", "-01", "01.5"])
def test_leading_zeros_stay_text(text: str) -> None:
    assert resolve(text) == text


def test_a_number_that_nobody_measures_stays_text() -> None:
    assert resolve("9" * 41) == "9" * 41
    assert resolve("9" * 40) == int("9" * 40)


def test_not_a_number() -> None:
    value = resolve(".nan")
    assert isinstance(value, float)
    assert isnan(value)
