"""How long a pause may be depends on whether the broker is there and what it wants."""

from agent.backoff import CAP_S
from agent.mqtt import Cause
from agent.publish.pace import NOBODY_S, SILENT_S, most_pause_s


def test_a_broker_that_comes_back_is_found_soon() -> None:
    assert most_pause_s(Cause.REFUSED) == NOBODY_S < 2
    for cause in (Cause.SILENT, Cause.UNREACHABLE, Cause.NAME, Cause.CLOSED, Cause.UNKNOWN, Cause.FILE):
        assert most_pause_s(cause) == SILENT_S < 10


def test_one_that_does_not_want_us_is_left_in_peace() -> None:
    for cause in (Cause.CERTIFICATE, Cause.TLS, Cause.LOGIN, Cause.DECLINED, Cause.NOT_MQTT, Cause.TAKEN_OVER):
        assert most_pause_s(cause) == CAP_S
