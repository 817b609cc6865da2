"""Tells the operator of records lost for want of room: a line when it begins, one with the count when it is over."""

from collections import Counter
from collections.abc import Iterable

from drivers.contract import Journal


class Overflow:
    """Of all destinations."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.lost: Counter[str] = Counter()
        """How many records each destination has lost since it began; empty while nothing is lost."""

    def lose(self, losers: Iterable[str], records: int = 1) -> None:
        for name in losers:
            self.lost[name] += records
            self._journal.lost("W3010", name)

    def end(self) -> None:
        for name, records in self.lost.items():
            self._journal.back("W3010", name, records=records)
        self.lost.clear()
