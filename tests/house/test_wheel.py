"""What is shipped: the two packages, their data, and nothing that is only here for development."""

import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Built with the installed hatchling: no network, no other environment."""
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def names(wheel: Path) -> list[str]:
    return zipfile.ZipFile(wheel).namelist()


def test_the_top_level_is_agent_and_drivers(names: list[str]) -> None:
    top = {name.split("/")[0] for name in names}
    version = next(name for name in top if name.endswith(".dist-info")).removesuffix(".dist-info")
    assert top == {"agent", "drivers", f"{version}.dist-info", f"{version}.data"}


def test_all_data_is_under_share_lineside(names: list[str]) -> None:
    data = [name.split(".data/", 1)[1] for name in names if ".data/" in name]
    assert data
    assert all(name.startswith("data/share/lineside/") for name in data)


def test_what_a_site_edits_is_in_it(names: list[str]) -> None:
    shipped = {name.split("share/lineside/", 1)[1] for name in names if "share/lineside/" in name}
    here = {
        str(p.relative_to(ROOT)) for folder in ("config", "systemd") for p in (ROOT / folder).rglob("*") if p.is_file()
    }
    assert {"config/schema.json"} | here <= shipped


def test_nothing_hidden_is_shipped(names: list[str]) -> None:
    assert not [name for name in names if any(part.startswith(".") for part in name.split("/"))]


@pytest.mark.parametrize("readme", ["README.md", "README.zh-CN.md"])
def test_what_the_readme_copies_is_shipped(names: list[str], readme: str) -> None:
    """Every `$UNITS/...`, and `lineside.conf` by the name under which it was installed."""
    text = (ROOT / readme).read_text(encoding="utf-8")
    assert "UNITS=/opt/lineside/share/lineside/systemd\n" in text
    named = set(re.findall(r"\$UNITS/(\S+)", text))
    assert len(named) == 5
    shipped = {name.split("share/lineside/systemd/", 1)[1] for name in names if "share/lineside/systemd/" in name}
    assert named == shipped, "and everything that is shipped has its step"
    for kind, tool in (("sysusers.d", "systemd-sysusers"), ("tmpfiles.d", "systemd-tmpfiles --create")):
        (target,) = re.findall(rf"\$UNITS/{kind}/lineside.conf /etc/{kind}/(\S+)", text)
        assert f"sudo {tool} {target}" in text


def test_the_units_start_what_the_readme_installs() -> None:
    for unit in (ROOT / "systemd").glob("*.service"):
        (program,) = re.findall(r"^ExecStart=(\S+) run /etc/lineside/", unit.read_text(), re.MULTILINE)
        folder, _, name = program.partition("/bin/")
        assert f"python3 -m venv {folder} " in (ROOT / "README.md").read_text(encoding="utf-8")
        assert f'{name} = "agent.cli:main"' in (ROOT / "pyproject.toml").read_text(encoding="utf-8")


def test_every_file_of_the_packages_is_in_it(names: list[str]) -> None:
    here = {
        str(path.relative_to(ROOT))
        for package in ("agent", "drivers")
        for path in (ROOT / package).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    assert here <= set(names)
    assert any(name.startswith("drivers/modbus/profiles/") and name.endswith(".yaml") for name in names)


FROM_THE_WHEEL = """
import agent, json
from drivers.contract import Group, Tag
from drivers.modbus import PLUGIN
groups = [
    Group("g", "d", PLUGIN.device(plc=plc), [Tag("t", PLUGIN.address(address="D100"))], 1.0)
    for plc in ("inovance-h5u", "delta-dvp")
]
connection = PLUGIN.connection(url="tcp://plc:502")
print(json.dumps([agent.__file__, [PLUGIN.describe(connection, group)[0].source for group in groups]]))
"""


def test_profiles_are_found_from_the_wheel(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", FROM_THE_WHEEL],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    place, sources = json.loads(done.stdout)
    assert Path(place).is_relative_to(tmp_path)
    assert all("hr:" in source for source in sources)
