"""Which file `tags_file` names, what kind it is, and its rows."""

import re
from pathlib import Path

from agent.config.host import Refused, absolute, content
from agent.config.located import Findings
from agent.config.tables.grid import MAX_BYTES, Grid, Unreadable
from agent.config.tables.separated import read_separated
from agent.config.tables.workbook import read_workbook

_SHEET = re.compile(r"(.*\.xlsx)#(.+)", re.IGNORECASE | re.DOTALL)


def named(written: str) -> tuple[str, str | None]:
    """`press01.xlsx#Sheet2` -> the file and the sheet, if one is named."""
    match = _SHEET.fullmatch(written)
    return (match[1], match[2]) if match else (written, None)


def opened(written: str, base: Path, findings: Findings) -> Grid:
    """The rows of `press01.csv`, `press01.xlsx` or `press01.xlsx#Sheet2`. Raises `Refused` or `Unreadable`."""
    name, sheet = named(written)
    findings.files[absolute(name, base)] = None
    kind = Path(name).suffix.lower()
    if kind not in (".csv", ".xlsx"):
        raise Refused("E1101", value=kind or name)
    data = content(name, base, MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise Unreadable("E1002", limit=f"{MAX_BYTES >> 20} MiB")
    return read_workbook(data, sheet) if kind == ".xlsx" else read_separated(data)
