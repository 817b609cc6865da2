"""What the electrician writes -> Point: `D100:f32@CDAB`, `M8`, `D500.3`, `hr:100`, `40101`, `4x101`, `D600:str(16)`."""

import re

from drivers.modbus.address import ADDRESSES, Encoding, Order, Point, StringOrder, Table
from drivers.modbus.place import Place, named
from drivers.modbus.profile import Profile
from drivers.modbus.typed import AddressError, Typed, narrow, typed

PLAIN = "hr:0 ir:0 co:0 di:0, 40001 400001 4x1 (0x 1x 3x 4x)"

_WHOLE = re.compile(r"(?P<place>.+?)(?::(?P<type>[a-z][^:@]*))?(?:@(?P<order>[^@]*))?", re.I | re.S)
_BIT = r"(?:\.(?P<bit>[0-9]{1,3}))?"
_ZERO_BASED = re.compile(r"(?P<prefix>hr|ir|co|di):(?P<number>0x[0-9a-f]{1,6}|[0-9]{1,9})" + _BIT, re.I)
_ONE_BASED = re.compile(r"(?P<digit>[0134])x(?P<number>[0-9]{1,9})" + _BIT, re.I)
_CLASSIC = re.compile(r"(?P<digit>[0134])(?P<number>[0-9]{4,5})" + _BIT)
_LIKE_A_NAME = re.compile(r"[%$]?(?P<area>[a-z]{1,8}(?:[0-9]{1,5}\.[a-z]{1,4})?)[0-9]", re.I)

_BY_PREFIX = {table.prefix: table for table in Table}
_BY_DIGIT = {table.digit: table for table in Table}
_BYTES = ("u8", "i8")
_ORDERS: dict[str, Order] = {"ABCD": "ABCD", "CDAB": "CDAB", "BADC": "BADC", "DCBA": "DCBA"}


def parse(
    written: str,
    profile: Profile | None = None,
    *,
    type: str | None = None,  # noqa: A002  # as the key is called
    order: Order | None = None,
    string_order: StringOrder | None = None,
    encoding: Encoding = "ascii",
) -> Point:
    """The point that is meant. Keyword arguments are the keys beside `address`; the profile gives what is not said.

    Raises `AddressError`, and nothing else, for any text.
    """
    text = narrow(written)
    facts = {"given": written, "profile": profile.id if profile else "Modbus"}
    try:
        whole = _WHOLE.fullmatch(text)
        if whole is None:
            raise _not_understood(profile)
        coding = _agreed(whole["type"], type)
        place = _place(whole["place"], profile, coding)
        chosen = _order(whole["order"], order) or (profile.word_order if profile else "ABCD")
        first = string_order or (profile.string_order if profile else "high")
        return _point(place, coding, chosen, first, encoding)
    except AddressError as problem:
        problem.facts = {**facts, **problem.facts}
        raise


def _agreed(inside: str | None, beside: str | None) -> Typed | None:
    """The type that stands in the address, beside it, or in both alike."""
    found = [typed(text) for text in (inside, beside) if text]
    if len(found) == 2 and found[0] != found[1]:
        raise AddressError("M1018", "type", inside=found[0], beside=found[1])
    return found[0] if found else None


def _order(inside: str | None, beside: Order | None) -> Order | None:
    if inside is None:
        return beside
    found = _ORDERS.get(inside.upper())
    if found is None:
        raise AddressError("M1005", order=inside)
    if beside and beside != found:
        raise AddressError("M1018", "order", inside=found, beside=beside)
    return found


def _place(text: str, profile: Profile | None, coding: Typed | None) -> Place:
    if match := _ZERO_BASED.fullmatch(text):
        table = _BY_PREFIX[match["prefix"].lower()]
        return _plain(table, int(match["number"], 0 if "x" in match["number"].lower() else 10), match["bit"], text)
    if match := _CLASSIC.fullmatch(text) or _ONE_BASED.fullmatch(text):
        table, number = _BY_DIGIT[match["digit"]], int(match["number"])
        if number == 0:
            raise AddressError("M1014", first=f"{text[:-1]}1" if match["bit"] is None else f"{table.digit}0001")
        return _plain(table, number - 1, match["bit"], text)
    areas = profile.named(text) if profile else []
    if profile is None or not areas:
        raise _no_area(text, profile)
    return named(text, profile, areas, wants_contact=coding == Typed("bool"))


def _plain(table: Table, offset: int, bit: str | None, text: str) -> Place:
    last = f"{table.prefix}:{ADDRESSES - 1} ({table.digit}{ADDRESSES})"
    if offset >= ADDRESSES:
        raise AddressError("M1013", range=f"{table.prefix}:0 ({table.digit}{1:05}) - {last}")
    return Place(table, offset, ADDRESSES, _bit(bit), last=last)


def _bit(digits: str | None) -> int | None:
    if digits is not None and int(digits) > 15:
        raise AddressError("M1016", bit=digits)
    return None if digits is None else int(digits)


def _point(place: Place, coding: Typed | None, order: Order, first: StringOrder, encoding: Encoding) -> Point:
    """The point, if the type suits the place."""
    if place.table.is_bits and place.bit is not None:
        raise AddressError("M1006", bit=place.bit)
    kind = coding or Typed(_usual(place))
    if not _suits(place, kind):
        raise AddressError("M1017", type=kind, allowed=_suitable(place))
    if not place.alone and place.offset + kind.registers > place.end:
        raise AddressError("M1015", type=kind, needs=kind.registers, last=place.last)
    if encoding == "utf-16":
        encoding, first = "utf-16-be", "high"
    return Point(
        place.table,
        place.offset,
        kind.registers,
        kind.name,
        order if place.byte is None or kind.name not in _BYTES else _order_of_byte(place.byte, order),
        place.bit,
        first,
        encoding,
        kind.length,
        place.alone,
        place.written,
    )


def _is_bit(place: Place) -> bool:
    return place.table.is_bits or place.bit is not None


def _usual(place: Place) -> str:
    """The type of what says none."""
    if _is_bit(place):
        return "bool"
    return "u32" if place.wide else "u16" if place.byte is None else "u8"


def _suits(place: Place, kind: Typed) -> bool:
    if _is_bit(place):
        return kind.name == "bool" and not place.wide
    if place.byte is not None:
        return kind.name in _BYTES or (kind.name != "bool" and place.is_first)
    return not place.wide or kind.registers == 2


def _suitable(place: Place) -> str:
    if place.wide:
        return "u32 i32 f32 bcd32"
    if _is_bit(place):
        return "bool"
    return " ".join(_BYTES)


def _order_of_byte(byte: int, order: Order) -> Order:
    """Which byte of its register a `u8` is: the low one, or with the two bytes exchanged the high one."""
    return "DCBA" if (byte == 1) is not (order in ("BADC", "DCBA")) else "ABCD"


def _allowed(profile: Profile | None) -> str:
    return f"{profile.ranges}; {PLAIN}" if profile else PLAIN


def _no_area(text: str, profile: Profile | None) -> AddressError:
    like_a_name = _LIKE_A_NAME.match(text)
    if like_a_name is None:
        return _not_understood(profile)
    return AddressError("M1011", area=like_a_name["area"].upper(), allowed=_allowed(profile))


def _not_understood(profile: Profile | None) -> AddressError:
    return AddressError("M1010", allowed=_allowed(profile))
