from importlib.metadata import PathDistribution
from pathlib import Path

import pytest

from agent.cli.guard import other_owners


def distribution(folder: Path, name: str, **files: str) -> PathDistribution:
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    for file, text in files.items():
        (info / file.replace("_txt", ".txt")).write_text(text)
    return PathDistribution(info)


def test_nobody_else_owns_them_here() -> None:
    assert other_owners() == {}


def test_our_own_files_are_no_reason(tmp_path: Path) -> None:
    assert other_owners([distribution(tmp_path, "lineside", RECORD="agent/__init__.py,,\ndrivers/errors.py,,\n")]) == {}


@pytest.mark.parametrize("record", ["agent/__init__.py,,\n", "x.py,,\nagent/deep/x.py,,\n", "agent.py,sha256=x,1\n"])
def test_a_stranger_with_an_agent_package_is_named(tmp_path: Path, record: str) -> None:
    assert other_owners([distribution(tmp_path, "datadog", RECORD=record)]) == {"agent": ["datadog"]}


def test_an_old_installation_without_a_record_is_seen_too(tmp_path: Path) -> None:
    old = distribution(tmp_path, "old", top_level_txt="drivers\nother\n")
    both = distribution(tmp_path, "both", RECORD="agent/x.py,,\ndrivers/x.py,,\n")
    assert other_owners([old, both]) == {"drivers": ["old", "both"], "agent": ["both"]}


@pytest.mark.parametrize("record", ["my_agent/x.py,,\n", "agents/x.py,,\n", "x/agent/y.py,,\n", "agent.pyi_,,\n"])
def test_a_similar_name_is_no_reason(tmp_path: Path, record: str) -> None:
    assert other_owners([distribution(tmp_path, "similar", RECORD=record)]) == {}
