"""What is worth sending. Time is a number that the tests move."""

from collections.abc import Mapping, Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.columns import Columns
from agent.report import Reporter, Rule
from drivers.contract import Quality

Said = list[tuple[dict[int, object], dict[int, Quality]]]


def said(reports: Sequence[Columns]) -> Said:
    return [(dict(zip(r.indexes, r.values, strict=True)), dict(r.qualities)) for r in reports]


def columns(values: Mapping[int, object], qualities: Mapping[int, Quality] | None = None, t: int = 0) -> Columns:
    return Columns(t, tuple(values), list(values.values()), dict(qualities or {}))  # type: ignore[arg-type]  # any object may be a value here


def empty(t: int = 0) -> Columns:
    return Columns(t, (), ())


def tick(reporter: Reporter, now_s: float, scans: Sequence[Columns]) -> list[Columns]:
    """A read, of which the reporter hears what names something."""
    return reporter.tick(now_s, scans[-1].time_ms, [scan for scan in scans if scan.indexes])


def test_the_first_read_names_all_and_the_same_again_nothing() -> None:
    reporter = Reporter([Rule(), Rule()])
    whole = columns({0: 1, 1: "a"})
    first = tick(reporter, 0, [whole])
    assert first[0] is whole
    assert tick(reporter, 1, [columns({0: 1, 1: "a"})]) == []
    assert said(tick(reporter, 2, [columns({0: 1, 1: "b"})])) == [({1: "b"}, {})]


def test_only_what_changed_is_cut_out_with_its_time() -> None:
    reporter = Reporter([Rule()] * 3)
    tick(reporter, 0, [columns({0: 1, 1: 2, 2: 3})])
    changed = Columns(50, (0, 1, 2), (1, 5, 6), {}, (47, 48, 49))
    assert tick(reporter, 1, [changed]) == [Columns(50, [1, 2], [5, 6], {}, [48, 49])]


def test_scattered_indexes() -> None:
    reporter = Reporter([Rule()] * 4)
    tick(reporter, 0, [columns({3: 1, 0: 2})])
    assert said(tick(reporter, 1, [columns({3: 1, 0: 9})])) == [({0: 9}, {})]
    assert said(tick(reporter, 2, [columns({3: 2, 0: 9})])) == [({3: 2}, {})]
    assert said(tick(reporter, 3, [columns({0: 9, 3: 2})])) == []


@pytest.mark.parametrize(
    ("rule", "last", "value", "passes"),
    [
        (Rule(deadband=0.5), 10.0, 10.5, False),
        (Rule(deadband=0.5), 10.0, 10.6, True),
        (Rule(deadband=0.5), 10.0, 9.4, True),
        (Rule(deadband_percent=10), 200, 219, False),
        (Rule(deadband_percent=10), -200, -221, True),
        (Rule(deadband_percent=10), 0, 1, True),
        (Rule(deadband=5), "a", "b", True),
        (Rule(deadband=5), False, True, True),
    ],
)
def test_dead_bands(rule: Rule, last: object, value: object, *, passes: bool) -> None:
    reporter = Reporter([rule])
    tick(reporter, 0, [columns({0: last})])
    assert bool(tick(reporter, 1, [columns({0: value})])) is passes


def test_a_dead_band_counts_from_what_was_reported() -> None:
    reporter = Reporter([Rule(deadband=1.0)])
    sent = [tick(reporter, n, [columns({0: n * 0.4})]) for n in range(7)]
    assert [bool(one) for one in sent] == [True, False, False, True, False, False, True]


def test_min_interval_holds_back_and_sends_the_newest_when_it_ends() -> None:
    reporter = Reporter([Rule(min_interval_s=10), Rule()])
    tick(reporter, 0, [columns({0: 1, 1: 1})])
    assert tick(reporter, 3, [columns({0: 2, 1: 1})]) == []
    assert tick(reporter, 5, [columns({0: 3, 1: 1})]) == []
    assert tick(reporter, 9.9, [empty()]) == []
    assert said(tick(reporter, 10, [empty(77)])) == [({0: 3}, {})]
    assert tick(reporter, 20, [empty()]) == []


def test_a_held_back_change_that_returns_is_no_change() -> None:
    reporter = Reporter([Rule(min_interval_s=10)])
    tick(reporter, 0, [columns({0: 1})])
    tick(reporter, 3, [columns({0: 2})])
    tick(reporter, 5, [columns({0: 1})])
    assert tick(reporter, 12, [empty()]) == []


def test_heartbeat_repeats_the_newest_value_at_the_time_of_the_read() -> None:
    reporter = Reporter([Rule(max_interval_s=60, deadband=5), Rule(max_interval_s=300)])
    tick(reporter, 0, [columns({0: 10, 1: 1})])
    assert tick(reporter, 30, [columns({0: 12, 1: 1})]) == []
    assert tick(reporter, 59, [empty(5)]) == []
    beat = tick(reporter, 60, [empty(6)])
    assert said(beat) == [({0: 12}, {})]
    assert beat[0].time_ms == 6
    assert tick(reporter, 119, [empty()]) == []
    assert said(tick(reporter, 120, [empty()])) == [({0: 12}, {})]
    assert said(tick(reporter, 300, [empty()])) == [({0: 12, 1: 1}, {})]


def test_quality_passes_every_rule_and_bad_is_never_the_last_value() -> None:
    reporter = Reporter([Rule(deadband=100, min_interval_s=100), Rule()])
    tick(reporter, 0, [columns({0: 10, 1: 1})])
    bad = {0: Quality.BAD_TIMEOUT}
    assert said(tick(reporter, 1, [columns({0: None}, bad)])) == [({0: None}, bad)]
    assert tick(reporter, 2, [columns({0: None}, bad)]) == []
    other = {0: Quality.BAD_DEVICE}
    assert said(tick(reporter, 3, [columns({0: None, 1: 1}, other)])) == [({0: None}, other)]
    assert said(tick(reporter, 4, [columns({0: 10})])) == [({0: 10}, {})]
    assert tick(reporter, 5, [columns({0: 11})]) == []


def test_uncertain_values_have_dead_bands_too() -> None:
    reporter = Reporter([Rule(deadband=5), Rule()])
    doubt = {0: Quality.UNCERTAIN_RANGE, 1: Quality.UNCERTAIN_RANGE}
    tick(reporter, 0, [columns({0: 500, 1: 500}, doubt)])
    assert said(tick(reporter, 1, [columns({0: 503, 1: 503}, doubt)])) == [({1: 503}, {1: Quality.UNCERTAIN_RANGE})]
    assert said(tick(reporter, 2, [columns({0: 506, 1: 503}, doubt)])) == [({0: 506}, {0: Quality.UNCERTAIN_RANGE})]
    assert said(tick(reporter, 3, [columns({0: 506, 1: 503})])) == [({0: 506, 1: 503}, {})]


def test_bad_quality_has_heartbeats() -> None:
    reporter = Reporter([Rule(max_interval_s=60)])
    bad = {0: Quality.BAD_NOT_CONNECTED}
    tick(reporter, 0, [columns({0: None}, bad)])
    assert tick(reporter, 30, [columns({0: None}, bad)]) == []
    assert said(tick(reporter, 61, [columns({0: None}, bad)])) == [({0: None}, bad)]


def test_a_tag_that_is_bad_does_not_touch_its_neighbours() -> None:
    reporter = Reporter([Rule()] * 3)
    tick(reporter, 0, [columns({0: 1, 1: 2}), columns({2: None}, {2: Quality.BAD_CONFIG})])
    assert said(tick(reporter, 1, [columns({0: 1, 1: 3})])) == [({1: 3}, {})]


@given(
    st.lists(
        st.lists(st.one_of(st.integers(0, 3), st.none()), min_size=3, max_size=3),
        min_size=1,
        max_size=30,
    ),
    st.booleans(),
)
def test_what_was_said_is_what_is(reads: list[list[int | None]], scattered: bool) -> None:
    """Without dead bands a platform that only keeps the newest report of each tag knows the last read exactly."""
    order = (2, 0, 1) if scattered else (0, 1, 2)
    reporter = Reporter([Rule(max_interval_s=4)] * 3)
    known: dict[int, object] = {}
    worse: dict[int, Quality] = {}
    for now, read in enumerate(reads):
        qualities = {i: Quality.BAD_TIMEOUT for i, value in enumerate(read) if value is None}
        for values, reasons in said(tick(reporter, now, [columns({i: read[i] for i in order}, qualities)])):
            known.update(values)
            worse = {i: q for i, q in worse.items() if i not in values} | reasons
        assert known == dict(enumerate(read))
        assert worse == qualities
