"""Tags that a device has without anybody writing them: a plug-in's ability `tags`."""

from pathlib import Path

import pytest

from agent.config import Loaded
from drivers import opcua, registry
from tests.agent.config.site import GOOD, read

SITE = (
    GOOD[: GOOD.index("connections:")]
    + """\
connections:
  - name: packer
    driver: opcua
    url: opc.tcp://127.0.0.1:4840
devices:
  - name: cartoner
    connection: packer
    type: cartoner
    every: 2s
"""
)


@pytest.fixture(autouse=True)
def _plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "plugin", lambda _: opcua.PLUGIN)


def loaded(directory: Path, *lines: str) -> Loaded:
    return read(directory, SITE + "".join(f"    {line}\n" for line in lines))


def tags(found: Loaded) -> dict[str, tuple[str, float]]:
    """Name -> address and period."""
    assert found.problems == ()
    assert found.configuration is not None
    (device,) = found.configuration.devices
    return {tag.name: (tag.address.model_dump()["address"], tag.every_s) for tag in device.tags}


def test_a_machine_that_maps_itself_has_tags_and_is_not_empty(tmp_path: Path) -> None:
    found = loaded(tmp_path, "packml: auto")
    mapped = tags(found)
    assert mapped["state"] == ("packml:state", 2.0)
    assert len(mapped) == len(opcua.mapped(opcua.Device(packml="auto")))
    assert found.warnings == ()


def test_without_it_there_are_none(tmp_path: Path) -> None:
    assert [one.code for one in loaded(tmp_path).warnings] == ["W1063"]


def test_what_a_person_wrote_wins_by_name(tmp_path: Path) -> None:
    found = tags(loaded(tmp_path, "packml: auto", "tags:", '  - {name: speed, address: "i=2258", every: 1s}'))
    assert found["speed"] == ("i=2258", 1.0)
    assert found["mode"] == ("packml:mode", 2.0)


def test_what_a_person_wrote_wins_by_meaning(tmp_path: Path) -> None:
    found = tags(loaded(tmp_path, "packml: auto", "tags:", '  - {name: fast, metric: speed, address: "i=2258"}'))
    assert "speed" not in found
    found = tags(
        loaded(
            tmp_path, "packml: auto", "tags:", '  - {name: infeed, metric: speed, labels: {axis: a}, address: "i=1"}'
        )
    )
    assert {"infeed", "speed"} <= found.keys()


def test_a_wrong_key_is_said_and_costs_nothing_else(tmp_path: Path) -> None:
    found = loaded(tmp_path, "packml: manual")
    assert [(one.path, one.code) for one in found.problems] == [("devices[0].packml", "E1027")]


def test_tags_of_a_person_may_follow_mapped_ones(tmp_path: Path) -> None:
    found = loaded(tmp_path, "packml: auto", "tags:", '  - {name: job, address: "i=2258", read_on: state}')
    assert tags(found)["job"][0] == "i=2258"
