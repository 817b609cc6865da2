"""What drivers refuse in `open`, and what their values' types make senseless."""

from pathlib import Path

import pytest

from agent.config import load
from tests.agent.config.site import TAG, changed, codes, said
from tests.drivers.modbus.own import GOOD as GOOD_PROFILE
from tests.drivers.modbus.own import keep


def modbus(
    directory: Path, *tags: str, plc: str = "inovance-h5u", name: str = "press01"
) -> list[tuple[int, int, str, str]]:
    loaded = changed(
        directory,
        ("driver: simulated", "driver: modbus\n    url: tcp://127.0.0.1:502"),
        ("    type:", f"    plc: {plc}\n    type:"),
        ("name: press01", f"name: {name}"),
        (TAG, "\n      - ".join(tags)),
    )
    return said(loaded)


def test_wrong_addresses_are_placed_at_their_tags(tmp_path: Path) -> None:
    found = modbus(
        tmp_path,
        "{name: x_a, address: D99999}",
        "{name: x_b, address: D100}",
        "{name: x_c, every: 5s, address: Y8}",
    )
    assert [(line, column, path) for line, column, path, _ in found] == [
        (17, 30, "devices[0].tags[0].address"),
        (19, 41, "devices[0].tags[2].address"),
    ]


def test_what_the_agent_minds_does_not_hide_what_the_driver_minds(tmp_path: Path) -> None:
    found = modbus(tmp_path, "{name: Wrong Name, address: D99999}", "{name: x_b, address: D1, scale: fast}", name="a+b")
    assert [path for _, _, path, _ in found] == [
        "devices[0].name",
        "devices[0].tags[0].name",
        "devices[0].tags[0].address",
        "devices[0].tags[1].scale",
    ]


def test_tags_of_one_name_are_both_looked_at(tmp_path: Path) -> None:
    found = modbus(tmp_path, "{name: x_a, address: D99999}", "{name: x_a, address: D88888}")
    assert [path for _, _, path, _ in found] == [
        "devices[0].tags[0].address",
        "devices[0].tags[1].name",
        "devices[0].tags[1].address",
    ]


@pytest.mark.parametrize(
    "tag",
    [
        "{name: job, address: 'D100:str(8)', scale: 0.1}",
        "{name: job, address: 'D100:str(8)', deadband: 1}",
        "{name: x_a, address: M8, range: [0, 1]}",
        "{name: x_a, address: 'D100:f32', bits: 3}",
        "{name: x_a, address: 'D100:f32', enum: {0: a}}",
    ],
)
def test_keys_that_do_not_fit_the_type(tmp_path: Path, tag: str) -> None:
    assert [code for *_, code in modbus(tmp_path, tag)] == ["E1086"]


@pytest.mark.parametrize(
    "keys", ["enum: {0: a}, scale: 2", "bits: 3, deadband: 1", "bits: 3, scale: 2", "enum: {0: a}, range: [0, 1]"]
)
def test_keys_that_have_no_effect(tmp_path: Path, keys: str) -> None:
    assert [code for *_, code in modbus(tmp_path, f"{{name: x_a, address: D100, {keys}}}")] == ["E1087"]


def test_a_signal_that_cannot_be(tmp_path: Path) -> None:
    assert codes(changed(tmp_path, ("sine(60s, 0, 100)", "sinus(60s)")))[0].startswith("S1")


def test_what_a_driver_notes_while_it_plans_is_kept_once_and_placed_at_its_device(tmp_path: Path) -> None:
    loaded = changed(
        tmp_path,
        ("driver: simulated", "driver: modbus\n    url: tcp://127.0.0.1:502"),
        ("    type:", "    plc: fx5u-default\n    type:"),
        (TAG, "{name: speed, address: D1}\n  - {name: press02, connection: plc1, plc: fx5u-default, type: slitter}"),
    )
    assert loaded.configuration is not None
    assert [(note.line, note.path, note.code) for note in loaded.notes] == [(12, "devices[0]", "M1024")]


def test_a_profile_beside_the_configuration(tmp_path: Path) -> None:
    keep(tmp_path, GOOD_PROFILE)
    assert modbus(tmp_path, "{name: x_a, address: D10}", plc="mixer") == []
    keep(tmp_path, GOOD_PROFILE.replace("word_order: CDAB", "word_order: LE").replace("to: 99", "to: 70000"))
    found = modbus(tmp_path, "{name: x_a, address: D10}", "{name: x_b, address: nonsense}", plc="mixer")
    assert found == [(14, 10, "devices[0].plc", "M1030"), (14, 10, "devices[0].plc", "M1030")]


def test_options_stand_on_the_device(tmp_path: Path) -> None:
    tag = "{name: x_a, address: VW1010}"
    assert modbus(tmp_path, tag, plc="s7-200smart\n    hold_start: VB1000") == []
    assert modbus(tmp_path, tag, plc="s7-200smart\n    hold_start: 1000") == []
    assert [code for *_, code in modbus(tmp_path, tag, plc="s7-200smart")] == ["M1032"]
    found = modbus(tmp_path, tag, plc="s7-200smart\n    hold_start: DB1")
    assert [(path, code) for _, _, path, code in found] == [("devices[0].hold_start", "M1033")]


def test_without_plans_no_driver_is_asked_and_everything_else_is_checked(tmp_path: Path) -> None:
    wrong = (TAG, "{name: x_a, address: D99999}")
    path = tmp_path / "site.yaml"
    wire = (
        ("driver: simulated", "driver: modbus\n    url: tcp://127.0.0.1:502"),
        ("    type:", "    plc: inovance-h5u\n    type:"),
    )
    assert codes(changed(tmp_path, *wire, wrong)) != []
    assert load(path, plans=False).configuration is not None
    changed(tmp_path, *wire, wrong, ("url:", "ulr:"))
    assert load(path, plans=False).configuration is None
