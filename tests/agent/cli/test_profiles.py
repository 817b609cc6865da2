"""What `lineside profiles` shows, and what it says of profiles that cannot be used."""

import re
from pathlib import Path

import pytest
from _pytest.capture import CaptureFixture
from _pytest.monkeypatch import MonkeyPatch

from agent.cli import main
from drivers import registry
from drivers.contract import DriverPlugin
from drivers.errors import DriverError
from tests.drivers.modbus.own import GOOD, keep


@pytest.fixture(autouse=True)
def english(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("LINESIDE_LANG", "en")


def test_all_profiles_with_grade_areas_and_options(capsys: CaptureFixture[str], tmp_path: Path) -> None:
    assert main(["profiles", "--folder", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^delta-dvp +Delta DVP series +V +S X Y T M C D$", out, re.MULTILINE)
    assert re.search(r"^s7-200smart +Siemens .* V +Q I AIW V VB VW VD +hold_start$", out, re.MULTILINE)
    assert re.search(r"^  M +not verified", out, re.MULTILINE)


def test_in_the_operators_language(capsys: CaptureFixture[str], monkeypatch: MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LINESIDE_LANG", "zh")
    assert main(["profiles", "--folder", str(tmp_path)]) == 0
    out = capsys.readouterr().out
    assert re.search(r"^delta-dvp +台达 DVP 系列 +V ", out, re.MULTILINE)
    assert "未经核实" in out


def test_one_profile(capsys: CaptureFixture[str]) -> None:
    assert main(["profiles", "s7-1200"]) == 0
    out = capsys.readouterr().out
    assert "grade V: read in the vendor's manual" in out
    assert "S7-1200 System Manual" in out
    assert re.search(r"^hold_base +what MB_HOLD_REG .* hold_base: DB10.DBX0.0$", out, re.MULTILINE)
    assert re.search(r"^Q0.0-Q1023.7 +bits \(coils\) from co:0 \(000001\) +V$", out, re.MULTILINE)
    assert "DB10.DBW4 = hr:2 (400003)" in out
    assert main(["profiles", "xinje-xd"]) == 0
    assert "X10000-X11777" in capsys.readouterr().out


def test_a_profile_that_is_not_there(capsys: CaptureFixture[str]) -> None:
    assert main(["profiles", "h5u"]) == 2
    assert re.match(r'E1140 there is no address profile "h5u" -> .*inovance-h5u', capsys.readouterr().err)


def test_profiles_of_a_site(capsys: CaptureFixture[str], tmp_path: Path) -> None:
    keep(tmp_path, GOOD)
    assert main(["profiles", "mixer", "--folder", str(tmp_path)]) == 0
    assert "Y10 = co:8 (000009)" in capsys.readouterr().out
    keep(tmp_path, GOOD.replace("to: 99", "to: 70000"), "mixer")
    assert main(["profiles", "--folder", str(tmp_path)]) == 1
    out, err = capsys.readouterr()
    assert "mixer" not in out
    assert err.startswith("M1030 profiles/mixer.yaml:8: areas[0].map[0].to: runs over Modbus address 65535")


def test_a_driver_that_cannot_be_used_or_has_none(capsys: CaptureFixture[str], monkeypatch: MonkeyPatch) -> None:
    found = registry.plugin("simulated")
    assert found.profiles is None

    def only_simulated(name: str) -> DriverPlugin:
        if name == "simulated":
            return found
        raise DriverError("no libx")

    monkeypatch.setattr(registry, "plugin", only_simulated)
    assert main(["profiles"]) == 1
    out, err = capsys.readouterr()
    assert "no driver has address profiles" in out
    assert "no libx" in err
