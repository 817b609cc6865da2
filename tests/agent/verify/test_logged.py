"""Lines of an exported log."""

from agent.verify.account import Account
from agent.verify.logged import read_lines

LINE = b'{"topic":"x/data","payload":{"gw":"gw","dev":"d","boot":1,"seq":%d,"scans":[{"t":1,"v":{"a":1}}]}}\n'


def test_lines_are_messages() -> None:
    account = Account(is_file=True)
    read_lines([LINE % 3, b"\n", LINE % 4, LINE % 6], account)
    ((gateway, name, device, missing),) = account.streams()
    assert (gateway, name, device.records, missing.unannounced) == ("gw", "d", 3, 1)


def test_what_is_no_such_line_is_named_by_its_number() -> None:
    account = Account(is_file=True)
    read_lines([b"{", b"[]", b'{"topic":7,"payload":{}}', b'{"topic":"x/data","payload":[]}'], account)
    assert account.broken == 4
    assert [place for place, _, _ in account.named] == ["line 1", "line 2", "line 3", "x/data"]
