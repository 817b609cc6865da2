"""What is known of a PLC family: its areas and where Modbus finds them. Written as YAML: see `profile_file`."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, cached_property
from typing import Literal, NamedTuple

from drivers.modbus.address import Order, StringOrder, Table
from drivers.modbus.counting import Counting

Evidence = Literal["V", "N", "H", "M"]
"""V vendor's manual; N and H documents and code of others made from it; M from memory, to be confirmed."""

GRADES: Sequence[Evidence] = ("V", "N", "H", "M")
"""The best first."""


class Span(NamedTuple):
    """A run of numbers of an area without a gap in the map."""

    first: int
    last: int
    base: int
    """Zero-based address of `first`."""
    stride: int = 1
    """Addresses from one number to the next; of bytes and bits from one register to the next."""


class Spot(NamedTuple):
    """Where a number is found: an address, and which byte or bit (counted from the first byte) of its register."""

    offset: int
    part: int


@dataclass(frozen=True)
class Area:
    """One kind of device of the PLC, `D` or `M`; or one way to see its memory, `VW` beside `VB`."""

    prefix: str
    """As on the drawing. `*` is a number that an option gives: `DB*.DBW`."""
    kind: Table
    numbers: Counting
    width: Literal[1, 8, 16, 32]
    """Bits of one element; 32 with a stride of 1 is one address for two registers."""
    map: tuple[Span, ...]
    """Of an area with an origin: numbers counted from it."""
    evidence: Evidence
    origin: str = ""
    """The option that says where the area begins; none, or already applied: empty."""
    also: tuple[str, ...] = ()
    """Other prefixes for the same."""

    @property
    def in_address(self) -> int:
        """How many numbers one address holds."""
        return 1 if self.kind.is_bits else self.numbers.in_register

    @property
    def is_alone(self) -> bool:
        """Whether an element of two registers has one address, so that nothing else can be read with it."""
        return self.width == 32 and self.in_address == 1 and all(span.stride == 1 for span in self.map)

    def rest(self, text: str) -> str | None:
        """What stands behind the prefix, if the text begins with it and a digit follows."""
        for prefix in (self.prefix, *self.also):
            if (found := _begins(prefix, self.numbers).match(text)) is not None:
                return text[found.end() :]
        return None

    def written(self, number: int) -> str:
        """`Y10` for number 8 of an octal area."""
        return self.prefix + self.numbers.write(number)

    def span(self, number: int) -> Span | None:
        return next((span for span in self.map if span.first <= number <= span.last), None)

    def end(self, span: Span) -> int:
        """The address behind a run."""
        addresses = -(-(span.last - span.first + 1) // self.in_address)
        return span.base + addresses * span.stride

    def spot(self, span: Span, number: int) -> Spot:
        addresses, part = divmod(number - span.first, self.in_address)
        return Spot(span.base + addresses * span.stride, part)

    @property
    def range(self) -> str:
        """`D0-D4095, D4096-D11999`; of an area whose begin is not known yet, the option that says it."""
        if self.origin:
            return f"{self.prefix}{self.numbers.example} ({self.origin})"
        return ", ".join(f"{self.written(span.first)}-{self.written(span.last)}" for span in self.map)


@cache
def _begins(prefix: str, numbers: Counting) -> re.Pattern[str]:
    """A `%` before an IEC name may be left out, or written where the drawing has none."""
    body = re.escape(prefix.removeprefix("%")).replace(r"\*", "[0-9]{1,5}")
    digit = "[0-9]|[A-F]$" if numbers is Counting.WORD_HEX else "[0-9]"
    return re.compile(f"%?{body}(?={digit})", re.IGNORECASE)


class Title(NamedTuple):
    """A text in both languages."""

    zh: str
    en: str


class Option(NamedTuple):
    """Something that the profile has to be told, such as where a memory begins."""

    name: str
    meaning: Title
    example: str


class Vector(NamedTuple):
    """A name and where it must be found."""

    written: str
    kind: Table
    offset: int


@dataclass(frozen=True)
class Profile:
    """One PLC family."""

    id: str
    title: Title
    evidence: Evidence
    """The lowest of its areas."""
    order_evidence: Evidence
    """Of `word_order` and `string_order`."""
    source: str
    word_order: Order
    string_order: StringOrder
    """Which byte of a register comes first, in texts and in areas that count bytes."""
    max_words: int
    max_bits: int
    options: tuple[Option, ...]
    areas: tuple[Area, ...]
    test_vectors: tuple[Vector, ...]
    test_options: Mapping[str, str]
    """The options with which the test vectors hold."""

    def named(self, text: str) -> list[Area]:
        """Areas with the longest prefix that the text begins with: one, or contacts and values of timers, or none."""
        found = [(len(text) - len(rest), area) for area in self.areas if (rest := area.rest(text)) is not None]
        longest = max((length for length, _ in found), default=0)
        return [area for length, area in found if length == longest]

    @cached_property
    def ranges(self) -> str:
        """All that can be read: `D0-D7999, R0-R32767, ...`."""
        return ", ".join(dict.fromkeys(area.range for area in self.areas))

    @cached_property
    def boundaries(self) -> Mapping[Table, Sequence[int]]:
        """Addresses where an area or a part of one begins or ends; no request may hold both sides of one."""
        edges: dict[Table, set[int]] = {}
        for area in self.areas:
            for span in area.map:
                edges.setdefault(area.kind, set()).update((span.base, area.end(span)))
        return {table: sorted(found) for table, found in edges.items()}

    def origin(self, option: str, written: str) -> tuple[Area, int, str] | None:
        """What an option of the kind "begins at" says: an area, its number, and the digits for `*`; None if nothing."""
        areas = [area for area in self.areas if area.origin == option]
        text = written.strip().upper().removeprefix("P#").split(" ")[0]
        if text.isdecimal() and not any("*" in area.prefix for area in areas):
            text = next((area.prefix for area in areas if area.width == 8), "") + text
        for area in areas:
            rest = area.rest(text)
            number = None if rest is None else area.numbers.read(rest)
            if number is not None and number * _bits(area) % 8 == 0:
                star = re.match(r"[%A-Z]*([0-9]+)\.", text) if "*" in area.prefix else None
                return area, number, star[1] if star else ""
        return None

    def bound(self, options: Mapping[str, str]) -> "Profile":
        """The profile with the areas that its options place. Options that say nothing sensible are left out."""
        profile = self
        for option, written in options.items():
            found = profile.origin(option, written)
            if found is not None:
                profile = replace(profile, areas=tuple(_bound(profile.areas, option, *found)))
        return profile


def _bits(area: Area) -> int:
    """Bits from one number to the next of an area that counts parts of a memory."""
    return 16 // area.numbers.in_register


def _bound(areas: Sequence[Area], option: str, named: Area, number: int, star: str) -> list[Area]:
    """Areas of the option's memory moved to its origin; the memories that it does not name go away."""
    begin = number * _bits(named)
    bound: list[Area] = []
    for area in areas:
        if area.origin != option:
            bound.append(area)
        elif ("*" in area.prefix) == ("*" in named.prefix):
            first = begin // _bits(area)
            moved = tuple(span._replace(first=first + span.first, last=first + span.last) for span in area.map)
            bound.append(replace(area, prefix=area.prefix.replace("*", star), map=moved, origin=""))
    return bound
