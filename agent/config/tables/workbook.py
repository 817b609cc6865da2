"""XLSX as Excel and WPS write it -> the texts that its cells show. The only file that knows openpyxl.

A workbook is a ZIP archive of XML (ECMA-376). It is not trusted: sizes are checked before anything is unpacked.
"""

import re
import warnings
import zipfile
import zlib
from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from agent.config.located import listed, nearest
from agent.config.tables.grid import MAX_COLUMNS, Cell, Flaw, Grid, Row, Unreadable, add, clean
from agent.config.tree import DEFECTS

MAX_UNPACKED = 64 << 20
MAX_PART = 8 << 20
"""Of a part that openpyxl takes into memory as a whole: styles, the list of sheets."""
MAX_PARTS = 2_000
MAX_TAGS = 4_000_000
"""Beginnings and ends of XML elements of a sheet; each costs about a microsecond, of other parts four."""
MAX_LINE = 1 << 20
"""Rows of a sheet in Excel."""

_STREAMED = re.compile(r"xl/(worksheets/[^/]+\.xml|sharedStrings\.xml|media/.*)", re.IGNORECASE)
_OLE = b"\xd0\xcf\x11\xe0"
_DAMAGED = (*DEFECTS, OSError, EOFError, SyntaxError, zipfile.BadZipFile, zlib.error)
"""What zipfile and openpyxl raise when an archive is not what it says; SyntaxError is that of XML."""
_DTD = (b"<!DOCTYPE", "<!DOCTYPE".encode("utf-16-le"), "<!DOCTYPE".encode("utf-16-be"))
"""OPC forbids them (ECMA-376 part 2): with their entities a short text unpacks to a long one."""

_MERGED = re.compile(rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3}[0-9]{1,7}):([A-Z]{1,3}[0-9]{1,7})"')
_FORMULA = re.compile(rb"<(?:\w+:)?f[\s>/]")
_FILLED = re.compile(rb"<(?:\w+:)?(?:v>[^<]|is[\s>])")
_CELL = re.compile(rb"<(?:\w+:)?c(\s[^>]*[^>/])?>(.*?)</(?:\w+:)?c>", re.DOTALL)
_TEXT = re.compile(rb'\st="str"')
"""The type of a formula's result that is a text, which may be empty."""
_NAMED = re.compile(rb'\sr="([A-Z]{1,3})([0-9]{1,7})"')


def read_workbook(data: bytes, sheet: str | None) -> Grid:
    """The rows of a sheet, by default the first that is not hidden. Raises `Unreadable`."""
    if data[:4] == _OLE:
        raise Unreadable("E1104")
    try:
        with zipfile.ZipFile(BytesIO(data)) as archive:
            _check(archive)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return _read(archive, BytesIO(data), sheet)
    except _DAMAGED as error:
        raise Unreadable("E1103", reason=str(error).strip().split("\n")[0] or type(error).__name__) from None


def _check(archive: zipfile.ZipFile) -> None:
    parts = archive.infolist()
    whole = [part.file_size for part in parts if not _STREAMED.fullmatch(part.filename)]
    unpacked = sum(part.file_size for part in parts)
    if len(parts) > MAX_PARTS or unpacked > MAX_UNPACKED or max(whole, default=0) > MAX_PART:
        raise Unreadable("E1105")
    for part in parts:
        if part.flag_bits & 1:
            raise Unreadable("E1104")
        if part.compress_type not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            raise Unreadable("E1103", reason=f"{part.filename}: {part.compress_type}")
        if not part.filename.startswith("xl/media/"):
            _check_xml(part.filename, archive.read(part))


def _check_xml(name: str, xml: bytes) -> None:
    if any(word in xml for word in _DTD):
        raise Unreadable("E1103", reason=f"{name}: <!DOCTYPE")
    if xml.count(b"<") > (MAX_TAGS if "worksheets" in name else MAX_TAGS // 4):
        raise Unreadable("E1105")


def _read(archive: zipfile.ZipFile, file: BytesIO, wanted: str | None) -> Grid:
    import openpyxl  # 0.25 s, only for those who use it

    book = openpyxl.load_workbook(file, read_only=True, data_only=True, keep_links=False)
    sheet = _sheet(book.worksheets, wanted)
    found = _cells(sheet)
    xml = archive.read(sheet._worksheet_path)
    _mark_formulas(xml, found)
    _mark_merged(xml, found)
    rows: list[Row] = []
    for number in sorted(found):
        add(rows, number, found[number])
    return Grid(rows, sheet.title)


def _cells(sheet: Any) -> dict[int, list[Cell]]:
    """Line -> cells up to the last that is filled, of lines with any."""
    sheet.reset_dimensions()  # what a file says of its own size may be wrong
    found: dict[int, list[Cell]] = {}
    blank = None
    for line, cells in enumerate(sheet.iter_rows(max_row=MAX_LINE, max_col=MAX_COLUMNS), 1):
        if cells is blank:  # one object stands for all rows that the file leaves out, up to a million
            continue
        filled = [column for column, cell in enumerate(cells, 1) if cell.value is not None]
        if filled:
            found[line] = [_shown(cell) for cell in cells[: filled[-1]]]
        else:
            blank = cells
    return found


def _sheet(sheets: Sequence[Any], wanted: str | None) -> Any:
    shown = [sheet for sheet in sheets if sheet.sheet_state == "visible"]
    if wanted is None:
        if not shown:
            raise Unreadable("E1103", reason="no sheet is visible")
        return shown[0]
    for sheet in sheets:
        if sheet.title.strip().casefold() == wanted.strip().casefold():
            return sheet
    names = [sheet.title for sheet in shown]
    near = nearest(wanted, names)
    raise Unreadable("E1106", value=wanted, known=listed([near] if near else names))


def _shown(cell: Any) -> Cell:
    """The text that the cell shows, a number in full."""
    value = cell.value
    if value is None or isinstance(value, str):
        return clean(value or "")
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if not isinstance(value, int | float) or _is_local_date(cell):
        return Flaw("E1120", {"value": str(value)})
    if abs(value) >= 10**15:
        return Flaw("E1129", {"value": f"{value:.15g}"})
    return _number(value, cell.number_format or "General")


def _is_local_date(cell: Any) -> bool:
    """Formats of dates that Excel writes for East Asian languages without saying what they are (ECMA-376 18.8.30)."""
    number: int = cell.style_array.numFmtId
    return 27 <= number <= 36 or 50 <= number <= 58


def _number(value: float, format_: str) -> str:
    """At most 15 digits, which is what Excel knows of a number: 0.1 * 3 is 0.3 there."""
    if "%" in re.sub(r'"[^"]*"', "", format_):
        return f"{value * 100:.12g}%"
    text = f"{value:.15g}"
    zeros = re.fullmatch(r"0{2,}", format_)
    return text.zfill(len(format_)) if zeros and text.isdigit() else text


def _mark_formulas(xml: bytes, found: dict[int, list[Cell]]) -> None:
    """Formulas that a program wrote and no spreadsheet has calculated: to openpyxl they are empty cells."""
    if not _FORMULA.search(xml):
        return
    for cell in _CELL.finditer(xml):
        attributes, content = cell[1] or b"", cell[2]
        named = _NAMED.search(attributes)
        if named and _FORMULA.search(content) and not _FILLED.search(content) and not _TEXT.search(attributes):
            _mark(found, int(named[2]), _column(named[1]), Flaw("E1121", {}))


def _mark_merged(xml: bytes, found: dict[int, list[Cell]]) -> None:
    """A merged cell keeps its value in one place; the others are empty, though they look filled."""
    for first, last in _MERGED.findall(xml):
        letters, digits = first.rstrip(b"0123456789"), first.lstrip(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ")
        row, column = int(digits), _column(letters)
        cells = found.get(row, ())
        if 0 < column <= len(cells) and cells[column - 1]:
            _mark(found, row, column, Flaw("E1122", {"cells": f"{first.decode()}:{last.decode()}"}))


def _mark(found: dict[int, list[Cell]], row: int, column: int, flaw: Flaw) -> None:
    if 0 < row <= MAX_LINE and column <= MAX_COLUMNS:
        cells = found.setdefault(row, [""] * column)
        cells.extend([""] * (column - len(cells)))
        cells[column - 1] = flaw


def _column(letters: Iterable[int]) -> int:
    column = 0
    for letter in letters:
        column = column * 26 + letter - ord("A") + 1
    return column
