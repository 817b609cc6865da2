"""Tables as people make them, and what becomes of a configuration that names them."""

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import dedent

from openpyxl import Workbook

from agent.config import Loaded, load

Cell = str | int | float | bool | None
Rows = Iterable[Sequence[Cell]]

SITE = dedent("""\
    version: 1
    gateway: gw-1
    labels: {{site: factory, line: line1}}
    destinations:
      - {{name: county, url: "mqtt://127.0.0.1:1883"}}
    connections:
      - {{name: plc1, driver: modbus, url: "tcp://127.0.0.1"}}
    devices:
      - name: press01
        connection: plc1
        type: press-flexo
        tags_file: {file}
    """)
HEADER = ("名称", "地址")


def separated(rows: Rows, separator: str = ",") -> str:
    """As Excel writes it: `\\r\\n`, quotes where they are needed, TRUE and FALSE."""
    written = io.StringIO(newline="")
    shown = {True: "TRUE", False: "FALSE", None: ""}
    writer = csv.writer(written, delimiter=separator)
    writer.writerows([shown[cell] if isinstance(cell, bool | None) else cell for cell in row] for row in rows)
    return written.getvalue()


def workbook(rows: Rows) -> Workbook:
    """A workbook with one sheet, 点表."""
    book = Workbook()
    sheet = book.active
    sheet.title = "点表"
    for row in rows:
        sheet.append(list(row))
    return book


def packed(book: Workbook) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def with_file(directory: Path, name: str, data: bytes | str, more: str = "", site: str = SITE) -> Loaded:
    """Load a site whose device has this table, and `more` lines of its own."""
    return load(put(directory, name, data, more, site))


def put(directory: Path, name: str, data: bytes | str, more: str = "", site: str = SITE) -> Path:
    """The configuration, written beside its table."""
    (directory / name.partition("#")[0]).write_bytes(data if isinstance(data, bytes) else data.encode())
    file = directory / "site.yaml"
    file.write_text(site.format(file=name) + more, encoding="utf-8")
    return file


def with_csv(directory: Path, rows: Rows, more: str = "") -> Loaded:
    return with_file(directory, "press.csv", separated(rows), more)


def with_xlsx(directory: Path, rows: Rows | Workbook, more: str = "") -> Loaded:
    book = rows if isinstance(rows, Workbook) else workbook(rows)
    return with_file(directory, "press.xlsx", packed(book), more)


def told(loaded: Loaded) -> list[tuple[str, str]]:
    """Where and what of every problem, the file without its folder: ("press.xlsx:点表!C14", "E1034")."""
    return [(problem.where.rpartition("/")[2], problem.code) for problem in loaded.problems]
