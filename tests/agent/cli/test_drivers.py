import re

import pytest
from _pytest.capture import CaptureFixture
from _pytest.monkeypatch import MonkeyPatch

from agent.cli import main
from agent.config.reference import keys
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


def test_in_chinese(capsys: CaptureFixture[str], monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("LINESIDE_LANG", "zh")
    assert main(["drivers"]) == 0
    out = capsys.readouterr().out
    assert "connections 下的键：" in out
    assert re.search(r"limits.pipeline +整数 +\[1\] +同时在途的请求数", out)
    assert re.search(r"timeout +时长 +\[1s\] +", out)


@pytest.mark.parametrize("name", ["modbus", "simulated"])
def test_every_key_is_described_in_chinese(name: str) -> None:
    plugin = registry.plugin(name)
    written = [key.name for model in (plugin.connection, plugin.device, plugin.address) for key in keys(model)]
    assert sorted(plugin.chinese) == sorted(written)


def test_one_driver(capsys: CaptureFixture[str]) -> None:
    assert main(["drivers", "simulated"]) == 0
    assert "modbus" not in capsys.readouterr().out


def test_an_unknown_driver(capsys: CaptureFixture[str]) -> None:
    assert main(["drivers", "profinet"]) == 2
    assert "modbus, opcua, simulated" in capsys.readouterr().err


def test_a_broken_driver(capsys: CaptureFixture[str], monkeypatch: MonkeyPatch) -> None:
    def refuse(name: str) -> None:
        raise ImportError("no libx")

    monkeypatch.setattr(registry, "plugin", refuse)
    assert main(["drivers"]) == 1
    assert "no libx" in capsys.readouterr().out
