import io
from pathlib import Path

import pytest
from _pytest.capture import CaptureFixture
from _pytest.monkeypatch import MonkeyPatch

from agent.cli import main
from agent.cli.check import explain, table
from agent.config import load
from agent.messages import Catalogue
from tests.agent.config.site import GOOD

CASES = Path(__file__).parents[2] / "cases" / "config"
RHYTHMS = ("every: 200ms", "sampling: 1s", "sampling: 250ms", "sampling: 1s", "read_on: speed")


@pytest.fixture(autouse=True)
def english(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("LINESIDE_LANG", "en")


@pytest.mark.parametrize("language", ["en", "zh"])
def test_twelve_mistakes_and_exit_code_2(language: str, monkeypatch: MonkeyPatch, capsys: CaptureFixture[str]) -> None:
    monkeypatch.chdir(CASES)
    monkeypatch.setenv("LINESIDE_LANG", language)
    assert main(["check", "twelve_mistakes.yaml"]) == 2
    out, err = capsys.readouterr()
    *problems, count = out.splitlines(keepends=True)
    assert "".join(problems) == (CASES / f"twelve_mistakes.{language}.txt").read_text(encoding="utf-8")
    assert "12" in count
    assert err == ""


def test_mistakes_of_a_table_stand_in_the_same_list(monkeypatch: MonkeyPatch, capsys: CaptureFixture[str]) -> None:
    monkeypatch.chdir(CASES)
    assert main(["check", "table_mistakes.yaml"]) == 2
    assert (CASES / "table_mistakes.en.txt").read_text(encoding="utf-8") in capsys.readouterr().out


def test_run_says_the_same_on_standard_error(capsys: CaptureFixture[str], monkeypatch: MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    assert main(["check", "twelve_mistakes.yaml"]) == 2
    checked = capsys.readouterr().out
    assert main(["run", "twelve_mistakes.yaml"]) == 78
    assert capsys.readouterr().err == checked


def test_a_good_file_shows_what_would_be_read(tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(GOOD.replace("gateway: gw-1", "gateway: gw-1\nstate_dir: /data"))
    assert main(["check", str(file)]) == 0
    assert capsys.readouterr().out == (
        "no problems, warnings: 0\n"
        "\n"
        "device   type         connection  driver     tags  every\n"
        "press01  press-flexo  plc1        simulated  1     1s\n"
        "\n"
        "gateway gw-1: connections: 1, devices: 1, tags: 1 -> county (127.0.0.1:1883)\n"
        "state directory: /data\n"
    )


def test_what_is_subscribed_has_a_tilde(tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    file = tmp_path / "site.yaml"
    more = [f'      - {{name: x_{n}, address: "counter(1s, 9)", {key}}}\n' for n, key in enumerate(RHYTHMS)]
    file.write_text(GOOD + "".join(more))
    assert main(["check", str(file)]) == 0
    assert "simulated  6     200ms, 1s, ~250ms, ~1s, speed\n" in capsys.readouterr().out


def test_warnings_are_shown_and_are_no_reason_to_refuse(tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(GOOD.replace("unit: m/min", "unit: m/s"))
    assert main(["check", str(file)]) == 0
    assert ":15:59: devices[0].tags[0].unit: W1061 " in capsys.readouterr().out


@pytest.mark.parametrize(
    ("plc", "warnings", "said"),
    [
        ("fx5u-default", 1, "M1024 PLC profile fx5u-default (Mitsubishi FX5U and FX5UJ (factory assignment)) is not"),
        ("inovance-h5u", 0, "M1020 using PLC profile inovance-h5u: Inovance H5U and Easy series, evidence grade N"),
    ],
)
def test_how_sure_a_profile_is(plc: str, warnings: int, said: str, tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    file = tmp_path / "site.yaml"
    text = GOOD.replace("driver: simulated", "driver: modbus\n    url: tcp://127.0.0.1:502")
    file.write_text(text.replace('"sine(60s, 0, 100)"', "D100").replace("    type:", f"    plc: {plc}\n    type:"))
    assert main(["check", str(file)]) == 0
    out = capsys.readouterr().out
    assert f"site.yaml:12:5: devices[0]: {said}" in out
    assert f"warnings: {warnings}\n" in out
    assert "HMI" in out


@pytest.mark.parametrize(
    ("keys", "path", "code"),
    [
        ("url: wss://broker.example/mqtt?token=hunter2", "url", "E1067"),
        ("url: wss://gw:hunter2@broker.example/mqtt", "url", "E1068"),
        ("url: wss://a\n    proxy: http://gw:hunter2@a:3128", "proxy", "E1131"),
        ("url: wss://a\n    proxy: socks5://a:1080", "proxy", "E1130"),
    ],
)
def test_a_way_to_the_broker_that_cannot_be_gone(
    keys: str, path: str, code: str, tmp_path: Path, capsys: CaptureFixture[str]
) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(GOOD.replace("url: mqtt://127.0.0.1:1883", keys))
    assert main(["check", str(file)]) == 2
    out = capsys.readouterr().out
    assert f"destinations[0].{path}: {code} " in out
    assert "hunter2" not in out


def test_a_driver_speaks_in_the_operators_language(tmp_path: Path) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(GOOD.replace("sine(60s, 0, 100)", "sinus(60s)"))
    out = io.StringIO()
    explain(load(file), Catalogue("zh"), out)
    assert "没有" in out.getvalue()


def test_chinese_names_take_two_columns() -> None:
    assert table([("设备", "x"), ("a", "y")]) == ["设备  x", "a     y"]
