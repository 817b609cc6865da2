"""The pages about profiles: every profile with its true grade, every address right, an example that loads."""

import re
from pathlib import Path

import pytest

from agent.config import load
from drivers.modbus.notation import parse
from drivers.modbus.profile import GRADES
from drivers.modbus.profile_file import read_profile
from drivers.modbus.shelf import known, profile
from drivers.modbus.typed import AddressError

DOCS = Path(__file__).resolve().parents[2] / "docs"
PAGES = [(DOCS / name).read_text(encoding="utf-8") for name in ("profiles.md", "profiles.zh-CN.md")]
ROW = re.compile(r"^\| `([a-z0-9-]+)` \| [^|]+ \| ([VNHM]) \| ([VNHM]) \| (.+) \|$", re.MULTILINE)
EXAMPLE = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
OPTIONS = {"s7-200smart": [{"hold_start": "VB1000"}], "s7-1200": [{"hold_base": "DB10.DBX0.0"}, {"hold_base": "MB100"}]}


def is_address(written: str, name: str, options: dict[str, str]) -> bool:
    try:
        parse(written, profile(name).bound(options))
    except AddressError:
        return False
    return True


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_every_profile_stands_there_with_its_grades_and_addresses_that_are_right(page: str) -> None:
    rows = ROW.findall(page)
    assert sorted(name for name, *_ in rows) == list(known())
    for name, grade, orders, addresses in rows:
        assert (grade, orders) == (profile(name).evidence, profile(name).order_evidence), name
        for written in re.findall(r"`([^`]+)`", addresses):
            assert any(is_address(written, name, options) for options in OPTIONS.get(name, [{}])), (name, written)


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_every_grade_is_explained(page: str) -> None:
    assert re.findall(r"^\| ([VNHM]) \|", page, re.MULTILINE) == list(GRADES)


@pytest.mark.parametrize("page", PAGES, ids=["en", "zh"])
def test_the_example_can_be_used_as_it_stands(page: str, tmp_path: Path) -> None:
    (text,) = EXAMPLE.findall(page)
    it = read_profile(text, "mixer")
    assert len(it.test_vectors) == 6
    (tmp_path / "profiles").mkdir()
    (tmp_path / "profiles" / "mixer.yaml").write_text(text, encoding="utf-8")
    (tmp_path / "site.yaml").write_text(
        "version: 1\ngateway: gw\nlabels: {site: s, line: l}\n"
        "destinations: [{name: d, url: 'mqtt://127.0.0.1'}]\n"
        "connections: [{name: c, driver: modbus, url: 'tcp://127.0.0.1'}]\n"
        "devices: [{name: m, connection: c, plc: mixer, profile_options: {recipe_start: RB2000}, type: other,\n"
        "  tags: [{name: x_a, address: RW2010}, {name: x_b, address: Y10}]}]\n",
        encoding="utf-8",
    )
    loaded = load(tmp_path / "site.yaml")
    assert loaded.problems == ()


def test_both_pages_show_the_same_example() -> None:
    english, chinese = (EXAMPLE.findall(page) for page in PAGES)
    assert [re.sub(r" *#.*", "", text) for text in english] == [re.sub(r" *#.*", "", text) for text in chinese]
