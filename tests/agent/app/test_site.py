"""What a configuration becomes: which groups are subscribed, who follows what, and what shows that a task hangs."""

from collections.abc import AsyncIterator
from contextlib import aclosing
from pathlib import Path

from agent.app.running import _pulses
from agent.app.site import Site, build, contents
from agent.clock import Clock
from agent.health import Health
from agent.notify import PATIENCE_S
from agent.poll import Poller
from agent.scope import Scope
from drivers.contract import Scan, SubscribingDriver
from tests.agent.config.site import TAG, changed, right
from tests.bench import Notes, until
from tests.fakes.kept import Kept

SUBSCRIBED = '{name: x_a, address: "counter(1s, 9)", sampling: 500ms}'
FOLLOWER = '{name: job, address: "constant(A)", read_on: x_a}'
SLOW = '{name: x_b, address: "constant(5)", every: 10m}'


class Told(Notes):
    def forget(self, code: str, about: str, /) -> None:
        """Nothing is lost here."""


def site(tmp_path: Path, *tags: str, connections: str = "") -> tuple[Site, Health]:
    lines = "\n".join(f"      - {tag}" for tag in tags)
    configuration = right(
        changed(tmp_path, (f"      - {TAG}", lines), ("driver: simulated", f"driver: simulated{connections}"))
    )
    health = Health()
    return build(configuration, {"press01": 1}, Kept(), Clock(), Told(), health), health  # type: ignore[arg-type]  # `Kept` has what a device needs of an outbox


def test_turns_are_as_the_groups(tmp_path: Path) -> None:
    built, _ = site(tmp_path, TAG, SUBSCRIBED, FOLLOWER)
    (connection,) = built.connections
    assert [(one.group, one.every_s, one.is_subscribed, one.follows) for one in connection.turns] == [
        ("press01@1s", 1.0, False, False),
        ("press01~0.5s", 0.5, True, False),
        ("press01@x_a", 300.0, False, True),
    ]


def test_what_polls_and_what_listens_have_pulses_of_their_own(tmp_path: Path) -> None:
    built, health = site(tmp_path, SLOW, SUBSCRIBED)
    (connection,) = built.connections
    poller = Poller(connection, Clock(), Told(), health.connections["plc1"])
    pulses = _pulses(connection, poller, health.connections["plc1"])
    assert {name: pulse.patience_s for name, pulse in pulses.items()} == {
        "connection plc1": 1800.0,
        "subscriptions plc1": PATIENCE_S,
    }
    poller.turned_s, poller.heard_s = 1.0, 2.0
    assert [pulse.turned_s() for pulse in pulses.values()] == [1.0, 2.0]
    assert [dict(pulse.counts()) for pulse in pulses.values()][1] == {}


def test_where_all_is_subscribed_nothing_polls(tmp_path: Path) -> None:
    built, health = site(tmp_path, SUBSCRIBED)
    (connection,) = built.connections
    poller = Poller(connection, Clock(), Told(), health.connections["plc1"])
    assert list(_pulses(connection, poller, health.connections["plc1"])) == ["subscriptions plc1"]


def test_a_connection_that_no_device_uses_is_not_opened(tmp_path: Path) -> None:
    built, health = site(tmp_path, TAG, connections="\n  - {name: idle, driver: simulated}")
    assert [connection.name for connection in built.connections] == ["plc1"]
    assert list(health.connections) == ["plc1"]


def overheard(driver: object) -> list[object]:
    """What this driver tells by itself, as it tells it: how much that is depends on how often it can look."""
    assert isinstance(driver, SubscribingDriver)
    changes, told = driver.changes, list[object]()

    async def passed_on() -> AsyncIterator[tuple[str, Scan]]:
        async with aclosing(changes()) as all_changes:  # type: ignore[type-var]  # it is a generator
            async for group, scan in all_changes:
                told.extend(scan.values)
                yield group, scan

    driver.changes = passed_on  # type: ignore[method-assign]  # of this one
    return told


async def test_what_a_simulated_device_tells_is_recorded_beside_what_is_read(tmp_path: Path) -> None:
    tags = ('{name: x_a, address: "counter(50ms, 1000)", sampling: 20ms}', '{name: x_b, address: "constant(5)"}')
    built, health = site(tmp_path, *tags)
    (connection,) = built.connections
    told = overheard(connection.driver)
    clock = Clock()
    built.begin(clock.monotonic())
    kept = built.devices["press01"]._outbox
    assert isinstance(kept, Kept)
    async with Scope() as acquiring:
        acquiring.start(Poller(connection, clock, Told(), health.connections["plc1"]).look_after(), "connection plc1")
        await until(lambda: sum("x_a" in values for _, values, _ in kept.values()) >= 5, "changes are recorded")
    numbers = [values["x_a"] for _, values, _ in kept.values() if "x_a" in values]
    assert numbers == told[: len(numbers)]
    assert [values["x_b"] for _, values, _ in kept.values() if "x_b" in values] == [5]
    assert health.connections["plc1"].state == "up"
    assert health.connections["plc1"].report()["wire"]["notifications"] >= 5  # type: ignore[index]  # counts of the driver


def test_meta_says_how_often_the_device_looks(tmp_path: Path) -> None:
    lines = "\n".join(f"      - {tag}" for tag in (TAG, SUBSCRIBED))
    said = contents(right(changed(tmp_path, (f"      - {TAG}", lines))))["press01"]["tags"]
    assert isinstance(said, dict)
    assert (said["speed"]["every_s"], "sampling_s" in said["speed"]) == (1.0, False)
    assert (said["x_a"]["sampling_s"], "every_s" in said["x_a"]) == (0.5, False)
