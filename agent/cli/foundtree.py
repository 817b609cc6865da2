"""What a device shows, as a tree that fits the terminal."""

from collections.abc import Iterator, Sequence

from agent.cli.check import table, width
from agent.cli.terminal import cut
from agent.messages import Catalogue
from drivers.contract import Quality, Shown

_NAME, _KIND, _VALUE = 16, 8, 12
"""Columns that are left to each where there is not room for all."""
_GAPS = 6
"""Between four columns."""


def tree(shown: Sequence[Shown], said: Catalogue, columns: int | None) -> list[str]:
    """Lines with their head; as wide as it takes where nobody looks (`columns` is None)."""
    rows = [tuple(said.text("I2060", {}).split("|")), *_rows(shown, said)]
    return table(rows if columns is None else _fitted(rows, columns))


def _rows(shown: Sequence[Shown], said: Catalogue) -> Iterator[tuple[str, ...]]:
    """Depth first, in the order in which they were found."""
    below: dict[int | None, list[Shown]] = {}
    for found in shown:
        below.setdefault(found.parent, []).append(found)
    waiting: list[tuple[int, Shown | str]] = [(0, top) for top in reversed(below.get(None, []))]
    while waiting:
        depth, one = waiting.pop()
        indent = "  " * depth
        if isinstance(one, str):
            yield (f"{indent}{one}", "", "", "")
            continue
        yield (indent + one.name, one.kind, _value(one), one.address)
        children = below.get(one.number, [])
        more = one.below - len(children)
        if more > 0 and not children:
            waiting.append((depth + 1, said.text("I2065", {"count": more})))
        waiting += [(depth + 1, child) for child in reversed(children)]


def _value(one: Shown) -> str:
    """With its unit; the reason where there is none."""
    if one.quality is not Quality.GOOD and not one.value:
        return one.quality
    return f"{one.value} {one.unit or one.unit_text}".rstrip()


def _fitted(rows: Sequence[tuple[str, ...]], columns: int) -> list[tuple[str, ...]]:
    """Each column gives up what is above its share, those to the right of it first."""
    natural = [max(map(width, column)) for column in zip(*rows, strict=True)]
    room = max(columns - 1 - _GAPS, 40)
    name, kind, value, address = natural
    if sum(natural) > room:
        kind, value = min(kind, max(_KIND, room // 7)), min(value, max(_VALUE, room // 5))
        name = min(name, max(_NAME, room * 2 // 5, room - kind - value - address))
        address = min(address, room - name - kind - value)
    return [
        (cut(row[0], name), cut(row[1], kind), cut(row[2], value), cut(row[3], address, keep_end=True)) for row in rows
    ]
