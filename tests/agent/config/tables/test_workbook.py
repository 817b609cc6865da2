import io
import subprocess
import sys
import time
import zipfile
from collections.abc import Mapping
from datetime import date
from datetime import time as clock

import pytest

from agent.config.tables import workbook as module
from agent.config.tables.grid import Flaw, Grid, Unreadable
from agent.config.tables.workbook import read_workbook
from tests.agent.config.tables.sheets import packed, workbook


def grid_of(*values: object, formats: Mapping[str, str] | None = None) -> Grid:
    """What is read from one row with these values."""
    book = workbook([values])  # type: ignore[list-item]  # a tuple of cells is a row here
    for cell, format_ in (formats or {}).items():
        book.active[cell].number_format = format_
    return read_workbook(packed(book), None)


def texts(grid: Grid) -> list[object]:
    return [cell.code if isinstance(cell, Flaw) else cell for cell in grid.rows[0].cells]


def refused(data: bytes, sheet: str | None = None) -> Unreadable:
    with pytest.raises(Unreadable) as found:
        read_workbook(data, sheet)
    return found.value


def changed(data: bytes, changes: Mapping[str, tuple[bytes, bytes]], more: Mapping[str, bytes] | None = None) -> bytes:
    """The archive with text replaced in some parts, and with more parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        for part in old.namelist():
            before, after = changes.get(part, (b"", b""))
            assert before in old.read(part)
            new.writestr(part, old.read(part).replace(before, after) if before else old.read(part))
        for name, content in (more or {}).items():
            new.writestr(name, content)
    return file.getvalue()


SHEET = "xl/worksheets/sheet1.xml"


def test_numbers_are_the_texts_that_they_show() -> None:
    assert texts(grid_of(40101, 40101.0, 0.1, 0.1 * 3, 1e-5, -20, 1, True, False, "  x\u00a0", "00101")) == [
        "40101",
        "40101",
        "0.1",
        "0.3",
        "1e-05",
        "-20",
        "1",
        "TRUE",
        "FALSE",
        "x",
        "00101",
    ]


def test_formats_that_change_what_is_meant() -> None:
    formats = {"A1": "0%", "B1": "0.00%", "C1": "00000", "D1": '0"%"', "E1": "0.00", "F1": "@"}
    assert texts(grid_of(0.01, 0.005, 101, 5, 0.1, 40101, formats=formats)) == [
        "1%",
        "0.5%",
        "00101",
        "5",
        "0.1",
        "40101",
    ]


def test_what_excel_made_of_something_else() -> None:
    assert texts(grid_of(date(2026, 1, 2), clock(1, 2), 18446744073709551615)) == ["E1120", "E1120", "E1129"]


@pytest.mark.parametrize("format_", [31, 57, 58])
def test_chinese_dates_whose_format_the_file_does_not_tell(format_: int) -> None:
    """Excel writes `1月2日` as built-in format 58 without its text, and openpyxl takes it for a plain number."""
    book = workbook([(46024,)])
    book.active["A1"].number_format = "0.0000"
    styles = (b'<xf numFmtId="164"', b'<xf numFmtId="%d"' % format_)
    data = changed(packed(book), {"xl/styles.xml": styles})
    assert texts(read_workbook(data, None)) == ["E1120"]


def test_formulas() -> None:
    book = workbook([("=1+1", "x", "=A1")])
    data = packed(book)
    assert texts(read_workbook(data, None)) == ["E1121", "x", "E1121"]
    value = (b"<f>1+1</f><v />", b"<f>1+1</f><v>2</v>")
    assert texts(read_workbook(changed(data, {SHEET: value}), None)) == ["2", "x", "E1121"]
    empty = (b'<c r="A1"><f>1+1</f><v />', b'<c r="A1" t="str"><f>IF(1,"")</f><v></v>')
    assert texts(read_workbook(changed(data, {SHEET: empty}), None)) == ["", "x", "E1121"]


def test_merged_cells_hold_one_value() -> None:
    book = workbook([("a", "b"), (None, "c")])
    book.active.merge_cells("A1:A2")
    book.active.merge_cells("D1:E2")
    grid = read_workbook(packed(book), None)
    assert texts(grid) == ["E1122", "b"]
    assert grid.rows[0].cells[0] == Flaw("E1122", {"cells": "A1:A2"})


def test_error_values() -> None:
    assert texts(grid_of("#REF!", "#N/A")) == ["E1118", "E1118"]


def test_the_first_sheet_that_is_shown_or_the_one_that_is_named() -> None:
    book = workbook([("hidden",)])
    book.create_sheet("第二张").append(["second"])
    book.create_sheet("Third").append(["third"])
    book.worksheets[0].sheet_state = "hidden"
    data = packed(book)
    assert [texts(read_workbook(data, name)) for name in (None, "点表", " third")] == [
        ["second"],
        ["hidden"],
        ["third"],
    ]
    assert read_workbook(data, None).sheet == "第二张"
    assert refused(data, "Thrid").code == "E1106"
    assert refused(data, "Thrid").facts == {"value": "Thrid", "known": "Third"}
    assert refused(data, "xyz").facts["known"] == "第二张, Third"
    data = changed(packed(workbook([])), {"xl/workbook.xml": (b'state="visible"', b'state="hidden"')})
    assert refused(data).code == "E1103"


def test_rows_far_down_and_sizes_that_are_not_true() -> None:
    book = workbook([("a", "b")])
    book.active["A9000"] = "z"
    data = packed(book)
    for size in (b"A1:A1", b"A1:XFD1048576", b"A0"):
        grid = read_workbook(changed(data, {SHEET: (b'ref="A1:B9000"', b'ref="%s"' % size)}), None)
        assert [row.line for row in grid.rows] == [1, 9000]


@pytest.mark.parametrize("line", [b"1048577", b"99999999999"])
def test_rows_that_no_sheet_has(line: bytes) -> None:
    data = changed(packed(workbook([("a",), ("b",)])), {SHEET: (b'<row r="2">', b'<row r="%s">' % line)})
    begin = time.process_time()
    assert texts(read_workbook(data, None)) == ["a"]
    assert time.process_time() - begin < 20


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "E1103"),
        (b"name,address\n", "E1103"),
        (b"PK\x03\x04", "E1103"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "E1104"),
    ],
)
def test_what_is_no_workbook(data: bytes, code: str) -> None:
    assert refused(data).code == code


def test_bombs_are_refused_before_they_are_unpacked(monkeypatch: pytest.MonkeyPatch) -> None:
    data = packed(workbook([("a",)]))
    begin = time.process_time()
    assert refused(changed(data, {}, {"xl/media/a.png": bytes(module.MAX_UNPACKED)})).code == "E1105"
    assert refused(changed(data, {}, {"xl/big.xml": bytes(module.MAX_PART + 1)})).code == "E1105"
    assert refused(changed(data, {}, {f"a{n}": b"" for n in range(module.MAX_PARTS)})).code == "E1105"
    assert time.process_time() - begin < 20
    monkeypatch.setattr(module, "MAX_TAGS", 400)
    assert refused(changed(data, {}, {"xl/worksheets/sheet9.xml": b"<a/>" * 401})).code == "E1105"
    assert refused(changed(data, {}, {"xl/sharedStrings9.xml": b"<a/>" * 101})).code == "E1105"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16-le", "utf-16-be"])
def test_entities_are_refused(encoding: str) -> None:
    dtd = '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>'.encode(encoding)
    assert refused(changed(packed(workbook([("a",)])), {}, {"xl/x.xml": dtd})).code == "E1103"


def test_compressions_and_encryption_that_excel_does_not_write() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_BZIP2) as archive:
        archive.writestr("[Content_Types].xml", b"x")
    assert refused(file.getvalue()).code == "E1103"
    data = bytearray(packed(workbook([("a",)])))
    at = data.rindex(b"PK\x01\x02") + 8  # flags in the last entry of the central directory
    data[at] |= 1
    assert refused(bytes(data)).code == "E1104"


def test_a_damaged_sheet() -> None:
    data = packed(workbook([("a",), ("b",)]))
    assert refused(changed(data, {SHEET: (b"</sheetData>", b"")})).code == "E1103"
    assert refused(changed(data, {SHEET: (b't="inlineStr"><is><t>a</t></is>', b't="s"><v>77</v>')})).code == "E1103"
    assert refused(changed(data, {"xl/workbook.xml": (b"<sheets>", b"<sheet>")})).code == "E1103"


MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
PREFIXED = {
    "[Content_Types].xml": f"""<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels"
        ContentType="application/vnd.openxmlformats-package.relationships+xml"/>
        <Override PartName="/xl/workbook.xml" ContentType="{TYPE}.sheet.main+xml"/>
        <Override PartName="/xl/worksheets/sheet1.xml" ContentType="{TYPE}.worksheet+xml"/>
        <Override PartName="/xl/styles.xml" ContentType="{TYPE}.styles+xml"/>
        <Override PartName="/xl/sharedStrings.xml" ContentType="{TYPE}.sharedStrings+xml"/></Types>""",
    "_rels/.rels": f"""<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1"
        Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>""",
    "xl/_rels/workbook.xml.rels": f"""<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1"
        Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2"
        Type="{OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>""",
    "xl/workbook.xml": f"""<x:workbook xmlns:x="{MAIN}" xmlns:r="{OFFICE}"><x:sheets>
        <x:sheet name="S" sheetId="1" r:id="r1"/></x:sheets></x:workbook>""",
    "xl/styles.xml": f"""<x:styleSheet xmlns:x="{MAIN}"/>""",
    "xl/sharedStrings.xml": f"""<x:sst xmlns:x="{MAIN}"><x:si><x:t>名称</x:t></x:si>
        <x:si><x:r><x:t>地</x:t></x:r><x:r><x:t>址</x:t></x:r></x:si></x:sst>""",
    "xl/worksheets/sheet1.xml": f"""<x:worksheet xmlns:x="{MAIN}"><x:sheetData><x:row r="2">
        <x:c r="B2" t="s"><x:v>0</x:v></x:c><x:c r="C2" t="s"><x:v>1</x:v></x:c><x:c r="D2"><x:f>A1</x:f></x:c>
        </x:row></x:sheetData><x:mergeCells count="1"><x:mergeCell ref="B2:B3"/></x:mergeCells></x:worksheet>""",
}


def test_the_least_that_a_program_may_write_with_prefixes_and_shared_texts() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, content in PREFIXED.items():
            archive.writestr(name, content)
    grid = read_workbook(file.getvalue(), "s")
    assert (grid.sheet, grid.rows[0].line) == ("S", 2)
    assert texts(grid) == ["", "E1122", "地址", "E1121"]


def test_openpyxl_is_imported_only_for_a_workbook() -> None:
    source = (
        "import sys; from agent.config.tables.separated import read_separated; import agent.config;"
        "read_separated(b'name,address'); print('openpyxl' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", source], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
