"""Names of a profile -> places: which area is meant, where its number is, and which byte or bit of a register. Pure."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from drivers.modbus.address import Table
from drivers.modbus.counting import Counting
from drivers.modbus.profile import Area, Profile, Span
from drivers.modbus.typed import AddressError


class Place(NamedTuple):
    """Where something is, before its type is settled."""

    table: Table
    offset: int
    end: int
    """Where the area, or its part, ends."""
    bit: int | None
    byte: int | None = None
    """Of a place that is one byte: 0 the low one of its register, 1 the high one."""
    is_first: bool = False
    """Of a byte: whether its register begins with it, so that longer values can too."""
    wide: bool = False
    alone: bool = False
    written: str = ""
    last: str = ""
    """How the end is written."""


class _Meant(NamedTuple):
    """One way to read a name."""

    area: Area
    number: int
    bit: str | None
    """Behind the number: a bit of a word or byte."""


def named(text: str, profile: Profile, areas: Sequence[Area], *, wants_contact: bool) -> Place:
    """The place of a name that begins with the prefix of these areas. Raises `AddressError`.

    Of timers and counters the contact is meant where a bool is wanted, else the value.
    """
    meant = [found for area in areas if (found := _read(area, text)) is not None]
    if not meant:
        raise _not_so(areas[0], text)
    placed = [found for found in meant if not found.area.origin]
    if not placed:
        raise _has_no_origin(areas[0].origin, profile)
    inside = [found for found in placed if found.area.span(found.number)]
    if not inside:
        raise AddressError("M1013", range=", ".join(dict.fromkeys(area.range for area in areas)))
    return _place(min(inside, key=lambda found: _strangeness(found, wants_contact=wants_contact)), profile)


def _has_no_origin(option: str, profile: Profile) -> AddressError:
    example = next((known.example for known in profile.options if known.name == option), "")
    return AddressError("M1032", option=option, example=example)


def _strangeness(found: _Meant, *, wants_contact: bool) -> tuple[bool, bool]:
    """A number that is a bit by itself comes before a bit of a word; only words have those."""
    return found.bit is not None, found.area.kind.is_bits is not (wants_contact and found.bit is None)


def _read(area: Area, text: str) -> _Meant | None:
    digits = area.rest(text)
    if digits is None:
        return None
    number, bit = area.numbers.read(digits), None
    if number is None and not area.numbers.has_bit:
        head, dot, tail = digits.rpartition(".")
        if dot and re.fullmatch("[0-9]{1,3}", tail):
            number, bit = area.numbers.read(head), tail
    return None if number is None else _Meant(area, number, bit)


def _not_so(area: Area, text: str) -> AddressError:
    """What stands behind the prefix is not how the area counts."""
    if area.numbers is Counting.OCTAL and re.fullmatch(r"[0-9]+(\.[0-9]+)?", area.rest(text) or ""):
        return AddressError("M1012", area=area.prefix, before=f"{area.prefix}7", after=f"{area.prefix}10")
    return AddressError("M1021", area=area.prefix, example=area.prefix + area.numbers.example, range=area.range)


def _place(meant: _Meant, profile: Profile) -> Place:
    area, number = meant.area, meant.number
    span = area.span(number)
    assert span is not None
    spot = area.spot(span, number)
    low_first = profile.string_order == "low"
    bit, byte = _bit_behind(meant), None
    if not area.kind.is_bits and area.numbers is Counting.BYTE:
        if area.width > 8 and spot.part:
            raise _odd(area, span, number)
        if area.width == 8:
            byte = spot.part if low_first else 1 - spot.part
            bit = None if bit is None else bit + 8 * byte
    elif area.in_address == 16:
        bit = spot.part if area.numbers is not Counting.BYTE_BIT or low_first else spot.part ^ 8
    return Place(
        area.kind,
        spot.offset,
        area.end(span),
        bit,
        byte,
        is_first=spot.part == 0,
        wide=area.width == 32,
        alone=area.is_alone,
        written=area.written(number) + ("" if meant.bit is None else f".{int(meant.bit)}"),
        last=area.written(span.last),
    )


def _odd(area: Area, span: Span, number: int) -> AddressError:
    """A word or double word between two registers."""
    nearest = [area.written(near) for near in (number - 1, number + 1) if near <= span.last]
    return AddressError("M1022", nearest=", ".join(nearest), first=area.written(span.first))


def _bit_behind(meant: _Meant) -> int | None:
    """The bit that is written behind a word, a byte or what is one already."""
    if meant.bit is None:
        return None
    bit = int(meant.bit)
    if meant.area.kind.is_bits:
        raise AddressError("M1006", bit=bit)
    most = 7 if meant.area.width == 8 else 15
    if bit > most:
        raise AddressError("M1016" if most == 15 else "M1023", bit=meant.bit)
    return bit
