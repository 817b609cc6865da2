"""The catalogue: one code, one text, and the hint that fits its cause."""

import pytest

from agent.messages import MESSAGES, Catalogue
from agent.messages.hints import BROKER, HINTS
from agent.mqtt import Cause


def test_every_cause_of_a_lost_broker_has_its_hint() -> None:
    assert set(BROKER) == set(Cause) - {Cause.UNKNOWN}
    assert len({zh for zh, _ in BROKER.values()}) == len({en for _, en in BROKER.values()}) == len(BROKER)


def test_hints_are_of_codes_that_exist() -> None:
    assert {code for code, _ in HINTS} <= set(MESSAGES)


@pytest.mark.parametrize(
    ("cause", "hint"), [(Cause.NAME, "DNS"), (Cause.LOGIN, "password"), (Cause.UNKNOWN, "certificates")]
)
def test_the_hint_follows_the_cause(cause: Cause, hint: str) -> None:
    text = Catalogue("en").text("E4001", {"reason": "x", "cause": cause})
    assert text.startswith("no connection to the broker: x -> check")
    assert hint in text
    assert text.endswith("records are kept here and sent later")


def test_what_changed_in_an_outage_has_its_hint_too() -> None:
    text = Catalogue("zh").text("W4002", {"reason": "x", "cause": Cause.REFUSED})
    assert text.startswith("仍未连接，原因变为：x -> 检查消息服务器是否在运行")
