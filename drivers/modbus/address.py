"""Where a tag is and how it is coded: tables, types, orders, and the resolved `Point`."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Literal, NamedTuple

from drivers.contract import ValueType

Order = Literal["ABCD", "CDAB", "BADC", "DCBA"]
"""Where the bytes of a value (A the most significant of 32 bits) are found on the wire, for 16 and 64 bits alike."""

StringOrder = Literal["high", "low"]
"""Which byte of a register comes first in a text."""

Encoding = Literal[
    "ascii",
    "utf-8",
    "gbk",
    "gb2312",
    "gb18030",
    "big5",
    "latin-1",
    "shift_jis",
    "euc_kr",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
]
"""Of texts. `utf-16` is one code unit a register, whichever byte of it comes first elsewhere."""

TEXT_BYTES = 250
"""Of the longest text: 125 registers, one request."""

ADDRESSES = 65536
"""Addresses of one table (MODBUS Application Protocol V1.1b3, section 4.3)."""


class Table(StrEnum):
    """The four tables of Modbus, in the order of their function codes."""

    COIL = "coil"
    DISCRETE = "discrete"
    HOLDING = "holding"
    INPUT = "input"

    @property
    def function(self) -> int:
        """The function code that reads it: 1, 2, 3 or 4."""
        return _FUNCTIONS[self]

    @property
    def is_bits(self) -> bool:
        return self is Table.COIL or self is Table.DISCRETE

    @property
    def prefix(self) -> str:
        """Its name in zero-based notation: `co di hr ir`."""
        return _PREFIXES[self]

    @property
    def digit(self) -> str:
        """Its first digit in one-based notation: `0 1 4 3`."""
        return _DIGITS[self]


_FUNCTIONS: Mapping[Table, int] = MappingProxyType({table: code for code, table in enumerate(Table, start=1)})
_PREFIXES = {Table.COIL: "co", Table.DISCRETE: "di", Table.HOLDING: "hr", Table.INPUT: "ir"}
_DIGITS = {Table.COIL: "0", Table.DISCRETE: "1", Table.HOLDING: "4", Table.INPUT: "3"}


class Coding(NamedTuple):
    """How values of one type lie in registers."""

    registers: int
    letter: str
    """Of the `struct` module, without byte order."""
    value: ValueType


CODINGS: Mapping[str, Coding] = MappingProxyType(
    {
        "bool": Coding(1, "H", "bool"),
        "u8": Coding(1, "B", "int"),
        "i8": Coding(1, "b", "int"),
        "u16": Coding(1, "H", "int"),
        "i16": Coding(1, "h", "int"),
        "u32": Coding(2, "I", "int"),
        "i32": Coding(2, "i", "int"),
        "u64": Coding(4, "Q", "int"),
        "i64": Coding(4, "q", "int"),
        "f16": Coding(1, "e", "float"),
        "f32": Coding(2, "f", "float"),
        "f64": Coding(4, "d", "float"),
        "bcd16": Coding(1, "H", "int"),
        "bcd32": Coding(2, "I", "int"),
        "str": Coding(0, "s", "str"),
    }
)
"""Type -> coding. A `str` has its length besides and as many registers as that needs."""


@dataclass(frozen=True, slots=True)
class Point:
    """Where a tag is and how it is coded, all resolved."""

    table: Table
    offset: int
    """Zero-based: what goes on the wire."""
    count: int = 1
    """Registers, or bits of a bit table, that one request for it asks for."""
    type: str = "u16"
    """A word of `CODINGS`."""
    order: Order = "ABCD"
    bit: int | None = None
    """Bit of a register, 0 the least significant."""
    string_order: StringOrder = "high"
    encoding: str = "ascii"
    """Of a `str`: a codec of Python."""
    length: int = 0
    """Bytes of a `str`."""
    alone: bool = False
    """Read with nothing else: its table counts elements of more than one register as one address each."""
    written: str = ""
    """The PLC's own name for it (`D100`, `M8`, `D8.3`), empty where it is written as plain Modbus."""

    @property
    def end(self) -> int:
        """End of the half-open range of addresses that it occupies; `Holes` are made of such ranges."""
        return self.offset + (1 if self.alone else self.count)

    @property
    def value_type(self) -> ValueType:
        return CODINGS[self.type].value

    @property
    def source(self) -> str:
        """Canonical notation, zero-based and one-based: `D100 = hr:4196 (404197)`, `D8.3 = hr:8.3 (400009.3)`."""
        bit = "" if self.bit is None else f".{self.bit}"
        plain = f"{self.table.prefix}:{self.offset}{bit} ({self.table.digit}{self.offset + 1:05}{bit})"
        return f"{self.written} = {plain}" if self.written else plain
