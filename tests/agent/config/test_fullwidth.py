"""Full-width punctuation: a mistake where YAML needs ASCII, and allowed in every text."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agent.config.fullwidth import mend
from agent.config.located import Findings
from agent.config.tree import Map, parse


def told(text: str) -> list[tuple[int, int, str, str]]:
    return [(m.at.line, m.at.column, m.character, m.ascii) for m in mend(text).mistakes]


def meant(text: str) -> object:
    return parse(text, Findings("f.yaml"))


@pytest.mark.parametrize(
    ("text", "expected", "value"),
    [
        ("name：press01\n", [(1, 5, "：", ":")], {"name": "press01"}),
        ("name： press01\n", [(1, 5, "：", ":")], {"name": "press01"}),
        ("a: 1\nb：2\nc: 3\n", [(2, 2, "：", ":")], {"a": 1, "b": 2, "c": 3}),
        ("d:\n  - name：x\n    unit：1\n", [(2, 9, "：", ":"), (3, 9, "：", ":")], {"d": [{"name": "x", "unit": 1}]}),
        ("d：\n  a: 1\n", [(1, 2, "：", ":")], {"d": {"a": 1}}),
        ("{a：b，c：d}\n", [(1, 3, "：", ":"), (1, 5, "，", ","), (1, 7, "：", ":")], {"a": "b", "c": "d"}),
        ("{a: b，c: d}\n", [(1, 6, "，", ",")], {"a": "b", "c": "d"}),
        ("{a: b，\n c: d}\n", [(1, 6, "，", ",")], {"a": "b", "c": "d"}),
        ('{a: "b"，c: d}\n', [(1, 8, "，", ",")], {"a": "b", "c": "d"}),
        ("{a: {b: 1}，c: d}\n", [(1, 11, "，", ",")], {"a": {"b": 1}, "c": "d"}),
        ("{1: a，2：b}\n", [(1, 6, "，", ","), (1, 8, "：", ":")], {1: "a", 2: "b"}),
        ("r: [-20，400]\n", [(1, 8, "，", ",")], {"r": [-20, 400]}),
        ("r: ［-20, 400］\n", [(1, 4, "［", "["), (1, 13, "］", "]")], {"r": [-20, 400]}),
        ("r: 【1、2】\n", [(1, 4, "【", "["), (1, 6, "、", ","), (1, 8, "】", "]")], {"r": [1, 2]}),
        ("- ｛a: 1, b: 2｝\n", [(1, 3, "｛", "{"), (1, 14, "｝", "}")], [{"a": 1, "b": 2}]),
        ("- {a: 1, b: 2｝\n", [(1, 14, "｝", "}")], [{"a": 1, "b": 2}]),
        ("a: “x”\n", [(1, 4, "“", '"')], {"a": "x"}),
        ("a: ‘x’ # why\n", [(1, 4, "‘", "'")], {"a": "x"}),
        ('a: “x"\n', [(1, 4, "“", '"')], {"a": "x"}),
        ('a: "x”\nb: 1\n', [(1, 6, "”", '"')], {"a": "x", "b": 1}),
        ("{a: “x，y”, b: 1}\n", [(1, 5, "“", '"')], {"a": "x，y", "b": 1}),
        ("“a”: 1\n", [(1, 1, "“", '"')], {"a": 1}),
        ('"a"：1\n', [(1, 4, "：", ":")], {"a": 1}),
        ("“a”：“b”\n", [(1, 1, "“", '"'), (1, 4, "：", ":"), (1, 5, "“", '"')], {"a": "b"}),
        ("a:\n\u3000b: 1\n", [(2, 1, "\u3000", " ")], {"a": {"b": 1}}),
        ("a:\u3000b\n", [(1, 3, "\u3000", " ")], {"a": "b"}),
        ("address: D100：u16\n", [(1, 14, "：", ":")], {"address": "D100:u16"}),
        ('{address: "D100：u16"}\n', [(1, 16, "：", ":")], {"address": "D100:u16"}),
        ("url: “tcp://h：502”\n", [(1, 6, "“", '"'), (1, 14, "：", ":")], {"url": "tcp://h:502"}),
        ("-\n  a：1\n", [(2, 4, "：", ":")], [{"a": 1}]),
        ("a: x\n- b：c\n", [(2, 4, "：", ":")], None),
        ("url: tcp：//h：502\n", [(1, 9, "：", ":"), (1, 13, "：", ":")], {"url": "tcp://h:502"}),
        ("{description：速度，x：1}\n", [(1, 13, "：", ":"), (1, 16, "，", ","), (1, 18, "：", ":")], None),
    ],
)
def test_what_is_a_mistake_and_what_was_meant(
    text: str, expected: list[tuple[int, int, str, str]], value: object
) -> None:
    assert told(text) == expected
    assert value is None or meant(text) == value


@pytest.mark.parametrize(
    "text",
    [
        "description: 车速：米/分，取整（向下）\n",
        "description: “急停”按钮\n",
        "description: “急停”\n",
        "description: 【重要】勿动\n",
        "description: {zh: “急停”, en: x}\n",
        "{description: 温度，一号烘箱, a: 1}\n",
        "{description: 参数，speed：3 档, a: 1}\n",
        "{description: 烘箱［一号］, a: 1}\n",
        "name: 晨光“特惠”装\n",
        "labels: {customer: 晨光，上海}\n",
        "a: 'b：c，d“e”'\n",
        'a: "他说“急停”\n  然后：停"\n',
        "a: 'it''s “x”'\n",
        'a: "\\"“x”"\n',
        "a: |\n  name：x\n  {b：c}\nd: 1\n",
        "a: 第一行\n  b：第二行\nc: 1\n",
        "a: 1  # name：“注释”，｛｝\n",
        "# name：“注释”\na: 1\n",
        "- 甲：乙\n- 丙\n",
        "l: [甲，乙]\n",
        "- 第一行\n  b：第二行\n- 丙\n",
        "机器：一号\n",
    ],
)
def test_what_is_a_text_stays_as_it_is(text: str) -> None:
    mended = mend(text)
    assert not mended.mistakes
    assert mended.text == text


def test_places_are_those_of_what_was_written() -> None:
    findings = Findings("f.yaml")
    root = parse("x: {a：b，c：d, e: &f 1}\ny：1\n", findings)
    assert isinstance(root, Map)
    assert root["x"].marks["e"] == ((1, 14), (1, 17))
    first = findings.problems[0]
    assert (first.line, first.column, first.code) == (1, 17, "E1010")
    assert root.marks["y"] == ((2, 1), (2, 3))


def test_an_error_behind_a_mended_line_has_its_place() -> None:
    findings = Findings("f.yaml")
    parse("{a：b，c：d: e: f}\n", findings)
    assert [(p.line, p.column, p.code) for p in findings.problems if p.code < "E1090"] == [(1, 9, "E1016")]


def test_messages_name_both_characters() -> None:
    findings = Findings("f.yaml")
    parse("a：b\nc: “d”\ne:\u3000f\n", findings)
    assert [(p.code, p.facts["character"], p.facts["ascii"]) for p in findings.problems] == [
        ("E1092", "：", ":"),
        ("E1090", "“", '"'),
        ("E1091", "\u3000", " "),
    ]


@given(st.text("ab1:：,，、{}[]｛｝［］【】\"'“”‘’ \u3000-#|\\\n"))
def test_whatever_stands_there_only_marked_characters_change(text: str) -> None:
    mended = mend(text)
    lines = text.splitlines()
    assert all(lines[m.at.line - 1][m.at.column - 1] == m.character for m in mended.mistakes)
    assert len(mended.text) == len(text) + sum(map(len, mended.added.values()))
    assert mended.mistakes or mended.text == text
