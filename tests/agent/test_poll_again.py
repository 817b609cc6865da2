"""How soon a device that tells of changes by itself is called again; in virtual time."""

import itertools

from drivers.errors import NotConnected
from tests.agent.test_poll_subscribed import Site, Talker, every_second, now_s
from tests.fakes.virtual import run


def test_a_device_that_nobody_answers_for_is_called_again_within_five_seconds() -> None:
    site, tried = Site(talker := Talker(every_second()), polled=False), list[float]()

    async def connect() -> None:
        tried.append(now_s())
        if now_s() < 600:
            raise NotConnected("connection refused", code)

    talker.connect = connect  # type: ignore[method-assign]  # of this one
    code: str | None = None
    run(site.look_after(), for_s=700)
    assert max(b - a for a, b in itertools.pairwise(tried)) <= 5
    assert len(tried) < 400
    code = "U2110"
    tried.clear()
    run(site.look_after(), for_s=700)
    assert max(b - a for a, b in itertools.pairwise(tried)) > 10, "one that refuses is left in peace"
