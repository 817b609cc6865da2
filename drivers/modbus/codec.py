"""Registers and bits <-> values: one precompiled unpack for a whole block, and what a few types need besides."""

from array import array
from collections.abc import Callable, Mapping, Sequence
from itertools import chain
from math import isfinite
from operator import itemgetter
from struct import Struct, error
from typing import Any

from drivers.contract import NO_FAULTS, Quality, Value
from drivers.modbus.address import Point
from drivers.modbus.layers import Layer, field_of, forms_of, layers
from drivers.modbus.plan import Block

_Columns = Callable[[bytes], tuple[Any, ...]]
_Finish = Callable[[Any], Value | None]

_BITS = tuple(tuple(bool(byte >> bit & 1) for bit in range(8)) for byte in range(256))
"""Byte -> its eight bits, the least significant first: the order of coils in an answer."""


class BlockCodec:
    """Decodes the answers to one block. All decisions are taken here, once; `decode` only runs them."""

    def __init__(self, block: Block, points: Mapping[int, Point]) -> None:
        members = [points[index] for index in block.members]
        self.indexes: tuple[int, ...] = block.members
        """Whose values a good answer brings: the tuple that Scans carry."""
        self.payload_size = (block.count + 7) // 8 if block.table.is_bits else 2 * block.count
        """Bytes of the data part of an answer."""
        self._columns = (_bit_columns if block.table.is_bits else _register_columns)(block, members)
        self._finish = [(at, finish) for at, point in enumerate(members) if (finish := _finisher(point))]
        self._floats = [at for at, point in enumerate(members) if point.value_type == "float"]
        self._pick_floats = _gatherer(self._floats) if self._floats else None

    def decode(self, payload: bytes) -> tuple[Sequence[int], Sequence[Value], Mapping[int, Quality]]:
        """Indexes, values and faults of an answer's data part, which has `payload_size` bytes.

        A tag that makes no value (NaN, infinity, a BCD digit over 9) is left out of indexes and values and stands in
        the faults as `bad.decode`. Of a block of plain numbers the values are the tuple that `struct` made.
        """
        values = self._columns(payload)
        finite = self._pick_floats is None or isfinite(sum(self._pick_floats(values)))
        if finite and not self._finish:
            return self.indexes, values, NO_FAULTS
        finished: list[Value | None] = list(values)
        for at, finish in self._finish:
            finished[at] = finish(values[at])
        if not finite:
            for at in self._floats:
                finished[at] = values[at] if isfinite(values[at]) else None
        return self._parted(finished)

    def _parted(self, values: Sequence[Value | None]) -> tuple[Sequence[int], Sequence[Value], Mapping[int, Quality]]:
        good = [(index, value) for index, value in zip(self.indexes, values, strict=True) if value is not None]
        kept = [value for _, value in good]
        if len(good) == len(values):
            return self.indexes, kept, NO_FAULTS
        failed = [index for index, value in zip(self.indexes, values, strict=True) if value is None]
        return [index for index, _ in good], kept, dict.fromkeys(failed, Quality.BAD_DECODE)


def encode(point: Point, value: Value) -> bytes:
    """Register bytes as they stand on the wire; one byte, 0 or 1, for a bit table. The inverse of decoding.

    Raises `ValueError` where the type cannot hold the value. A text is cut at a whole character.
    """
    if point.table.is_bits:
        return bytes([bool(value)])
    form = forms_of(point)[0]
    item = field_of(point, 0)
    try:
        raw = Struct(form.endian + item.format(form.endian)).pack(_raw(point, value))
    except (error, OverflowError, TypeError) as problem:
        raise ValueError(f"{point.type} cannot hold {value!r}") from problem
    return _swap(raw) if form.swapped else raw


def _raw(point: Point, value: Value) -> int | float | bytes:
    """What `struct` packs for a value."""
    if point.type == "str":
        whole = str(value).encode(point.encoding, "replace")[: point.length]
        return whole.decode(point.encoding, "ignore").encode(point.encoding)
    if point.value_type == "float":
        return float(value)
    if point.value_type == "bool":
        return bool(value) << (point.bit or 0)
    number = round(float(value)) if isinstance(value, float) else int(value)
    return int(str(number), 16) if point.type.startswith("bcd") else number


def _swap(payload: bytes) -> bytes:
    """The two bytes of every register exchanged."""
    registers = array("H", payload)
    registers.byteswap()
    return registers.tobytes()


def _bit_columns(block: Block, members: Sequence[Point]) -> _Columns:
    """Bits of an answer, one column a member."""
    bits_of = _BITS.__getitem__
    gather = _gatherer([point.offset - block.start for point in members])
    return lambda payload: gather(tuple(chain.from_iterable(map(bits_of, payload))))


def _register_columns(block: Block, members: Sequence[Point]) -> _Columns:
    """Unpacked items of registers, one column a member; bits are picked out of the words that hold them."""
    items = [field_of(point, point.offset - block.start) for point in members]
    unpacks = layers(list(dict.fromkeys(items)), block.count)
    position = {item: at for at, item in enumerate(item for layer in unpacks for item in layer.fields)}
    words = list(
        dict.fromkeys(position[item] for item, point in zip(items, members, strict=True) if point.bit is not None)
    )
    first_bit = {word: len(position) + 16 * nth for nth, word in enumerate(words)}
    places = [
        position[item] if point.bit is None else first_bit[position[item]] + point.bit
        for item, point in zip(items, members, strict=True)
    ]
    unpack = _unpacker(unpacks)
    if words:
        unpack = _with_bits(unpack, words)
    if places == list(range(len(position))) and not words:
        return unpack
    gather = _gatherer(places)
    return lambda payload: gather(unpack(payload))


def _unpacker(unpacks: Sequence[Layer]) -> _Columns:
    """The items of all layers, one after the other."""
    steps = [(layer.struct.unpack, layer.swapped) for layer in unpacks]
    if len(steps) > 1:
        return lambda payload: tuple(
            chain.from_iterable(unpack(_swap(payload) if swapped else payload) for unpack, swapped in steps)
        )
    unpack, swapped = steps[0]
    return (lambda payload: unpack(_swap(payload))) if swapped else unpack


def _with_bits(unpack: _Columns, words: Sequence[int]) -> _Columns:
    """The items, then the sixteen bits of each of `words`."""

    def columns(payload: bytes) -> tuple[Any, ...]:
        items = unpack(payload)
        flat = list(items)
        for word in words:
            flat += _BITS[items[word] & 255]
            flat += _BITS[items[word] >> 8]
        return tuple(flat)

    return columns


def _gatherer(places: Sequence[int]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]]:
    """Items at `places`; `itemgetter` alone would give a single item bare."""
    if len(places) == 1:
        place = places[0]
        return lambda items: (items[place],)
    return itemgetter(*places)


def _finisher(point: Point) -> _Finish | None:
    """What is left to do to an unpacked item; it makes None of what is no value."""
    if point.type == "str":
        return _text_reader(point.encoding)
    if point.type.startswith("bcd"):
        return _decimal
    return bool if point.type == "bool" and point.bit is None and not point.table.is_bits else None


def _decimal(packed: int) -> int | None:
    """Binary-coded decimal: each four bits a digit."""
    digits = f"{packed:x}"
    return int(digits) if digits.isdecimal() else None


def _text_reader(encoding: str) -> Callable[[bytes], str]:
    """Bytes -> text up to the first NUL, without trailing spaces; what is no character becomes U+FFFD."""
    if len("\0".encode(encoding)) == 2:
        return lambda raw: raw[: len(raw) & ~1].decode(encoding, "replace").split("\0", 1)[0].rstrip(" ")
    return lambda raw: raw.split(b"\0", 1)[0].decode(encoding, "replace").rstrip(" ")
