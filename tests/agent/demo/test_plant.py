import contextlib
from fractions import Fraction
from pathlib import Path

import pytest

from agent.config import Configuration, TagSettings
from agent.demo import plant
from agent.demo.arrivals import Arrivals
from agent.demo.plant import meaning
from agent.demo.stand import Broker, WrongConfiguration, machines
from agent.demo.texts import STATES
from drivers.contract import Driver, Group, Scan, SubscribingDriver, Value
from drivers.simulated.config import Device
from tests.bench import Notes


def tag(**changes: object) -> TagSettings:
    plain: dict[str, object] = {
        **dict.fromkeys(("name", "metric"), "speed"),
        "labels": {},
        "description": {},
        **dict.fromkeys(("unit", "enum", "bits", "range", "deadband", "deadband_percent")),
        **dict.fromkeys(("every_s", "min_interval_s", "max_interval_s"), 1.0),
        "address": Device(),
        "scale": Fraction(1),
        "offset": Fraction(0),
        "null_values": (),
    }
    return TagSettings(**{**plain, **changes})  # type: ignore[arg-type]  # any field may be given


@pytest.mark.parametrize(
    ("raw", "rules", "value"),
    [
        (1205, {"scale": Fraction(1, 10)}, 120.5),
        (1205, {}, 1205),
        (3, {"scale": Fraction(1, 10), "offset": Fraction(-20)}, -19.7),
        (0b1000, {"bits": (3, 3)}, True),
        (0b0111, {"bits": (3, 3)}, False),
        (0x00A5, {"bits": (4, 7)}, 10),
        (4, {"enum": {4: 11}}, 11),
        (True, {}, True),
        ("缺料", {}, "缺料"),
        (0.1, {}, 0.10000000149011612),
    ],
)
def test_a_register_means_what_its_rules_say(raw: Value, rules: dict[str, object], value: Value) -> None:
    meant = meaning(raw, tag(**rules))
    assert meant == value
    assert type(meant) is type(value)


async def first_scans(driver: Driver, group: Group) -> list[Scan]:
    """Those that name every tag."""
    if not group.is_subscribed:
        return list(await driver.read(group.name))
    assert isinstance(driver, SubscribingDriver)
    scans: list[Scan] = []
    async with contextlib.aclosing(driver.changes()) as changes:
        async for _, scan in changes:
            scans.append(scan)
            named = {index for one in scans for index in (*one.indexes, *one.faults)}
            if len(named) == len(group.tags):
                break
    return scans


async def read(stand_configuration: Configuration) -> dict[tuple[str, str], Value | None]:
    """Everything, once, through the drivers."""
    from agent.config import groups

    found: dict[tuple[str, str], Value | None] = {}
    for connection in stand_configuration.connections:
        planned = groups(stand_configuration)[connection.name]
        driver = connection.plugin.open(connection.settings, planned, Notes())
        await driver.connect()
        try:
            for group in planned:
                for scan in await first_scans(driver, group):
                    names = [tag.name for tag in group.tags]
                    found |= {(group.device, names[i]): v for i, v in zip(scan.indexes, scan.values, strict=True)}
                    found |= {(group.device, names[i]): None for i, why in scan.faults.items() if why.is_bad}
        finally:
            await driver.close()
    return found


async def test_the_machines_are_served_with_all_their_tags(tmp_path: Path) -> None:
    async with machines(tmp_path, Broker("mqtt://127.0.0.1:1"), "gw-test", 7) as stand:
        found = await read(stand.configuration)
        tags = {(device.name, tag.name): tag for device in stand.configuration.devices for tag in device.tags}
        assert set(found) == set(tags)
        assert [place for place, value in found.items() if value is None] == [("press01", "ink_viscosity")]
        for (device, name), value in found.items():
            if value is not None:
                assert stand.plant.showed(device, name, meaning(value, tags[device, name]))
        assert found["press01", "job"] == "GD20260302-07 缺料标签"
        assert found["cartoner01", "state"] in STATES
        assert found["cartoner01", "speed_rated"] == 120.0
        assert stand.configuration.gateway == "gw-test"


async def test_the_witness_knows_what_was_not_shown(tmp_path: Path) -> None:
    async with machines(tmp_path, Broker("mqtt://127.0.0.1:1"), "gw-test", 7) as stand:
        await read(stand.configuration)
        assert stand.plant.showed("press01", "count_good", 65_400)
        assert not stand.plant.showed("press01", "count_good", 65_300)
        assert not stand.plant.showed("press01", "count_good", 65_400.0)
        assert not stand.plant.showed("press01", "nothing", 1)
        assert stand.plant.has("press01", "speed")
        assert not stand.plant.has("press01", "ink_viscosity")
        assert any(stand.plant.showed("cartoner01", "state", state) for state in STATES)
        assert not stand.plant.showed("cartoner01", "state", 18)
        assert not stand.plant.showed("cartoner01", "speed", 99.9)
        assert Arrivals("gw-test", stand.plant).missing == 0


async def test_the_witness_forgets_what_is_long_ago(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(plant, "KEPT", 3)
    async with machines(tmp_path, Broker("mqtt://127.0.0.1:1"), "gw-test", 7) as stand:
        moments = iter((0.0, 0.0, 8.0, 10.0, 12.0, 14.0, 16.0))
        witness = plant.Plant(stand.configuration, 7, lambda: next(moments))
        shown = [witness.world("press01", "length_total") for _ in range(6)]
        tag = next(tag for tag in stand.configuration.devices[0].tags if tag.name == "length_total")
        known = [witness.showed("press01", "length_total", meaning(raw, tag)) for raw in shown if raw is not None]
        assert known[:2] == [False, False]
        assert known[-1]


async def test_a_wrong_broker_is_a_wrong_configuration(tmp_path: Path) -> None:
    with pytest.raises(WrongConfiguration) as caught:
        async with machines(tmp_path, Broker("http://broker"), "gw-test", 7):
            pass
    assert caught.value.problems[0].path.startswith("destinations[0]")
