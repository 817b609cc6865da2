"""What drivers refuse in `open`, and what their values' types make senseless."""

from pathlib import Path

import pytest

from tests.agent.config.site import TAG, changed, codes, said


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
