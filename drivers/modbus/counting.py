"""How an area counts: `D17` in tens, `Y17` in eights, `Q0.7` byte and bit, `R12F` word and hexadecimal bit. Pure."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import NamedTuple


class Counting(StrEnum):
    """What the digits behind a prefix are. Byte and bit countings stand on registers too: a register is 2 or 16."""

    DECIMAL = "decimal"
    OCTAL = "octal"
    HEXADECIMAL = "hexadecimal"
    BYTE = "byte"
    BYTE_BIT = "byte.bit"
    WORD_BIT = "word.bit"
    WORD_HEX = "word+hex"

    @property
    def in_register(self) -> int:
        """How many of its numbers a register holds."""
        return _WAYS[self].in_register

    @property
    def has_bit(self) -> bool:
        """Whether its numbers are bits, written with the word or byte that they are in."""
        return self.in_register == 16

    @property
    def example(self) -> str:
        """Digits that show how it counts."""
        return _WAYS[self].example

    def read(self, digits: str) -> int | None:
        """The number, counted from 0 without holes; None where the digits are not of this counting."""
        way = _WAYS[self]
        found = way.pattern.fullmatch(digits)
        return None if found is None else way.number(*found.groups())

    def write(self, number: int) -> str:
        return _WAYS[self].digits(number)


def _hex(number: int) -> str:
    """With a zero before a letter, so that the digits cannot be read as a part of the prefix: `W0FF`."""
    digits = f"{number:X}"
    return digits if digits[0].isdigit() else f"0{digits}"


class _Way(NamedTuple):
    pattern: re.Pattern[str]
    number: Callable[..., int]
    digits: Callable[[int], str]
    in_register: int
    example: str


def _way(
    pattern: str, number: Callable[..., int], digits: Callable[[int], str], in_register: int, example: str
) -> _Way:
    return _Way(re.compile(pattern, re.IGNORECASE), number, digits, in_register, example)


_WAYS: dict[Counting, _Way] = {
    Counting.DECIMAL: _way("([0-9]{1,9})", int, str, 1, "100"),
    Counting.OCTAL: _way("([0-7]{1,9})", lambda text: int(text, 8), "{:o}".format, 1, "17"),
    Counting.HEXADECIMAL: _way("([0-9][0-9a-f]{0,7})", lambda text: int(text, 16), _hex, 1, "1F"),
    Counting.BYTE: _way("([0-9]{1,9})", int, str, 2, "100"),
    Counting.BYTE_BIT: _way(
        r"([0-9]{1,6})\.([0-7])", lambda byte, bit: int(byte) * 8 + int(bit), lambda n: f"{n // 8}.{n % 8}", 16, "0.7"
    ),
    Counting.WORD_BIT: _way(
        r"([0-9]{1,6})\.(1[0-5]|[0-9])",
        lambda word, bit: int(word) * 16 + int(bit),
        lambda n: f"{n // 16}.{n % 16}",
        16,
        "0.15",
    ),
    Counting.WORD_HEX: _way(
        "([0-9]{0,6})([0-9a-f])",
        lambda word, bit: int(word or 0) * 16 + int(bit, 16),
        lambda n: f"{n // 16 or ''}{n % 16:X}",
        16,
        "12F",
    ),
}
