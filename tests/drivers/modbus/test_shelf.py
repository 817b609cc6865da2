"""Where profiles are looked for: with the driver, and beside the configuration."""

from pathlib import Path

import pytest
from pydantic import ValidationError

from drivers.contract import Group, Surroundings, Tag
from drivers.errors import InvalidConfig
from drivers.modbus import PLUGIN
from drivers.modbus.config import Address, Connection, Device
from drivers.modbus.profile_file import WrongProfile
from drivers.modbus.resolve import resolve, resolve_all
from drivers.modbus.shelf import known, own_names, own_profile
from tests.drivers.modbus.own import GOOD, keep


def device(folder: Path, **keys: object) -> Device:
    return Device.model_validate(keys, context=Surroundings(folder=folder))


def group(device_: Device, *written: str, name: str = "m1") -> Group:
    return Group(f"{name}@1s", name, device_, [Tag(f"t{at}", Address(address=it)) for at, it in enumerate(written)], 1)


def test_a_site_has_profiles_of_its_own(tmp_path: Path) -> None:
    assert own_names(tmp_path) == own_names(None) == ()
    keep(tmp_path, GOOD)
    keep(tmp_path, GOOD.replace("id: mixer", "id: 搅拌机"), "搅拌机")
    (tmp_path / "profiles" / "notes.txt").write_text("x")
    assert own_names(tmp_path) == ["mixer", "搅拌机"]
    assert [point.offset for point in resolve(group(device(tmp_path, plc="mixer"), "D10", "Y10"))] == [266, 8]
    assert device(tmp_path, plc="搅拌机").profile is not None


def test_the_name_must_be_that_of_a_file_there(tmp_path: Path) -> None:
    keep(tmp_path, GOOD)
    keep(tmp_path, GOOD, "../mixer")
    for name in ("mixr", "../mixer", "mixer.yaml", "", ".", "mixer\0"):
        with pytest.raises(ValidationError) as caught:
            device(tmp_path, plc=name)
        (error,) = caught.value.errors()
        assert (error["type"], error["loc"]) == ("M1002", ("plc",))
        assert "mixer" in str(error["ctx"]["known"])
    with pytest.raises(ValidationError):
        Device(plc="mixer")


def test_a_shipped_profile_is_not_replaced_in_silence(tmp_path: Path) -> None:
    keep(tmp_path, GOOD.replace("id: mixer", "id: delta-dvp"), "delta-dvp")
    with pytest.raises(ValidationError) as caught:
        device(tmp_path, plc="delta-dvp")
    assert caught.value.errors()[0]["type"] == "M1031"
    assert device(tmp_path, plc="inovance-h5u").profile is not None


def test_every_mistake_of_a_file_is_a_problem_once(tmp_path: Path) -> None:
    keep(tmp_path, GOOD.replace("to: 99", "to: 70000").replace("word_order: CDAB", "word_order: LE"))
    wrong = device(tmp_path, plc="mixer", profile_options={})
    assert wrong.profile is None
    groups = [group(wrong, "D1", "nonsense"), group(wrong, "D2", name="m2"), group(Device(), "40000", name="m3")]
    with pytest.raises(InvalidConfig) as caught:
        resolve_all(groups)
    assert [(p.code, p.device, p.key, p.facts.get("line"), p.facts.get("where")) for p in caught.value.problems] == [
        ("M1030", "m1", "plc", 5, "word_order"),
        ("M1030", "m1", "plc", 8, "areas[0].map[0].to"),
        ("M1014", "m3", "address", None, None),
    ]
    message = PLUGIN.messages["M1030"]
    assert message.en.format(**caught.value.problems[0].facts).startswith("profiles/mixer.yaml:5: word_order: ")
    assert message.zh.format(**caught.value.problems[0].facts).startswith("profiles/mixer.yaml 第 5 行 word_order：")


def test_options_of_a_wrong_file_are_not_judged(tmp_path: Path) -> None:
    keep(tmp_path, "id: mixer")
    assert device(tmp_path, plc="mixer", profile_options={"begin": "5"}, hold_start="VB0").mistakes


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    keep(tmp_path, GOOD).write_bytes(b"id: mixer\ntitle: \xbd\xc1")
    (tmp_path / "profiles" / "folder.yaml").mkdir()
    for name, line in (("mixer", 2), ("folder", 1), ("gone", 1)):
        with pytest.raises(WrongProfile) as caught:
            own_profile(tmp_path, name)
        assert [mistake.line for mistake in caught.value.mistakes] == [line]


def test_what_is_looked_up_shows_all_and_says_what_is_wrong(tmp_path: Path) -> None:
    assert PLUGIN.profiles is not None
    keep(tmp_path, GOOD)
    keep(tmp_path, "id: broken\n", "broken")
    keep(tmp_path, GOOD, "weintek")
    found = PLUGIN.profiles(tmp_path)
    assert [sheet.name for sheet in found.known] == [*known(), "mixer"]
    assert {sheet.grade for sheet in found.known} <= {grade for grade, _ in found.grades}
    assert {code for code, _ in found.wrong} == {"M1030", "M1031"}
    for code, facts in found.wrong:
        assert PLUGIN.messages[code].zh.format(**facts) != PLUGIN.messages[code].en.format(**facts)


def test_a_sheet_shows_ranges_options_and_examples(tmp_path: Path) -> None:
    assert PLUGIN.profiles is not None
    sheets = {sheet.name: sheet for sheet in PLUGIN.profiles(tmp_path).known}
    dvp, smart = sheets["delta-dvp"], sheets["s7-200smart"]
    rows = [(area.name, area.range, area.holds.en) for area in dvp.areas]
    assert ("D", "D4096-D11999", "16-bit words (holding registers) from hr:36864 (436865)") in rows
    assert ("M", "M1536-M4095", "bits (coils) from co:45056 (045057)") in rows
    assert ("X", "X0-X377", "bits (discrete inputs) from di:1024 (101025)") in rows
    assert ("D100", "D100 = hr:4196 (404197)") in dvp.examples
    assert [(name, example) for name, _, example in smart.options] == [("hold_start", "VB1000")]
    assert smart.examples[0] == ("hold_start: VB1000", "")
    assert ("VW1010", "VW1010 = hr:5 (400006)") in smart.examples
    assert ("CDAB (M)") in [value for _, value in dvp.facts]


def test_unverified_profiles_are_a_warning_when_opened() -> None:
    noted: list[tuple[str, str]] = []

    class Notes:
        def note(self, code: str, about: str, /, **facts: object) -> None:
            noted.append((code, about))

        lost = back = note

    groups = [group(Device(plc=plc), "D1", name=plc) for plc in ("fx5u-default", "inovance-h5u")]
    PLUGIN.open(Connection(url="tcp://127.0.0.1"), groups, Notes())
    assert noted == [("M1024", "fx5u-default"), ("M1020", "inovance-h5u")]
    assert PLUGIN.messages["M1024"].level == "warning"
    assert "HMI" in PLUGIN.messages["M1024"].hint_zh
