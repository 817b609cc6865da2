"""What the electrician writes -> Point: `D100:f32@CDAB`, `M8`, `D500.3`, `hr:100`, `40101`, `4x101`, `D600:str(16)`."""

import re
from collections.abc import Sequence
from difflib import get_close_matches

from drivers.modbus.address import ADDRESSES, CODINGS, TEXT_BYTES, Encoding, Order, Point, StringOrder, Table
from drivers.modbus.profile import Area, Profile

PLAIN = "hr:0 ir:0 co:0 di:0, 40001 400001 4x1 (0x 1x 3x 4x)"

_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: " "}
"""Full-width forms that a Chinese input method types for `:`, `.`, `(`, digits and letters."""

_WHOLE = re.compile(r"(?P<place>.+?)(?::(?P<type>[a-z][^:@]*))?(?:@(?P<order>[^@]*))?", re.I | re.S)
_BIT = r"(?:\.(?P<bit>[0-9]{1,3}))?"
_ZERO_BASED = re.compile(r"(?P<prefix>hr|ir|co|di):(?P<number>0x[0-9a-f]{1,6}|[0-9]{1,9})" + _BIT, re.I)
_ONE_BASED = re.compile(r"(?P<digit>[0134])x(?P<number>[0-9]{1,9})" + _BIT, re.I)
_CLASSIC = re.compile(r"(?P<digit>[0134])(?P<number>[0-9]{4,5})" + _BIT)
_NAMED = re.compile(r"(?P<prefix>[a-z]{1,8})(?P<number>[0-9]{1,9})" + _BIT, re.I)

_BY_PREFIX = {table.prefix: table for table in Table}
_BY_DIGIT = {table.digit: table for table in Table}
_ORDERS: dict[str, Order] = {"ABCD": "ABCD", "CDAB": "CDAB", "BADC": "BADC", "DCBA": "DCBA"}
_SYNONYMS = {
    **dict.fromkeys(("bit", "boolean", "x"), "bool"),
    **dict.fromkeys(("byte", "uint8", "usint"), "u8"),
    **dict.fromkeys(("int8", "sint"), "i8"),
    **dict.fromkeys(("word", "uint", "uint16", "ushort", "unsigned"), "u16"),
    **dict.fromkeys(("int", "int16", "short"), "i16"),
    **dict.fromkeys(("dword", "uint32", "udint", "ulong"), "u32"),
    **dict.fromkeys(("dint", "int32", "long"), "i32"),
    **dict.fromkeys(("lword", "uint64", "ulint"), "u64"),
    **dict.fromkeys(("lint", "int64"), "i64"),
    **dict.fromkeys(("float", "real", "float32", "single"), "f32"),
    **dict.fromkeys(("double", "lreal", "float64"), "f64"),
    **dict.fromkeys(("float16", "half"), "f16"),
    **dict.fromkeys(("bcd",), "bcd16"),
    **dict.fromkeys(("string", "text", "char", "str"), "str(16)"),
}


class AddressError(ValueError):
    """What is written is no address: a code of `messages`, its facts, and the key that is wrong."""

    def __init__(self, code: str, key: str = "address", **facts: object) -> None:
        super().__init__(f"{code}: {facts}")
        self.code = code
        self.key = key
        self.facts = facts


def parse(
    written: str,
    profile: Profile | None = None,
    *,
    type: str | None = None,  # noqa: A002
    order: Order | None = None,
    string_order: StringOrder | None = None,
    encoding: Encoding = "ascii",
) -> Point:
    """The point that is meant. Keyword arguments are the keys beside `address`; the profile gives what is not said.

    Raises `AddressError`, and nothing else, for any text.
    """
