"""Each contract of import-linter, broken on purpose in a copy of the tree, says so."""

import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

PLANTED = [  # contract, file, what is written at its end, what import-linter says
    ("floors", "agent/record.py", "import agent.outbox", "agent.record -> agent.outbox"),
    ("floors", "agent/outbox/__init__.py", "import agent.formats", "agent.outbox -> agent.formats"),
    ("floors", "agent/verify/__init__.py", "import agent.demo", "agent.verify -> agent.demo"),
    ("floors", "agent/utilities.py", "", "agent.utilities"),
    ("drivers-alone", "drivers/errors.py", "import agent.record", "drivers.errors -> agent.record"),
    ("drivers-apart", "drivers/simulated/__init__.py", "import drivers.modbus", "drivers.simulated -> drivers.modbus"),
    ("drivers-apart", "drivers/profinet/__init__.py", "", "drivers.profinet"),
    ("no-protocol", "agent/record.py", "import drivers.modbus", "agent.record -> drivers.modbus"),
    ("no-protocol", "agent/record.py", "import drivers.simulated", "agent.record -> drivers.simulated"),
    ("no-protocol", "agent/record.py", "import pymodbus", "agent.record -> pymodbus"),
    ("no-protocol", "agent/record.py", "import asyncua", "agent.record -> asyncua"),
    ("no-protocol", "agent/record.py", "from drivers.opcua import driver", "agent.record -> drivers.opcua.driver"),
    ("config-readers", "agent/verify/__init__.py", "import agent.config", "agent.verify -> agent.config"),
    ("config-readers", "agent/cli/__init__.py", "import agent.config", "agent.cli -> agent.config"),
    ("paho", "agent/record.py", "from paho.mqtt import client", "agent.record -> paho"),
    ("sqlite", "drivers/registry.py", "import sqlite3", "drivers.registry -> sqlite3"),
    ("web", "agent/cli/__init__.py", "import starlette.routing", "agent.cli -> starlette"),
    ("web", "agent/cli/__init__.py", "import uvicorn", "agent.cli -> uvicorn"),
    ("spreadsheets", "agent/config/loading.py", "import openpyxl", "agent.config.loading -> openpyxl"),
    ("demo-only", "agent/cli/__init__.py", "import rich.table", "agent.cli -> rich"),
    ("demo-only", "agent/verify/__init__.py", "import amqtt", "agent.verify -> amqtt"),
    ("protocol-libraries", "drivers/simulated/__init__.py", "import pymodbus", "drivers.simulated -> pymodbus"),
    ("protocol-libraries", "drivers/modbus/__init__.py", "import asyncua", "drivers.modbus -> asyncua"),
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A copy of what import-linter looks at."""
    for package in ("agent", "drivers"):
        shutil.copytree(ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    return tmp_path


def lint_imports(tree: Path, *options: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from importlinter.cli import lint_imports_command as run; run()"]
    return subprocess.run(
        [*command, "--no-logo", "--no-cache", *options], cwd=tree, capture_output=True, text=True, check=False
    )


def test_the_tree_keeps_its_contracts() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize(("contract", "file", "line", "said"), PLANTED)
def test_a_forbidden_import_is_found(tree: Path, contract: str, file: str, line: str, said: str) -> None:
    planted = tree / file
    planted.parent.mkdir(exist_ok=True)
    with planted.open("a", encoding="utf-8") as source:
        source.write(f"\n{line}\n")
    done = lint_imports(tree, "--contract", contract)
    assert done.returncode == 1
    assert said in done.stdout


def test_every_contract_was_broken_once() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == {planted[0] for planted in PLANTED}


def test_every_driver_is_hidden_from_the_agent() -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    hidden = next(contract["forbidden_modules"] for contract in contracts if contract["id"] == "no-protocol")
    packages = {f"drivers.{path.parent.name}" for path in ROOT.glob("drivers/*/__init__.py")}
    assert packages <= set(hidden)
