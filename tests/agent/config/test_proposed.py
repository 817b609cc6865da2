"""What is written of a device is a configuration that the loader takes, whatever the device calls its things."""

from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent.config.proposed import Beginning, Proposal, propose
from agent.config.text import MAX_BYTES
from drivers.contract import Shown, ValueType
from tests.agent.config.site import read

BEGINNING = Beginning("gw-1", "simulated", {}, subscribes=False)


def value(number: int, name: str, parent: int | None = None, **more: object) -> Shown:
    facts: dict[str, object] = {
        "title": name,
        "address": "sine(60s, 0, 100)",
        "kind": "Double",
        "type": "float",
        **more,
    }
    return Shown(number, parent, name, is_value=True, **facts)  # type: ignore[arg-type]  # a test's own words


def tags(directory: Path, proposal: Proposal) -> dict[str, dict[str, object]]:
    """Name -> what the loader made of it; it has nothing to say about the file."""
    loaded = read(directory, proposal.text)
    assert not [*loaded.problems, *loaded.warnings, *loaded.notes]
    assert loaded.configuration is not None
    (device,) = loaded.configuration.devices
    assert len(device.tags) == proposal.tags
    return {
        tag.name: {
            "metric": tag.metric,
            "labels": dict(tag.labels),
            "unit": tag.unit,
            "said": tag.description.get("en"),
        }
        for tag in device.tags
    }


def test_names_units_and_what_people_read(tmp_path: Path) -> None:
    shown = [
        Shown(1, None, "Press", "Press", "", "Object", below=3),
        value(2, "Speed", 1, unit="m/min", unit_text="m/min", range=(0.0, 120.0)),
        value(3, "Torque", 1, unit_text="N·m", title="Drehmoment"),
        value(4, "CountGood", 1, unit="1", unit_text="one"),
        value(5, "温度", 1, unit="Cel"),
    ]
    assert tags(tmp_path, propose(shown, BEGINNING)) == {
        "speed": {"metric": "speed", "labels": {}, "unit": "m/min", "said": "(0 ... 120)"},
        "x_torque": {"metric": "x_torque", "labels": {}, "unit": None, "said": "Drehmoment [N·m]"},
        "count_good": {"metric": "count_good", "labels": {}, "unit": None, "said": "[one]"},
        "x_tag": {"metric": "x_tag", "labels": {}, "unit": "Cel", "said": "温度"},
    }


def test_two_of_one_metric(tmp_path: Path) -> None:
    shown = [
        Shown(1, None, "Dryer1", "", "", "Object", below=1),
        Shown(2, None, "Dryer2", "", "", "Object", below=1),
        value(3, "Temperature", 1),
        value(4, "Temperature", 2),
    ]
    found = tags(tmp_path, propose(shown, BEGINNING))
    assert found["temperature_dryer2"]["metric"] == "temperature"
    assert found["temperature_dryer2"]["labels"] == {"zone": "dryer2"}


def test_what_stands_before_the_tags(tmp_path: Path) -> None:
    beginning = Beginning("gw-ü", "simulated", {}, subscribes=False, state_dir='/var/"x"')
    loaded = read(tmp_path, propose([value(1, "a")], beginning).text)
    assert loaded.configuration is not None
    assert (loaded.configuration.gateway, str(loaded.configuration.state_dir)) == ("gw-ü", '/var/"x"')


def test_tags_of_one_folder_stand_together() -> None:
    shown = [Shown(1, None, "A", "", "", ""), value(2, "b"), value(3, "c", 1), value(4, "d")]
    text = propose(shown, BEGINNING).text
    assert text.index("name: x_b") < text.index("name: x_d") < text.index("# A") < text.index("name: x_c")


def test_what_does_not_fit_is_counted(tmp_path: Path) -> None:
    shown = [value(number, f"v{number}", title="缺料" * 90) for number in range(3_000)]
    proposal = propose(shown, BEGINNING)
    assert proposal.left == 3_000 - proposal.tags > 0
    assert len(proposal.text.encode()) <= MAX_BYTES
    assert len(tags(tmp_path, proposal)) == proposal.tags


def test_nothing_to_write() -> None:
    assert propose([Shown(1, None, "A", "", "", "")], BEGINNING)[1:] == (0, 0)


ODD = st.text(max_size=30).map(lambda text: text.encode("utf-8", "replace").decode())
TYPES: Sequence[ValueType | None] = ("bool", "int", "float", "str", None)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(
    st.lists(
        st.tuples(
            st.one_of(ODD, st.sampled_from(["Speed", "Job"])),
            ODD,
            ODD,
            st.sampled_from(TYPES),
            st.sampled_from(["", "Cel"]),
        ),
        min_size=1,
        max_size=8,
    )
)
def test_whatever_things_are_called(tmp_path: Path, given_: list[tuple[str, str, str, ValueType | None, str]]) -> None:
    shown = [
        value(number, name, title=title, unit_text=unit_text, type=type_, unit=unit)
        for number, (name, title, unit_text, type_, unit) in enumerate(given_)
    ]
    assert len(tags(tmp_path, propose(shown, BEGINNING))) == len(shown)


@pytest.mark.parametrize("address", ['s=a"b\\c', "s=a\x01b", "s=a\u2028b", "s=缺料：（一）", "s=a # b", "s={x}, y"])
def test_addresses_come_through_as_they_are(tmp_path: Path, address: str) -> None:
    text = propose([value(1, "a", address=address)], BEGINNING).text
    loaded = read(tmp_path, text)
    assert not [problem for problem in loaded.problems if problem.code.startswith("E")], "only the driver refuses it"
    (line,) = [line for line in text.splitlines() if "address:" in line]
    assert line.isprintable()
