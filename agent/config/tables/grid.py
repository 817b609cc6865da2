"""A table as rows of texts, whatever file it came from: what CSV and XLSX have in common."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

MAX_BYTES = 16 << 20
MAX_ROWS = 100_000
MAX_COLUMNS = 256
MAX_CELL = 10_000

_ERROR = re.compile(r"#(REF!|N/A|NAME\?|VALUE!|DIV/0!|NULL!|NUM!|SPILL!|CALC!|FIELD!|GETTING_DATA)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff\ud800-\udfff]")
_UNSEEN = "\ufeff\u200b\u200c\u200d\u2060"
"""Marks without width that come along when text is copied from web pages and chats."""


class Flaw(NamedTuple):
    """Why a cell cannot be used: the code of a message and its facts."""

    code: str
    facts: Mapping[str, object]


Cell = str | Flaw


class Row(NamedTuple):
    """Cells from the first column on; `line` counts from 1."""

    line: int
    cells: Sequence[Cell]

    @property
    def filled(self) -> int:
        return sum(1 for cell in self.cells if cell)

    @property
    def is_comment(self) -> bool:
        first = self.cells[0] if self.cells else ""
        return isinstance(first, str) and first.startswith("#")


class Grid(NamedTuple):
    """The rows in which something stands, and the sheet of a workbook that they are on."""

    rows: Sequence[Row]
    sheet: str = ""


class Unreadable(Exception):
    """No rows can be had from the file: the code of a message, its facts, and the line."""

    def __init__(self, code: str, line: int = 1, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.line = line
        self.facts = facts


def clean(text: str) -> Cell:
    """A cell's text without what surrounds it, no-break spaces and byte order marks too."""
    if len(text) > MAX_CELL:
        return Flaw("E1117", {"limit": MAX_CELL})
    text = text.strip().strip(_UNSEEN).strip()
    if _ERROR.fullmatch(text):
        return Flaw("E1118", {"value": text})
    found = _CONTROL.search(text)
    return Flaw("E1006", {"character": f"U+{ord(found[0]):04X}"}) if found else text


def add(rows: list[Row], line: int, cells: Sequence[Cell]) -> None:
    """Append a row if anything stands in it. Raises `Unreadable` where there are too many."""
    if not any(cells):
        return
    if len(rows) >= MAX_ROWS:
        raise Unreadable("E1116", line, limit=MAX_ROWS)
    rows.append(Row(line, cells))
