"""What a raw value means."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.columns import MAX_LANES, Columns
from agent.normalise import Normaliser, Rule
from drivers.contract import Quality, Scan

TENTH = Rule(scale=Fraction("0.1"))


def only(rule: Rule, raw: object) -> tuple[object, Quality]:
    columns = Normaliser([rule])(Scan(0, (0,), (raw,)))  # type: ignore[arg-type]  # any raw value is tried
    return columns.values[0], columns.qualities.get(0, Quality.GOOD)


def test_plain_columns_pass_untouched() -> None:
    values = (1, 2.5, "x")
    columns = Normaliser([Rule()] * 3)(Scan(7, (0, 1, 2), values, times=(5, 6, 7)))
    assert columns == Columns(7, (0, 1, 2), values, {}, (5, 6, 7))
    assert columns.values is values


@pytest.mark.parametrize(
    ("rule", "raw", "value"),
    [
        (TENTH, 3, 0.3),
        (TENTH, 123, 12.3),
        (Rule(scale=Fraction(10)), 12, 120),
        (Rule(offset=Fraction(-40)), 50, 10),
        (Rule(scale=Fraction("0.1"), offset=Fraction("-40.05")), 505, 10.45),
        (Rule(scale=Fraction("1e-3")), 2.5, 0.0025),
        (Rule(enum={1: "run", 2: "stop"}), 2, "stop"),
        (Rule(enum={3: 6}), 3, 6),
        (Rule(enum={1: "on"}), True, "on"),
        (Rule(bits=(3, 3)), 0b1000, True),
        (Rule(bits=(3, 3)), 0b0111, False),
        (Rule(bits=(4, 7)), 0xABCD, 0xC),
        (Rule(bits=(8, 15), scale=Fraction(1, 2)), 0x0300, 1.5),
        (Rule(bits=(0, 1), enum={2: "auto"}), 0b110, "auto"),
        (Rule(range=(0, 100)), 100, 100),
        (Rule(null_values=(65535,)), 65534, 65534),
    ],
)
def test_good(rule: Rule, raw: object, value: object) -> None:
    got, quality = only(rule, raw)
    assert (got, type(got), quality) == (value, type(value), Quality.GOOD)


@pytest.mark.parametrize(
    ("rule", "raw", "value", "quality"),
    [
        (Rule(null_values=(65535, 0x8000)), 65535, None, Quality.BAD_NULL),
        (Rule(null_values=(65535,), scale=Fraction("0.1"), range=(0, 400)), 65535, None, Quality.BAD_NULL),
        (Rule(enum={1: "run"}), 9, None, Quality.BAD_DECODE),
        (Rule(enum={1: "run"}), "run", None, Quality.BAD_DECODE),
        (Rule(scale=Fraction(2), range=(0, 9)), "text", None, Quality.BAD_TYPE),
        (Rule(range=(-20, 400), scale=Fraction("0.1")), 4001, 400.1, Quality.UNCERTAIN_RANGE),
        (Rule(range=(0, 1)), -1, -1, Quality.UNCERTAIN_RANGE),
    ],
)
def test_not_good(rule: Rule, raw: object, value: object, quality: Quality) -> None:
    assert only(rule, raw) == (value, quality)


def test_text_has_no_range() -> None:
    assert only(Rule(range=(0, 1)), "x") == ("x", Quality.GOOD)


@given(st.integers(-(2**31), 2**32), st.sampled_from(["0.1", "0.01", "0.001", "0.5", "0.25"]))
def test_scaled_integers_are_the_nearest_to_the_decimal(raw: int, scale: str) -> None:
    got, _ = only(Rule(scale=Fraction(scale)), raw)
    assert got == float(Fraction(scale) * raw)


def test_a_lane_is_compiled_for_its_own_indexes() -> None:
    normalise = Normaliser([Rule(), TENTH, Rule(scale=Fraction(2))])
    assert list(normalise(Scan(0, (1, 2), (5, 5))).values) == [0.5, 10]
    assert list(normalise(Scan(0, (2, 1), (5, 5))).values) == [10, 0.5]
    assert list(normalise(Scan(0, [0, 1], [5, 5])).values) == [5, 0.5]


def test_a_text_where_a_number_belongs_is_no_value_and_harms_no_neighbour() -> None:
    rules = [TENTH, TENTH, Rule(scale=Fraction(2)), Rule(range=(0, 1)), Rule(scale=Fraction(2), range=(0, 9))]
    columns = Normaliser(rules)(Scan(0, (0, 1, 2, 3, 4), (5, "x", "y", "z", "w")))
    assert list(columns.values) == [0.5, None, None, "z", None]
    assert columns.qualities == {1: Quality.BAD_TYPE, 2: Quality.BAD_TYPE, 4: Quality.BAD_TYPE}


@given(
    st.lists(
        st.tuples(st.sampled_from([Fraction(1), Fraction("0.1"), Fraction(3)]), st.sampled_from([(), (7,), (0, 9)])),
        min_size=1,
        max_size=6,
    ),
    st.lists(st.integers(0, 10), min_size=6, max_size=6),
)
def test_columns_say_what_each_rule_says_alone(rules: list[tuple[Fraction, tuple[int, ...]]], raw: list[int]) -> None:
    """The short cuts for whole columns change nothing."""
    written = [Rule(scale=scale, null_values=nulls, range=(0.5, 20)) for scale, nulls in rules]
    columns = Normaliser(written)(Scan(0, tuple(range(len(written))), tuple(raw[: len(written)])))
    for k, rule in enumerate(written):
        assert (columns.values[k], columns.qualities.get(k, Quality.GOOD)) == only(rule, raw[k])


def test_lanes_are_bounded() -> None:
    normalise = Normaliser([TENTH] * 3)
    kept = [(n % 3,) for n in range(MAX_LANES + 50)]
    assert all(list(normalise(Scan(0, indexes, (1,))).values) == [0.1] for indexes in kept)
    assert len(normalise._lanes) <= MAX_LANES


def test_bad_faults_are_columns_without_value() -> None:
    scan = Scan(9, (0,), (10,), {1: Quality.BAD_TIMEOUT}, (8,))
    assert Normaliser([TENTH, TENTH])(scan) == Columns(9, [0, 1], [1.0, None], {1: Quality.BAD_TIMEOUT}, [8, 9])


def test_uncertain_faults_keep_their_value_and_the_graver_reason() -> None:
    normalise = Normaliser([Rule(), Rule(null_values=(0,))])
    columns = normalise(Scan(0, (0, 1), (4, 0), {0: Quality.UNCERTAIN_SENSOR, 1: Quality.UNCERTAIN_STALE}))
    assert list(columns.values) == [4, None]
    assert columns.qualities == {0: Quality.UNCERTAIN_SENSOR, 1: Quality.BAD_NULL}
