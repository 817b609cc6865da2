"""Plans: few requests, and none that the device would refuse."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus.address import CODINGS, Point, Table
from drivers.modbus.plan import Block, plan
from tests.drivers.modbus.points import bit_points, register_points


def registers(*offsets: int, kind: str = "u16") -> dict[int, Point]:
    return {index: Point(Table.HOLDING, offset, CODINGS[kind].registers, kind) for index, offset in enumerate(offsets)}


def spans(blocks: Sequence[Block]) -> list[tuple[int, int]]:
    return [(block.start, block.count) for block in blocks]


def test_a_small_hole_is_read_along_and_a_large_one_is_not() -> None:
    assert spans(plan(registers(0, 17), registers=125, bits=2000, gap=16)) == [(0, 18)]
    assert spans(plan(registers(0, 18), registers=125, bits=2000, gap=16)) == [(0, 1), (18, 1)]
    assert spans(plan(registers(0, 2), registers=125, bits=2000, gap=0)) == [(0, 1), (2, 1)]


def test_holes_of_bits_may_be_sixteen_times_as_long() -> None:
    points = {index: Point(Table.COIL, offset, 1, "bool") for index, offset in enumerate((0, 257, 515))}
    assert spans(plan(points, registers=125, bits=2000, gap=16)) == [(0, 258), (515, 1)]


def test_a_limit_splits_between_points_not_inside_one() -> None:
    assert spans(plan(registers(0, 2, 4, kind="u32"), registers=5, bits=2000, gap=16)) == [(0, 4), (4, 2)]


def test_a_hole_that_must_not_be_read_splits_and_its_points_are_left_out() -> None:
    blocks = plan(registers(0, 1, 2, 3), registers=125, bits=2000, gap=16, holes=[(Table.HOLDING, 1, 2)])
    assert blocks == [Block(Table.HOLDING, 0, 1, (0,)), Block(Table.HOLDING, 2, 2, (2, 3))]
    same_numbers_elsewhere = plan(registers(0, 1), registers=125, bits=2000, gap=16, holes=[(Table.INPUT, 1, 2)])
    assert spans(same_numbers_elsewhere) == [(0, 2)]


def test_an_illegal_register_between_points_is_never_read_along() -> None:
    blocks = plan(registers(0, 4), registers=125, bits=2000, gap=16, holes=[(Table.HOLDING, 2, 3)])
    assert spans(blocks) == [(0, 1), (4, 1)]


def test_a_boundary_of_the_map_is_never_crossed() -> None:
    at_the_border = registers(8190, 8191, 8192, 8193)
    blocks = plan(at_the_border, registers=125, bits=2000, gap=16, boundaries={Table.HOLDING: [8192]})
    assert spans(blocks) == [(8190, 2), (8192, 2)]


def test_an_element_with_two_registers_at_one_address_is_read_alone() -> None:
    points = {
        0: Point(Table.HOLDING, 3783),
        1: Point(Table.HOLDING, 3784, 2, "u32", alone=True),
        2: Point(Table.HOLDING, 3785, 2, "u32", alone=True),
        3: Point(Table.HOLDING, 3786),
    }
    blocks = plan(points, registers=125, bits=2000, gap=0, holes=[(Table.HOLDING, 3785, 3786)])
    assert blocks == [
        Block(Table.HOLDING, 3783, 1, (0,)),
        Block(Table.HOLDING, 3784, 2, (1,)),
        Block(Table.HOLDING, 3786, 1, (3,)),
    ]


def test_members_are_ordered_by_address_bit_and_index() -> None:
    points = {
        0: Point(Table.HOLDING, 5, bit=3, type="bool"),
        1: Point(Table.HOLDING, 5, bit=0, type="bool"),
        2: Point(Table.HOLDING, 5),
        3: Point(Table.HOLDING, 4),
        4: Point(Table.HOLDING, 5),
    }
    assert plan(points, registers=125, bits=2000, gap=16)[0].members == (3, 2, 4, 1, 0)


def test_a_thousand_tags_side_by_side_take_as_few_requests_as_possible() -> None:
    assert len(plan(registers(*range(1000)), registers=125, bits=2000, gap=16)) == 8
    bits = {index: Point(Table.DISCRETE, index, 1, "bool") for index in range(4000)}
    assert len(plan(bits, registers=125, bits=2000, gap=16)) == 2


def fewest(points: Sequence[Point], limit: int, gap: int, avoid: set[int], edges: set[int]) -> int:
    """Fewest requests for points of one table, by dynamic programming over their order: no greed."""
    ordered = sorted(points, key=lambda point: (point.offset, point.end))
    best = [0]
    for last in range(len(ordered)):
        options = []
        for first in range(last, -1, -1):
            covered = sorted(
                {address for point in ordered[first : last + 1] for address in range(point.offset, point.end)}
            )
            low, high = covered[0], covered[-1] + 1
            fits = high - low <= limit and all(b - a - 1 <= gap for a, b in pairwise(covered))
            if fits and avoid.isdisjoint(range(low, high)) and not any(low < edge < high for edge in edges):
                options.append(best[first] + 1)
        best.append(min(options))
    return best[-1]


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.one_of(register_points(), bit_points()), max_size=25),
    st.integers(12, 125),
    st.integers(1, 60),
    st.integers(0, 20),
    st.lists(st.tuples(st.sampled_from(Table), st.integers(0, 120), st.integers(1, 4)), max_size=4),
    st.sets(st.integers(0, 120), max_size=4),
)
def test_whatever_the_points_every_promise_of_a_plan_holds(
    listed: list[Point], most: int, bits: int, gap: int, avoid: list[tuple[Table, int, int]], edges: set[int]
) -> None:
    points: Mapping[int, Point] = {
        3 * index: point
        for index, point in enumerate(listed)
        if not any(point.offset < edge < point.end for edge in edges)
    }
    holes = [(table, start, start + length) for table, start, length in avoid]
    blocks = plan(
        points, registers=most, bits=bits, gap=gap, holes=holes, boundaries=dict.fromkeys(Table, sorted(edges))
    )

    def bad(table: Table) -> set[int]:
        return {address for where, start, end in holes if where is table for address in range(start, end)}

    readable = {i: p for i, p in points.items() if bad(p.table).isdisjoint(range(p.offset, p.end))}
    assert sorted(index for block in blocks for index in block.members) == sorted(readable)
    for block in blocks:
        area = range(block.start, block.start + block.count)
        members = [readable[index] for index in block.members]
        assert all(point.table is block.table for point in members)
        assert all(point.offset in area and point.end - 1 in area for point in members)
        assert block.count <= (bits if block.table.is_bits else most)
        assert bad(block.table).isdisjoint(area)
        assert not any(block.start < edge < block.start + block.count for edge in edges)
        keys = [(readable[i].offset, -1 if (bit := readable[i].bit) is None else bit, i) for i in block.members]
        assert keys == sorted(keys)
    for table in Table:
        of_table = [point for point in readable.values() if point.table is table]
        limit, reach = (bits, 16 * gap) if table.is_bits else (most, gap)
        least = fewest(of_table, limit, reach, bad(table), edges) if of_table else 0
        assert sum(block.table is table for block in blocks) == least
    assert blocks == plan(
        dict(reversed(points.items())),
        registers=most,
        bits=bits,
        gap=gap,
        holes=holes,
        boundaries=dict.fromkeys(Table, edges),
    )
