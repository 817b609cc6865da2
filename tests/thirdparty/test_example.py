"""A driver of a separate distribution is found by its entry point and passes the suite."""

import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from drivers import registry
from drivers.contract import DriverPlugin, Quality
from tests.bench import Bench, Reading
from tests.contract import DriverContract
from tests.thirdparty.gauge import WARMING_UP, GaugeBench, gauge
from tests.thirdparty.installed import install


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[DriverPlugin]:
    monkeypatch.syspath_prepend(install(tmp_path / "site"))
    yield registry.plugin("gauge")
    for module in [name for name in sys.modules if name.split(".")[0] == "lineside_gauge"]:
        del sys.modules[module]


@pytest.fixture
async def bench(plugin: DriverPlugin) -> AsyncIterator[Bench]:
    async with gauge(plugin) as bench:
        yield bench


class TestExample(DriverContract):
    async def test_a_warming_gauge_is_uncertain_and_says_so_once_it_is_warm(self, reading: Reading) -> None:
        assert isinstance(reading.bench, GaugeBench)
        reading.bench.status[1] = WARMING_UP
        await reading.driver.connect()
        await reading.read()
        assert (reading.known["left"], reading.quality["left"]) == (100.25, Quality.UNCERTAIN_SENSOR)
        reading.bench.status[1] = 0
        assert "left" in await reading.read()
        assert reading.quality["left"] is Quality.GOOD
        assert ("back", "G2001", "press") in reading.notes.said


def test_it_is_installed_only_for_the_test(plugin: DriverPlugin) -> None:
    assert registry.installed()["gauge"] == "lineside-driver-example"
    assert set(registry.installed()) >= {"gauge", "modbus", "simulated"}


def test_without_it_the_name_is_unknown() -> None:
    assert "gauge" not in registry.installed()
