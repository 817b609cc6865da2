"""Types as people write them: `u16`, `F32`, `str(16)`, and what they may have meant by `int` or `float`."""

import re
from difflib import get_close_matches
from typing import NamedTuple

from drivers.modbus.address import CODINGS, TEXT_BYTES


class AddressError(ValueError):
    """What is written is no address: a code of `messages`, its facts, and the key that is wrong."""

    def __init__(self, code: str, key: str = "address", **facts: object) -> None:
        super().__init__(f"{code}: {facts}")
        self.code = code
        self.key = key
        self.facts = facts


class Typed(NamedTuple):
    """A type and, of a text, its bytes."""

    name: str
    length: int = 0

    def __str__(self) -> str:
        return f"{self.name}({self.length})" if self.length else self.name

    @property
    def registers(self) -> int:
        return (self.length + 1) // 2 if self.length else CODINGS[self.name].registers


WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)} | {0x3000: " "}
"""Full-width forms that a Chinese input method makes of `:`, `.`, `(`, digits and letters."""


def narrow(written: str) -> str:
    """Without spaces, full-width forms as ASCII."""
    return re.sub(r"\s+", "", written.translate(WIDE))


def typed(written: str) -> Typed:
    """`U16` -> u16, `str( 16 )` -> a text of 16 bytes. Raises `AddressError`."""
    found = re.fullmatch(r"([a-z]+[0-9]*)(?:\(([0-9]{1,9})\))?", narrow(written).lower())
    if found is None or found[1] not in CODINGS or (found[1] == "str") != bool(found[2]):
        raise AddressError("M1003", "type", type=written, nearest=nearest(written))
    if found[2] and not 1 <= int(found[2]) <= TEXT_BYTES:
        raise AddressError("M1004", "type", type=written, most=TEXT_BYTES)
    return Typed(found[1], int(found[2] or 0))


def nearest(written: str) -> str:
    """The type that was probably meant; all of them where nothing is near."""
    word = re.sub(r"[^a-z0-9].*", "", narrow(written).lower())
    if meant := _MEANT.get(word):
        return meant
    close = get_close_matches(word, CODINGS, n=1)
    return close[0] if close else " ".join(CODINGS).replace("str", "str(n)")


_MEANT = {
    word: meant
    for meant, words in {
        "bool": "bit boolean",
        "u8": "byte uint8 usint",
        "i8": "int8 sint",
        "u16": "word uint uint16 ushort unsigned",
        "i16": "int int16 short integer",
        "u32": "dword uint32 udint ulong",
        "i32": "dint int32 long",
        "u64": "lword uint64 ulint",
        "i64": "lint int64",
        "f16": "float16 half",
        "f32": "float real float32 single",
        "f64": "double lreal float64",
        "bcd16": "bcd",
        "str(16)": "str string text char ascii",
    }.items()
    for word in words.split()
}
