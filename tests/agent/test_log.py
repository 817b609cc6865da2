"""One line lost, one line back, few lines in a bad night."""

import re
import sys

import pytest

from agent.log import LINES_PER_MINUTE, Log
from agent.messages import FACT_MAX, MESSAGES, Catalogue
from drivers.contract import Message


class Night:
    """A log and the clock on the wall."""

    def __init__(self, language: str = "en", *, journald: bool = False) -> None:
        self.now = 1000.0
        self.lines: list[str] = []
        catalogue = Catalogue("zh" if language == "zh" else "en")
        self.log = Log(catalogue, lambda: self.now, self.lines.append, to_journald=journald)


def test_lost_is_one_line_and_back_is_one_line() -> None:
    night = Night()
    for _ in range(50):
        night.log.lost("E2001", "plc1", url="tcp://x", reason="refused")
        night.now += 1
    night.log.back("E2001", "plc1", url="tcp://x")
    night.log.back("E2001", "plc1", url="tcp://x")
    assert len(night.lines) == 2
    assert "E2001 plc1: cannot talk to tcp://x: refused -> check the device's power" in night.lines[0]
    assert "talking to tcp://x again (after 50 s, 50 times)" in night.lines[1]


def test_back_without_lost_says_nothing() -> None:
    night = Night()
    night.log.back("E2001", "plc1")
    assert night.lines == []


def test_summaries_while_it_lasts() -> None:
    night = Night()
    for _ in range(3 * 3600):
        night.log.lost("E2001", "plc1", url="u", reason="r")
        night.now += 1
    assert len(night.lines) == 1 + 1 + 1 + 2
    assert "still failing, 61 times in 1 min: cannot talk" in night.lines[1]


@pytest.mark.parametrize("fault", ["lost", "note", "flap"])
def test_row_41_at_most_20_lines_a_minute_under_one_fault(fault: str) -> None:
    night = Night()
    for second in range(600):
        for plc in range(30):
            if fault == "note":
                night.log.note("N5002", f"plc{plc}", seconds=1)
            else:
                night.log.lost("E2001", f"plc{plc}", url="u", reason="r")
            if fault == "flap":
                night.log.back("E2001", f"plc{plc}")
        night.now += 1
        if second % 60 == 59:
            assert len(night.lines) <= 20, f"minute {second // 60}"
            night.lines.clear()


def test_what_was_held_back_is_told_in_one_line() -> None:
    night = Night()
    for plc in range(30):
        night.log.lost("E2001", f"plc{plc}", url="u", reason="r")
    night.now += 61
    night.log.flush()
    assert len(night.lines) == LINES_PER_MINUTE + 1
    assert "E2001 and 26 more like this: plc4, plc5" in night.lines[-1]


def test_priorities_for_journald() -> None:
    night = Night(journald=True)
    night.log.lost("E2001", "plc1", url="u", reason="r")
    night.log.back("E2001", "plc1", url="u")
    assert [line[:3] for line in night.lines] == ["<3>", "<5>"]


def test_a_text_from_a_plc_cannot_forge_a_line() -> None:
    night = Night()
    night.log.lost("E2001", "plc1", url="u", reason="x\n<0>forged\x1b[31m" + "y" * 500)
    assert night.lines[0].count("\n") == 1
    assert "\x1b" not in night.lines[0]
    assert len(night.lines[0]) < FACT_MAX + 300


def test_chinese() -> None:
    night = Night("zh")
    night.log.lost("E2001", "plc1", url="tcp://x", reason="拒绝")
    assert "连接不上 tcp://x：拒绝 -> 检查设备电源" in night.lines[0]


def test_an_unknown_code_is_still_a_line() -> None:
    night = Night()
    night.log.note("Z1", "x", fact=3)
    assert "Z1 x: Z1 {'fact': 3}" in night.lines[0]


def test_recent_lines_are_kept_for_who_looks_later() -> None:
    night = Night()
    night.log.note("N5002", "clock", seconds=5)
    assert next(iter(night.log.recent)).endswith("N5002 clock: the gateway's clock stepped by 5 s")


def test_a_closed_standard_error_is_no_reason_to_stop(monkeypatch: pytest.MonkeyPatch) -> None:
    class Closed:
        def write(self, _: str) -> int:
            raise ValueError("closed")

    monkeypatch.setattr(sys, "stderr", Closed())
    Log(Catalogue("en"), lambda: 0.0).note("N5002", "clock", seconds=5)


def test_a_driver_cannot_take_a_code_of_the_agent() -> None:
    catalogue = Catalogue("en")
    catalogue.add({"X1": Message("info", "一", "one")})
    assert catalogue.text("X1", {}) == "one"
    with pytest.raises(ValueError, match="E2001"):
        catalogue.add({"E2001": Message("info", "一", "one")})


@pytest.mark.parametrize("code", MESSAGES)
def test_every_message_is_whole(code: str) -> None:
    """Both languages, the same facts in both, and a hint with every error of a running agent."""
    message = MESSAGES[code]
    assert re.fullmatch(r"[EWNI][1-589]\d{3}|Q1\d{3}", code)
    assert {"E": "error", "W": "warning", "N": "notice", "I": "info", "Q": "error"}[code[0]] == message.level
    for zh, en in (
        (message.zh, message.en),
        (message.hint_zh, message.hint_en),
        (message.back_zh, message.back_en),
    ):
        assert bool(zh) == bool(en)
        assert set(re.findall(r"\{(\w+)\}", zh)) == set(re.findall(r"\{(\w+)\}", en))
    assert message.level != "error" or code[1] == "1" or message.hint_en
