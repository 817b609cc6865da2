from importlib.metadata import EntryPoint

import pytest

from drivers import registry
from drivers.contract import DriverPlugin
from drivers.errors import DriverError, UnknownDriver


def found(monkeypatch: pytest.MonkeyPatch, *points: tuple[str, str]) -> None:
    known = [EntryPoint(name, value, registry.GROUP) for name, value in points]
    monkeypatch.setattr(registry, "entry_points", lambda group: known)


def test_a_driver_is_found_by_name() -> None:
    assert isinstance(registry.plugin("simulated"), DriverPlugin)
    assert registry.installed()["simulated"] == "lineside"


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(UnknownDriver) as caught:
        registry.plugin("simulatd")
    assert "simulated" in caught.value.known
    assert caught.value.owners == ()


def test_a_name_that_two_claim_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, ("scale", "drivers.simulated:PLUGIN"), ("scale", "other.scale:PLUGIN"))
    with pytest.raises(UnknownDriver) as caught:
        registry.plugin("scale")
    assert len(caught.value.owners) == 2


def test_one_distribution_seen_twice_is_one_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, ("scale", "drivers.simulated:PLUGIN"), ("scale", "drivers.simulated:PLUGIN"))
    assert isinstance(registry.plugin("scale"), DriverPlugin)


def test_an_entry_point_that_is_no_plugin_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, ("scale", "drivers.simulated.messages:MESSAGES"))
    with pytest.raises(DriverError, match="not a DriverPlugin"):
        registry.plugin("scale")


def test_nothing_is_imported_before_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    found(monkeypatch, ("scale", "no.such.module:PLUGIN"))
    assert registry.installed() == {"scale": "?"}
    with pytest.raises(ModuleNotFoundError):
        registry.plugin("scale")
