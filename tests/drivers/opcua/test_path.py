"""Paths: how they are written, where mistakes are, and what they lead to."""

from dataclasses import dataclass, field

import pytest
from asyncua import ua
from asyncua.common.structures104 import make_structure
from hypothesis import given
from hypothesis import strategies as st

from drivers.contract import Quality
from drivers.opcua.path import Mistake, Path, PathError, follow, parse, text_of


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("Name", ("Name",)),
        ("Orders[0].Name", ("Orders", (0,), "Name")),
        ("[2]", ((2,),)),
        ("[1,2]", ((1, 2),)),
        ("[1][2].x", ((1,), (2,), "x")),
        ("a.b.c", ("a", "b", "c")),
        ('"a.b".c', ("a.b", "c")),
        ('a."b[1]"[3]', ("a", "b[1]", (3,))),
        ('"say ""on"""', ('say "on"',)),
        ("订单[10].名称", ("订单", (10,), "名称")),
        ("two words|x", ("two words|x",)),
    ],
)
def test_paths_by_hand(text: str, path: Path) -> None:
    assert parse(text) == path
    assert text_of(path) == text


def test_blanks_beside_a_position_are_allowed() -> None:
    assert parse("a[ 1 , 2 ]") == ("a", (1, 2))
    assert text_of(parse("a[ 01 , 2 ]")) == "a[1,2]"
    assert text_of(parse('"a"')) == "a"


@pytest.mark.parametrize(
    ("text", "mistake", "position"),
    [
        ("", "name", 0),
        (".a", "name", 0),
        ("a.", "name", 2),
        ("a..b", "name", 2),
        ("a.[1]", "name", 2),
        ("]", "name", 0),
        ("a[", "index", 1),
        ("a[]", "index", 1),
        ("a[-1]", "index", 1),
        ("a[1", "index", 1),
        ("a[1,]", "index", 1),
        ("a[x]", "index", 1),
        ("a[1:2]", "index", 1),
        ("a[1234567890]", "index", 1),
        ("a[١]", "index", 1),
        ("[1]a", "separator", 3),
        ("a]", "separator", 1),
        ('a"b"', "separator", 1),
        ('"a"b', "separator", 3),
        ('"a', "quote", 0),
        ('a.""', "quote", 2),
    ],
)
def test_mistakes_are_found_where_they_are(text: str, mistake: Mistake, position: int) -> None:
    with pytest.raises(PathError) as caught:
        parse(text)
    assert (caught.value.mistake, caught.value.position) == (mistake, position)


NAMES = st.text(min_size=1)
INDEXES = st.lists(st.integers(0, 999_999_999), min_size=1, max_size=3).map(tuple)


@given(st.lists(NAMES | INDEXES, min_size=1).map(tuple))
def test_what_is_written_is_read_again(path: Path) -> None:
    assert parse(text_of(path)) == path


@given(st.text(alphabet='ab.[]", 12'))
def test_any_text_is_a_path_or_a_mistake_within_it(text: str) -> None:
    mistake = -1
    try:
        path = parse(text)
    except PathError as problem:
        mistake = problem.position
    else:
        assert parse(text_of(path)) == path
    assert mistake <= len(text)


@dataclass
class Order:
    Name: str
    Counts: list[int] | None = None


@dataclass
class Job:
    Orders: list[Order]
    Next: Order | None = None
    Limits: ua.Range = field(default_factory=lambda: ua.Range(1.0, 2.0))
    a_b: int = 5
    class_: int = 6


JOB = Job([Order("first", [1, 2]), Order("second")])


@pytest.mark.parametrize(
    ("text", "leads_to"),
    [
        ("Orders[0].Name", "first"),
        ("Orders[1].Name", "second"),
        ("Orders[0].Counts[1]", 2),
        ("Orders[1].Counts", None),
        ("Limits.High", 2.0),
        ('"a.b"', 5),
        ("a_b", 5),
        ("class", 6),
    ],
)
def test_a_path_leads_into_a_structure(text: str, leads_to: object) -> None:
    assert follow(parse(text), JOB) == (leads_to, None)
    assert follow(parse(text), ua.Variant(JOB, ua.VariantType.ExtensionObject)) == (leads_to, None)


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("Orders[2].Name", Quality.BAD_CONFIG),
        ("Orders[0,0]", Quality.BAD_CONFIG),
        ("Orders.Name", Quality.BAD_CONFIG),
        ("Orders[0].name", Quality.BAD_CONFIG),
        ("Orders[0].Name[0]", Quality.BAD_CONFIG),
        ("Orders[0].Name.Length", Quality.BAD_CONFIG),
        ("Limits.data_type", Quality.BAD_CONFIG),
        ("__dict__", Quality.BAD_CONFIG),
        ("[0]", Quality.BAD_CONFIG),
        ("Next.Name", Quality.BAD_NULL),
        ("Orders[1].Counts[0]", Quality.BAD_NULL),
    ],
)
def test_a_path_that_leads_nowhere_is_a_fault(text: str, fault: Quality) -> None:
    assert follow(parse(text), JOB) == (None, fault)


@pytest.mark.parametrize(
    ("text", "found", "outcome"),
    [
        ("[1]", [1, 2], (2, None)),
        ("[2]", [1, 2], (None, Quality.BAD_CONFIG)),
        ("[1,0]", [[1, 2], [3, 4]], (3, None)),
        ("[1][0]", [[1, 2], [3, 4]], (3, None)),
        ("[1,0,0]", [[1, 2], [3, 4]], (None, Quality.BAD_CONFIG)),
        ("[1]", (1, 2), (2, None)),
        ("[0]", [], (None, Quality.BAD_CONFIG)),
        ("[0]", None, (None, Quality.BAD_NULL)),
        ("[0]", b"abc", (None, Quality.BAD_CONFIG)),
        ("[0]", "abc", (None, Quality.BAD_CONFIG)),
        ("[0]", 5, (None, Quality.BAD_CONFIG)),
        ("a", 5, (None, Quality.BAD_CONFIG)),
        ('"a.b".c', {"a.b": {"c": 7}}, (7, None)),
        ("x", {"a": 1}, (None, Quality.BAD_CONFIG)),
        ("[0].Text", [ua.Variant(ua.LocalizedText("on"))], ("on", None)),
        ("[1][0]", [ua.Variant(1), ua.Variant([8, 9])], (8, None)),
        ("a", ua.Variant(), (None, Quality.BAD_NULL)),
        ("a", ua.ExtensionObject(), (None, Quality.BAD_NULL)),
        ("a", ua.ExtensionObject(ua.NodeId(9, 2), b"x"), (None, Quality.BAD_TYPE)),
    ],
)
def test_arrays_dictionaries_and_what_asyncua_wraps(text: str, found: object, outcome: object) -> None:
    assert follow(parse(text), found) == outcome


def made(kind: ua.StructureType, name: str) -> type:
    """A class as `load_data_type_definitions` makes it."""
    fields = [
        ua.StructureField(Name="Speed", DataType=ua.NodeId(11), ValueRank=-1, IsOptional=kind.value == 1),
        ua.StructureField(Name="line.name", DataType=ua.NodeId(12), ValueRank=-1, IsOptional=kind.value == 1),
    ]
    definition = ua.StructureDefinition(StructureType=kind, Fields=fields)
    return make_structure(ua.NodeId(f"{name}", 2), name, definition)[name]


def test_a_structure_of_the_server_has_its_fields() -> None:
    found = made(ua.StructureType.StructureWithOptionalFields, "LinesideOptional")(line_name="A")
    assert follow(parse('"line.name"'), found) == ("A", None)
    assert follow(parse("Speed"), found) == (None, None)


def test_of_a_union_only_the_chosen_alternative_is_there() -> None:
    found = made(ua.StructureType.Union, "LinesideUnion")(Encoding=1, Value=2.5)
    assert follow(parse("Speed"), found) == (2.5, None)
    assert follow(parse('"line.name"'), found) == (None, None)
    assert follow(parse("Count"), found) == (None, Quality.BAD_CONFIG)
