"""Documents that are followed literally: links lead somewhere, configurations are right, named commands exist."""

import re
from pathlib import Path

import pytest

from agent.cli import parser
from agent.config import load, render
from agent.messages import Catalogue

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted(
    [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")],
)
LINK = re.compile(r"\]\((?!https?:|#)([^)#]+)(?:#[^)]*)?\)")
BLOCK = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
COMMAND = re.compile(r"^    (?:\$ )?(lineside|make|python3 bootstrap\.py) (\w+)", re.MULTILINE)
READMES = ["README.md", "README.zh-CN.md"]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    links = LINK.findall(page.read_text(encoding="utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize("name", READMES)
def test_the_example_can_be_used_as_it_stands(name: str, tmp_path: Path) -> None:
    (text,) = BLOCK.findall((ROOT / name).read_text(encoding="utf-8"))
    file = tmp_path / "press.yaml"
    file.write_text(text, encoding="utf-8")
    loaded = load(file)
    said = Catalogue("en")
    for plugin in loaded.plugins.values():
        said.add(plugin.messages)
    assert not [render(located, said) for located in (*loaded.problems, *loaded.warnings)]
    assert loaded.configuration is not None


def test_both_readmes_show_the_same_example() -> None:
    english, chinese = (BLOCK.findall((ROOT / name).read_text(encoding="utf-8")) for name in READMES)
    assert [re.sub(r" *#.*", "", block) for block in english] == [re.sub(r" *#.*", "", block) for block in chinese]


@pytest.mark.parametrize("name", [*READMES, "CONTRIBUTING.md"])
def test_commands_exist(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    targets = set(re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))
    commands = COMMAND.findall((ROOT / name).read_text(encoding="utf-8"))
    assert commands
    for program, word in commands:
        match program:
            case "make":
                assert word in targets
            case "lineside":
                with pytest.raises(SystemExit) as ended:
                    parser().parse_args([word, "--help"])
                assert ended.value.code == 0
            case _:
                assert word in {"demo", "test", "sync"}


def test_the_two_commands_are_the_first_ones() -> None:
    for name in READMES:
        commands = COMMAND.findall((ROOT / name).read_text(encoding="utf-8"))
        assert [word for _, word in commands[:2]] == ["demo", "test"]
