"""The pages about OPC UA: configurations load, commands and messages exist, both languages agree."""

import re
from pathlib import Path

import pytest

from agent.cli import parser
from agent.config import load, reference, render
from agent.messages import Catalogue
from drivers.opcua import PLUGIN
from drivers.opcua.messages import MESSAGES
from drivers.opcua.node import node
from drivers.opcua.packml.states import SUPER, states
from drivers.opcua.packml.words import UNITS

DOCS = Path(__file__).resolve().parents[2] / "docs"
NAMES = ["opcua.md", "opcua.zh-CN.md"]
TRUST = ["opcua-security.md", "opcua-security.zh-CN.md"]
TEXTS = {name: (DOCS / name).read_text(encoding="utf-8") for name in (*NAMES, *TRUST)}
PAIRS = [(TEXTS[name], TEXTS[chinese]) for name, chinese in (NAMES, TRUST)]
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`(U[12]\d{3})`")
RANGE = re.compile(r"`(U\d{4})` (?:to|到) `(U\d{4})`")
COMMAND = re.compile(r"lineside (browse|trust|check|run|drivers)((?: [^`#\n]+)?)(?=[`#\n]|$)", re.MULTILINE)


@pytest.mark.parametrize("text", [TEXTS[name] for name in NAMES], ids=NAMES)
def test_each_configuration_can_be_used_as_it_stands(text: str, tmp_path: Path) -> None:
    blocks = BLOCK.findall(text)
    assert len(blocks) == 3
    said = Catalogue("en")
    said.add(PLUGIN.messages)
    for block in blocks:
        file = tmp_path / "packer.yaml"
        file.write_text(block, encoding="utf-8")
        loaded = load(file)
        assert not [render(located, said) for located in (*loaded.problems, *loaded.warnings)]
        assert loaded.configuration is not None
        assert all(device.tags for device in loaded.configuration.devices)


@pytest.mark.parametrize("text", [TEXTS[name] for name in NAMES], ids=NAMES)
def test_each_address_of_the_list_is_one(text: str) -> None:
    listed = re.findall(r"^    ((?:nsu=|i=|/|ns=|packml:).*?) *# ", text, re.MULTILINE)
    assert len(listed) == 7
    assert all(str(node(written)) == written for written in listed)


@pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
def test_commands_take_what_they_are_given(text: str) -> None:
    """A line that is to be typed has only words and options that the command knows."""
    commands = COMMAND.findall(text)
    assert commands
    for word, rest in commands:
        parser().parse_args([word, *(rest.split() or ["x.yaml"])])
    options = {option for row in re.findall(r"^\| (`--.*?) \|", text, re.MULTILINE) for option in row.split("`")[1::2]}
    for option in options:
        parser().parse_args(["browse", "opc.tcp://127.0.0.1:4840", *option.split()])


def test_every_message_is_explained_in_both_languages() -> None:
    known = {code for code in MESSAGES if code.startswith("U")}
    for english, chinese in PAIRS:
        found = _codes(english)
        assert found == _codes(chinese)
        assert found <= known
    assert set().union(*(_codes(english) for english, _ in PAIRS)) == known


def _codes(text: str) -> set[str]:
    """What is named, and what stands between two that are named."""
    found = set(CODE.findall(text))
    table = "\n".join(line for line in text.splitlines() if line.startswith("| `U204"))
    for first, last in RANGE.findall(table):
        found |= {f"U{number}" for number in range(int(first[1:]), int(last[1:]) + 1)}
    return found


@pytest.mark.parametrize("text", [TEXTS[name] for name in NAMES], ids=NAMES)
def test_keys_are_those_of_a_connection(text: str) -> None:
    (section,) = re.findall(r"^## (?:Keys|连接的键)$(.*?)^## ", text, re.MULTILINE | re.DOTALL)
    rows = re.findall(r"^\| (`[a-z_.`, \u3001]+`) \|", section, re.MULTILINE)
    named = {key for row in rows for key in re.findall(r"[a-z_.]+", row)}
    known = {key.name for key in reference.keys(PLUGIN.connection)}
    assert named <= known
    assert {key for key in known if not key.startswith("limits.")} <= named


@pytest.mark.parametrize("text", [TEXTS[name] for name in NAMES], ids=NAMES)
def test_words_and_states_of_a_machine_that_maps_itself(text: str) -> None:
    assert all(f"`{word}`" in text for word in UNITS)
    named = {name.lower(): int(number) for number, name in re.findall(r"(\d+) ([A-Z][a-z]+)", text)}
    assert {name: number for name, number in states().by_name.items() if number not in SUPER}.items() <= named.items()


@pytest.mark.parametrize(("english", "chinese"), PAIRS, ids=["opcua", "security"])
def test_both_languages_show_the_same(english: str, chinese: str) -> None:
    assert [re.sub(r" *#.*", "", block) for block in BLOCK.findall(english)] == [
        re.sub(r" *#.*", "", block) for block in BLOCK.findall(chinese)
    ]
    assert english.count("\n## ") == chinese.count("\n## ")
    assert [_cells(english), english.count("\n* ")] == [_cells(chinese), chinese.count("\n* ")]


def _cells(text: str) -> list[int]:
    """How wide the rows of the tables are."""
    return [line.count(" |") for line in text.splitlines() if line.startswith("|")]
