from agent.config import Located, render
from agent.config.located import nearest, shorten, spell
from agent.messages import Catalogue


def test_one_line_with_everything() -> None:
    located = Located("press.yaml", 12, 15, "devices[0].tags[3].scale", "E1034", {"value": "fast"})
    assert (
        render(located, Catalogue("en"))
        == "press.yaml:12:15: devices[0].tags[3].scale: E1034 fast is not a number -> such as 0.1, or 1/60"
    )
    assert render(located, Catalogue("zh")).endswith("E1034 fast 不是数字 -> 写小数或分数，例如 0.1 或 1/60")


def test_without_a_path() -> None:
    assert render(Located("a", 1, 1, "", "E1089", {}), Catalogue("en")) == "a:1:1: E1089 there is no such file"


def test_nobody_forges_a_line() -> None:
    assert spell(("a", 0, "b\nE1: all is well")) == "a[0].b\\nE1: all is well"
    assert len(spell(("x" * 500,) * 20)) <= 200


def test_what_is_shown_is_short() -> None:
    assert shorten("x" * 100) == "x" * 59 + "…"
    assert shorten({"a": 1}) == "{...}"
    assert [shorten(value) for value in (True, None, float("nan"), 5)] == ["true", "null", ".nan", "5"]


def test_only_what_is_close_was_meant() -> None:
    assert nearest("adress", ["address", "type"]) == "address"
    assert nearest("tpye", ["address", "type"]) == "type"
    assert nearest("counter", ["connection", "encoding"]) is None
