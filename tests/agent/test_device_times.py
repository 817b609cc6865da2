"""Values with times of their own, and scans that come by themselves: in any order, and the record says it rightly."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent import normalise, report
from agent.clock import BUILT_MS, Clock
from agent.device import Device, TagGroup
from agent.health import DeviceHealth
from agent.log import Log
from agent.messages import Catalogue
from agent.record import Moment
from drivers.contract import Quality, Scan
from tests.fakes.kept import Kept

NAMES = ("speed", "job", "count", "level")
TENTH = normalise.Rule(scale=Fraction("0.1"), range=(0, 100))


class Bench:
    """A device with one subscribed group, whose notifications come a second apart."""

    def __init__(self, *, rule: report.Rule | None = None, wall_ms: int = BUILT_MS + 10**9) -> None:
        self.now, self.wall_ms = 0.0, wall_ms
        self.kept = Kept()
        self.clock = Clock(lambda: self.wall_ms + int(self.now * 1000), lambda: self.now)
        meanings = [TENTH, normalise.Rule(), normalise.Rule(), normalise.Rule(null_values=(65535,))]
        rules = [(name, meaning, rule or report.Rule()) for name, meaning in zip(NAMES, meanings, strict=True)]
        group = TagGroup.of(rules, is_subscribed=True)
        log = Log(Catalogue("en"), lambda: self.now, lambda line: None, to_journald=False)
        self.device = Device("press", {"all": group}, self.kept, self.clock, log, DeviceHealth())  # type: ignore[arg-type]  # `Kept` has what a device needs of an outbox

    def take(self, *scans: Scan) -> list[Moment]:
        """The moments of the record that these made."""
        self.now += 1
        before = len(self.kept.records)
        self.device.take("all", scans)
        return [moment for record in self.kept.records[before:] for moment in record.moments]


def test_out_of_order_and_equal_times_within_a_scan() -> None:
    bench = Bench()
    assert bench.take(Scan(100, [3, 0, 2, 1], [5, 200, 7, "A"], times=[90, 80, 90, 95])) == [
        Moment(80, {"speed": 20.0}, {}),
        Moment(90, {"level": 5, "count": 7}, {}),
        Moment(95, {"job": "A"}, {}),
    ]


def test_what_is_judged_keeps_its_time() -> None:
    bench = Bench()
    scan = Scan(100, [0, 2, 3], [2000, 7, 65535], {1: Quality.BAD_DEVICE, 2: Quality.UNCERTAIN_SENSOR}, [70, 60, 50])
    assert bench.take(scan) == [
        Moment(50, {"level": None}, {"level": "bad.null"}),
        Moment(60, {"count": 7}, {"count": "uncertain.sensor"}),
        Moment(70, {"speed": 200.0}, {"speed": "uncertain.range"}),
        Moment(100, {"job": None}, {"job": "bad.device"}),
    ]


def test_a_later_scan_may_bring_an_earlier_time() -> None:
    bench = Bench()
    bench.take(Scan(100, [0, 1, 2, 3], [10, "A", 1, 1], times=[100, 100, 100, 100]))
    assert bench.take(Scan(200, [2], [2], times=[95])) == [Moment(95, {"count": 2}, {})]
    assert bench.take(Scan(300, [2], [3], times=[95])) == [Moment(95, {"count": 3}, {})]


def test_what_did_not_change_is_not_reported_at_its_new_time() -> None:
    bench = Bench()
    bench.take(Scan(100, [0, 1, 2, 3], [10, "A", 1, 1], times=[10, 20, 30, 40]))
    assert bench.take(Scan(200, [0, 1, 2, 3], [10, "B", 1, 2], times=[110, 120, 130, 115])) == [
        Moment(115, {"level": 2}, {}),
        Moment(120, {"job": "B"}, {}),
    ]


def test_dead_band_and_held_back_changes() -> None:
    bench = Bench(rule=report.Rule(deadband=1.0, min_interval_s=5.0, max_interval_s=60))
    bench.take(Scan(100, [2], [10], times=[50]))
    assert bench.take(Scan(200, [2], [10.5], times=[150])) == []
    assert bench.take(Scan(300, [2], [20], times=[250])) == [], "held back"
    for at in (400, 500):
        assert bench.take(Scan(at, (), ())) == []
    assert bench.take(Scan(600, (), ())) == [Moment(600, {"count": 20}, {})], "still so at this keep-alive"


def test_a_heartbeat_has_the_time_of_the_keep_alive() -> None:
    bench = Bench(rule=report.Rule(max_interval_s=3))
    bench.take(Scan(100, [0, 1, 2, 3], [10, "A", 1, 1], times=[1, 2, 3, 4]))
    assert bench.take(Scan(200, (), ())) == []
    assert bench.take(Scan(300, (), ())) == []
    assert bench.take(Scan(400, (), ())) == [Moment(400, {"speed": 1.0, "job": "A", "count": 1, "level": 1}, {})]


def test_old_values_are_no_doubt_about_the_clock() -> None:
    bench = Bench()
    now = bench.clock.now_ms()
    long_ago = now - 90 * 86_400_000
    assert long_ago < BUILT_MS
    bench.take(Scan(now, [0, 1], [10, "A"], times=[long_ago, long_ago - 5]))
    assert bench.kept.records[0].moments[0].time_ms == long_ago - 5
    assert bench.kept.records[0].offset_ms is None


def test_what_came_while_the_clock_was_wrong_says_so() -> None:
    bench = Bench(wall_ms=86_400_000)
    now = bench.clock.now_ms()
    bench.take(Scan(now, [0, 1], [10, "A"], times=[now, now - 5]))
    assert bench.kept.records[0].offset_ms == bench.clock.offset_ms()


@given(
    st.lists(
        st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 50)), unique_by=lambda one: one[0]),
        max_size=8,
    )
)
def test_every_reported_value_has_the_time_that_it_came_with(told: list[list[tuple[int, int, int]]]) -> None:
    bench = Bench()
    last: dict[str, float] = {}
    for scan in told:
        indexes, values, times = ([one[k] for one in scan] for k in range(3))
        moments = bench.take(Scan(1000, indexes, values, times=times))
        said = {name: (moment.time_ms, value) for moment in moments for name, value in moment.values.items()}
        meant = {NAMES[i]: (at, value * 0.1 if i == 0 else value) for i, value, at in scan}
        news = {name: came for name, came in meant.items() if name not in last or last[name] != came[1]}
        assert {name: at for name, (at, _) in said.items()} == {name: at for name, (at, _) in news.items()}
        assert {name: value for name, (_, value) in said.items()} == pytest.approx({n: v for n, (_, v) in news.items()})
        assert [moment.time_ms for moment in moments] == sorted({at for at, _ in news.values()})
        last |= {name: value for name, (_, value) in meant.items()}
