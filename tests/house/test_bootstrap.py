"""`bootstrap.py`: what it says when something is missing. That it works is shown by using it: `.ci/run` does."""

import ast
import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

from agent.cli.language import language

ROOT = Path(__file__).resolve().parents[2]


def load() -> ModuleType:
    spec = importlib.util.spec_from_file_location("bootstrap", ROOT / "bootstrap.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(autouse=True)
def english(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LINESIDE_LANG", "en")


@pytest.fixture
def bootstrap(english: None) -> ModuleType:
    return load()


def test_an_old_python_can_read_what_it_needs() -> None:
    ast.parse((ROOT / "bootstrap.py").read_text(encoding="utf-8"), feature_version=(3, 7))


def test_an_old_python_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "version_info", (3, 10, 13))
    with pytest.raises(SystemExit, match=r"3\.11 or newer"):
        load()


@pytest.mark.parametrize(("arguments", "code"), [([], 2), (["deploy"], 2), (["--help"], 0)])
def test_usage(arguments: list[str], code: int) -> None:
    command = [sys.executable, str(ROOT / "bootstrap.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == code
    assert "bootstrap.py demo" in done.stdout


@pytest.mark.parametrize(
    ("variables", "title"),
    [
        ({"LINESIDE_LANG": "zh"}, "从一台只有"),
        ({"LINESIDE_LANG": "zh", "LC_ALL": "en_US.UTF-8"}, "从一台只有"),
        ({"LINESIDE_LANG": "", "LC_ALL": "", "LC_MESSAGES": "", "LANG": "zh_CN.UTF-8"}, "从一台只有"),
        ({"LINESIDE_LANG": "", "LC_ALL": "en_US.UTF-8", "LANG": "zh_CN.UTF-8"}, "From a machine"),
        ({"LINESIDE_LANG": "en", "LANG": "zh_CN.UTF-8"}, "From a machine"),
    ],
)
def test_it_speaks_as_the_agent_would(
    variables: dict[str, str], title: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert (language() == "zh") is (title == "从一台只有")
    assert load().main(["--help"]) == 0
    assert capsys.readouterr().out.startswith(title)


def test_who_is_not_root_reads_the_line_to_run(
    bootstrap: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(bootstrap.os, "geteuid", lambda: 1000)
    monkeypatch.setattr(bootstrap, "DEBIAN", {"no-such-tool": (lambda name: None, "no-such-package", "a test")})
    assert bootstrap.install_debian().endswith("sudo apt-get install -y --no-install-recommends no-such-package")
    assert "no-such-package (a test)" in capsys.readouterr().out


def test_a_failed_step_names_what_a_site_can_do(bootstrap: ModuleType) -> None:
    def fail() -> str:
        raise subprocess.CalledProcessError(2, ["pip", "install"])

    with pytest.raises(SystemExit, match="HTTPS_PROXY"):
        bootstrap.step("something", fail)


def test_it_installs_every_tool_that_a_test_needs(bootstrap: ModuleType) -> None:
    conftest = (ROOT / "tests" / "conftest.py").read_text(encoding="utf-8")
    needed = {package for line in re.findall(r'"apt-get install ([^"&]+)', conftest) for package in line.split()}
    assert "mosquitto" in needed
    assert needed <= {package for _, package, _ in bootstrap.DEBIAN.values()}
