"""What is known of the map of one group: which blocks to ask for, what is refused, where holes are. Pure."""

from collections.abc import Iterable, Mapping

from drivers.modbus.address import Point, Table
from drivers.modbus.live import LiveBlock
from drivers.modbus.plan import Block, plan
from drivers.modbus.quarantine import Quarantine
from drivers.modbus.request import Request
from drivers.modbus.resolve import Terms
from drivers.modbus.search import Cell


class Layout:
    """The points of a group, the blocks that read them, and the quarantine of those that the device refuses."""

    def __init__(self, unit: int, points: Mapping[int, Point], terms: Terms, quarantine_s: float) -> None:
        self.points = points
        self.quarantine = Quarantine(quarantine_s)
        self.blocks: list[LiveBlock] = []
        self.requests: tuple[Request, ...] = ()
        self.unit = unit
        self._terms = terms
        self._illegal: list[tuple[Table, int, int]] = []
        self.plan()

    def plan(self) -> None:
        """Plan again for the points that are not in quarantine; blocks that stay as they are keep what they know."""
        known = {live.block: live for live in self.blocks}
        wanted = {index: point for index, point in self.points.items() if index not in self.quarantine.indexes}
        blocks = plan(
            wanted,
            **self._terms._asdict(),
            holes=[*self._illegal, *self._refused(wanted)],
        )
        self.blocks = [known.get(block) or LiveBlock(self.unit, block, self.points) for block in blocks]
        self.requests = tuple(live.request for live in self.blocks)

    def _refused(self, wanted: Mapping[int, Point]) -> list[tuple[Table, int, int]]:
        """Addresses of quarantined points, but for those that a wanted point needs too."""
        holes = []
        for index in self.quarantine.indexes:
            point = self.points[index]
            needed = {
                address
                for other in wanted.values()
                if other.table is point.table and other.offset < point.end and point.offset < other.end
                for address in range(other.offset, other.end)
            }
            holes += [(point.table, at, at + 1) for at in range(point.offset, point.end) if at not in needed]
        return holes

    def add_hole(self, table: Table, start: int, end: int) -> None:
        """These addresses can never be read; no point lies there."""
        self._illegal.append((table, start, end))

    def add_boundary(self, table: Table, address: int) -> None:
        """No request may reach across this address."""
        known = self._terms.boundaries
        self._terms = self._terms._replace(boundaries={**known, table: sorted({*known.get(table, ()), address})})

    def limit(self, table: Table, most: int) -> None:
        """The device answers no request for more than `most` registers, or bits, at once."""
        if table.is_bits:
            self._terms = self._terms._replace(bits=min(self._terms.bits, most))
        else:
            self._terms = self._terms._replace(registers=min(self._terms.registers, most))

    @property
    def registers(self) -> int:
        """The most registers that are asked for in one request."""
        return self._terms.registers

    def block_of(self, indexes: Iterable[int]) -> Block:
        """The one request that reads these points and no other."""
        members = sorted(indexes, key=lambda index: (self.points[index].offset, index))
        points = [self.points[index] for index in members]
        start = points[0].offset
        count = points[0].count if len(points) == 1 else max(point.end for point in points) - start
        return Block(points[0].table, start, count, tuple(members))

    def live_block_of(self, indexes: Iterable[int]) -> LiveBlock:
        return LiveBlock(self.unit, self.block_of(indexes), self.points)

    def cells_of(self, block: Block) -> dict[Cell, list[int]]:
        """The block's points by the disjoint extents that they need, ascending."""
        cells: dict[Cell, list[int]] = {}
        start = end = -1
        for index in block.members:
            point = self.points[index]
            members = cells.pop(Cell(start, end), []) if point.offset < end else []
            if not members:
                start, end = point.offset, point.end
            end = max(end, point.end)
            cells[Cell(start, end)] = [*members, index]
        return cells
