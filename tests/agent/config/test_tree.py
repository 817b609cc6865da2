import pytest

from agent.config.located import Findings, Place
from agent.config.tree import MAX_REFUSED, Map, parse, place, within


def told(text: str) -> list[tuple[int, int, str, str]]:
    findings = Findings("f.yaml")
    parse(text, findings)
    return [(p.line, p.column, p.path, p.code) for p in findings.problems]


def tree(text: str) -> Map:
    findings = Findings("f.yaml")
    root = parse(text, findings)
    assert findings.problems == []
    assert isinstance(root, Map)
    return root


def test_values_keys_and_places() -> None:
    root = tree("a:\n  - {b: 1, c: 'x'}\n  - d\n1: two\n'3': null\n")
    assert root == {"a": [{"b": 1, "c": "x"}, "d"], 1: "two", "3": None}
    assert place(root, ("a",)) == Place(2, 3)
    assert place(root, ("a", 0, "c")) == Place(2, 15)
    assert place(root, ("a", 0, "c"), of_key=True) == Place(2, 12)
    assert place(root, ("a", 1)) == Place(3, 5)
    assert place(root, (1,)) == Place(4, 4)


def test_the_place_of_what_is_missing_is_where_its_parent_begins() -> None:
    root = tree("a:\n  - b: 1\n")
    assert place(root, ("a", 0, "z")) == Place(2, 5)
    assert place(root, ("z",)) == Place(1, 1)
    assert place(None, ("z",)) == Place(1, 1)


def test_names_of_alternatives_are_no_part_of_the_document() -> None:
    root = tree("a: [1]\n")
    assert within(root, ("a", "list[int]", 0, "int")) == ("a", 0)


def test_quotes_keep_text() -> None:
    assert tree("a: '1'\nb: \"true\"\nc: |\n  1\n") == {"a": "1", "b": "true", "c": "1\n"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3\n", (3, 1, "a", "E1011")),
        ("a:\n  - {b: 1, b: 2}\n", (2, 12, "a[0].b", "E1011")),
        ("a: &x 1\n", (1, 4, "a", "E1010")),
        ("a: *x\n", (1, 4, "a", "E1010")),
        ("a: [1, !!str 3]\n", (1, 8, "a[1]", "E1010")),
        ("a: !python/object {}\n", (1, 4, "a", "E1010")),
        ("%YAML 1.1\n---\na: 1\n", (2, 1, "", "E1010")),
        ("a: 1\n---\nb: 1\n", (2, 1, "", "E1012")),
        ("? [1]\n: 2\n", (1, 3, "", "E1013")),
        ("[" * 40, (1, 33, "", "E1009")),
        ("a:\n\tb: 1\n", (2, 1, "", "E1008")),
        ("a:\n  \tb: 1\n", (2, 3, "", "E1008")),
        ("a: b: c\n", (1, 5, "", "E1014")),
        ("a: 1\n b: 2\n", (2, 3, "", "E1014")),
        ("a: 'b\n", (2, 1, "", "E1015")),
        ("a: [1, 2\nb: 3\n", (2, 2, "", "E1016")),
        ("a: {b: 1\n", (2, 1, "", "E1016")),
        ("a: 1\nb\nc: 1\n", (3, 1, "", "E1017")),
        ("a: @x\n", (1, 4, "", "E1018")),
        ('a: "\\d"\n', (1, 6, "", "E1018")),
        ('a: "\\ud800"\n', (1, 4, "a", "E1006")),
        ("{a: 1}}\n", (1, 7, "", "E1019")),
    ],
)
def test_what_is_refused(text: str, expected: tuple[int, int, str, str]) -> None:
    assert told(text) == [expected]


def test_a_code_point_that_does_not_exist() -> None:
    assert told('a: "\\UFFFFFFFF"\n')[0][3] == "E1019"


def test_the_first_of_two_keys_stays_and_reading_goes_on() -> None:
    findings = Findings("f.yaml")
    assert parse("a: 1\na: {b: 2, b: 3}\nc: 4\n", findings) == {"a": 1, "c": 4}
    assert [(p.line, p.facts["first"]) for p in findings.problems] == [(2, 1), (2, 2)]


def test_a_file_of_aliases_is_given_up() -> None:
    assert len(told("- *a\n" * 1000)) == MAX_REFUSED
