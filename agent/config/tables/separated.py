"""CSV as Excel and WPS write it -> rows: UTF-8 or GB18030, comma, semicolon or tab."""

import csv
from collections.abc import Iterator, Sequence
from io import StringIO
from itertools import islice

from agent.config.tables.grid import MAX_COLUMNS, Grid, Row, Unreadable, add, clean
from agent.config.tables.headers import key_of

_SEPARATORS = (",", ";", "\t")
_SEARCHED = 50
"""Rows among which the header is looked for."""


def read_separated(data: bytes) -> Grid:
    """The rows of a CSV file. Raises `Unreadable`."""
    if data[:4] == b"PK\x03\x04":
        raise Unreadable("E1109")
    text = _decoded(data)
    rows: list[Row] = []
    for line, cells in _records(text, _separator(text)):
        add(rows, line, [clean(cell) for cell in cells[:MAX_COLUMNS]])
    return Grid(rows)


def _decoded(data: bytes) -> str:
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Unreadable("E1003")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, byte = data.count(b"\n", 0, error.start) + 1, f"0x{data[error.start]:02x}"
    try:
        return data.decode("gb18030")
    except UnicodeDecodeError:
        raise Unreadable("E1004", line, byte=byte) from None


def _separator(text: str) -> str:
    """The one that gives the most columns with a known name, of equals the one that gives the most columns."""
    return max(_SEPARATORS, key=lambda separator: _likelihood(text, separator))


def _likelihood(text: str, separator: str) -> tuple[int, int]:
    try:
        rows = [cells for _, cells in islice(_records(text, separator), _SEARCHED)]
    except Unreadable:
        return -1, 0
    known = [sum(1 for cell in cells[:MAX_COLUMNS] if cell and key_of(cell)) for cells in rows]
    return max(known, default=0), max(map(len, rows), default=0)


def _records(text: str, separator: str) -> Iterator[tuple[int, Sequence[str]]]:
    """Each row with the line in which it begins (RFC 4180)."""
    reader = csv.reader(StringIO(text, newline=""), delimiter=separator, strict=True)
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error:
        raise Unreadable("E1110", line) from None
