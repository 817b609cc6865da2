import pytest
from pydantic import ValidationError

from drivers.contract import Group, Quality, Tag
from drivers.errors import InvalidConfig, NotConnected
from drivers.simulated.config import Address, Connection, Device, failure
from drivers.simulated.driver import open_driver
from tests.bench import Notes


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now_s


def group(**tags: str) -> Group:
    return Group("a@1s", "a", Device(), [Tag(name, Address(address=text)) for name, text in tags.items()], 1.0)


async def test_the_conversation_fails_when_it_was_told_to() -> None:
    clock = Clock()
    settings = Connection.model_validate({"fail": ["down 10s..20s", "mute 30s..40s"], "timeout": "10ms"})
    driver = open_driver(settings, [group(n="counter(1s, 100)")], Notes(), clock=clock)
    await driver.connect()
    assert (await driver.read("a@1s"))[0].values == (0,)
    clock.now_s += 10
    with pytest.raises(NotConnected):
        await driver.read("a@1s")
    with pytest.raises(NotConnected):
        await driver.connect()
    clock.now_s += 10
    with pytest.raises(NotConnected):
        await driver.read("a@1s")
    await driver.connect()
    assert (await driver.read("a@1s"))[0].values == (20,)
    clock.now_s += 10
    assert (await driver.read("a@1s"))[0].faults == {0: Quality.BAD_TIMEOUT}
    clock.now_s += 10
    scan = (await driver.read("a@1s"))[0]
    assert (scan.values, scan.faults) == ((40,), {})
    assert scan.time_ms == 1_800_000_040_000


async def test_a_reason_that_changes_is_named() -> None:
    clock = Clock()
    settings = Connection.model_validate({"fail": ["mute 10s..20s"], "timeout": "10ms"})
    driver = open_driver(settings, [group(gap="hole", n="constant(1)")], Notes(), clock=clock)
    await driver.connect()
    assert (await driver.read("a@1s"))[0].faults == {0: Quality.BAD_CONFIG}
    assert (await driver.read("a@1s"))[0].faults == {}
    clock.now_s += 10
    assert set((await driver.read("a@1s"))[0].faults) == {0, 1}


def test_open_lists_every_wrong_signal() -> None:
    with pytest.raises(InvalidConfig) as caught:
        open_driver(Connection(), [group(x="sin(1s)", y="sine(1s)", z="hole")], Notes())
    assert [(problem.code, problem.tag, problem.key) for problem in caught.value.problems] == [
        ("S1001", "x", "address"),
        ("S1002", "y", "address"),
    ]


@pytest.mark.parametrize("text", ["down", "down 5s", "down 5s..5s", "down 9s..5s", "slow 1s..2s", "mute 1..2"])
def test_a_failure_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ValidationError) as caught:
        Connection.model_validate({"fail": [text]})
    assert caught.value.errors()[0]["type"] in {"S1004", "Q1001"}


def test_a_failure_is_read() -> None:
    assert failure(" mute 500ms .. 1m ") == ("mute", 0.5, 60.0)
