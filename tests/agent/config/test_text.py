from pathlib import Path

import pytest

from agent.config.text import MAX_BYTES
from tests.agent.config.site import GOOD, codes, doubts, read, right, said

CHINESE = GOOD.replace("site: factory", "site: 平阳一厂")


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_utf_8_with_and_without_bom(tmp_path: Path, encoding: str) -> None:
    loaded = read(tmp_path, CHINESE.encode(encoding))
    assert right(loaded).labels["site"] == "平阳一厂"
    assert loaded.warnings == ()


def test_gb18030_is_read_with_a_warning_where_utf_8_ends(tmp_path: Path) -> None:
    loaded = read(tmp_path, CHINESE.encode("gb18030"))
    assert right(loaded).labels["site"] == "平阳一厂"
    assert [(w.line, w.code) for w in loaded.warnings] == [(3, "W1005")]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"\xff\xfea\x00", (1, 1, "", "E1003")),
        (b"version: 1\nname: \xff\xff\n", (2, 7, "", "E1004")),
        (b"version: 1\na: \x00\n", (2, 4, "", "E1006")),
        (b"a: \x1b[31m\n", (1, 4, "", "E1006")),
        (b"a: 1\nb: " + b"x" * 10_001, (2, 10_001, "", "E1007")),
        (b"#" * (MAX_BYTES + 1), (1, 1, "", "E1002")),
        (b"", (1, 1, "", "E1040")),
        (b"# only a comment\n", (1, 1, "", "E1040")),
        (b"- 1\n", (1, 1, "", "E1029")),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, data: bytes, expected: tuple[int, int, str, str]) -> None:
    assert said(read(tmp_path, data)) == [expected]


def test_no_file_and_no_access(tmp_path: Path) -> None:
    from agent.config import load

    assert codes(load(tmp_path / "none.yaml")) == ["E1089"]
    assert codes(load(tmp_path)) == ["E1001"]
    assert codes(load(Path("a\0b"))) == ["E1001"]


def test_windows_line_ends_count_once(tmp_path: Path) -> None:
    loaded = read(tmp_path, GOOD.replace("driver: simulated", "driver: simulate").replace("\n", "\r\n"))
    assert said(loaded)[0][:2] == (9, 13)
    assert doubts(loaded) == []
