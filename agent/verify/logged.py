"""What `lineside export` wrote: a message on each line, `{"topic": ..., "payload": {...}}`, in log order. Pure."""

from collections.abc import Iterable

from agent.verify.account import Account
from agent.verify.payload import Broken, parse


def read_lines(lines: Iterable[bytes], account: Account) -> None:
    """Take every line. What is no such line is a broken payload, named by its number."""
    for number, line in enumerate(lines, 1):
        if line.strip():
            _line(line, f"line {number}", account)


def _line(line: bytes, place: str, account: Account) -> None:
    try:
        found = parse(line)
    except Broken as broken:
        account.refuse(place, broken)
        return
    match found:
        case {"topic": str(topic), "payload": payload}:
            account.take_logged(topic, payload)
        case _:
            account.refuse(place, Broken("I8046", '{"topic": ..., "payload": ...}'))
