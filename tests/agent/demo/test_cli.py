import argparse

import pytest

from agent.cli import demo


def parsed(*options: str) -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    demo.add(parser.add_subparsers())
    return parser.parse_args(["demo", *options])


def test_options() -> None:
    args = parsed("--seconds", "2.5", "--broker", "mqtt://b:1", "--lang", "zh")
    assert (args.seconds, args.broker, args.lang, args.seed) == (2.5, "mqtt://b:1", "zh", 7)
    assert parsed().seconds is None


@pytest.mark.parametrize("seconds", ["0", "-1", "nan", "inf", "soon"])
def test_seconds_that_are_none_are_refused(seconds: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as caught:
        parsed("--seconds", seconds)
    assert caught.value.code == 2
    assert "0" in capsys.readouterr().err


@pytest.mark.parametrize(("language", "text"), [("en", "is not installed"), ("zh", "尚未安装")])
def test_a_missing_extra_is_one_message_with_the_command(
    language: str, text: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(demo, "find_spec", lambda module: None if module == "amqtt" else object())
    assert demo.run(parsed("--lang", language)) == 1
    said = capsys.readouterr().err
    assert text in said
    assert "pip install 'lineside[demo]'" in said
    assert said.count("\n") == 1
