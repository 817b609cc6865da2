"""What systemd is told, and from when on it is told no more that the agent lives."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from agent.notify import PATIENCE_S, Pulse, notify, stuck, watchdog_s
from tests.fakes.systemd import systemd


class Task:
    """What a pulse looks at, in the test's hands."""

    def __init__(self) -> None:
        self.turned_s = 0.0
        self.requests = 0

    def counts(self) -> Mapping[str, int]:
        return {"requests": self.requests}

    def pulse(self, period_s: float = 1.0, timeout_s: float = 1.0) -> Pulse:
        return Pulse.of(lambda: self.turned_s, period_s, timeout_s, self.counts)


def first_stuck(task: Task, pulse: Pulse, until_s: int) -> int | None:
    """Look once a second, as often as the tightest watchdog would; the second at which it was stuck."""
    return next((now for now in range(until_s) if pulse.is_stuck(now)), None)


@pytest.mark.parametrize(
    ("period_s", "timeout_s", "patience_s"),
    [(1, 1, 30), (10, 1, 30), (11, 1, 33), (3600, 1, 10800), (1, 15, 30), (1, 60, 120)],
)
def test_three_periods_but_at_least_thirty_seconds(period_s: float, timeout_s: float, patience_s: float) -> None:
    task = Task()
    assert first_stuck(task, task.pulse(period_s, timeout_s), 20_000) == patience_s + 1


def test_a_turn_within_the_patience_is_enough() -> None:
    task = Task()
    pulse = task.pulse()
    for now in range(0, 3600, 10):
        if now % 30 == 0:
            task.turned_s = now
        assert not pulse.is_stuck(now)
    assert pulse.is_stuck(task.turned_s + PATIENCE_S + 1)
    task.turned_s += PATIENCE_S
    assert not pulse.is_stuck(task.turned_s + 1), "and it may come back"


def test_a_long_read_of_a_slow_device_is_no_hang_while_its_requests_go_on() -> None:
    task = Task()
    pulse = task.pulse()
    for now in range(300):
        task.requests = now // 7
        assert not pulse.is_stuck(now)
    last = 299 // 7 * 7
    stuck_at = next(now for now in range(300, 400) if pulse.is_stuck(now))
    assert PATIENCE_S <= stuck_at - last <= PATIENCE_S + 2


def test_what_was_counted_long_ago_is_no_sign_of_life() -> None:
    task = Task()
    pulse = task.pulse()
    assert not pulse.is_stuck(20), "late: the counts are looked at"
    task.turned_s, task.requests = 21.0, 5
    assert not pulse.is_stuck(22)
    stuck_at = next(now for now in range(23, 100) if pulse.is_stuck(now))
    assert stuck_at == 21 + PATIENCE_S + 1


def test_one_task_that_stands_still_is_enough() -> None:
    alive, hung = Task(), Task()
    alive.turned_s = 95.0
    pulses = {"connection plc1": alive.pulse(), "destination county": hung.pulse()}
    assert stuck(100.0, pulses) == ["destination county"]
    assert stuck(100.0, {"connection plc1": alive.pulse()}) == []
    assert stuck(100.0, {}) == []


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "30000000"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "77"}, 30.0),
        ({"WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "78"}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-1"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_PID": "77"}, None),
    ],
)
def test_the_watchdog_is_for_whom_it_names(environment: dict[str, str], expected: float | None) -> None:
    assert watchdog_s(environment, 77) == expected


@pytest.mark.parametrize("is_abstract", [True, False])
async def test_states_travel_together(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, is_abstract: bool) -> None:
    with systemd(None if is_abstract else tmp_path) as heard:
        monkeypatch.setenv("NOTIFY_SOCKET", heard.address)
        assert notify("READY=1", "STATUS=上送目的地 1/1")
        assert await heard.next() == ["READY=1", "STATUS=上送目的地 1/1"]


@pytest.mark.parametrize("address", ["", "relative", "vsock:2:1234", "/no/such/socket", "@nobody-listens-here"])
def test_nobody_listens(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", address)
    assert not notify("READY=1")


def test_nobody_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    assert not notify("READY=1")
