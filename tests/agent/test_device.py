"""Scans in, records out."""

from fractions import Fraction

from agent import normalise, report
from agent.clock import BUILT_MS, Clock
from agent.device import Device, TagGroup
from agent.health import DeviceHealth
from agent.log import Log
from agent.messages import Catalogue
from agent.record import Moment
from drivers.contract import Quality, Scan
from tests.fakes.kept import Kept

TENTH = normalise.Rule(scale=Fraction("0.1"))
PLAIN = normalise.Rule()
ALWAYS = report.Rule()
TIMEOUT = Quality.BAD_TIMEOUT


class Bench:
    """A device of two groups on a bench, with time and log in the test's hands."""

    def __init__(self, wall_ms: int = BUILT_MS) -> None:
        self.wall_ms = wall_ms
        self.now = 0.0
        self.lines: list[str] = []
        self.kept = Kept()
        clock = Clock(lambda: self.wall_ms, lambda: self.now)
        fast = TagGroup.of([("speed", TENTH, ALWAYS), ("job", PLAIN, ALWAYS), ("count", PLAIN, ALWAYS)])
        slow = TagGroup.of([("temperature", TENTH, ALWAYS)])
        log = Log(Catalogue("en"), lambda: self.now, self.lines.append, to_journald=False)
        self.device = Device("press01", {"fast": fast, "slow": slow}, self.kept, clock, log, DeviceHealth(), rev=3)  # type: ignore[arg-type]  # `Kept` has what a device needs of an outbox

    def take(self, *scans: Scan, group: str = "fast") -> bool:
        self.now += 1
        return self.device.take(group, scans)


def test_a_read_is_one_record_and_an_unchanged_read_is_none() -> None:
    bench = Bench()
    assert bench.take(Scan(10, (0, 1), (853, "A")), Scan(12, (2,), (7,)))
    assert bench.take(Scan(20, (), ()), Scan(22, (), ()))
    assert bench.kept.values() == [(10, {"speed": 85.3, "job": "A"}, {}), (12, {"count": 7}, {})]
    assert [record.rev for record in bench.kept.records] == [3, 3]
    assert bench.kept.events() == [("comm", {"state": "up"})]


def test_values_of_one_time_share_an_entry() -> None:
    bench = Bench()
    bench.take(Scan(10, (0, 1), (853, "A")), Scan(10, (2,), (7,)))
    assert bench.kept.values() == [(10, {"speed": 85.3, "job": "A", "count": 7}, {})]


def test_the_same_tag_twice_at_one_time_stays_two_entries() -> None:
    bench = Bench()
    bench.take(Scan(10, (2,), (7,)), Scan(10, (2,), (8,)))
    assert bench.kept.values() == [(10, {"count": 7}, {}), (10, {"count": 8}, {})]


def test_values_with_times_of_their_own_are_entries_in_order_of_time() -> None:
    bench = Bench()
    bench.take(Scan(30, (0, 1, 2), (10, "A", 7), times=(25, 20, 25)))
    assert bench.kept.records[0].moments == [
        Moment(20, {"job": "A"}, {}),
        Moment(25, {"speed": 1.0, "count": 7}, {}),
    ]


def test_a_fault_is_null_with_its_reason_and_is_lifted() -> None:
    bench = Bench()
    bench.take(Scan(10, (0, 1), (853, "A"), {2: Quality.BAD_CONFIG}))
    bench.take(Scan(20, (2,), (7,)))
    assert bench.kept.values() == [
        (10, {"speed": 85.3, "job": "A", "count": None}, {"count": "bad.config"}),
        (20, {"count": 7}, {}),
    ]


def test_one_lost_reply_is_no_news_but_three_are() -> None:
    bench = Bench()
    everything = Scan(10, (0, 1, 2), (1, "A", 1))
    assert bench.take(everything)
    assert not bench.take(Scan(20, (), (), dict.fromkeys(range(3), TIMEOUT)))
    assert bench.take(everything)
    assert bench.lines == []
    for _ in range(4):
        assert not bench.take(Scan(20, (), (), dict.fromkeys(range(3), TIMEOUT)))
    assert len(bench.lines) == 1
    assert "W2003 press01: 3 of 4 values are missing (bad.timeout): speed, job, count" in bench.lines[0]
    bench.take(everything)
    assert len(bench.lines) == 2
    assert "all values are there again" in bench.lines[1]


def test_a_silent_read_that_names_nothing_is_still_silent() -> None:
    bench = Bench()
    bench.take(Scan(20, (), (), dict.fromkeys(range(3), TIMEOUT)))
    assert not bench.take(Scan(30, (), ()))
    assert not bench.take(Scan(40, (), ()))
    assert len(bench.lines) == 1


def test_the_device_is_down_when_all_its_groups_are() -> None:
    bench = Bench()
    bench.take(Scan(10, (0, 1, 2), (1, "A", 1)))
    bench.take(Scan(10, (0,), (5,)), group="slow")
    bench.device.lost("fast", Quality.BAD_NOT_CONNECTED)
    assert bench.kept.events() == [("comm", {"state": "up"})]
    bench.device.lost("slow", Quality.BAD_NOT_CONNECTED)
    bench.device.lost("slow", Quality.BAD_NOT_CONNECTED)
    bench.take(Scan(20, (0,), (5,)), group="slow")
    assert bench.kept.events() == [
        ("comm", {"state": "up"}),
        ("comm", {"state": "down", "reason": "bad.not_connected"}),
        ("comm", {"state": "up"}),
    ]


def test_a_device_that_is_silent_in_all_its_groups_is_an_error_with_all_its_values() -> None:
    bench = Bench()
    for _ in range(4):
        bench.take(Scan(20, (), (), dict.fromkeys(range(3), TIMEOUT)))
        bench.take(Scan(20, (), (), {0: TIMEOUT}), group="slow")
    assert "E2004 press01: connected, but it does not answer (bad.timeout): none of its 4 values" in bench.lines[-1]
    assert bench.device.is_troubled
    bench.take(Scan(30, (0, 1, 2), (1, "A", 1)))
    bench.take(Scan(30, (0,), (5,)), group="slow")
    assert "it answers again" in "".join(bench.lines)
    assert not bench.device.is_troubled
    assert len(bench.lines) <= 4


def test_a_lost_connection_makes_every_value_null_once() -> None:
    bench = Bench()
    bench.take(Scan(10, (0, 1, 2), (1, "A", 1)))
    bench.kept.records.clear()
    for _ in range(3):
        bench.device.lost("fast", Quality.BAD_NOT_CONNECTED)
    (moment,) = bench.kept.values()
    assert moment[1] == {"speed": None, "job": None, "count": None}
    assert set(moment[2].values()) == {"bad.not_connected"}


def test_records_of_an_implausible_clock_say_how_to_correct_them() -> None:
    bench = Bench(wall_ms=5_000)
    bench.take(Scan(5_000, (0, 1, 2), (1, "A", 1)))
    assert bench.kept.records[0].offset_ms == 5_000 - 1_000
    bench.wall_ms = BUILT_MS
    bench.take(Scan(BUILT_MS, (0,), (2,)))
    assert bench.kept.records[-1].offset_ms is None


def test_nothing_grows_with_what_comes_only_once() -> None:
    """Partial changes, faults and outages are as many as there are seconds in a year."""
    bench = Bench()
    everything = (0, 1, 2)
    for n in range(2000):
        bench.take(Scan(n, everything, (n, "A", n % 7)))
        bench.take(Scan(n, [n % 3], [n]), Scan(n, (), (), {1: TIMEOUT}))
        bench.device.lost("fast", Quality.BAD_NOT_CONNECTED)
    for group in bench.device._groups.values():
        assert len(group.lanes) <= 2
        assert len(group.normaliser._lanes) <= 2
        assert len(group.reporter._lanes) <= 2


def test_a_device_that_refuses_everything_is_there_and_then_good() -> None:
    bench = Bench()
    refused = dict.fromkeys(range(3), Quality.BAD_CONFIG)
    assert bench.take(Scan(10, (), (), refused))
    assert bench.kept.events() == [("comm", {"state": "up"})]
    for _ in range(4):
        bench.take(Scan(20, (), (), dict.fromkeys(range(3), TIMEOUT)))
    assert bench.take(Scan(30, (), (), refused))
    assert "there again" in bench.lines[-1] or "answers again" in bench.lines[-1]
    assert bench.take(Scan(40, (0, 1, 2), (1, "A", 1)))
    assert not bench.device.is_troubled
