"""Profile files: every mistake at once, each with line and key, in both languages."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.address import Table
from drivers.modbus.notation import parse
from drivers.modbus.profile_file import MOST, Mistake, WrongProfile, read_profile
from tests.drivers.modbus.own import GOOD


def mistakes(text: str, name: str = "mixer") -> list[tuple[int, str, str]]:
    """Line, key and what is said of each."""
    with pytest.raises(WrongProfile) as caught:
        read_profile(text, name)
    assert all(mistake.what.zh != mistake.what.en for mistake in caught.value.mistakes)
    return [(mistake.line, mistake.key, mistake.what.en) for mistake in caught.value.mistakes]


def test_a_right_one() -> None:
    it = read_profile(GOOD, "mixer")
    assert (it.id, it.title.zh, it.evidence, it.order_evidence, it.max_words) == ("mixer", "搅拌机", "V", "V", 125)
    point = parse("D10:f32", it)
    assert (point.table, point.offset, point.order, point.string_order) == (Table.HOLDING, 266, "CDAB", "low")


@pytest.mark.parametrize(
    ("old", "new", "line", "key", "said"),
    [
        ("id: mixer", "id: other", 1, "id", "name of the file, mixer.yaml"),
        ("id: mixer\n", "", 1, "id", "missing"),
        ("en: Mixer", "english: Mixer", 2, "title.english", "zh en"),
        ("evidence: V", "evidence: A", 3, "evidence", "V, N"),
        ("evidence: V", "evidense: V", 3, "evidense", "evidence"),
        ("source: mixer manual, page 12", "source: 12", 4, "source", '"12"'),
        ("source: mixer manual, page 12", "source: ''", 4, "source", '"" is no value'),
        ("word_order: CDAB", "word_order: LE", 5, "word_order", "ABCD, CDAB"),
        ("string_order: low", "string_order: low\nmax_words: 126", 7, "max_words", "<= 125"),
        ("prefix: D", "prefix: d", 8, "areas[0].prefix", '"d" is no value'),
        ("prefix: D", "prefix: D, prefix: E", 8, "areas[0].prefix", "stands twice"),
        ("prefix: D", "prefix: D, radix: 8", 8, "areas[0].radix", "may be"),
        ("prefix: D", "prefix: D, width: 8", 8, "areas[0].width", "numbers: byte"),
        ("prefix: D", "prefix: D, evidence: M", 8, "areas[0].evidence", "lower than V"),
        ("prefix: D", "prefix: D, origin: begin", 8, "areas[0].origin", "none of the options"),
        ("kind: holding", "kind: register", 8, "areas[0].kind", "coil, discrete, holding or input"),
        ("to: 99", "to: 70000", 8, "areas[0].map[0].to", "runs over Modbus address 65535"),
        ("from: 0, to: 99", "from: 100, to: 99", 8, "areas[0].map[0].to", "ends before it begins"),
        ("base: 0x100", "base: 65536", 8, "areas[0].map[0].base", "< 65536"),
        ("base: 0x100", "base: -1", 8, "areas[0].map[0].base", ">= 0"),
        ("base: 0x100", "base: 0x100, stride: 3", 8, "areas[0].map[0].stride", "1 or 2"),
        ("numbers: octal", "numbers: octal\n    width: 16", 12, "areas[1].width", "no width"),
        ('to: "77"', "to: 77", 13, "areas[1].map[0].to", "in quotes as on the drawing"),
        ('to: "77"', 'to: "78"', 13, "areas[1].map[0].to", "no octal number"),
        ('    map:\n      - {from: 0, to: "77", base: 0}', "    map: []", 12, "areas[1].map", "must not be empty"),
        ("holding, 266", "holding, 267", 15, "test_vectors[0]", "D10 is at holding 266"),
        ("[D10, holding", "[D100, holding", 15, "test_vectors[0]", "D100 is no address"),
        ("[Y10, coil, 8]", "[Y10, coil]", 16, "test_vectors[1][2]", "missing"),
        ("word_order: CDAB", "word_order: &a CDAB", 5, "", "&a"),
        ("word_order: CDAB", "word_order: [CDAB", 6, "", "not YAML"),
    ],
)
def test_each_mistake(old: str, new: str, line: int, key: str, said: str) -> None:
    assert old in GOOD
    found = mistakes(GOOD.replace(old, new))
    assert (line, key) in [(at, where) for at, where, _ in found], found
    assert said in next(what for at, where, what in found if (at, where) == (line, key))


def test_all_mistakes_at_once() -> None:
    wrong = (
        GOOD.replace("id: mixer", "id: other")
        .replace("word_order: CDAB", "word_order: LE")
        .replace("to: 99", "to: 70000")
        .replace("numbers: octal", "number: octal")
    )
    assert [(line, key) for line, key, _ in mistakes(wrong)] == [
        (1, "id"),
        (5, "word_order"),
        (8, "areas[0].map[0].to"),
        (11, "areas[1].number"),
    ]


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", "areas", "areas: 5", "areas: [5]", "- a\n- b", "a: !!python/object:os {}", "a: 1\n---\nb: 2"],
)
def test_what_is_no_profile_at_all(text: str) -> None:
    assert mistakes(text)


def test_a_file_that_is_too_long() -> None:
    assert "256 KiB" in mistakes("#" * (MOST + 1))[0][2]


def test_a_memory_with_an_origin() -> None:
    text = GOOD.replace("prefix: D, kind: holding", "prefix: D, kind: holding, numbers: byte, origin: begin")
    text = text.replace(
        "areas:", "options:\n  - {name: begin, meaning: {zh: 起点, en: begin}, example: D20}\nareas:", 1
    ).replace("[D10, holding, 266]", "[D30, holding, 261]")
    assert [(line, key) for line, key, _ in mistakes(text)] == [(17, "test_vectors[0]")]
    right = text.replace("test_vectors:", "test_options: {begin: D20}\ntest_vectors:")
    assert parse("D30", read_profile(right, "mixer").bound({"begin": "D20"})).offset == 261
    assert [key for _, key, _ in mistakes(right.replace("begin: D20}\ntest", "begin: X}\ntest"))] == [
        "test_options.begin",
        "test_vectors[0]",
    ]


@given(st.text(), st.integers(0, len(GOOD)))
def test_a_file_with_anything_in_it_is_a_profile_or_mistakes(added: str, at: int) -> None:
    text = GOOD[:at] + added + GOOD[at:]
    for mistake in found(text):
        assert 1 <= mistake.line <= len(text) + 1
        assert mistake.what.en


def found(text: str) -> tuple[Mistake, ...]:
    try:
        read_profile(text, "mixer")
    except WrongProfile as wrong:
        return wrong.mistakes
    return ()
