"""Lines of an exported log."""

import pytest

from agent.verify.account import Account
from agent.verify.logged import read_lines

LINE = b'{"topic":"x/data","payload":{"gw":"gw","dev":"d","boot":1,"seq":%d,"scans":[{"t":1,"v":{"a":1}}]}}\n'
END = b'{"end":{"gw":"gw","records":%d,"lost":[%b]}}\n'
LOST = b'{"dev":"d","boot":1,"from_seq":%d,"to_seq":%d,"records":%d}'


def counts(*lines: bytes) -> tuple[int, int, int]:
    """Records, announced, unannounced."""
    account = Account(is_file=True)
    read_lines(lines, account)
    assert account.broken == 0, account.named
    ((gateway, name, device, missing),) = account.streams()
    assert (gateway, name) == ("gw", "d")
    return device.records, missing.announced, missing.unannounced


def test_lines_are_messages() -> None:
    assert counts(LINE % 3, b"\n", LINE % 4, LINE % 6, END % (3, b"")) == (3, 0, 1)


def test_what_the_last_line_says_is_lost_is_announced() -> None:
    assert counts(LINE % 3, LINE % 6, END % (2, LOST % (0, 4, 2))) == (2, 2, 1)
    assert counts(LINE % 3, LINE % 6, END % (2, LOST % (4, 5, 2))) == (2, 2, 0)
    assert counts(LINE % 3, END % (1, LOST % (0, 1, 2))) == (1, 2, 0)
    assert counts(LINE % 3, END % (1, LOST % (4, 5, 2))) == (1, 2, 0)


def test_several_files_behind_each_other() -> None:
    assert counts(LINE % 3, END % (1, b""), LINE % 3, LINE % 4, END % (2, b"")) == (2, 0, 0)


def test_what_is_no_such_line_is_named_by_its_number() -> None:
    account = Account(is_file=True)
    lines = [b"{", b"[]", b'{"topic":7,"payload":{}}', b'{"topic":"x/data","payload":[]}', END % (0, b"")]
    read_lines(lines, account)
    assert account.broken == 4
    assert [place for place, _, _ in account.named] == ["line 1", "line 2", "line 3", "x/data"]


@pytest.mark.parametrize(
    ("lines", "place", "code"),
    [
        ([LINE % 3], "line 2", "I8047"),
        ([], "line 1", "I8047"),
        ([LINE % 3, END % (1, b""), LINE % 4], "line 4", "I8047"),
        ([LINE % 3, END % (2, b"")], "line 2", "I8050"),
        ([LINE % 3, END % (1, b"7")], "line 2", "I8043"),
        ([LINE % 3, b'{"end":{"gw":"gw","records":1}}'], "line 2", "I8043"),
        ([LINE % 3, b'{"end":{"records":1,"lost":[]}}'], "line 2", "I8043"),
    ],
)
def test_an_end_that_is_missing_or_does_not_fit(lines: list[bytes], place: str, code: str) -> None:
    account = Account(is_file=True)
    read_lines(lines, account)
    assert [name[:2] for name in account.named] == [(place, code)]
