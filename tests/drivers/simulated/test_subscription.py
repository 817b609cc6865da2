"""The simulated device tells of changes, in virtual time."""

import asyncio
import itertools

import pytest

from drivers.contract import KEEP_ALIVE_S, Driver, Group, Quality, Scan, SubscribingDriver, Tag
from drivers.errors import NotConnected
from drivers.simulated import PLUGIN, driver
from drivers.simulated.config import Address, Connection, Device
from drivers.simulated.driver import open_driver
from tests.bench import Notes
from tests.fakes.virtual import run

EPOCH_S = 1_800_000_000.0


def group(name: str, every_s: float, **tags: str) -> Group:
    found = [Tag(tag, Address(address=text)) for tag, text in tags.items()]
    return Group(name, "a", Device(), found, every_s, is_subscribed="~" in name)


def hear(groups: list[Group], for_s: float, settings: Connection | None = None) -> list[tuple[float, str, Scan]]:
    """What is told within that time, and when; a lost conversation is begun again."""
    heard: list[tuple[float, str, Scan]] = []

    async def listen() -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        opened: Driver = open_driver(
            settings or Connection(), groups, Notes(), clock=lambda: EPOCH_S + loop.time() - began
        )
        assert isinstance(opened, SubscribingDriver)
        while True:
            try:
                await opened.connect()
                async for name, scan in opened.changes():
                    heard.append((round(loop.time() - began, 3), name, scan))
            except NotConnected as lost:
                heard.append((round(loop.time() - began, 3), lost.reason, Scan(0, (), ())))
                await opened.close()
                await asyncio.sleep(1)

    run(listen(), for_s=for_s)
    return heard


def test_it_looks_with_its_sampling_period_and_lives_in_between() -> None:
    heard = hear([group("a~5s", 5.0, n="counter(1s, 1000000)")], for_s=11.5)
    first = int(EPOCH_S) % 1_000_000
    assert [(at, scan.values) for at, _, scan in heard if scan.indexes] == [
        (0, (first,)),
        (5, (first + 5,)),
        (10, (first + 10,)),
    ]
    times = [at for at, _, _ in heard]
    assert max(b - a for a, b in itertools.pairwise(times)) <= driver.KEEP_ALIVE_S < KEEP_ALIVE_S


def test_what_does_not_change_is_looked_at_and_not_told() -> None:
    heard = hear([group("a~0.1s", 0.1, n="constant(5)", gap="hole")], for_s=10.5)
    assert heard[0][2].faults == {1: Quality.BAD_CONFIG}
    assert [scan[1:] for _, _, scan in heard[1:]] == [((), (), {}, None)] * 10


def test_groups_tell_apart_and_the_polled_one_not_at_all() -> None:
    groups = [group("a~1s", 1.0, n="counter(1s, 100)"), group("a~4s", 4.0, m="counter(1s, 100)"), group("a@1s", 1.0)]
    heard = hear(groups, for_s=8.5)
    told = {name: [at for at, by, scan in heard if by == name and scan.indexes] for name in ("a~1s", "a~4s")}
    assert told == {"a~1s": list(range(9)), "a~4s": [0, 4, 8]}
    assert {name for _, name, _ in heard} == {"a~1s", "a~4s"}


@pytest.mark.parametrize(("what", "after_s"), [("down", 0.0), ("mute", 2.0)])
def test_a_device_that_is_away_or_silent_is_lost_and_comes_back_whole(what: str, after_s: float) -> None:
    settings = Connection.model_validate({"fail": [f"{what} 10s..20s"], "timeout": "2s"})
    heard = hear([group("a~60s", 60.0, n="constant(5)")], for_s=30, settings=settings)
    lost = [at for at, reason, _ in heard if reason in {"connection lost", "no keep-alive"}]
    assert lost[0] == pytest.approx(10 + after_s, abs=driver.KEEP_ALIVE_S)
    assert [at for at, _, scan in heard if scan.indexes and at > 0] == [pytest.approx(21, abs=3)]


def test_it_is_asked_for() -> None:
    assert PLUGIN.subscribes == "if asked"
