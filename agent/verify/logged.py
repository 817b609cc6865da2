"""What `lineside export` wrote: a message on each line, `{"topic": ..., "payload": {...}}`, and on the last one
`{"end": {...}}`: how many of them are records, and what is missing among them. Pure."""

from collections.abc import Iterable

from agent.verify.account import Account
from agent.verify.payload import Broken, end, parse


def read_lines(lines: Iterable[bytes], account: Account) -> None:
    """Take every line. What is no such line is a broken payload, named by its number; so is an end that is missing."""
    reading = _Reading(account)
    number = 0
    for number, line in enumerate(lines, 1):
        if line.strip():
            reading.take(line, f"line {number}")
    if not reading.has_end:
        account.refuse(f"line {number + 1}", Broken("I8047"))


class _Reading:
    """Of one file, or of several behind each other."""

    def __init__(self, account: Account) -> None:
        self.has_end = False
        self._account = account
        self._records = 0

    def take(self, line: bytes, place: str) -> None:
        self.has_end = False
        try:
            self._take(parse(line))
        except Broken as broken:
            self._account.refuse(place, broken)

    def _take(self, found: object) -> None:
        match found:
            case {"topic": str(topic), "payload": payload}:
                self._records += self._account.take_logged(topic, payload)
            case {"end": dict(said)}:
                self.has_end = True
                told, self._records, records = end(said), 0, self._records
                self._account.take_end(told)
                if told.records != records:
                    raise Broken("I8050", f"{records}/{told.records}")
            case _:
                raise Broken("I8046", '{"topic": ..., "payload": ...}')
