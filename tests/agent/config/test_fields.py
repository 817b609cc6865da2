"""Values of tags, through the file: what a person writes is what is checked."""

from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config import TagSettings
from agent.config.fields import exact
from tests.agent.config.site import changed, codes, right, with_tag


def tag(directory: Path, *keys: str) -> TagSettings:
    return right(with_tag(directory, *keys)).devices[0].tags[0]


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("0.1", Fraction(1, 10)),
        ("1/60", Fraction(1, 60)),
        ("-10", Fraction(-10)),
        ("9.80665", Fraction(980665, 100000)),
    ],
)
def test_a_scale_is_the_decimal_that_is_written(tmp_path: Path, written: str, value: Fraction) -> None:
    assert tag(tmp_path, f"scale: {written}").scale == value


@given(st.decimals(allow_nan=False, allow_infinity=False, places=6, min_value=-(10**6), max_value=10**6))
def test_every_short_decimal_is_exact(written: object) -> None:
    assert exact(float(str(written))) == Fraction(str(written))


def test_defaults(tmp_path: Path) -> None:
    plain = tag(tmp_path, "unit: m/min")
    assert (plain.scale, plain.offset, plain.every_s) == (1, 0, 1.0)
    assert (plain.min_interval_s, plain.max_interval_s) == (0.0, 300.0)
    assert (plain.enum, plain.bits, plain.range, plain.deadband, plain.deadband_percent) == (None,) * 5
    assert (plain.null_values, plain.description, plain.metric) == ((), {}, "speed")


def test_what_can_be_written(tmp_path: Path) -> None:
    rich = tag(
        tmp_path,
        "offset: -3",
        "deadband: 1.5%",
        "null_values: [0x8000, -1, 0.5]",
        "range: [-20, 400]",
        "every: 200ms",
        "max_interval: 1m",
        "description: {zh: 车速, en: speed}",
        "labels: {zone: 1}",
        "unit: 1",
    )
    assert rich.offset == -3
    assert (rich.deadband, rich.deadband_percent) == (None, 1.5)
    assert rich.null_values == (32768, -1, 0.5)
    assert rich.range == (-20.0, 400.0)
    assert (rich.every_s, rich.max_interval_s) == (0.2, 60.0)
    assert rich.description == {"zh": "车速", "en": "speed"}
    assert (rich.labels, rich.unit) == ({"zone": "1"}, "1")


def test_one_description_is_for_everybody(tmp_path: Path) -> None:
    assert tag(tmp_path, "description: 车速").description == {"zh": "车速", "en": "车速"}


COUNTER = ("'sine(60s, 0, 100)'", "'counter(1s, 65536)'")


@pytest.mark.parametrize(("written", "value"), [("3", (3, 3)), ("4-7", (4, 7)), ("7-4", (4, 7)), ("'0 - 15'", (0, 15))])
def test_bits(tmp_path: Path, written: str, value: tuple[int, int]) -> None:
    loaded = changed(
        tmp_path,
        (
            '{name: speed, address: "sine(60s, 0, 100)", unit: m/min}',
            f"{{name: x_a, address: 'counter(1s, 65536)', bits: {written}}}",
        ),
    )
    assert right(loaded).devices[0].tags[0].bits == value


def test_enum(tmp_path: Path) -> None:
    loaded = changed(
        tmp_path,
        (
            '{name: speed, address: "sine(60s, 0, 100)", unit: m/min}',
            "{name: state, address: 'counter(1s, 4)', enum: {0: stopped, -1: off, 0x10: on}}",
        ),
    )
    assert right(loaded).devices[0].tags[0].enum == {0: "stopped", -1: "off", 16: "on"}


@pytest.mark.parametrize(
    ("key", "code"),
    [
        ("scale: fast", "E1034"),
        ("scale: 0", "E1035"),
        ("scale: 1/0", "E1034"),
        ("scale: true", "E1024"),
        ("scale: 1e16", "E1030"),
        ("offset: 1e-16", "E1030"),
        ("enum: {0: 99999999999999999999}", "E1030"),
        ("scale: .nan", "E1032"),
        ("scale: 1e999", "E1032"),
        ("offset: [1]", "E1024"),
        ("deadband: -1", "E1036"),
        ("deadband: 0%", "E1036"),
        ("deadband: 101%", "E1036"),
        ("deadband: .inf", "E1036"),
        ("bits: 64", "E1037"),
        ("bits: 1.5", "E1037"),
        ("bits: '3-70'", "E1037"),
        ("enum: [1]", "E1038"),
        ("enum: {}", "E1038"),
        ("enum: {on: 1}", "E1039"),
        ("enum: {0: a, 1: 2}", "E1042"),
        ("enum: {0: true}", "E1042"),
        ('enum: {0: "a\\nb"}', "E1073"),
        ("null_values: 65535", "E1045"),
        ("null_values: [a]", "E1045"),
        ("null_values: [.nan]", "E1045"),
        ("range: [1]", "E1043"),
        ("range: [1, .inf]", "E1043"),
        ("range: 5", "E1043"),
        ("range: [5, 5]", "E1044"),
        ("description: {de: Tempo}", "E1046"),
        ("description: {zh: 1}", "E1046"),
        ("description: ''", "E1033"),
        ("every: 5", "Q1001"),
        ("every: 1ms", "E1030"),
        ("every: 0s", "E1030"),
        ("min_interval: 10m", "E1065"),
        ("labels: {Zone: a}", "E1047"),
        ("labels: {device: a}", "E1048"),
        ("labels: [a]", "E1029"),
        ("labels: {zone: 1.10}", "E1025"),
        ("unit: [a]", "E1025"),
        ("metric: Speed", "E1056"),
        ("metric: 5", "E1025"),
    ],
)
def test_what_is_refused(tmp_path: Path, key: str, code: str) -> None:
    loaded = with_tag(tmp_path, key)
    assert codes(loaded) == [code]
    place = loaded.problems[0]
    assert place.line == 15
    assert place.path.startswith("devices[0].tags[0]." + key.split(":", maxsplit=1)[0])


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("gw+1", "E1070"),
        ("a/b", "E1070"),
        ("'#'", "E1070"),
        ("$sys", "E1070"),
        ("' a'", "E1071"),
        ("''", "E1071"),
        ("'{site}'", "E1070"),
        ("x" * 129, "E1072"),
        ('"a\\u0085"', "E1070"),
        ('"a\\ufdd0"', "E1070"),
    ],
)
def test_names_become_topic_levels(tmp_path: Path, name: str, code: str) -> None:
    assert codes(changed(tmp_path, ("gateway: gw-1", f"gateway: {name}"))) == [code]
    assert codes(changed(tmp_path, ("name: press01", f"name: {name}"))) == [code]
    assert codes(changed(tmp_path, ("site: factory", f"site: {name}"))) == [code]


def test_names_may_be_numbers_and_chinese(tmp_path: Path) -> None:
    configuration = right(
        changed(tmp_path, ("gateway: gw-1", "gateway: 0007"), ("press01", "模切机1号"), ("line1", "2"))
    )
    assert configuration.gateway == "0007"
    assert configuration.devices[0].name == "模切机1号"
    assert configuration.labels["line"] == "2"
