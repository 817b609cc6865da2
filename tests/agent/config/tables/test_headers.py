from pathlib import Path

import pytest

from agent.config.models import TagKeys
from agent.config.problems import keys_of
from agent.config.tables.headers import CHINESE, REMARKS, folded, is_remark, key_of, meant
from drivers import registry
from tests.agent.config.site import codes, right
from tests.agent.config.tables.sheets import told, with_csv

PAGE = (Path(__file__).parents[4] / "docs" / "configuration.md").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("name", "name"),
        (" Name ", "name"),
        ("ＮＡＭＥ", "name"),
        ("名 称", "name"),
        ("名称*", "name"),
        ("Max Interval", "max_interval"),
        ("max-interval", "max_interval"),
        ("MAXINTERVAL", "max_interval"),
        ("名称 (name)", "name"),
        ("name/名称", "name"),
        ("倍率（scale）", "scale"),
        ("位", "bits"),
        ("单位", "unit"),
        ("倍率 (偏移)", None),
        ("备注", None),
        ("", None),
        ("()", None),
    ],
)
def test_what_a_column_stands_for(text: str, key: str | None) -> None:
    assert key_of(text) == key


def test_a_drivers_own_key_is_a_column_too() -> None:
    assert key_of("Node Id", ["node_id"]) == "node_id"
    assert key_of("node id") is None


@pytest.mark.parametrize("text", [*sorted(REMARKS), "No.", "#", "ＮＯ", " 备 注 "])
def test_columns_for_people(text: str) -> None:
    assert is_remark(text)


def test_what_was_probably_meant() -> None:
    keys = list(CHINESE)
    assert [meant(text, keys) for text in ("adress", "名字", "上报间格", "zzz", "责任人")] == [
        "address",
        "name",
        "max_interval",
        None,
        None,
    ]


def test_no_column_means_two_keys() -> None:
    words = [folded(word) for key, chinese in CHINESE.items() for word in (key, *chinese)]
    assert len(words) == len(set(words))
    assert not set(words) & set(map(folded, REMARKS))


def test_every_key_has_a_chinese_column_and_stands_in_the_page() -> None:
    keys = {*keys_of(TagKeys), *keys_of(registry.plugin("modbus").address)}
    assert keys <= set(CHINESE)
    for key, chinese in CHINESE.items():
        assert f"| `{key}` | {'，'.join(chinese)} |" in PAGE


def test_a_misspelt_column_is_one_mistake_not_one_for_each_row(tmp_path: Path) -> None:
    loaded = with_csv(tmp_path, [("name", "adress"), *((f"x_{n}", f"hr:{n}") for n in range(50))])
    assert told(loaded) == [("press.csv:1:2", "E1111")]
    assert loaded.problems[0].facts == {"column": "adress", "meant": "address 地址"}


def test_a_missing_column_is_one_mistake(tmp_path: Path) -> None:
    assert told(with_csv(tmp_path, [("name", "unit"), ("x_a", "m"), ("x_b", "m")])) == [("press.csv:1:1", "E1114")]
    assert told(with_csv(tmp_path, [("地址", "单位"), ("hr:1", "m")])) == [("press.csv:1:1", "E1114")]
    assert told(with_csv(tmp_path, [("名称",), ("x_a",)])) == [("press.csv:1:1", "E1114")]


def test_columns_that_are_unknown_or_stand_twice(tmp_path: Path) -> None:
    loaded = with_csv(tmp_path, [("name", "address", "责任人", "名称", "#REF!"), ("x_a", "hr:1", "王", "x_b", "")])
    assert told(loaded) == [("press.csv:1:3", "E1112"), ("press.csv:1:4", "E1113"), ("press.csv:1:5", "E1118")]


def test_a_column_that_this_driver_does_not_know(tmp_path: Path) -> None:
    from tests.agent.config.tables.sheets import SITE, with_file

    simulated = SITE.replace('modbus, url: "tcp://127.0.0.1"', "simulated")
    loaded = with_file(tmp_path, "a.csv", "名称,地址,字节序\nspeed,constant(5),CDAB\n", site=simulated)
    assert told(loaded) == [("a.csv:1:3", "E1112")]
    unknown = SITE.replace("driver: modbus", "driver: profinet")
    assert codes(with_file(tmp_path, "a.csv", "名称,地址,字节序\nspeed,D1,CDAB\n", site=unknown)) == ["E1054"]


@pytest.mark.parametrize(
    "above",
    [
        [],
        [("1号印刷机点表",)],
        [("",), ("点表", ""), ("# 说明", "任意")],
        [("#", "说明"), ()],
    ],
)
def test_what_may_stand_above_the_header(tmp_path: Path, above: list[tuple[str, ...]]) -> None:
    loaded = with_csv(tmp_path, [*above, ("序号", "名称", "地址", "备注"), ("1", "speed", "40101", "主机")])
    assert [tag.name for tag in right(loaded).devices[0].tags] == ["speed"]


def test_the_number_column_may_be_called_by_its_sign(tmp_path: Path) -> None:
    loaded = with_csv(tmp_path, [("#", "名称", "地址"), (1, "speed", "40101"), ("#", "x_off", "D0")])
    assert [tag.name for tag in right(loaded).devices[0].tags] == ["speed"]


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([], [("press.csv:1:1", "E1107")]),
        ([("", ""), ("#", "x")], [("press.csv:2:1", "E1108")]),
        ([("点表",)], [("press.csv:1:1", "E1108")]),
        ([("speed", "D100"), ("count_good", "D102")], [("press.csv:1:1", "E1108")]),
        ([("设备", "press01"), ("名称", "地址"), ("speed", "D1")], [("press.csv:1:1", "E1108")]),
    ],
)
def test_a_table_without_a_header(tmp_path: Path, rows: list[tuple[str, ...]], expected: object) -> None:
    assert told(with_csv(tmp_path, rows)) == expected
