"""Groups that are read with a period."""

from collections.abc import AsyncIterator, Mapping, Sequence

import pytest
from asyncua import ua

from drivers.contract import Group, Quality, Scan, Tag
from drivers.opcua import PLUGIN, polled
from drivers.opcua.driver import OpcUaDriver
from tests.bench import Notes
from tests.fakes.opcua import NAMESPACE, OpcUaServer, opcua_server

VARIABLES: Mapping[str, object] = {
    "Press.Speed": 1.5,
    "Press.Count": 7,
    "Press.Orders": ua.Variant([10, 20, 30], ua.VariantType.Int32),
}
TAGS = {
    "speed": f"nsu={NAMESPACE};s=Press.Speed",
    "count": f"/nsu={NAMESPACE};Press/Count",
    "order": f"nsu={NAMESPACE};s=Press.Orders|[1]",
    "beyond": f"nsu={NAMESPACE};s=Press.Orders|[3]",
    "whole": f"nsu={NAMESPACE};s=Press.Orders",
    "hole": f"nsu={NAMESPACE};s=Press.Hole",
    "foreign": "nsu=urn:other;s=x",
    "time": "i=2258",
}


@pytest.fixture
async def server() -> AsyncIterator[OpcUaServer]:
    async with opcua_server(VARIABLES) as server:
        yield server


@pytest.fixture
async def driver(server: OpcUaServer) -> AsyncIterator[OpcUaDriver]:
    keys = {"url": server.url, "timeout": "1s", "insecure": True, "security": {"policy": "None"}}
    tags = [Tag(name, PLUGIN.address.model_validate({"address": address})) for name, address in TAGS.items()]
    driver = PLUGIN.open(
        PLUGIN.connection.model_validate(keys), [Group("m@1s", "m", PLUGIN.device(), tags, 1.0)], Notes()
    )
    assert isinstance(driver, OpcUaDriver)
    await driver.connect()
    yield driver
    await driver.close()


def said(scans: Sequence[Scan]) -> dict[str, object]:
    names = list(TAGS)
    found: dict[str, object] = {}
    for scan in scans:
        found |= {names[index]: value for index, value in zip(scan.indexes, scan.values, strict=True)}
        found |= {names[index]: reason for index, reason in scan.faults.items()}
    return found


async def test_the_first_read_names_all_and_the_next_what_differs(server: OpcUaServer, driver: OpcUaDriver) -> None:
    first = said(await driver.read("m@1s"))
    time_ = first.pop("time")
    assert isinstance(time_, str)
    assert time_.endswith("Z")
    assert first == {
        "speed": 1.5,
        "count": 7,
        "order": 20,
        "beyond": Quality.BAD_CONFIG,
        "whole": Quality.BAD_TYPE,
        "hole": Quality.BAD_CONFIG,
        "foreign": Quality.BAD_CONFIG,
    }
    await server.set("Press.Count", 8)
    again = said(await driver.read("m@1s"))
    again.pop("time", None)
    assert again == {"count": 8}


async def test_a_node_that_was_not_there_is_looked_for(
    server: OpcUaServer, driver: OpcUaDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(polled, "AGAIN_S", 0.0)
    await driver.read("m@1s")
    await server.add("Press.Hole", 5)
    await server.add("nsu=urn:other;s=x", True)
    assert said(await driver.read("m@1s"))["hole"] == 5


async def test_time_of_a_read_is_the_time_of_reading(driver: OpcUaDriver) -> None:
    scans = await driver.read("m@1s")
    assert all(scan.times is None for scan in scans)
