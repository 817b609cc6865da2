"""Whatever comes, as JSON that every platform can read: valid UTF-8, finite numbers, texts of bounded length. Pure."""

import math
import re
from collections.abc import Mapping, Sequence, Set

import orjson

TEXT_MAX = 4096
"""Bytes of a text; what is longer is cut between two characters."""

LONG = re.compile(rb'[^"]{%d}' % (TEXT_MAX + 1))
"""Where JSON may hold a text that is too long: between any two others there is a quotation mark."""

INTEGER_MAX = 1 << 128
"""No machine counts so far; a larger number is a mistake of somebody's arithmetic."""


def spoken(content: object) -> bytes:
    """JSON of something that is not on the hot path."""
    try:
        said = orjson.dumps(content, default=plain)
    except TypeError:
        return orjson.dumps(plain(content))
    return said if LONG.search(said) is None else orjson.dumps(plain(content))


def plain(content: object) -> object:
    """The same as something that `orjson.dumps` takes: not finite becomes None, keys become texts."""
    match content:
        case str():
            return text(content)
        case bool() | None:
            return content
        case int():
            return integer(content)
        case float():
            return content if math.isfinite(content) else None
        case Mapping():
            return {text(str(key)): plain(value) for key, value in content.items()}
        case Set():
            return sorted(text(str(value)) for value in content)
        case Sequence() if not isinstance(content, bytes | bytearray | memoryview):
            return [plain(value) for value in content]
        case _:
            return text(str(content))


def text(value: str) -> str:
    """Valid Unicode of at most `TEXT_MAX` bytes of UTF-8; a lone surrogate becomes U+FFFD."""
    valid = value.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return valid.encode()[:TEXT_MAX].decode("utf-8", "ignore")


def integer(value: int) -> object:
    """An integer as it is, beyond 64 bits too; None where it is absurd."""
    if -(1 << 63) <= value < 1 << 64:
        return value
    return orjson.Fragment(str(value)) if -INTEGER_MAX < value < INTEGER_MAX else None
