"""How fields share `struct` unpacks: which byte view and which byte order, and what does not overlap."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from struct import Struct
from typing import NamedTuple

from drivers.modbus.address import CODINGS, Order, Point


class Form(NamedTuple):
    """A way to read registers: with the two bytes of each register swapped or not, and in which byte order."""

    swapped: bool
    endian: str


_FORMS: dict[Order, Form] = {
    "ABCD": Form(swapped=False, endian=">"),
    "CDAB": Form(swapped=True, endian="<"),
    "BADC": Form(swapped=True, endian=">"),
    "DCBA": Form(swapped=False, endian="<"),
}
"""Swapped registers read as little-endian have the low word first; so each order is one unpack, for 64 bits too."""

_PLAIN = (_FORMS["ABCD"], _FORMS["CDAB"])
_REVERSED = (_FORMS["BADC"], _FORMS["DCBA"])


class Field(NamedTuple):
    """One item of an unpack: registers [start, start + size) of the block, read as `letter`."""

    start: int
    size: int
    letter: str
    forms: tuple[Form, ...]
    """Every form that gives the same value; one for numbers of more than a register."""
    length: int = 0
    """Bytes of a text."""

    def format(self, endian: str) -> str:
        """For `struct`, padded to whole registers."""
        if self.letter == "s":
            return f"{self.length}s" + "x" * (2 * self.size - self.length)
        if self.letter in "bB":
            return f"x{self.letter}" if endian == ">" else f"{self.letter}x"
        return self.letter


def field_of(point: Point, start: int) -> Field:
    """The item that holds the point's value, `start` registers into its block; bits share the item of their word."""
    return Field(start, point.count, CODINGS[point.type].letter, forms_of(point), point.length)


def forms_of(point: Point) -> tuple[Form, ...]:
    """The forms that read this point right, the usual one first."""
    if point.type == "str":
        swapped = point.string_order == "low"
        return tuple(form for form in _FORMS.values() if form.swapped is swapped)
    if CODINGS[point.type].registers == 1:
        return _REVERSED if point.order in ("BADC", "DCBA") else _PLAIN
    return (_FORMS[point.order],)


@dataclass(slots=True)
class _Draft:
    form: Form
    fields: list[Field] = field(default_factory=list)
    occupied: set[int] = field(default_factory=set)

    def takes(self, item: Field) -> bool:
        return self.form in item.forms and self.occupied.isdisjoint(range(item.start, item.start + item.size))

    def add(self, item: Field) -> None:
        self.fields.append(item)
        self.occupied.update(range(item.start, item.start + item.size))


class Layer(NamedTuple):
    """One unpack over the whole block."""

    struct: Struct
    swapped: bool
    fields: tuple[Field, ...]
    """In the order of the unpacked values."""


def layers(items: Sequence[Field], registers: int) -> list[Layer]:
    """As few layers as a greedy choice finds: what has only one form chooses first, the others join where they fit."""
    drafts: list[_Draft] = []
    for item in sorted(items, key=lambda item: (len(item.forms), item.start)):
        draft = next((draft for draft in drafts if draft.takes(item)), None)
        if draft is None:
            draft = _Draft(item.forms[0])
            drafts.append(draft)
        draft.add(item)
    return [_layer(draft, registers) for draft in drafts]


def _layer(draft: _Draft, registers: int) -> Layer:
    fields = tuple(sorted(draft.fields))
    parts = [draft.form.endian]
    at = 0
    for item in fields:
        parts += ["xx" * (item.start - at), item.format(draft.form.endian)]
        at = item.start + item.size
    parts.append("xx" * (registers - at))
    return Layer(Struct("".join(parts)), draft.form.swapped, fields)
