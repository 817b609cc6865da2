"""Every place of a configuration with something there that nobody expects: refused with a message, never a defect."""

import copy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from agent.config import render
from agent.messages import Catalogue
from tests.agent.config.site import read

ROOT = Path(__file__).parents[3]
FILES = [ROOT / "agent" / "demo" / "demo.yaml", ROOT / "config" / "examples" / "mtls-many-units.yaml"]
ODD = ("null", "true", "-1", ".inf", '""', "[]", "[a, [b]]", "{a: {b: 1}}")

Step = str | int


def places(node: object, path: tuple[Step, ...] = ()) -> Iterator[tuple[Step, ...]]:
    """Of everything in the document."""
    yield path
    for step, below in node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ():
        yield from places(below, (*path, step))


def kinds(document: object) -> list[tuple[Step, ...]]:
    """One place of each kind: keys of the second tag are no other than those of the first."""
    found: dict[tuple[Step, ...], tuple[Step, ...]] = {}
    for path in places(document):
        found.setdefault(tuple(step for step in path if isinstance(step, str)), path)
    return list(found.values())


def replaced(document: object, path: tuple[Step, ...], value: object) -> Any:
    if not path:
        return value
    made: Any = copy.deepcopy(document)
    node = made
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = value
    return made


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
@pytest.mark.parametrize("odd", ODD)
def test_what_nobody_expects_is_loaded_or_refused(odd: str, file: Path, tmp_path: Path) -> None:
    yaml, catalogue = YAML(typ="safe"), Catalogue("zh")
    document, value = yaml.load(file), yaml.load(odd)
    for path in kinds(document):
        made = replaced(document, path, value)
        written = tmp_path / "made.yaml"
        yaml.dump(made, written)
        loaded = read(tmp_path, written.read_bytes())
        where = ".".join(map(str, path))
        assert (loaded.configuration is None) == bool(loaded.problems), where
        if loaded.configuration is not None:
            assert len(loaded.configuration.devices) == len(made["devices"]), where
            assert len(loaded.configuration.connections) == len(made["connections"]), where
        for plugin in loaded.plugins.values():
            catalogue.add(plugin.messages)
        for located in (*loaded.problems, *loaded.warnings):
            assert render(located, catalogue).isprintable(), where


@pytest.mark.parametrize("name", ["7", "'7'"])
def test_a_connection_may_be_called_by_a_number(name: str, tmp_path: Path) -> None:
    text = (ROOT / "config" / "examples" / "minimal.yaml").read_text("utf-8")
    (connection,) = YAML(typ="safe").load(text)["connections"]
    loaded = read(tmp_path, text.replace(connection["name"], name))
    assert not loaded.problems
    assert not loaded.warnings
    assert loaded.configuration is not None
    assert [device.connection for device in loaded.configuration.devices] == ["7"]
