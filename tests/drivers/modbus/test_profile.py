"""Profiles: their vectors, every number of every area, and that no two areas share what they must not."""

import subprocess
import sys
from dataclasses import replace
from itertools import pairwise

import pytest

from drivers.modbus.address import Table
from drivers.modbus.counting import Counting
from drivers.modbus.notation import parse
from drivers.modbus.profile import GRADES, Area, Profile, Span, Vector
from drivers.modbus.shelf import known, profile
from drivers.modbus.typed import AddressError

M_MEMORY = {"s7-1200": {"hold_base": "MB100"}}


def bound(name: str) -> Profile:
    """With the options under which its vectors hold."""
    return profile(name).bound(profile(name).test_options)


VECTORS = [(name, vector) for name in known() for vector in profile(name).test_vectors]
AREAS = [(name, area) for name in known() for area in bound(name).areas]
AREAS += [(name, area) for name, options in M_MEMORY.items() for area in profile(name).bound(options).areas]
REFERENCE = [
    ("delta-dvp", {}, "D0 D100 D4096", Table.HOLDING, "4096 4196 36864"),
    ("delta-dvp", {}, "M0 M1536 Y0 Y10", Table.COIL, "2048 45056 1280 1288"),
    ("delta-dvp", {}, "X0", Table.DISCRETE, "1024"),
    ("inovance-h5u", {}, "D100 R0", Table.HOLDING, "100 12288"),
    ("inovance-h5u", {}, "M8 X10 Y0", Table.COIL, "8 63496 64512"),
    ("inovance-h3u", {}, "SD0 C199 C200 C201", Table.HOLDING, "9216 62663 63232 63234"),
    ("xinje-xd", {}, "HD0 D1000 SD0", Table.HOLDING, "41088 1000 28672"),
    ("xinje-xd", {}, "Y0 Y10 Y20 HM0 X10000 X20000 X30000", Table.COIL, "24576 24584 24592 49408 20736 22736 23536"),
    ("xinje-xc", {}, "D8000 FD0", Table.HOLDING, "16384 18432"),
    ("xinje-xc", {}, "X10 M8000", Table.COIL, "16392 24576"),
    ("fx3u-default", {}, "M8000 S0 Y0", Table.COIL, "7680 8192 13056"),
    ("fx3u-default", {}, "X0", Table.DISCRETE, "13312"),
    ("s7-200smart", {"hold_start": "VB0"}, "VW10", Table.HOLDING, "5"),
    ("s7-200smart", {"hold_start": "VB0"}, "Q1.2", Table.COIL, "10"),
    ("s7-200smart", {"hold_start": "VB0"}, "AIW4", Table.INPUT, "2"),
    ("s7-200smart", {"hold_start": "VB1000"}, "VW1010", Table.HOLDING, "5"),
    ("s7-1200", {"hold_base": "DB10.DBX0.0"}, "DB10.DBW4 DB10.DBD4", Table.HOLDING, "2 2"),
    ("s7-1200", {"hold_base": "DB10.DBX0.0"}, "IW2", Table.INPUT, "1"),
    ("s7-1200", {"hold_base": "MB100"}, "MW100", Table.HOLDING, "0"),
    ("weintek", {}, "LW0 LW100 RW0", Table.HOLDING, "0 100 9999"),
    ("weintek", {}, "LB9", Table.COIL, "9"),
    ("panasonic-fp", {}, "Y127F R0 R2047F R12F RF", Table.COIL, "2047 2048 34815 2255 2063"),
    ("beckhoff-tc3", {}, "%MB0 %MB2 %MW2 %MD4", Table.HOLDING, "12288 12289 12289 12290"),
    ("delta-dop", {}, "$100 $M100", Table.HOLDING, "100 2100"),
    ("delta-dop", {}, "$2000.15 $M200.1 $M201.0 $M263.15", Table.COIL, "15 1025 1040 2047"),
    ("delta-dvp-15mc", {}, "%QX0.0", Table.COIL, "40960"),
]
"""From the vendors' manuals and the tables that the profiles name, worked out by hand."""


@pytest.mark.parametrize(("name", "vector"), VECTORS, ids=lambda it: it if isinstance(it, str) else it.written)
def test_vectors_of_the_files(name: str, vector: Vector) -> None:
    point = parse(vector.written, bound(name))
    assert (point.table, point.offset) == (vector.kind, vector.offset)


@pytest.mark.parametrize(("name", "options", "names", "table", "offsets"), REFERENCE)
def test_vectors_of_the_vendors(name: str, options: dict[str, str], names: str, table: Table, offsets: str) -> None:
    points = [parse(written, profile(name).bound(options)) for written in names.split()]
    assert [point.offset for point in points] == [int(at) for at in offsets.split()]
    assert {point.table for point in points} == {table}


def test_the_families_are_there() -> None:
    families = {name.partition("-")[0] for name in known()}
    assert families >= {"inovance", "xinje", "delta", "fx3u", "fx5u", "s7", "panasonic", "beckhoff", "schneider"}
    assert families >= {"weintek", "wago"}


@pytest.mark.parametrize("name", known())
def test_every_profile_is_whole(name: str) -> None:
    it = profile(name)
    assert it.title.zh != it.title.en
    assert GRADES.index(it.evidence) == max(GRADES.index(area.evidence) for area in it.areas)
    assert set(it.test_options) == {option.name for option in it.options}
    assert {option.name for option in it.options} == {area.origin for area in it.areas} - {""}
    assert all(it.origin(option.name, option.example) for option in it.options)


@pytest.mark.parametrize("name", known())
def test_vectors_hold_the_first_and_the_last_of_every_run(name: str) -> None:
    """So that no end of a map can move unseen."""
    held = {vector.written.removesuffix(":bool") for vector in profile(name).test_vectors}
    for area in bound(name).areas:
        for span in area.map:
            assert {area.written(span.first), area.written(_last(area, span))} <= held, area.range


def _step(area: Area) -> int:
    """From one number that can stand alone to the next: words and double words of a memory are two bytes apart."""
    return 2 if area.numbers is Counting.BYTE and area.width > 8 else 1


def _last(area: Area, span: Span) -> int:
    """The last number whose element fits."""
    beyond = 3 if area.width == 32 and _step(area) == 2 else _step(area) - 1
    return span.first + (span.last + (1 if _step(area) == 2 else 0) - beyond - span.first) // _step(area) * _step(area)


@pytest.mark.parametrize(("name", "area"), AREAS, ids=lambda it: it if isinstance(it, str) else it.prefix)
def test_every_number_of_every_area_has_a_place_of_its_own(name: str, area: Area) -> None:
    """In its own run of addresses, in ascending order, and no two numbers in one place."""
    for span in area.map:
        places = [area.spot(span, number) for number in range(span.first, _last(area, span) + 1, _step(area))]
        assert all(span.base <= offset < area.end(span) for offset, _ in places)
        assert all(one < other for one, other in pairwise(places))
        if area.width == 32 and not area.is_alone:
            apart = 2 if area.numbers is not Counting.BYTE else 1
            assert all(other.offset - one.offset == apart for one, other in pairwise(places))


@pytest.mark.parametrize("name", known())
def test_two_areas_share_addresses_only_as_views_of_one_memory(name: str) -> None:
    for options in (profile(name).test_options, M_MEMORY.get(name, {})):
        areas = [area for area in profile(name).bound(options).areas if not area.origin]
        for table in Table:
            runs = sorted({(span.base, area.end(span)) for area in areas if area.kind is table for span in area.map})
            views = [area for area in areas if area.kind is table and area.numbers.value.startswith("byte")]
            assert all(end <= start for (_, end), (start, _) in pairwise(runs)), runs
            assert len(runs) == sum(len(area.map) for area in areas if area.kind is table) or views


@pytest.mark.parametrize(("name", "area"), AREAS, ids=lambda it: it if isinstance(it, str) else it.prefix)
def test_first_middle_and_last_are_found_as_they_are_written_and_the_next_is_not(name: str, area: Area) -> None:
    options = profile(name).test_options if area in bound(name).areas else M_MEMORY[name]
    it = profile(name).bound(options)
    twins = [other for other in it.areas if other.prefix == area.prefix and other.kind is not area.kind]
    suffix = ":bool" if area.kind.is_bits and twins else ""
    for span in area.map:
        last, middle = _last(area, span), (span.last - span.first) // 4 * 2
        for number in (span.first, span.first + middle, last):
            point = parse(area.written(number) + suffix, it)
            assert (point.table, point.offset) == (area.kind, area.spot(span, number).offset)
            assert point.written == area.written(number)
            assert span.base <= point.offset < point.end <= area.end(span)
        after = last + _step(area)
        if not area.span(after):
            with pytest.raises(AddressError):
                parse(area.written(after) + suffix, replace(it, areas=(area,)))


def test_borders_of_the_map_are_boundaries() -> None:
    assert {0x1000, 0x2000, 0x9000, 0x0E00, 0x0EC8} <= set(profile("delta-dvp").boundaries[Table.HOLDING])
    assert {0x0800, 0x0E00, 0xB000} <= set(profile("delta-dvp").boundaries[Table.COIL])
    assert {8000, 0x3000} <= set(profile("inovance-h5u").boundaries[Table.HOLDING])
    assert {0x5040, 0x5100, 0x5500, 0x58D0} <= set(profile("xinje-xd").boundaries[Table.COIL])


def test_ranges_are_written_as_the_area_counts() -> None:
    assert "X0-X1777" in profile("inovance-h5u").ranges
    assert "R0-R2047F" in profile("panasonic-fp").ranges
    assert "W0-W1FF" in profile("fx5u-default").ranges
    assert "Q0.0-Q1023.7" in profile("s7-1200").ranges
    assert profile("delta-dvp").ranges.count("T0-T255") == 1
    assert "VW100 (hold_start)" in profile("s7-200smart").ranges
    assert "VW1000-VW21479" in bound("s7-200smart").ranges


@pytest.mark.parametrize(
    ("name", "option", "written", "where"),
    [
        ("s7-200smart", "hold_start", "VB1000", ("VB", 1000, "")),
        ("s7-200smart", "hold_start", "1000", ("VB", 1000, "")),
        ("s7-200smart", "hold_start", "vw1000", ("VW", 1000, "")),
        ("s7-200smart", "hold_start", "V1000.0", ("V", 8000, "")),
        ("s7-1200", "hold_base", "DB10.DBX0.0", ("DB*.DBX", 0, "10")),
        ("s7-1200", "hold_base", "%DB10.DBW20", ("DB*.DBW", 20, "10")),
        ("s7-1200", "hold_base", "P#DB7.DBX4.0 WORD 100", ("DB*.DBX", 32, "7")),
        ("s7-1200", "hold_base", "P#M100.0 WORD 50", ("M", 800, "")),
        ("s7-1200", "hold_base", "MB100", ("MB", 100, "")),
    ],
)
def test_where_a_memory_begins(name: str, option: str, written: str, where: tuple[str, int, str]) -> None:
    found = profile(name).origin(option, written)
    assert found is not None
    assert (found[0].prefix, *found[1:]) == where


@pytest.mark.parametrize(
    ("name", "option", "written"),
    [
        ("s7-200smart", "hold_start", ""),
        ("s7-200smart", "hold_start", "DB1.DBX0.0"),
        ("s7-200smart", "hold_start", "V1000.3"),
        ("s7-200smart", "hold_start", "Q0.0"),
        ("s7-1200", "hold_base", "10"),
        ("s7-1200", "hold_base", "DB.DBX0.0"),
        ("s7-1200", "hold_start", "VB0"),
    ],
)
def test_where_no_memory_begins(name: str, option: str, written: str) -> None:
    assert profile(name).origin(option, written) is None
    assert profile(name).bound({option: written}).areas == profile(name).areas


def test_a_memory_that_the_option_does_not_name_is_not_there() -> None:
    data, flags = (profile("s7-1200").bound({"hold_base": base}) for base in ("DB10.DBX0.0", "MB100"))
    assert [area.prefix for area in data.areas][3:] == ["DB10.DBX", "DB10.DBB", "DB10.DBW", "DB10.DBD"]
    assert [area.prefix for area in flags.areas][3:] == ["M", "MB", "MW", "MD"]


def test_importing_the_driver_imports_neither_pymodbus_nor_a_yaml_reader() -> None:
    code = "import sys, drivers.modbus; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pydantic" in done.stdout.split()
    assert not {"pymodbus", "ruamel", "serial"} & set(done.stdout.split())
