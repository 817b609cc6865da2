"""Hypothesis strategies: points of every type and order, and values that they can hold."""

import struct

from hypothesis import strategies as st

from drivers.contract import Value
from drivers.modbus.address import CODINGS, Point, Table

ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
NUMBERS = sorted(set(CODINGS) - {"bool", "str"})
TEXTS = {
    "ascii": "AZaz09 -_.",
    "gbk": "印刷机A1 号",
    "utf-8": "印刷é1 ",
    "utf-16-be": "印刷é1 ",
    "utf-16-le": "印刷é1 ",
}


@st.composite
def register_points(draw: st.DrawFn) -> Point:
    table = draw(st.sampled_from([Table.HOLDING, Table.INPUT]))
    offset = draw(st.integers(0, 99))
    order = draw(st.sampled_from(ORDERS))
    kind = draw(st.sampled_from([*CODINGS, "bit"]))
    if kind == "bit":
        return Point(table, offset, 1, "bool", order, bit=draw(st.integers(0, 15)))
    if kind == "str":
        length = draw(st.integers(1, 24))
        string_order = draw(st.sampled_from(["high", "low"]))
        encoding = draw(st.sampled_from(sorted(TEXTS)))
        return Point(table, offset, (length + 1) // 2, "str", order, None, string_order, encoding, length)
    return Point(table, offset, CODINGS[kind].registers, kind, order)


@st.composite
def bit_points(draw: st.DrawFn) -> Point:
    return Point(draw(st.sampled_from([Table.COIL, Table.DISCRETE])), draw(st.integers(0, 299)), 1, "bool")


def values(point: Point) -> st.SearchStrategy[Value]:
    """What the point can hold and gives back exactly."""
    if point.type == "bool":
        return st.booleans()
    if point.type == "str":
        return st.text(TEXTS[point.encoding], max_size=point.length).filter(lambda text: _fits(text, point))
    if point.type.startswith("bcd"):
        return st.integers(0, 10 ** (int(point.type[3:]) // 4) - 1)
    bits = int(point.type[1:])
    if point.type[0] == "f":
        return st.floats(width=bits, allow_nan=False, allow_infinity=False)
    return (
        st.integers(-(1 << bits - 1), (1 << bits - 1) - 1) if point.type[0] == "i" else st.integers(0, (1 << bits) - 1)
    )


def _fits(text: str, point: Point) -> bool:
    return text == text.rstrip(" ") and len(text.encode(point.encoding)) <= point.length


def wire(point: Point, value: Value) -> bytes:
    """Register bytes by the definition of the orders, one byte after the other: a second opinion to `encode`."""
    if point.type.startswith("bcd"):
        big = bytes.fromhex(f"{value:0{4 * point.count}d}")
    else:
        big = struct.pack(f">{CODINGS[point.type].letter}", value).rjust(2, b"\0")
    words = [big[at : at + 2] for at in range(0, len(big), 2)]
    if point.order in ("CDAB", "DCBA"):
        words.reverse()
    return b"".join(word[::-1] if point.order in ("BADC", "DCBA") else word for word in words)
