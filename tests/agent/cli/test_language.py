"""What a person is told to type is what works where he is."""

import sys
from pathlib import Path

import pytest

from agent.cli.language import catalogue


def hint(monkeypatch: pytest.MonkeyPatch, called: Path, *, path: Path | None, is_service: bool = False) -> str:
    monkeypatch.setattr(sys, "argv", [str(called), "run"])
    monkeypatch.setenv("PATH", str(path or "/nowhere"))
    monkeypatch.setenv("LINESIDE_LANG", "en")
    if is_service:
        monkeypatch.setenv("JOURNAL_STREAM", "8:1234")
    else:
        monkeypatch.delenv("JOURNAL_STREAM", raising=False)
    return catalogue().text("I2063", {"file": "/etc/line.yaml", "tags": 3})


@pytest.fixture
def program(tmp_path: Path) -> Path:
    made = tmp_path / "bin" / "lineside"
    made.parent.mkdir()
    made.touch(0o755)
    return made


def test_on_the_path_the_name_is_enough(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "then lineside check /etc/line.yaml" in hint(monkeypatch, program, path=program.parent)


def test_elsewhere_it_is_the_whole_path(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"then {program} check /etc/line.yaml" in hint(monkeypatch, program, path=None)


def test_another_one_on_the_path_is_not_this_one(
    program: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = tmp_path / "other" / "lineside"
    other.parent.mkdir()
    other.touch(0o755)
    assert f"then {program} check /etc/line.yaml" in hint(monkeypatch, program, path=other.parent)


def test_a_service_has_files_that_are_its_own(program: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    line = hint(monkeypatch, program, path=program.parent, is_service=True)
    assert f"then sudo {program} check /etc/line.yaml" in line


def test_a_folder_with_a_space(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert f"then '{tmp_path}/my bin/lineside' check" in hint(monkeypatch, tmp_path / "my bin" / "lineside", path=None)


def test_a_module_is_called_by_the_name_of_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "then lineside check" in hint(monkeypatch, Path("agent/cli/__main__.py"), path=None)
