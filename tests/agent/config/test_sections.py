from pathlib import Path

import pytest
from _pytest.monkeypatch import MonkeyPatch

from agent.config import load
from agent.messages import Catalogue
from drivers import registry
from drivers.errors import DriverError, UnknownDriver
from tests.agent.config.site import DESTINATION, TAG, changed, codes, doubts, read, right, said

TAG_B = 'speed2, metric: speed, address: "constant(5)"'


@pytest.mark.parametrize("key", ["version", "gateway", "destinations", "connections", "devices"])
def test_a_missing_key_is_reported_where_its_parent_begins(tmp_path: Path, key: str) -> None:
    loaded = changed(tmp_path, (f"{key}:", f"z{len(key)}:"))
    assert (1, 1, key, "E1020") in said(loaded)


def test_a_misspelt_key_is_not_missing_as_well(tmp_path: Path) -> None:
    loaded = changed(tmp_path, ("gateway:", "gatway:"))
    assert said(loaded) == [(2, 1, "gatway", "E1022")]
    assert loaded.problems[0].facts == {"key": "gatway", "meant": "gateway"}


@pytest.mark.parametrize("key", ["packml", "zzz"])
def test_keys_of_later_versions_are_plainly_unknown(tmp_path: Path, key: str) -> None:
    loaded = changed(tmp_path, ("    type: press-flexo", f"    {key}: 1"))
    assert said(loaded) == [(13, 5, f"devices[0].{key}", "E1021")]


@pytest.mark.parametrize("key", ["security", "counter"])
def test_the_same_in_other_places(tmp_path: Path, key: str) -> None:
    assert codes(changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    {key}: 1"))) == ["E1021"]
    assert codes(changed(tmp_path, ("driver: simulated", f"driver: simulated\n    {key}: 1"))) == ["E1021"]
    assert codes(changed(tmp_path, ("unit: m/min", f"{key}: 1"))) == ["E1021"]


def test_did_you_mean_looks_at_the_drivers_keys_too(tmp_path: Path) -> None:
    loaded = changed(tmp_path, ("address:", "adress:"))
    assert said(loaded) == [(15, 23, "devices[0].tags[0].adress", "E1022")]
    loaded = changed(tmp_path, ("driver: simulated", "driver: simulated\n    latncy: 5ms"))
    assert loaded.problems[0].facts["meant"] == "latency"


def test_the_value_of_a_wrong_value(tmp_path: Path) -> None:
    loaded = changed(tmp_path, ("driver: simulated", "driver: simulated\n    seed: many"))
    assert said(loaded) == [(10, 11, "connections[0].seed", "E1023")]
    loaded = changed(tmp_path, ("driver: simulated", "driver: simulated\n    latency: 5"))
    assert said(loaded) == [(10, 14, "connections[0].latency", "Q1001")]


def test_keys_without_values(tmp_path: Path) -> None:
    assert said(changed(tmp_path, (DESTINATION, "url:"))) == [(6, 5, "destinations[0].url", "E1049")]
    assert "E1049" in codes(changed(tmp_path, ("connection: plc1", "connection:")))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("version: 1", "version: 2", "E1027"),
        ("version: 1", "version: one", "E1027"),
        ("version: 1", "version: 1\nlanguage: de", "E1027"),
        ("version: 1", "version: 1\noutbox: {max_bytes: big}", "Q1002"),
        ("version: 1", "version: 1\noutbox: {sync: 2s}", "E1027"),
        ("version: 1", "version: 1\noutbox: {max_age: 1ms}", "E1030"),
        ("version: 1", "version: 1\noutbox: 5", "E1029"),
        ("version: 1", "version: 1\noutbox: {max_byte: 1MiB}", "E1022"),
        ("version: 1", "version: 1\nhealth_interval: 10ms", "E1030"),
        ("labels: {site: factory, line: line1}", "labels: {Site: factory, site: a, line: b}", "E1047"),
        (DESTINATION, f"{DESTINATION}\n    protocol: 4", "E1027"),
        (DESTINATION, f"{DESTINATION}\n    format: xml", "E1027"),
        (TAG, "5", "E1029"),
        ("driver: simulated", "driver: [a]", "E1025"),
    ],
)
def test_wrong_values(tmp_path: Path, old: str, new: str, code: str) -> None:
    assert codes(changed(tmp_path, (old, new))) == [code]


def test_sections_that_are_no_lists(tmp_path: Path) -> None:
    text = "version: 1\ngateway: g\ndestinations: 1\nconnections: {}\ndevices: []\n"
    assert [(p, c) for _, _, p, c in said(read(tmp_path, text))] == [
        ("destinations", "E1028"),
        ("connections", "E1028"),
        ("devices", "E1031"),
    ]


def test_names_are_unique(tmp_path: Path) -> None:
    loaded = changed(
        tmp_path,
        (DESTINATION, f"{DESTINATION}\n  - {{name: county, {DESTINATION}, client_id: other}}"),
        ("driver: simulated", "driver: simulated\n  - {name: plc1, driver: simulated}"),
        (TAG, f"{TAG}\n      - {{name: speed, address: constant(5)}}\n  - {{name: press01, connection: plc1}}"),
    )
    found = [(line, path, code) for line, _, path, code in said(loaded)]
    assert found == [
        (7, "destinations[1].name", "E1051"),
        (11, "connections[1].name", "E1051"),
        (18, "devices[0].tags[1].name", "E1051"),
        (19, "devices[1].name", "E1051"),
    ]
    assert [p.facts["first"] for p in loaded.problems] == [5, 9, 17, 13]


def test_a_connection_that_is_not_there(tmp_path: Path) -> None:
    near = changed(tmp_path, ("connection: plc1", "connection: plc2"), ("unit: m/min", "adres: 5"))
    assert codes(near) == ["E1053", "E1022"]
    far = changed(tmp_path, ("connection: plc1", "connection: xyz"), ("unit: m/min", "scale: fast"))
    assert codes(far) == ["E1052", "E1034"]


def test_an_unknown_driver_names_the_installed_ones(tmp_path: Path) -> None:
    loaded = changed(tmp_path, ("driver: simulated", "driver: profinet"))
    assert said(loaded) == [(9, 13, "connections[0].driver", "E1054")]
    assert "modbus" in str(loaded.problems[0].facts["known"])


@pytest.mark.parametrize(
    "error", [ImportError("no libx"), DriverError("not a plug-in"), UnknownDriver("simulated", [], ["a", "b"])]
)
def test_a_driver_that_cannot_be_used(tmp_path: Path, monkeypatch: MonkeyPatch, error: Exception) -> None:
    def refuse(name: str) -> None:
        raise error

    monkeypatch.setattr(registry, "plugin", refuse)
    assert codes(changed(tmp_path)) == ["E1055"]


def test_whole_numbers_are_text_where_a_driver_wants_text(tmp_path: Path) -> None:
    text = (Path(__file__).parents[3] / "config" / "examples" / "minimal.yaml").read_text(encoding="utf-8")
    file = tmp_path / "site.yaml"
    file.write_text(text.replace('"hr:100"', "40101"), encoding="utf-8")
    assert right(load(file)).devices[0].tags[0].address.model_dump()["address"] == "40101"


def test_warnings(tmp_path: Path) -> None:
    assert doubts(changed(tmp_path, (TAG, ""), ("      - \n", ""), ("    tags:\n", ""))) == ["W1063"]
    assert doubts(changed(tmp_path, ("press-flexo", "press-flex"))) == ["W1062"]
    assert doubts(changed(tmp_path, ("driver: simulated", "driver: simulated\n  - {name: b, driver: simulated}"))) == [
        "W1064"
    ]
    assert doubts(changed(tmp_path, ("unit: m/min", "unit: m/s"))) == ["W1061"]
    assert doubts(changed(tmp_path, ("unit: m/min", "unit: '{piece}/min'"))) == []


def test_labels_are_merged(tmp_path: Path) -> None:
    configuration = right(changed(tmp_path, ("    type:", "    labels: {line: line9, hall: 3}\n    type:")))
    assert configuration.devices[0].labels == {
        "site": "factory",
        "line": "line9",
        "hall": "3",
        "device": "press01",
        "device_type": "press-flexo",
        "gateway": "gw-1",
    }


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        ("{name: temperature_dryer1, address: constant(5)}", "E1059"),
        ("{name: x_a, metric: temprature, address: constant(5)}", "E1058"),
        ("{name: x_a, metric: humour, address: constant(5)}", "E1057"),
        ("{name: speed2, metric: speed, address: constant(5)}", "E1060"),
        ("{name: Speed, address: constant(5)}", "E1056"),
    ],
)
def test_metrics(tmp_path: Path, tag: str, code: str) -> None:
    assert codes(changed(tmp_path, (TAG, f"{TAG}\n      - {tag}"))) == [code]


@pytest.mark.parametrize(
    "tag",
    [
        "{name: speed2, metric: speed, labels: {axis: 2}, address: constant(5)}",
        "{name: x_anything, address: constant(5)}",
        "{name: anything, metric: x_thing, address: constant(5)}",
        "{name: temperature, unit: Cel, address: constant(5)}",
    ],
)
def test_metrics_that_are_right(tmp_path: Path, tag: str) -> None:
    right(changed(tmp_path, (TAG, f"{TAG}\n      - {tag}")))


def test_a_unit_in_another_spelling_is_told_how_to_write(tmp_path: Path) -> None:
    (found,) = changed(tmp_path, ("unit: m/min", "unit: m/分")).warnings
    assert Catalogue("en").text(found.code, found.facts).endswith("here it is m/分 -> write m/min")
