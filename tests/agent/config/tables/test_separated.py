import pytest

from agent.config.tables.grid import MAX_CELL, MAX_ROWS, Flaw, Grid, Unreadable
from agent.config.tables.separated import read_separated
from tests.agent.config.tables.sheets import separated

ROWS = [("名称", "地址", "说明"), ("speed", "D100", '主机 "1" 号; 车速, 米'), ("x_a", "D1", "")]


def refused(data: bytes) -> tuple[str, int]:
    with pytest.raises(Unreadable) as found:
        read_separated(data)
    return found.value.code, found.value.line


def cells(grid: Grid) -> list[list[object]]:
    return [list(row.cells) for row in grid.rows]


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("above", ["", "点表,;\r\n", "sep=;\r\n"])
def test_encodings_and_separators(encoding: str, separator: str, above: str) -> None:
    text = above + separated(ROWS, separator)
    assert cells(read_separated(text.encode(encoding)))[-3:] == [list(row) for row in ROWS]


def test_english_headers_choose_the_separator_too() -> None:
    assert cells(read_separated(b"name;address\nx_a;a,b\n")) == [["name", "address"], ["x_a", "a,b"]]


def test_lines_count_as_in_an_editor_and_empty_rows_are_left_out() -> None:
    grid = read_separated(b'name,address\r\n\r\n,,,\r\n"x\r\ny",D1\r\nx_b,D2\r\n')
    assert [row.line for row in grid.rows] == [1, 4, 6]


def test_what_surrounds_a_text_is_left_out() -> None:
    data = "name,address\n\u00a0x_a\u3000,\ufeff D1 \u200b\n".encode()
    assert cells(read_separated(data))[1] == ["x_a", "D1"]


@pytest.mark.parametrize("error", ["#REF!", "#N/A", "#DIV/0!", "#NAME?"])
def test_an_error_in_the_first_column_is_no_comment(error: str) -> None:
    (row,) = read_separated(f"{error},D1\n".encode()).rows
    assert not row.is_comment
    assert row.cells[0] == Flaw("E1118", {"value": error})


def test_cells_that_cannot_be_used() -> None:
    (row,) = read_separated(f"{'x' * (MAX_CELL + 1)},a\x00b,{'x' * MAX_CELL}\n".encode()).rows
    assert [cell.code for cell in row.cells if isinstance(cell, Flaw)] == ["E1117", "E1006"]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xff\xfen\x00", ("E1003", 1)),
        (b"name\nx\n\xff\xff\n", ("E1004", 3)),
        (b"PK\x03\x04\x14\x00", ("E1109", 1)),
        (b'name,address\nx_a,D1\n"x_b,D2\nx_c,D3\n', ("E1110", 3)),
        (b'name,address\n"x"a,D1\n', ("E1110", 2)),
        (b'name,address\n"' + b"x" * 200_000 + b'",D1\n', ("E1110", 2)),
        (b"name,address\n" + b"a,b\n" * MAX_ROWS, ("E1116", MAX_ROWS + 1)),
    ],
)
def test_what_cannot_be_read(data: bytes, expected: tuple[str, int]) -> None:
    assert refused(data) == expected


def test_nothing_is_an_empty_table() -> None:
    assert read_separated(b"").rows == []
    assert read_separated(b"\xef\xbb\xbf\r\n").rows == []
