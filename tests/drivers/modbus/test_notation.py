"""Addresses as electricians write them, and what is said of those that are none."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus.address import Order, Point, Table
from drivers.modbus.messages import MESSAGES
from drivers.modbus.notation import parse
from drivers.modbus.profile import Profile, profile
from drivers.modbus.typed import AddressError

H5U = profile("inovance-h5u")
DVP = profile("delta-dvp")


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
    assert parse("D500.3", H5U) == Point(Table.HOLDING, 500, 1, "bool", "CDAB", 3, "low", written="D500")


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
        parse(written, H5U, **beside)  # type: ignore[arg-type]
    assert (caught.value.code, caught.value.key) == ("M1018", key)
    assert MESSAGES["M1018"].en.format(**caught.value.facts)


def nearly_addresses() -> st.SearchStrategy[str]:
    place = st.sampled_from(
        ["hr:", "ir:", "co:", "di:", "4x", "0x", "4", "40", "D", "M", "X", "Y", "C", "T", "S", "R", "ＤＤ", ""]
    )
    number = st.one_of(st.integers(0, 10**6).map(str), st.text("0123456789abcdefx", max_size=12))
    rest = st.lists(
        st.sampled_from(
            [".0", ".15", ".16", ":u16", ":f32", ":str(16)", ":str(0)", ":bool", ":f64", "@CDAB", "@", ":", "(", "："]
        ),
        max_size=3,
    ).map("".join)
    return st.tuples(place, number, rest).map("".join)


@settings(deadline=None, max_examples=400)
@given(st.one_of(st.text(), nearly_addresses()), st.sampled_from([None, H5U, DVP]))
def test_any_text_is_a_point_or_one_problem(written: str, known: Profile | None) -> None:
    try:
        point = parse(written, known)
    except AddressError as problem:
        message = MESSAGES[problem.code]
        for template in (message.zh, message.en, message.hint_zh, message.hint_en):
            template.format(**problem.facts)
        return
    assert 0 <= point.offset < 65536
    assert point.offset + (1 if point.alone else point.count) <= 65536
    assert 1 <= point.count <= 125
    again = parse(point.source.split(" = ")[-1].split(" ")[0], known, type=_type(point), order=point.order)
    assert (again.table, again.offset, again.bit, again.type) == (point.table, point.offset, point.bit, point.type)


def _type(point: Point) -> str:
    return f"str({point.length})" if point.type == "str" else point.type
