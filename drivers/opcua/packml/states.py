"""The states of PackML: number, name and node. Pure; the table is `states.csv`."""

import csv
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

SUPER = frozenset({18, 19})
"""Running and Cleared: the state is that of the machine of states below."""


class States(NamedTuple):
    """What stands for which number."""

    by_name: Mapping[str, int]
    """In small letters."""
    by_node: Mapping[int, int]
    """Identifier in the namespace of PackML."""


@cache
def states() -> States:
    rows = list(csv.DictReader(lines("states.csv")))
    return States(
        {row["name"].lower(): int(row["number"]) for row in rows},
        {int(row["node"]): int(row["number"]) for row in rows if row["node"]},
    )


def lines(name: str) -> Iterator[str]:
    """Of a table beside this module, without what is said about it."""
    text = (Path(__file__).parent / name).read_text(encoding="utf-8")
    return (line for line in text.splitlines() if not line.startswith("#"))
