"""A tag table -> the mappings that the same tags would be in YAML, each cell with its place."""

from collections.abc import Sequence
from pathlib import Path as File
from typing import NamedTuple

from pydantic import BaseModel

from agent.config.host import Refused
from agent.config.located import Findings, Path, Place, listed, shorten
from agent.config.models import TagKeys
from agent.config.tables import cells, headers
from agent.config.tables.grid import Cell, Flaw, Grid, Row, Unreadable
from agent.config.tables.opening import named, opened
from agent.config.tree import Map
from drivers.contract import DriverPlugin


class TableRow(NamedTuple):
    """One tag. Not `whole`: a cell could not be read, which is reported, and its key is left out."""

    path: Path
    node: Map
    whole: bool


def read_table(
    written: str, at: Place, path: Path, base: File, plugin: DriverPlugin | None, findings: Findings
) -> list[TableRow] | None:
    """The rows of the file that `tags_file` names, or None with the reason in `findings`."""
    shown = str(File(findings.file).parent / named(written)[0])
    try:
        grid = opened(written, base, findings)
    except Refused as refused:
        findings.wrong(at, path, refused.code, **refused.facts)
        return None
    except Unreadable as unreadable:
        findings.wrong(Place(unreadable.line, 1, shown), path, unreadable.code, **unreadable.facts)
        return None
    return _Table(grid, shown, path, plugin, findings).rows()


class _Table:
    """One sheet, for one driver's tags."""

    def __init__(self, grid: Grid, file: str, path: Path, plugin: DriverPlugin | None, findings: Findings) -> None:
        self._grid, self._file, self._path, self._findings = grid, file, path, findings
        models: list[type[BaseModel]] = [TagKeys, plugin.address] if plugin else [TagKeys]
        self._readers = cells.readers(*models)
        self._is_complete = plugin is not None  # without a driver nobody knows all keys
        self._needed = [
            field.alias or name for model in models for name, field in model.model_fields.items() if field.is_required()
        ]
        self._lacking: list[str] = []
        self._columns: dict[int, str] = {}
        self._ignored: set[int] = set()

    def rows(self) -> list[TableRow] | None:
        """All rows below the header, or None where there is no header."""
        rows = self._grid.rows
        begin = next((n for n, row in enumerate(rows) if not self._is_title(row)), None)
        if begin is None or not self._named_in(rows[begin]):
            line = rows[begin or 0].line if rows else 1
            facts = {"known": self._known(self._needed)}
            self._findings.wrong(self._place(line, 1), self._path, "E1108" if rows else "E1107", **facts)
            return None
        self._read_header(rows[begin])
        return [self._row(row) for row in rows[begin + 1 :] if not row.is_comment and self._says_anything(row)]

    def _is_title(self, row: Row) -> bool:
        """Above the header: a comment, or a single cell. `#` may also be the name of the first column."""
        if row.is_comment:
            return row.cells[0] != "#" or self._named_in(row) < 2
        return row.filled == 1 and not self._named_in(row)

    def _named_in(self, row: Row) -> int:
        return sum(1 for cell in row.cells if isinstance(cell, str) and self._key(cell))

    def _says_anything(self, row: Row) -> bool:
        """Not only a number or a remark: tables are numbered to the bottom of the page."""
        return any(cell for column, cell in enumerate(row.cells, 1) if column not in self._ignored)

    def _key(self, text: str) -> str | None:
        return headers.key_of(text, self._readers) if text else None

    def _known(self, keys: Sequence[str]) -> str:
        return listed([headers.titled(key) for key in keys])

    def _place(self, line: int, column: int) -> Place:
        return Place(line, column, self._file, self._grid.sheet)

    def _read_header(self, row: Row) -> None:
        first: dict[str, int] = {}
        guessed: set[str] = set()
        for column, cell in enumerate(row.cells, 1):
            key = self._column(cell, self._place(row.line, column), guessed) if cell else None
            if key and first.setdefault(key, column) != column:
                facts = {"column": shorten(cell), "first": first[key]}
                self._findings.wrong(self._place(row.line, column), self._path, "E1113", **facts)
            elif key:
                self._columns[column] = key
            if cell and column not in self._columns:
                self._ignored.add(column)
        self._lacking = [key for key in self._needed if key not in first]
        for key in self._lacking:
            if key not in guessed:
                at = self._place(row.line, 1)
                self._findings.wrong(at, self._path, "E1114", column=headers.titled(key))

    def _column(self, cell: Cell, at: Place, guessed: set[str]) -> str | None:
        """The key of a column, or None with what is wrong; what it probably means goes into `guessed`."""
        if isinstance(cell, Flaw):
            self._findings.wrong(at, self._path, cell.code, **cell.facts)
            return None
        key = self._key(cell)
        if key in self._readers or headers.is_remark(cell) or not self._is_complete:
            return key if key in self._readers else None
        meant = None if key else headers.meant(cell, self._readers)
        if meant:
            guessed.add(meant)
            self._findings.wrong(at, self._path, "E1111", column=shorten(cell), meant=headers.titled(meant))
        else:
            keys = dict.fromkeys((*self._needed, *self._readers))
            known = listed([key if cell.isascii() else headers.titled(key).split()[-1] for key in keys])
            self._findings.wrong(at, self._path, "E1112", column=shorten(cell), known=known)
        return None

    def _row(self, row: Row) -> TableRow:
        path = (*self._path, row.line)
        node = Map(self._place(row.line, 1))
        whole = True
        for column, key in self._columns.items():
            at = self._place(row.line, column)
            node.marks[key] = (at, at)
        for column, cell in enumerate(row.cells, 1):
            if cell and column not in self._ignored:
                whole = self._take(cell, self._place(row.line, column), node, path) and whole
        self._findings.meant.update((*path, key) for key in self._lacking)
        return TableRow(path, node, whole)

    def _take(self, cell: str | Flaw, at: Place, node: Map, path: Path) -> bool:
        key = self._columns.get(at.column)
        wrong: Flaw | Refused
        if key is None:
            self._ignored.add(at.column)
            wrong = Flaw("E1115", {})
        elif isinstance(cell, Flaw):
            wrong = cell
        else:
            try:
                node[key] = self._readers[key](cell, at)
            except Refused as refused:
                wrong = refused
            else:
                return True
        self._findings.meant.add((*path, key or ""))
        self._findings.wrong(at, (*path, key) if key else path, wrong.code, **wrong.facts)
        return False
