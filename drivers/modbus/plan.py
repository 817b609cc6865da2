"""Tags -> few requests. Pure: what is known of the device comes in, blocks go out."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from drivers.modbus.address import Point, Table

BITS_PER_REGISTER = 16

Holes = Collection[tuple[Table, int, int]]
"""Half-open address ranges [a, b) that must not be read: quarantined or known to be illegal."""


@dataclass(frozen=True, slots=True)
class Block:
    """One request: addresses [start, start + count) of one table, and the tags whose values it brings."""

    table: Table
    start: int
    count: int
    members: tuple[int, ...]
    """Indexes of the group's tags, ordered by (offset, bit, index)."""


def plan(
    points: Mapping[int, Point],
    *,
    registers: int,
    bits: int,
    gap: int,
    holes: Holes = (),
    boundaries: Mapping[Table, Sequence[int]] | None = None,
) -> list[Block]:
    """The fewest blocks that hold all points, by ascending address, table after table.

    `registers` and `bits` bound one request; a hole of up to `gap` registers (16 x `gap` bits) is read along. A block
    never touches one of `holes` and never holds both sides of a boundary (an address where another area of the PLC
    begins). Points that overlap a hole are left out. A point longer than the limit is refused when addresses are
    resolved, not here.
    """
    blocks: list[Block] = []
    for table in Table:
        avoid = sorted((low, high) for where, low, high in holes if where is table)
        members = [
            (index, point)
            for index, point in points.items()
            if point.table is table and not _touches(avoid, point.offset, point.end)
        ]
        members.sort(key=_by_address)
        limit, reach = (bits, gap * BITS_PER_REGISTER) if table.is_bits else (registers, gap)
        edges = sorted((boundaries or {}).get(table, ()))
        blocks += _pack(table, members, limit, reach, avoid, edges)
    return blocks


def _pack(
    table: Table,
    members: Sequence[tuple[int, Point]],
    limit: int,
    reach: int,
    avoid: Sequence[tuple[int, int]],
    edges: Sequence[int],
) -> list[Block]:
    """Greedy by address: a block takes the next point as long as it may. Alone points are blocks of their own."""
    blocks = [Block(table, point.offset, point.count, (index,)) for index, point in members if point.alone]
    taken: list[int] = []
    start = end = 0
    for index, point in members:
        if point.alone:
            continue
        grown = max(end, point.end)
        if taken and (
            point.offset - end > reach
            or grown - start > limit
            or _touches(avoid, end, point.offset)
            or any(start < edge < grown for edge in edges)
        ):
            blocks.append(Block(table, start, end - start, tuple(taken)))
            taken = []
        if not taken:
            start, grown = point.offset, point.end
        taken.append(index)
        end = grown
    if taken:
        blocks.append(Block(table, start, end - start, tuple(taken)))
    return sorted(blocks, key=lambda block: (block.start, block.members))


def _by_address(member: tuple[int, Point]) -> tuple[int, int, int]:
    index, point = member
    return point.offset, -1 if point.bit is None else point.bit, index


def _touches(ranges: Sequence[tuple[int, int]], start: int, end: int) -> bool:
    return any(low < end and start < high for low, high in ranges)
