"""docs/drivers.md is a driver: its files are taken out of the page, and pass the suite as they stand."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "drivers.md"
FILE = re.compile(r"<!-- file: (\S+) -->\n```\w+\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.fixture
def written(tmp_path: Path) -> Path:
    for name, text in FILE.findall(PAGE.read_text(encoding="utf-8")):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return tmp_path


def test_the_driver_of_the_page_passes_the_suite(written: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_scale.py"],
        cwd=written,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(written), str(ROOT)]), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\d{2} passed", done.stdout), "the whole suite ran"


def test_every_python_and_toml_block_of_the_page_is_a_file_that_was_run() -> None:
    text = PAGE.read_text(encoding="utf-8")
    assert len(FILE.findall(text)) == len(re.findall(r"^```(?:python|toml)$", text, re.MULTILINE)) == 3


def test_the_page_names_every_quality_it_asks_for() -> None:
    from drivers.contract import Quality

    named = set(re.findall(r"\bBAD_[A-Z_]+", PAGE.read_text(encoding="utf-8")))
    assert named <= set(Quality.__members__)
