import pytest

from agent.demo.arrivals import Arrivals, TagSeen
from agent.demo.summary import counters, faults, headline, percentile, summary
from agent.demo.texts import METRICS, STATES, TEXTS, Words
from drivers.contract import Value
from drivers.phrase import Phrase

DEVICES = ["press01"]


class Believes:
    def showed(self, device: str, tag: str, value: Value) -> bool:
        return True

    def has(self, device: str, tag: str) -> bool:
        return True


@pytest.fixture
def arrivals() -> Arrivals:
    arrivals = Arrivals("gw", Believes())
    arrivals.devices = {
        "press01": {
            "state": TagSeen(6, values=1),
            "speed": TagSeen(118.5, values=3, unit="m/min"),
            "ink_viscosity": TagSeen(None, "bad.config", values=1),
            "job": TagSeen("缺料标签", values=1),
        }
    }
    arrivals.messages, arrivals.values = 4, 6
    arrivals.latencies_ms.extend(range(1, 101))
    return arrivals


def test_percentile() -> None:
    assert percentile([], 0.5) == 0
    assert percentile([5, 1, 3], 0.5) == 3
    assert percentile(list(range(100)), 0.99) == 99


def test_a_good_demo_has_no_fault(arrivals: Arrivals) -> None:
    assert faults(arrivals, DEVICES, Words("en")) == []


def test_each_fault_is_told(arrivals: Arrivals) -> None:
    arrivals.wrong_count, arrivals.wrong, arrivals.unreadable = 2, ["press01.speed = 3.0 (good)"], 1
    told = "\n".join(faults(arrivals, ["press01", "bags01"], Words("en")))
    assert "nothing arrived of bags01" in told
    assert "2 values that no machine ever showed: press01.speed" in told
    assert "1 messages could not be read" in told


def test_nothing_at_all_is_one_fault() -> None:
    assert len(faults(Arrivals("gw", Believes()), DEVICES, Words("zh"))) == 1


def test_a_reason_is_in_the_language_of_the_demo() -> None:
    reason = Phrase("连接断开", "connection closed")
    assert Words("zh")("viewer_lost", reason=reason).endswith("：连接断开")
    assert Words("en")("viewer_lost", reason=reason).endswith(": connection closed")


def test_the_account_names_what_cannot_be_read(arrivals: Arrivals) -> None:
    told = summary(arrivals, Words("en"), 20.4)
    assert told[0].startswith("in 20 s 4 messages arrived with 6 values")
    assert "median 51 ms, 99 % within 100 ms" in told[1]
    assert told[2].endswith("press01.ink_viscosity (bad.config)")


def test_the_lines_say_what_the_machines_do(arrivals: Arrivals) -> None:
    assert headline(arrivals, Words("en")) == "press01 6 execute 118.5 m/min 缺料标签"
    assert headline(arrivals, Words("zh")).startswith("press01 6 运行")
    arrivals.devices["cartoner01"] = {
        "speed": TagSeen(95.30000305175781, values=1),
        "count_total": TagSeen(7, values=1),
    }
    assert headline(arrivals, Words("en")).startswith("cartoner01 95.3  7  |  press01")
    assert "values 6" in counters(arrivals, Words("en"), 0)


def test_every_text_is_in_both_languages_with_the_same_facts() -> None:
    import re

    for zh, en in [*TEXTS.values(), *STATES.values(), *METRICS.values()]:
        assert re.search("[\u4e00-\u9fff]", zh)
        assert not re.search("[\u4e00-\u9fff]", en)
        assert sorted(re.findall(r"{\w+", zh)) == sorted(re.findall(r"{\w+", en))
