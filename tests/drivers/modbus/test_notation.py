"""Addresses as electricians write them, and what is said of those that are none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus.address import Order, Point, Table
from drivers.modbus.codec import BlockCodec
from drivers.modbus.counting import Counting
from drivers.modbus.messages import MESSAGES
from drivers.modbus.notation import parse
from drivers.modbus.plan import Block, plan
from drivers.modbus.profile import Profile
from drivers.modbus.shelf import known as known_profiles
from drivers.modbus.shelf import profile
from drivers.modbus.typed import AddressError

H5U = profile("inovance-h5u")
DVP = profile("delta-dvp")
AM = profile("inovance-am")
AS = profile("delta-as")
FP = profile("panasonic-fp")
DOP = profile("delta-dop")
TC = profile("beckhoff-tc3")
SMART = profile("s7-200smart")
V1000 = SMART.bound({"hold_start": "VB1000"})
V1 = SMART.bound({"hold_start": "VB1"})
DB10 = profile("s7-1200").bound({"hold_base": "DB10.DBX0.0"})
MB100 = profile("s7-1200").bound({"hold_base": "MB100"})


@pytest.mark.parametrize(
    "written",
    [
        "hr:100",
        "HR:100",
        "hr:0x64",
        "40101",
        "400101",
        "4x101",
        "4X00101",
        " hr : 100 ",
        "ｈｒ：１００",
        "hr:100:u16",
        "hr:100@ABCD",
        "40101:U16@abcd",
    ],
)
def test_plain_forms_of_one_register(written: str) -> None:
    assert parse(written) == Point(Table.HOLDING, 100)


@pytest.mark.parametrize(
    ("written", "table", "offset"),
    [
        ("ir:0", Table.INPUT, 0),
        ("30001", Table.INPUT, 0),
        ("365536", Table.INPUT, 65535),
        ("3x65536", Table.INPUT, 65535),
        ("co:7", Table.COIL, 7),
        ("00008", Table.COIL, 7),
        ("0x8", Table.COIL, 7),
        ("di:65535", Table.DISCRETE, 65535),
        ("19999", Table.DISCRETE, 9998),
        ("1x1", Table.DISCRETE, 0),
    ],
)
def test_plain_forms_of_the_other_tables(written: str, table: Table, offset: int) -> None:
    point = parse(written)
    assert (point.table, point.offset, point.type) == (table, offset, "bool" if table.is_bits else "u16")


@pytest.mark.parametrize("order", ["ABCD", "CDAB", "BADC", "DCBA"])
def test_type_and_order_in_the_address_or_beside_it(order: Order) -> None:
    expected = Point(Table.HOLDING, 100, 2, "f32", order)
    assert parse(f"hr:100:f32@{order}") == expected
    assert parse("hr:100", type="f32", order=order) == expected
    assert parse(f"hr:100:f32@{order}", type="F32", order=order) == expected


def test_bits_of_registers() -> None:
    assert parse("40101.3") == Point(Table.HOLDING, 100, 1, "bool", bit=3)
    assert parse("ir:100.15:bool").bit == 15
    assert parse("D500.3", H5U) == Point(Table.HOLDING, 500, 1, "bool", "CDAB", 3, "low", written="D500.3")


def test_texts() -> None:
    assert parse("hr:600:str(15)", encoding="gb18030") == Point(
        Table.HOLDING, 600, 8, "str", encoding="gb18030", length=15
    )
    assert parse("D600:str(16)", H5U).string_order == "low"
    assert parse("D600:str(16)", H5U, string_order="high").string_order == "high"
    wide = parse("D600:str(16)", H5U, encoding="utf-16")
    assert (wide.encoding, wide.string_order) == ("utf-16-be", "high")


def test_the_profile_gives_what_is_not_said() -> None:
    assert parse("D100:f32", DVP) == Point(Table.HOLDING, 4196, 2, "f32", "CDAB", string_order="low", written="D100")
    assert parse("d100：f32＠abcd", DVP).order == "ABCD"
    assert parse("hr:100:f32", DVP).order == "CDAB"
    assert parse("D100", DVP, order="BADC").order == "BADC"


def test_contact_and_value_of_a_timer() -> None:
    assert (parse("T5", DVP).table, parse("T5.0", DVP).table) == (Table.HOLDING, Table.HOLDING)
    assert (parse("T5:bool", DVP).table, parse("T5", DVP, type="bool").table) == (Table.COIL, Table.COIL)


def test_a_counter_of_32_bits_at_one_address_is_two_registers_read_alone() -> None:
    point = parse("C201", DVP)
    assert (point.offset, point.count, point.type, point.alone, point.end) == (3785, 2, "u32", True, 3786)
    assert parse("C255:i32", DVP).count == 2
    assert not parse("C199", DVP).alone


@pytest.mark.parametrize(
    ("written", "known", "source", "type_", "order"),
    [
        ("VW1010", V1000, "VW1010 = hr:5 (400006)", "u16", "ABCD"),
        ("vd1010", V1000, "VD1010 = hr:5 (400006)", "u32", "ABCD"),
        ("VD1002:f32", V1000, "VD1002 = hr:1 (400002)", "f32", "ABCD"),
        ("V1000.3", V1000, "V1000.3 = hr:0.11 (400001.11)", "bool", "ABCD"),
        ("V1001.3", V1000, "V1001.3 = hr:0.3 (400001.3)", "bool", "ABCD"),
        ("VB1000.3", V1000, "VB1000.3 = hr:0.11 (400001.11)", "bool", "ABCD"),
        ("VW1000.3", V1000, "VW1000.3 = hr:0.3 (400001.3)", "bool", "ABCD"),
        ("VB1000", V1000, "VB1000 = hr:0 (400001)", "u8", "DCBA"),
        ("VB1001", V1000, "VB1001 = hr:0 (400001)", "u8", "ABCD"),
        ("VB1001:i8@BADC", V1000, "VB1001 = hr:0 (400001)", "i8", "DCBA"),
        ("VB1000:str(20)", V1000, "VB1000 = hr:0 (400001)", "str", "ABCD"),
        ("VB1000:f32", V1000, "VB1000 = hr:0 (400001)", "f32", "ABCD"),
        ("VW1", V1, "VW1 = hr:0 (400001)", "u16", "ABCD"),
        ("VB1", V1, "VB1 = hr:0 (400001)", "u8", "DCBA"),
        ("DB10.DBW4", DB10, "DB10.DBW4 = hr:2 (400003)", "u16", "ABCD"),
        ("%db10.dbd4:f32", DB10, "DB10.DBD4 = hr:2 (400003)", "f32", "ABCD"),
        ("DB10.DBX0.3", DB10, "DB10.DBX0.3 = hr:0.11 (400001.11)", "bool", "ABCD"),
        ("DB10.DBX1.3", DB10, "DB10.DBX1.3 = hr:0.3 (400001.3)", "bool", "ABCD"),
        ("DB10.DBB5", DB10, "DB10.DBB5 = hr:2 (400003)", "u8", "ABCD"),
        ("%MW102", MB100, "MW102 = hr:1 (400002)", "u16", "ABCD"),
        ("M101.7", MB100, "M101.7 = hr:0.7 (400001.7)", "bool", "ABCD"),
        ("MB2", AM, "MB2 = hr:1 (400002)", "u8", "ABCD"),
        ("MB3", AM, "MB3 = hr:1 (400002)", "u8", "DCBA"),
        ("MX3.1", AM, "MX3.1 = hr:1.9 (400002.9)", "bool", "CDAB"),
        ("%MD1", AM, "MD1 = hr:2 (400003)", "u32", "CDAB"),
        ("%IX0.1", AM, "IX0.1 = di:1 (100002)", "bool", "CDAB"),
        ("MW2", TC, "%MW2 = hr:12289 (412290)", "u16", "CDAB"),
        ("r12f", FP, "R12F = co:2255 (002256)", "bool", "CDAB"),
        ("RF", FP, "RF = co:2063 (002064)", "bool", "CDAB"),
        ("X0.5", AS, "X0.5 = di:24581 (124582)", "bool", "CDAB"),
        ("X0", AS, "X0 = ir:32768 (332769)", "u16", "CDAB"),
        ("$2000.5", DOP, "$2000.5 = co:5 (000006)", "bool", "CDAB"),
        ("$M100.5", DOP, "$M100.5 = hr:2100.5 (402101.5)", "bool", "CDAB"),
        ("W1F.3", profile("fx5u-default"), "W1F.3 = hr:29023.3 (429024.3)", "bool", "CDAB"),
        ("TN5", profile("fx3u-default"), "T5 = hr:41285 (441286)", "u16", "CDAB"),
        ("TS5", profile("fx3u-default"), "T5 = co:12293 (012294)", "bool", "CDAB"),
    ],
)
def test_the_ways_in_which_plcs_count(written: str, known: Profile, source: str, type_: str, order: Order) -> None:
    point = parse(written, known)
    assert (point.source, point.type, point.order) == (source, type_, order)


@pytest.mark.parametrize(
    ("known", "number", "first", "second"), [(V1000, 1000, 0x12, 0x34), (DB10, 4, 0x12, 0x34), (AM, 4, 0x34, 0x12)]
)
def test_bytes_and_bits_come_from_the_right_half_of_a_register(
    known: Profile, number: int, first: int, second: int
) -> None:
    byte, bit = {V1000.id: ("VB", "V"), DB10.id: ("DB10.DBB", "DB10.DBX"), AM.id: ("MB", "MX")}[known.id]
    points = [parse(f"{byte}{number}", known), parse(f"{byte}{number + 1}", known)]
    points += [parse(f"{bit}{number + at // 8}.{at % 8}", known) for at in range(16)]
    block = Block(Table.HOLDING, points[0].offset, 1, tuple(range(len(points))))
    _, values, _ = BlockCodec(block, dict(enumerate(points))).decode(b"\x12\x34")
    bits = [bool(half >> at & 1) for half in (first, second) for at in range(8)]
    assert list(values) == [first, second, *bits]


REFUSED = [
    ("40000", None, "M1014", "40001"),
    ("400000", None, "M1014", "400001"),
    ("4x0", None, "M1014", "4x1"),
    ("00000.3", None, "M1014", "00001"),
    ("465537", None, "M1013", "465536"),
    ("hr:65536", None, "M1013", "hr:65535"),
    ("hr:0xFFFFF", None, "M1013", "hr:65535"),
    ("101", None, "M1010", "4x1"),
    ("20001", None, "M1010", "hr:0"),
    ("", None, "M1010", "hr:0"),
    ("hr:", None, "M1010", "hr:0"),
    ("hr:-1", None, "M1010", "hr:0"),
    ("hr:１٣", None, "M1010", "hr:0"),
    ("D", H5U, "M1010", "D0-D7999"),
    ("D100", None, "M1011", "plc"),
    ("W100", H5U, "M1011", "D0-D7999"),
    ("Y8", H5U, "M1012", "Y7 is followed by Y10"),
    ("X19", DVP, "M1012", "X7 is followed by X10"),
    ("D8000", H5U, "M1013", "D0-D7999"),
    ("X2000", H5U, "M1013", "X0-X1777"),
    ("D12000", DVP, "M1013", "D4096-D11999"),
    ("C256", DVP, "M1013", "C0-C199, C200-C255"),
    ("hr:65535:u32", None, "M1015", "hr:65535"),
    ("D4095:u32", DVP, "M1015", "D4095"),
    ("D7999:str(4)", H5U, "M1015", "D7999"),
    ("D1.16", H5U, "M1016", "0 to 15"),
    ("M8.3", H5U, "M1006", "register"),
    ("co:5.1", None, "M1006", "register"),
    ("co:5:u16", None, "M1017", "bool"),
    ("D1.3:u16", H5U, "M1017", "bool"),
    ("C200:u16", DVP, "M1017", "u32"),
    ("C200.1", DVP, "M1017", "u32"),
    ("VW1011", V1000, "M1022", "nearest VW1010, VW1012;"),
    ("VD1001", V1000, "M1022", "nearest VD1000, VD1002;"),
    ("VW21479", V1000, "M1022", "nearest VW21478;"),
    ("DB10.DBW3", DB10, "M1022", "nearest DB10.DBW2, DB10.DBW4;"),
    ("AIW3", V1000, "M1022", "nearest AIW2, AIW4;"),
    ("VW2", V1, "M1022", "nearest VW1, VW3;"),
    ("VW998", V1000, "M1013", "VW1000-"),
    ("VD21478", V1000, "M1015", "VD21479"),
    ("VB1001:u16", V1000, "M1017", "u8 i8"),
    ("VB1001:str(2)", V1000, "M1017", "u8 i8"),
    ("VB1000:bool", V1000, "M1017", "u8 i8"),
    ("VB1000.8", V1000, "M1023", "0 to 7"),
    ("V1000.3:u16", V1000, "M1017", "bool"),
    ("VW0", SMART, "M1032", "hold_start: VB1000"),
    ("DB10.DBW0", profile("s7-1200"), "M1032", "hold_base: DB10.DBX0.0"),
    ("DB11.DBW0", DB10, "M1011", "DB11.DBW"),
    ("MW100", DB10, "M1011", "DB10.DBW0-"),
    ("Q5", V1000, "M1021", "written like Q0.7"),
    ("Q0.8", V1000, "M1021", "written like Q0.7"),
    ("Q32.0", V1000, "M1013", "Q0.0-Q31.7"),
    ("R12G", FP, "M1021", "written like R12F"),
    ("R2048F", FP, "M1013", "R0-R2047F"),
    ("X64", AS, "M1013", "X0-X63"),
    ("$M263.16", DOP, "M1016", "0 to 15"),
    ("D1x", H5U, "M1021", "written like D100"),
    ("Y7.0", H5U, "M1006", "register"),
    ("Y8.0", H5U, "M1012", "Y7 is followed by Y10"),
    ("X10008", profile("xinje-xd"), "M1012", "X7 is followed by X10"),
    ("X100", profile("xinje-xd"), "M1013", "X0-X77, X10000-X11777"),
    ("D1:int", H5U, "M1003", "i16"),
    ("D1:str", H5U, "M1003", "str(16)"),
    ("D1:str(300)", H5U, "M1004", "250"),
    ("D1@LE", H5U, "M1005", "@CDAB"),
    ("D1@", H5U, "M1005", "@CDAB"),
]


@pytest.mark.parametrize(("written", "known", "code", "right"), REFUSED)
def test_a_wrong_address_says_what_would_be_right(written: str, known: Profile | None, code: str, right: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse(written, known)
    assert caught.value.code == code
    message = MESSAGES[code]
    assert right in message.en.format(**caught.value.facts) + message.hint_en.format(**caught.value.facts)
    assert message.zh.format(**caught.value.facts)
    assert message.hint_zh.format(**caught.value.facts)


@pytest.mark.parametrize(
    ("written", "beside", "key"),
    [
        ("D1:u16", {"type": "i16"}, "type"),
        ("D1:str(8)", {"type": "str(9)"}, "type"),
        ("D1:f32@CDAB", {"order": "ABCD"}, "order"),
    ],
)
def test_an_address_and_the_key_beside_it_must_not_disagree(written: str, beside: dict[str, str], key: str) -> None:
    with pytest.raises(AddressError) as caught:
        parse(written, H5U, **beside)  # type: ignore[arg-type]  # a parameter is plain text for mypy
    assert (caught.value.code, caught.value.key) == ("M1018", key)
    assert MESSAGES["M1018"].en.format(**caught.value.facts)


def parsed(written: str, known: Profile | None) -> Point | AddressError:
    try:
        return parse(written, known)
    except AddressError as problem:
        return problem


ALL = [None, V1000, DB10, MB100, *map(profile, known_profiles())]


def nearly_addresses() -> st.SearchStrategy[str]:
    prefixes = {area.prefix.replace("*", "10") for one in ALL if one for area in one.areas}
    plain = ["hr:", "ir:", "co:", "di:", "4x", "0x", "4", "40", "ＤＤ", "%", "$", ""]
    place = st.sampled_from([*plain, *sorted(prefixes)])
    number = st.one_of(
        st.integers(0, 70000).map(str),
        st.integers(0, 10**6).map(str),
        st.tuples(st.integers(0, 9999), st.integers(0, 17)).map(lambda pair: f"{pair[0]}.{pair[1]}"),
        st.text("0123456789abcdefx.", max_size=12),
    )
    rest = st.lists(
        st.sampled_from(
            [".0", ".15", ".16", ":u16", ":u8", ":f32", ":str(16)", ":str(0)", ":bool", ":f64", "@CDAB", "@", ":", "："]
        ),
        max_size=3,
    ).map("".join)
    return st.tuples(place, number, rest).map("".join)


@settings(deadline=None, max_examples=1500)
@given(st.one_of(st.text(), nearly_addresses()), st.sampled_from(ALL))
def test_any_text_is_a_point_or_one_problem_that_names_the_profile(written: str, known: Profile | None) -> None:
    point = parsed(written, known)
    if isinstance(point, AddressError):
        message = MESSAGES[point.code]
        for template in (message.zh, message.en, message.hint_zh, message.hint_en):
            template.format(**point.facts)
        assert point.facts["profile"] == (known.id if known else "Modbus")
        return
    assert 0 <= point.offset < 65536
    assert point.offset + (1 if point.alone else point.count) <= 65536
    assert 1 <= point.count <= 125
    again = parse(point.source.split(" = ")[-1].split(" ")[0], known, type=_type(point), order=point.order)
    assert (again.table, again.offset, again.bit, again.type) == (point.table, point.offset, point.bit, point.type)
    if point.written:
        named = parse(point.written, known, type=_type(point))
        assert (named.table, named.offset, named.bit) == (point.table, point.offset, point.bit)


@settings(deadline=None, max_examples=1500)
@given(st.data())
def test_a_request_never_crosses_a_gap_of_the_map(data: st.DataObject) -> None:
    """Any numbers of any profile, planned together: each block lies inside one run, each value inside one block."""
    known = data.draw(st.sampled_from([one for one in ALL if one]))
    places = [(area, span) for area in known.areas if not area.origin for span in area.map]
    points = []
    for area, span in data.draw(st.lists(st.sampled_from(places), min_size=1, max_size=20)):
        try:
            points.append(parse(area.written(data.draw(st.integers(span.first, span.last))), known))
        except AddressError:
            assert area.numbers is Counting.BYTE  # between two registers
    blocks = plan(dict(enumerate(points)), registers=125, bits=2000, gap=16, boundaries=known.boundaries)
    runs = [(area.kind, span.base, area.end(span)) for area, span in places]
    for block in blocks:
        alone = any(points[index].alone for index in block.members)
        end = block.start + (1 if alone else block.count)
        assert any(table is block.table and base <= block.start and end <= last for table, base, last in runs)
    assert sorted(index for block in blocks for index in block.members) == list(range(len(points)))


def _type(point: Point) -> str:
    return f"str({point.length})" if point.type == "str" else point.type
