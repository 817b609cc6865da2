import pytest
from _pytest.capture import CaptureFixture
from _pytest.monkeypatch import MonkeyPatch

from agent.cli import main
from drivers import registry


@pytest.fixture(autouse=True)
def english(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("LINESIDE_LANG", "en")


def test_installed_drivers_and_their_keys(capsys: CaptureFixture[str]) -> None:
    assert main(["drivers"]) == 0
    out = capsys.readouterr().out
    assert "modbus (lineside)" in out
    assert "simulated (lineside)" in out
    assert "limits.pipeline" in out
    assert "[1s]" in out


def test_one_driver(capsys: CaptureFixture[str]) -> None:
    assert main(["drivers", "simulated"]) == 0
    assert "modbus" not in capsys.readouterr().out


def test_an_unknown_driver(capsys: CaptureFixture[str]) -> None:
    assert main(["drivers", "profinet"]) == 2
    assert "modbus, simulated" in capsys.readouterr().err


def test_a_broken_driver(capsys: CaptureFixture[str], monkeypatch: MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ImportError("no libx")

    monkeypatch.setattr(registry, "plugin", refuse)
    assert main(["drivers"]) == 1
    assert "no libx" in capsys.readouterr().out
