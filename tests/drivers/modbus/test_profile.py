"""Profiles: their vectors, and that their files cannot be wrong in silence."""

import subprocess
import sys
from itertools import pairwise

import pytest
from pydantic import ValidationError

from drivers.modbus.address import Table
from drivers.modbus.notation import parse
from drivers.modbus.profile import Area, Profile, Span, Vector, known, profile

VECTORS = [(name, vector) for name in known() for vector in profile(name).test_vectors]
REFERENCE = [
    ("delta-dvp", "D0 D100 D4096 M0 M1536 X0 Y0 Y10", "4096 4196 36864 2048 45056 1024 1280 1288"),
    ("inovance-h5u", "D100 R0 M8 X10 Y0", "100 12288 8 63496 64512"),
]


@pytest.mark.parametrize(("name", "vector"), VECTORS, ids=lambda it: it if isinstance(it, str) else it.written)
def test_vectors_of_the_files(name: str, vector: Vector) -> None:
    point = parse(vector.written, profile(name))
    assert (point.table, point.offset) == (vector.kind, vector.offset)


@pytest.mark.parametrize(("name", "names", "offsets"), REFERENCE)
def test_vectors_of_the_vendors(name: str, names: str, offsets: str) -> None:
    assert [parse(written, profile(name)).offset for written in names.split()] == [int(at) for at in offsets.split()]


@pytest.mark.parametrize("name", known())
def test_every_profile_is_whole(name: str) -> None:
    it = profile(name)
    assert it.id == name
    assert it.title.zh != it.title.en
    assert len(it.test_vectors) >= len({area.prefix for area in it.areas})
    assert {vector.written.rstrip("0123456789:bol") for vector in it.test_vectors} >= {area.prefix for area in it.areas}


@pytest.mark.parametrize("name", known())
def test_no_two_areas_of_a_table_share_an_address(name: str) -> None:
    for table in Table:
        spans = sorted((s.base, s.end) for area in profile(name).areas if area.kind is table for s in area.map)
        assert all(end <= start for (_, end), (start, _) in pairwise(spans))


@pytest.mark.parametrize("name", known())
def test_every_number_of_every_area_is_found_and_the_next_one_is_not(name: str) -> None:
    it = profile(name)
    for area in it.areas:
        suffix = ":bool" if area.kind is Table.COIL and len(it.named(area.prefix)) > 1 else ""
        for span in area.map:
            for number in (span.first, (span.first + span.last) // 2, span.last):
                point = parse(area.written(number) + suffix, it)
                assert (point.table, point.offset) == (area.kind, span.base + (number - span.first) * span.stride)
                assert point.written == area.written(number)


def test_borders_of_the_map_are_boundaries() -> None:
    assert {0x1000, 0x2000, 0x9000, 0x0E00, 0x0EC8} <= set(profile("delta-dvp").boundaries()[Table.HOLDING])
    assert {0x0800, 0x0E00, 0xB000} <= set(profile("delta-dvp").boundaries()[Table.COIL])
    assert {8000, 0x3000} <= set(profile("inovance-h5u").boundaries()[Table.HOLDING])


def test_octal_ranges_are_written_in_octal() -> None:
    assert "X0-X1777" in profile("inovance-h5u").ranges
    assert "Y0-Y377" in profile("delta-dvp").ranges
    assert profile("delta-dvp").ranges.count("T0-T255") == 1


def test_an_element_of_two_registers_may_have_two_addresses() -> None:
    span = Span.model_validate({"from": 200, "to": 255, "base": 0xF700, "stride": 2})
    area = Area(prefix="C", kind=Table.HOLDING, width=32, map=(span,))
    h3u = Profile.model_validate(
        {**profile("inovance-h5u").model_dump(by_alias=True), "areas": [area], "test_vectors": []}
    )
    assert [(p.offset, p.count, p.alone) for p in (parse("C200", h3u), parse("C201", h3u), parse("C255", h3u))] == [
        (63232, 2, False),
        (63234, 2, False),
        (63342, 2, False),
    ]


@pytest.mark.parametrize(
    "wrong", [{"from": 5, "to": 4, "base": 0}, {"from": 0, "to": 10, "base": 65530}, {"from": 0, "to": 1}]
)
def test_a_range_that_is_none_is_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(ValidationError):
        Span.model_validate(wrong)


def test_importing_the_driver_imports_neither_pymodbus_nor_a_yaml_reader() -> None:
    code = "import sys, drivers.modbus; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "pydantic" in done.stdout.split()
    assert not {"pymodbus", "ruamel", "serial"} & set(done.stdout.split())
