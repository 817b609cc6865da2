"""Tags whose changes the device tells by itself, and those that are polled although it could."""

from dataclasses import replace
from pathlib import Path
from typing import Literal

import pytest

from agent.cli.check import explain
from agent.config import Configuration, Loaded, groups
from agent.messages import Catalogue
from drivers import registry
from drivers.contract import DriverPlugin
from tests.agent.config.site import TAG, changed, right, said

A = 'x_a, address: "counter(1s, 9)"'
B = 'x_b, address: "counter(1s, 9)"'
C = 'x_c, address: "counter(1s, 9)"'


@pytest.fixture(params=["by default", "if asked", None])
def subscribes(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str | None:
    """How the plug-in of these devices subscribes."""
    known = registry.plugin
    chosen: Literal["by default", "if asked"] | None = request.param

    def plugin(name: str) -> DriverPlugin:
        return replace(known(name), subscribes=chosen)

    monkeypatch.setattr(registry, "plugin", plugin)
    return chosen


def with_tags(tmp_path: Path, *tags: str, device: str = "") -> Loaded:
    lines = "\n".join([TAG, *(f"      - {{name: {tag}}}" for tag in tags)])
    return changed(tmp_path, (TAG, lines), ("    tags:", f"    {device}\n    tags:" if device else "    tags:"))


def rhythms(configuration: Configuration) -> dict[str, tuple[list[str], float, bool]]:
    (found,) = groups(configuration).values()
    return {one.name: ([tag.name for tag in one.tags], one.every_s, one.is_subscribed) for one in found}


def test_what_says_nothing_is_as_its_driver_says(tmp_path: Path, subscribes: str | None) -> None:
    found = rhythms(right(with_tags(tmp_path, f"{A}, every: 1s", device="every: 2s")))
    if subscribes == "by default":
        assert found == {"press01~2s": (["speed"], 2.0, True), "press01@1s": (["x_a"], 1.0, False)}
    else:
        assert found == {"press01@2s": (["speed"], 2.0, False), "press01@1s": (["x_a"], 1.0, False)}


@pytest.mark.parametrize("subscribes", ["by default", "if asked"], indirect=True)
def test_who_asks_for_sampling_is_subscribed(tmp_path: Path, subscribes: str) -> None:
    tags = (f"{A}, sampling: 250ms", f"{B}, every: 500ms", f"{C}, read_on: x_a")
    found = rhythms(right(with_tags(tmp_path, *tags, device="sampling: 500ms")))
    assert found == {
        "press01~0.5s": (["speed"], 0.5, True),
        "press01~0.25s": (["x_a"], 0.25, True),
        "press01@0.5s": (["x_b"], 0.5, False),
        "press01@x_a": (["x_c"], 300.0, False),
    }


def test_a_simulated_tag_is_polled_unless_it_asks(tmp_path: Path) -> None:
    found = rhythms(right(with_tags(tmp_path, f"{A}, sampling: 250ms")))
    assert found == {"press01@1s": (["speed"], 1.0, False), "press01~0.25s": (["x_a"], 0.25, True)}


@pytest.mark.parametrize(
    ("tag", "code"),
    [
        (f"{A}, sampling: 1s, every: 2s", "E1096"),
        (f"{A}, sampling: 1s, read_on: speed", "E1098"),
        (f"{A}, sampling: 1ms", "E1030"),
        (f"{A}, sampling: 1", "Q1001"),
    ],
)
def test_what_cannot_be_sampled(tmp_path: Path, tag: str, code: str) -> None:
    ((line, column, path, found),) = said(with_tags(tmp_path, tag))
    assert (found, path) == (code, "devices[0].tags[1].sampling")
    assert (line, column > 20) == (16, True)


@pytest.mark.parametrize("subscribes", [None], indirect=True)
def test_a_driver_that_does_not_subscribe_says_so_once_for_each_key(tmp_path: Path, subscribes: None) -> None:
    loaded = with_tags(tmp_path, f"{A}, sampling: 1s, every: 2s", B, device="sampling: 1s")
    assert [(path, code) for _, _, path, code in said(loaded)] == [
        ("devices[0].sampling", "E1097"),
        ("devices[0].tags[1].sampling", "E1097"),
    ]


def test_of_a_driver_that_is_not_there_nothing_is_said_but_that(tmp_path: Path) -> None:
    loaded = changed(tmp_path, (TAG, TAG[:-1] + ", sampling: 1s}"), ("driver: simulated", "driver: simulate"))
    assert [code for _, _, _, code in said(loaded)] == ["E1054"]


def test_the_messages_are_in_both_languages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    loaded = with_tags(tmp_path, f"{A}, sampling: 1s, every: 2s", f"{B}, sampling: 1s, read_on: x_a")
    for language, words in (("en", "every: 2s and sampling: 1s exclude"), ("zh", "every: 2s 和 sampling: 1s 不能")):
        explain(loaded, Catalogue(language))
        shown = capsys.readouterr().err
        assert words in shown
        assert "E1098" in shown


@pytest.mark.parametrize("header", ["name,address,sampling", "名称,地址,采样", "名称,地址,采样周期"])
def test_a_column_of_a_table(tmp_path: Path, header: str) -> None:
    (tmp_path / "press.csv").write_text(f"{header}\nx_a,constant(1),500ms\nx_b,constant(1),\n", encoding="utf-8")
    loaded = changed(tmp_path, ("    tags:", "    tags_file: press.csv\n    tags:"))
    assert rhythms(right(loaded)) == {
        "press01@1s": (["speed", "x_b"], 1.0, False),
        "press01~0.5s": (["x_a"], 0.5, True),
    }


def test_a_mistake_in_a_table_is_at_its_cell(tmp_path: Path) -> None:
    (tmp_path / "press.csv").write_text("name,address,every,sampling\nx_a,constant(1),1s,500ms\n", encoding="utf-8")
    loaded = changed(tmp_path, ("    tags:", "    tags_file: press.csv\n    tags:"))
    ((line, column, _, code),) = said(loaded)
    assert (line, column, code) == (2, 4, "E1096")
    assert loaded.problems[0].file.endswith("press.csv")
