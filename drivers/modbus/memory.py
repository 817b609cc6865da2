"""The memory of a simulated PLC: what a request for addresses brings while the machine shows certain values."""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from drivers.contract import Group, Value, World
from drivers.modbus.address import TEXT_BYTES, Point, Table
from drivers.modbus.codec import encode
from drivers.modbus.config import Limits
from drivers.modbus.plan import plan
from drivers.modbus.resolve import resolve_all, settings_of, terms

_LONGEST = TEXT_BYTES // 2
_EVERYTHING = 65536


@dataclass(frozen=True, slots=True)
class Cell:
    """Where a tag of a device is kept."""

    point: Point
    value: Callable[[], Value | None]
    """What the machine shows now; None where it has no such address."""


class Memory:
    """One unit. Readable is what tags occupy and the holes between them that the planner would read along."""

    def __init__(self, cells: Iterable[Cell], gap: int, boundaries: Mapping[Table, Sequence[int]]) -> None:
        self._cells: dict[Table, list[Cell]] = {table: [] for table in Table}
        for cell in sorted(cells, key=lambda cell: (cell.point.offset, cell.point.bit is not None)):
            self._cells[cell.point.table].append(cell)
        self._offsets = {table: [cell.point.offset for cell in found] for table, found in self._cells.items()}
        everything = [cell for found in self._cells.values() for cell in found if not cell.point.alone]
        blocks = plan(
            {index: cell.point for index, cell in enumerate(everything)},
            registers=_EVERYTHING,
            bits=_EVERYTHING,
            gap=gap,
            boundaries=boundaries,
        )
        self._readable = [(block.table, block.start, block.start + block.count) for block in blocks]

    def read(self, table: Table, address: int, count: int) -> bytes | None:
        """Register bytes as on the wire, or a byte for each bit; None where an address does not exist."""
        if (alone := self._alone(table, address, count)) is not None:
            value = alone.value()
            return None if value is None else encode(alone.point, value)
        if not any(
            where is table and start <= address and address + count <= end for where, start, end in self._readable
        ):
            return None
        size = 1 if table.is_bits else 2
        answer = bytearray(size * count)
        for cell in self._touched(table, address, count):
            value = cell.value()
            if value is None:
                return None
            _put(answer, size * (cell.point.offset - address), cell.point, value)
        return bytes(answer)

    def _alone(self, table: Table, address: int, count: int) -> Cell | None:
        """The element of several registers with one address that is asked for exactly."""
        cells = self._touched(table, address, 1)
        return next((c for c in cells if c.point.alone and (c.point.offset, c.point.count) == (address, count)), None)

    def _touched(self, table: Table, address: int, count: int) -> list[Cell]:
        """Whole words first, then single bits of them, so that a bit is not written over."""
        offsets = self._offsets[table]
        low, high = bisect_left(offsets, address - _LONGEST), bisect_left(offsets, address + count)
        cells = [cell for cell in self._cells[table][low:high] if cell.point.end > address]
        return sorted(cells, key=lambda cell: cell.point.bit is not None)


def _put(answer: bytearray, at: int, point: Point, value: Value) -> None:
    """Lay a value over the answer, whose first byte may lie inside it, before it or behind it."""
    raw = encode(point, value)
    mask = _mask(point, len(raw))
    for nth, (byte, bits) in enumerate(zip(raw, mask, strict=True), start=at):
        if 0 <= nth < len(answer):
            answer[nth] = answer[nth] & ~bits | byte


def _mask(point: Point, size: int) -> bytes:
    """The bits that are the point's own: one, or a byte beside another point's byte, or all."""
    if point.bit is not None:
        return encode(point, value=True)
    return encode(point, -1 if point.type == "i8" else 255) if point.type in ("i8", "u8") else b"\xff" * size


def memories(groups: Sequence[Group], limits: Limits, world: World) -> dict[int, Memory]:
    """Unit id -> memory. Raises `InvalidConfig` where an address is none."""
    points = resolve_all(groups, limits)
    cells: dict[int, list[Cell]] = {}
    boundaries: dict[int, dict[Table, list[int]]] = {}
    for group in groups:
        device = settings_of(group)
        cells.setdefault(device.unit, []).extend(
            Cell(point, partial(world, group.device, tag.name))
            for tag, point in zip(group.tags, points[group.name], strict=True)
        )
        edges = boundaries.setdefault(device.unit, {})
        for table, known in terms(limits, device).boundaries.items():
            edges[table] = sorted({*edges.get(table, ()), *known})
    return {unit: Memory(cells[unit], limits.gap, boundaries[unit]) for unit in cells}
