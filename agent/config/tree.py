"""YAML text -> plain mappings, lists and scalars that know their places.

Built from the parser's events rather than with ruamel's round-trip types: half the time and no comments kept. Refused:
anchors, aliases, tags, directives, several documents, keys that are no plain words, more than 32 levels.
"""

import re
from typing import Any

from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    DocumentStartEvent,
    MappingStartEvent,
    NodeEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from agent.config.events import events
from agent.config.fullwidth import Mended, Mistake, mend
from agent.config.located import START, Findings, Path, Place, Step
from agent.config.scalars import Scalar, resolve

MAX_DEPTH = 32
MAX_REFUSED = 100
"""Anchors, tags and keys that stand twice; who has more has another kind of file."""


class Map(dict[str | int, Any]):
    """A mapping of the document; `at` is its first character, `marks` key -> places of key and value.

    A row of a tag table marks all its cells, the empty ones too.
    """

    __slots__ = ("at", "marks")

    def __init__(self, at: Place) -> None:
        super().__init__()
        self.at = at
        self.marks: dict[str | int, tuple[Place, Place]] = {}


class List(list[Any]):
    """A list of the document; `marks` are the places of its items."""

    __slots__ = ("at", "marks")

    def __init__(self, at: Place) -> None:
        super().__init__()
        self.at = at
        self.marks: list[Place] = []


_SURROGATE = re.compile("[\ud800-\udfff]")  # "\\ud800" in quotes: half a character, which no encoding can carry

Node = Map | List | Scalar


def place(root: Node, path: Path, *, of_key: bool = False) -> Place:
    """Where the value (or the key) at that path is; of what is not in the document, where its parent begins."""
    node, found = root, root.at if isinstance(root, Map | List) else START
    for number, step in enumerate(path, 1):
        if isinstance(node, Map) and step in node.marks:
            key_at, value_at = node.marks[step]
            found = key_at if of_key and number == len(path) else value_at
            node = node.get(step)
        elif isinstance(node, List) and isinstance(step, int) and step < len(node):
            found, node = node.marks[step], node[step]
    return found


def within(root: Node, path: Path) -> Path:
    """The part of a path that is in the document: without names that pydantic gives to alternatives."""
    node, kept = root, list[Step]()
    for step in path:
        if _has(node, step):
            node = node[step]  # type: ignore[index]  # `_has` says that there is one
            kept.append(step)
    return tuple(kept)


def _has(node: Node, step: Step) -> bool:
    if isinstance(node, List):
        return isinstance(step, int) and step < len(node)
    return isinstance(node, Map) and step in node


def parse(text: str, findings: Findings) -> Node:
    """The document's root. What is refused or no YAML is in `findings`; then the tree is not to be relied on."""
    mended = mend(text)
    tree = _Tree(findings, mended)
    try:
        for event in events(mended.text):
            if not tree.take(event):
                break
    except MarkedYAMLError as error:
        _explain(error, mended, findings)
    except (YAMLError, *DEFECTS) as error:
        findings.wrong(tree.last, (), "E1019", reason=str(error) or type(error).__name__)
    for mistake in mended.mistakes:
        _report(mistake, findings)
    return tree.root


def _report(mistake: Mistake, findings: Findings) -> None:
    code = "E1092" if mistake.separates else "E1091" if mistake.ascii == " " else "E1090"
    findings.wrong(mistake.at, (), code, character=mistake.character, ascii=mistake.ascii)


DEFECTS = (
    ArithmeticError,
    AssertionError,
    AttributeError,
    LookupError,
    MemoryError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What ruamel 0.19 raises beside its own errors when the text is hostile; RecursionError is a RuntimeError."""


class _Tree:
    """Takes events one by one; the containers that are open form a stack, so depth costs no recursion."""

    def __init__(self, findings: Findings, written: Mended) -> None:
        self.root: Node = None
        self.last = START
        self._findings = findings
        self._written = written
        self._open: list[Map | List] = []
        self._keys: list[tuple[str | int, Place] | None] = []
        self._trail: list[Step] = []
        self._documents = 0

    def take(self, event: Any) -> bool:
        """False when there is no use in reading on."""
        mark = event.start_mark
        self.last = at = self._written.place(mark.line, mark.column)
        if isinstance(event, NodeEvent):
            return self._node(event, at) and len(self._findings.problems) < MAX_REFUSED
        if isinstance(event, CollectionEndEvent):
            self._open.pop()
            self._keys.pop()
            self._trail.pop()
        elif isinstance(event, DocumentStartEvent):
            return self._document(event, at)
        return True

    def _document(self, event: Any, at: Place) -> bool:
        self._documents += 1
        if self._documents > 1:
            self._findings.wrong(at, (), "E1012")
        elif event.version or event.tags:
            self._findings.wrong(at, (), "E1010", what="%")
        return self._documents == 1

    def _node(self, event: Any, at: Place) -> bool:
        if isinstance(event, AliasEvent):
            self._findings.wrong(at, self._path(), "E1010", what=f"*{event.anchor}")
            return self._scalar(None, at)
        if event.anchor is not None:
            self._findings.wrong(at, self._path(), "E1010", what=f"&{event.anchor}")
        if event.ctag is not None:
            self._findings.wrong(at, self._path(), "E1010", what=str(event.ctag).replace("tag:yaml.org,2002:", "!!"))
        if isinstance(event, ScalarEvent):
            return self._scalar(event, at)
        return self._container(event, at)

    def _container(self, event: Any, at: Place) -> bool:
        if self._wants_key():
            self._findings.wrong(at, self._path(), "E1013")
            return False
        if len(self._open) >= MAX_DEPTH:
            self._findings.wrong(at, (), "E1009", limit=MAX_DEPTH)
            return False
        assert isinstance(event, MappingStartEvent | SequenceStartEvent)
        node = Map(at) if isinstance(event, MappingStartEvent) else List(at)
        self._trail.append(self._step())
        self._put(node, at)
        self._open.append(node)
        self._keys.append(None)
        return True

    def _scalar(self, event: Any, at: Place) -> bool:
        value: Scalar = None if event is None else event.value
        if isinstance(value, str) and not event.style:
            value = resolve(value)
        elif isinstance(value, str) and not value.isascii() and (found := _SURROGATE.search(value)):
            self._findings.wrong(at, self._path(), "E1006", character=f"U+{ord(found[0]):04X}")
        if value is None and self._keys and self._keys[-1]:
            at = self._keys[-1][1]  # the parser finds nothing only at the next token, lines below
        if self._wants_key():
            self._key(value if isinstance(value, int) and not isinstance(value, bool) else _word(event), at)
        else:
            self._put(value, at)
        return True

    def _wants_key(self) -> bool:
        return bool(self._open) and isinstance(self._open[-1], Map) and self._keys[-1] is None

    def _key(self, key: str | int, at: Place) -> None:
        node = self._open[-1]
        assert isinstance(node, Map)
        if key in node:
            first = node.marks[key][0]
            path = (*self._path(), key)
            self._findings.wrong(at, path, "E1011", key=key, first=first.line, column=first.column)
        self._keys[-1] = (key, at)

    def _put(self, value: Node, at: Place) -> None:
        if not self._open:
            self.root = value
            return
        node, key = self._open[-1], self._keys[-1]
        if isinstance(node, List):
            node.append(value)
            node.marks.append(at)
        elif key is not None:
            if key[0] not in node:
                node[key[0]], node.marks[key[0]] = value, (key[1], at)
            self._keys[-1] = None

    def _step(self) -> Step:
        """Where in the innermost container the next value stands."""
        if self._open and isinstance(self._open[-1], List):
            return len(self._open[-1])
        return self._keys[-1][0] if self._keys and self._keys[-1] else ""

    def _path(self) -> Path:
        return tuple(step for step in (*self._trail, self._step()) if step != "")


def _word(event: Any) -> str:
    return "" if event is None else str(event.value)


_SYNTAX = (  # (what ruamel says, our code), the first that fits
    (re.compile(r"'\\t' that cannot start"), "E1008"),
    (re.compile(r"mapping (values|keys) are not allowed"), "E1014"),
    (re.compile(r"quoted scalar.*end of (stream|line|document)|quoted scalar.*document separator", re.DOTALL), "E1015"),
    (re.compile(r"flow (sequence|mapping|node)"), "E1016"),
    (re.compile(r"simple key|expected ':'|block (mapping|collection|sequence)|sequence entries|indent"), "E1017"),
    (re.compile(r"cannot start any token|unknown escape|escape sequence|directive"), "E1018"),
)


def _explain(error: MarkedYAMLError, written: Mended, findings: Findings) -> None:
    mark = error.problem_mark or error.context_mark
    at = written.place(mark.line, mark.column) if mark else START
    opened = error.context_mark or mark
    said = f"{error.context or ''} {error.problem or ''}".strip()
    code = next((code for pattern, code in _SYNTAX if pattern.search(said)), "E1019")
    lines = written.text.splitlines() or [""]
    line = lines[min(at.line, len(lines)) - 1]
    if "\t" in line[: len(line) - len(line.lstrip())]:
        code, at = "E1008", Place(at.line, line.index("\t") + 1)
    findings.wrong(at, (), code, reason=said, line=opened.line + 1 if opened else 1)
