import io
import random
import tempfile
import time
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent.config import Loaded, load
from tests.agent.config.site import codes, doubts, right
from tests.agent.config.tables.sheets import (
    HEADER,
    SITE,
    Cell,
    packed,
    put,
    separated,
    told,
    with_csv,
    with_file,
    with_xlsx,
    workbook,
)
from tests.agent.config.test_loading import consistent

EXAMPLES = Path(__file__).parents[4] / "config" / "examples"
COLUMNS = (
    *("序号", "名称", "指标", "地址", "类型", "单位", "倍率", "偏移", "周期", "死区", "最小间隔", "上报间隔"),
    *("字节序", "枚举", "标签", "范围", "无效值", "位", "编码", "字符顺序", "说明", "备注"),
)
Write = Callable[[Path, Sequence[Sequence[Cell]]], Loaded]


def tag(number: int) -> dict[str, Cell]:
    """A row as an electrician would write it; numbers are numbers and some are typed as text."""
    kind = number % 4
    row: dict[str, Cell] = {"序号": number, "名称": f"x_{number}", "地址": f"hr:{number}"}
    if kind == 0:
        row |= {"名称": f"tag_{number}", "指标": "temperature", "单位": "Cel", "倍率": 0.1, "标签": f"zone=z{number}"}
        row |= {"范围": "-20..400", "无效值": 32767, "死区": "1%", "偏移": -20, "说明": "烘箱；温度, “上”"}
    elif kind == 1:
        row |= {"地址": 40001 + number, "类型": "u32", "字节序": "CDAB", "上报间隔": "1m", "备注": "现场确认"}
    elif kind == 2:
        row |= {"枚举": "0=停机;1=运行", "周期": "200ms", "最小间隔": "1s"}
    else:
        row |= {"地址": f"hr:{number}:str(8)", "编码": "gb18030", "字符顺序": "low"}
    return row


def rows_of(tags: Sequence[dict[str, Cell]]) -> list[Sequence[Cell]]:
    return [COLUMNS, *([row.get(column) for column in COLUMNS] for row in tags)]


def as_gb18030(directory: Path, rows: Sequence[Sequence[Cell]]) -> Loaded:
    return with_file(directory, "press.csv", separated(rows).encode("gb18030"))


KINDS: list[tuple[str, Write]] = [("press.csv:{0}:{2}", as_gb18030), ("press.xlsx:点表!{1}{0}", with_xlsx)]


def test_500_tags_are_the_same_from_a_workbook_and_from_csv(tmp_path: Path) -> None:
    rows = rows_of([tag(number) for number in range(500)])
    csv_, xlsx = right(as_gb18030(tmp_path, rows)), right(with_xlsx(tmp_path, rows))
    assert csv_ == xlsx
    assert len(csv_.devices[0].tags) == 500
    first = csv_.devices[0].tags[4]
    assert (first.metric, first.offset, first.range, first.null_values) == ("temperature", -20, (-20, 400), (32767,))
    assert (first.deadband_percent, first.labels) == (1, {"zone": "z4"})


MISTAKES: list[tuple[int, str, Cell, str]] = [  # row, column, what stands there, code
    (3, "名称", "Bad Name", "E1056"),
    (40, "名称", "x_1", "E1051"),
    (41, "名称", None, "E1020"),
    (77, "地址", "#REF!", "E1118"),
    (150, "倍率", "1,5", "E1123"),
    (200, "范围", "400..-20", "E1044"),
    (202, "枚举", "0=停机,1=运行", "E1124"),
    (203, "类型", "u17", "M1003"),
    (204, "标签", "zone", "E1125"),
    (301, "周期", 1, "Q1001"),
    (444, "位", "4月7日", "E1120"),
    (499, "上报间隔", "一分钟", "Q1001"),
]


@pytest.mark.parametrize(("place", "write"), KINDS, ids=["csv", "xlsx"])
def test_planted_mistakes_are_all_found_by_their_cells(tmp_path: Path, place: str, write: Write) -> None:
    tags = [tag(number) for number in range(500)]
    expected = set()
    for number, column, written, code in MISTAKES:
        tags[number][column] = written
        position = COLUMNS.index(column)
        expected.add((place.format(number + 2, "ABCDEFGHIJKLMNOPQRSTUV"[position], position + 1), code))
    loaded = write(tmp_path, rows_of(tags))
    assert set(told(loaded)) == expected
    assert len(loaded.problems) == len(expected) == 12
    assert list(loaded.problems) == sorted(loaded.problems, key=lambda one: (one.line, one.column))


TAGS = """\
    tags:
      - {name: speed, address: "hr:0"}
"""


def test_tags_of_the_document_come_first_and_those_of_the_table_after_them(tmp_path: Path) -> None:
    loaded = with_csv(tmp_path, [HEADER, ("x_b", "hr:1"), (), ("# 备用", "x"), ("x_a", "hr:2")], TAGS)
    assert [tag.name for tag in right(loaded).devices[0].tags] == ["speed", "x_b", "x_a"]


def test_two_places_of_one_name_are_both_named(tmp_path: Path) -> None:
    loaded = with_xlsx(tmp_path, [HEADER, ("x_a", "hr:1"), ("speed", "hr:2"), ("x_a", "hr:3")], TAGS)
    assert told(loaded) == [("press.xlsx:点表!A3", "E1119"), ("press.xlsx:点表!A4", "E1051")]
    assert str(loaded.problems[0].facts["first"]).endswith("site.yaml:14:16")
    assert loaded.problems[1].facts["first"] == 2


def test_twins_and_plans_look_at_tables_too(tmp_path: Path) -> None:
    loaded = with_csv(tmp_path, [(*HEADER, "指标"), ("speed2", "hr:1", "speed"), ("x_c", "co:99999", "")], TAGS)
    assert told(loaded) == [("press.csv:2:3", "E1060"), ("press.csv:3:2", "M1013")]


def test_mistakes_of_the_document_come_before_those_of_the_table(tmp_path: Path) -> None:
    loaded = with_csv(tmp_path, [HEADER, ("Bad", "hr:1")], TAGS.replace("speed", "sped"))
    assert told(loaded) == [("site.yaml:14:16", "E1059"), ("press.csv:2:1", "E1056")]


def test_a_cell_that_cannot_be_read_has_no_consequences(tmp_path: Path) -> None:
    """Without its labels the tag would be the twin of the other; without its name it would have none."""
    rows = [("speed", "hr:1", ""), ("speed2", "hr:2", "zone"), ("1月2日", "hr:3", ""), ("#N/A", "", "")]
    loaded = with_csv(tmp_path, [(*HEADER, "标签"), *rows])
    assert told(loaded) == [
        ("press.csv:3:1", "E1059"),
        ("press.csv:3:3", "E1125"),
        ("press.csv:4:1", "E1120"),
        ("press.csv:5:1", "E1118"),
        ("press.csv:5:2", "E1020"),
    ]


def test_cells_under_no_header_are_reported_once_for_each_column(tmp_path: Path) -> None:
    loaded = with_csv(tmp_path, [HEADER, ("speed", "hr:1", "", "", ""), ("x_a", "hr:2", "x"), ("x_b", "hr:3", "y")])
    assert told(loaded) == [("press.csv:3:3", "E1115")]


def test_rows_that_only_have_a_number_are_left_out(tmp_path: Path) -> None:
    rows = [(1, "speed", "hr:1", ""), (2, "", "", ""), (3, "", "", "备用")]
    loaded = with_csv(tmp_path, [("序号", *HEADER, "备注"), *rows])
    assert len(right(loaded).devices[0].tags) == 1


def test_merged_cells_are_reported_where_they_would_mean_something(tmp_path: Path) -> None:
    book = workbook([("点表",), (*HEADER, "周期", "备注"), ("x_a", "hr:1", "1s", "a"), ("x_b", "hr:2", None, None)])
    for cells in ("A1:D1", "C3:C4", "D3:D4"):
        book.active.merge_cells(cells)
    assert told(with_xlsx(tmp_path, book)) == [("press.xlsx:点表!C3", "E1122")]


def test_a_table_without_rows_is_a_device_without_tags(tmp_path: Path) -> None:
    assert doubts(with_csv(tmp_path, [HEADER])) == ["W1063"]
    assert doubts(with_csv(tmp_path, [HEADER], TAGS)) == []
    assert doubts(with_csv(tmp_path, [])) == []


@pytest.mark.parametrize(
    ("name", "data", "expected"),
    [
        ("press.xls", b"", ("site.yaml:12:16", "E1101")),
        ("press.xlsm", b"", ("site.yaml:12:16", "E1101")),
        ("press", b"", ("site.yaml:12:16", "E1101")),
        ("press.XLSX", b"name,address", ("press.XLSX:1:1", "E1103")),
        ("press.csv", b"PK\x03\x04", ("press.csv:1:1", "E1109")),
        ("press.csv", b"#" * ((16 << 20) + 1), ("press.csv:1:1", "E1002")),
        ("press.xlsx#Sheet2", packed(workbook([HEADER])), ("press.xlsx:1:1", "E1106")),
        ("press.xlsx", packed(workbook([])), ("press.xlsx:点表!A1", "E1107")),
    ],
)
def test_files_that_cannot_be_used(tmp_path: Path, name: str, data: bytes, expected: tuple[str, str]) -> None:
    assert told(with_file(tmp_path, name, data)) == [expected]


@pytest.mark.parametrize(
    ("written", "code"),
    [("none.csv", "E1088"), ("~nobody-of-that-name/a.csv", "E1088"), ("a.csv/", "E1088"), ("folder.csv", "E1079")],
)
def test_files_that_are_not_there(tmp_path: Path, written: str, code: str) -> None:
    (tmp_path / "folder.csv").mkdir()
    file = tmp_path / "site.yaml"
    file.write_text(SITE.format(file=f'"{written}"'), encoding="utf-8")
    assert told(load(file)) == [("site.yaml:12:16", code)]


@pytest.mark.parametrize(("written", "code"), [("5", "E1101"), ("[a]", "E1025"), ('""', "E1033"), ("true", "E1025")])
def test_what_names_no_file(tmp_path: Path, written: str, code: str) -> None:
    file = tmp_path / "site.yaml"
    file.write_text(SITE.format(file=written), encoding="utf-8")
    assert codes(load(file)) == [code]


def test_a_sheet_can_be_named(tmp_path: Path) -> None:
    book = workbook([("other",)])
    sheet = book.create_sheet("烘箱 2")
    sheet.append(HEADER)
    sheet.append(("speed", 40101))
    (found,) = right(with_file(tmp_path, "press.xlsx#烘箱 2", packed(book))).devices[0].tags
    assert found.address.model_dump()["address"] == "40101"


def test_the_files_that_belong_to_a_configuration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "county.password").write_text("x\n")
    (tmp_path / "county.password").chmod(0o600)
    (tmp_path / "press.csv").write_text("name,address\nspeed,hr:1\n")
    text = SITE.format(file="press.csv").replace(':1883"', ':1883", username: a, password_file: county.password')
    Path("site.yaml").write_text(text)
    names = ("site.yaml", "press.csv", "county.password")
    assert right(load(Path("site.yaml")))
    assert load(Path("site.yaml")).files == tuple(tmp_path / name for name in names)
    (tmp_path / "press.csv").unlink()
    assert load(Path("site.yaml")).files == tuple(tmp_path / name for name in names)
    Path("site.yaml").write_text("[")
    assert load(Path("site.yaml")).files == (tmp_path / "site.yaml",)


def test_the_example_is_what_it_would_be_in_yaml() -> None:
    tags = {tag.name: tag for tag in right(load(EXAMPLES / "tag-table.yaml")).devices[0].tags}
    assert next(iter(tags)) == "x_jog"
    assert tags["mode"].enum == {1: "自动", 2: "手动", 3: "点动"}
    assert tags["alarm_active"].bits == (3, 3)
    dryer = tags["temperature_dryer2"]
    assert (dryer.deadband_percent, dryer.range, dryer.null_values) == (1, (-20, 400), (32767, -1))
    assert dryer.description["zh"] == "2 号烘箱温度"


def damaged(data: bytes, seed: int, count: int) -> bytes:
    chance = random.Random(seed)
    found = bytearray(data)
    for _ in range(count):
        found[chance.randrange(len(found))] = chance.randrange(256)
    return bytes(found)


ROWS = rows_of([tag(number) for number in range(8)])
TABLES = {"press.csv": separated(ROWS).encode("gb18030"), "press.xlsx": packed(workbook(ROWS))}


def loads(name: str, data: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        consistent(with_file(Path(directory), name, data))


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(TABLES)), st.binary(max_size=200))
def test_any_bytes_are_loaded_or_refused(name: str, data: bytes) -> None:
    loads(name, data)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(TABLES)), st.integers(0, 2**32), st.integers(1, 8))
def test_any_damage_is_loaded_or_refused(name: str, seed: int, count: int) -> None:
    loads(name, damaged(TABLES[name], seed, count))


@settings(max_examples=100, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 4))
def test_any_damage_inside_the_archive_is_loaded_or_refused(seed: int, count: int) -> None:
    """A ZIP archive notices that its bytes changed; what a program packed wrongly it does not."""
    chance, file = random.Random(seed), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(TABLES["press.xlsx"])) as old, zipfile.ZipFile(file, "w") as new:
        target = chance.choice(old.namelist())
        for name in old.namelist():
            part = old.read(name)
            new.writestr(name, damaged(part, seed, count) if name == target else part)
    loads("press.xlsx", file.getvalue())


# fmt: off
CELLS = st.sampled_from([
    "", "#", "#REF!", "speed", "名称", "地址", "备注", "hr:1", "1", 1, 0.5, True, "=1+1", "1%", "1s", "0=a;1=b", "a=b",
    "-1..5", "65535;-1", "1月2日", "\u200b", "\u00a0", "x" * 10_001, '"', "a\nb", "中文", "null", ".nan", "1e999",
    "1,5", "９", "zh=a", "D1:u17", "①",
])
# fmt: on


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from(sorted(TABLES)),
    st.lists(st.tuples(st.integers(0, 8), st.integers(0, len(COLUMNS)), CELLS), min_size=1, max_size=6),
)
def test_any_cell_is_loaded_or_refused(name: str, changes: list[tuple[int, int, Cell]]) -> None:
    rows = [[*row, None] for row in ROWS]
    for row, column, written in changes:
        rows[row][column] = written
    loads(name, packed(workbook(rows)) if name.endswith("xlsx") else separated(rows).encode())


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
def test_20000_tags_take_about_ten_times_as_long_as_2000(tmp_path: Path, kind: str) -> None:
    took = []
    for count in (2_000, 20_000):
        tags = [tag(number) | {"地址": f"hr:{number}", "类型": None, "字节序": None} for number in range(count)]
        data = separated(rows_of(tags)) if kind == "csv" else packed(workbook(rows_of(tags)))
        file = put(tmp_path, f"press.{kind}", data)
        begin = time.process_time()
        assert len(right(load(file)).devices[0].tags) == count
        took.append(time.process_time() - begin)
    print(f"{kind}: {took[0]:.2f} s for 2000 tags, {took[1]:.2f} s for 20000")
    assert took[1] < 30 * took[0]
