"""Two parsers, one meaning: what libyaml reads is what ruamel's own parser reads."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config import events
from agent.config.located import Findings
from agent.config.tree import List, Map, parse

WORDS = st.sampled_from(
    [
        *("name", "speed", "a b", "1", "0x1F", "1.5", "true", "~", "null", "D100:u16", "hr:100", "tcp://1.2.3.4:502"),
        *("车速", "{piece}", "m/min", "50%", "", "-", "- x", "a: b", "a #b", "#c", ":", "x:", "12:30", "'q'", '"d"'),
        *("[", "]", "{", "}", ",", "1,2", "''"),
    ]
)
PIECES = st.sampled_from(
    [*"abcX019:-,#'\"[]{} \n", ": ", "- ", "\n  ", "\n    ", "\r\n", " #", "键", "é", "\U0001f600"]
)


def plain(word: str) -> str:
    return word


def quoted(word: str) -> str:
    return "'" + word.replace("'", "''") + "'"


TEXTS = st.builds(lambda how, word: how(word), st.sampled_from([plain, quoted]), WORDS)


def flow(children: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    pairs = st.builds("{}: {}".format, TEXTS, children)
    return st.one_of(
        st.builds(lambda items: "{" + ", ".join(items) + "}", st.lists(pairs, max_size=4)),
        st.builds(lambda items: "[" + ", ".join(items) + "]", st.lists(children, max_size=4)),
    )


FLOWS = st.recursive(TEXTS, flow, max_leaves=8)
LINES = st.builds(
    lambda indent, dash, key, value, end: "  " * indent + "- " * dash + f"{key}: {value}{end}",
    st.integers(0, 3), st.integers(0, 1), TEXTS, st.one_of(FLOWS, st.just("")), st.sampled_from(["", " ", " # why"]),
)  # fmt: skip
DOCUMENTS = st.one_of(
    st.lists(LINES, max_size=8).map("\n".join),
    st.lists(PIECES, max_size=60).map("".join),
    st.lists(LINES).map("\r\n".join),
)


def read(text: str) -> tuple[Any, list[Any], Any]:
    findings = Findings("f.yaml")
    root = parse(text, findings)
    return root, [(p.line, p.column, p.path, p.code) for p in findings.problems], marks(root)


def marks(node: object) -> Any:
    if isinstance(node, Map):
        return node.at, dict(node.marks), [marks(value) for value in node.values()]
    return (node.at, list(node.marks), [marks(value) for value in node]) if isinstance(node, List) else None


@settings(max_examples=1500)
@given(DOCUMENTS)
def test_both_parsers_read_the_same(text: str) -> None:
    one = read(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events, "_quick", lambda text: None)
        assert read(text) == one


def test_libyaml_is_there_and_used() -> None:
    import _ruamel_yaml  # the C extension of ruamel.yaml.clib

    assert _ruamel_yaml.get_version_string()
    assert events._quick("a: {b: 1}\n") is not None
    assert events._quick("a: &x {b: 1}\n") is None
    assert events._quick("a: [b\n") is None
