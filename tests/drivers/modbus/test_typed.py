"""Types as people write them."""

import pytest

from drivers.modbus.address import CODINGS
from drivers.modbus.typed import AddressError, Typed, nearest, typed


@pytest.mark.parametrize("kind", sorted(set(CODINGS) - {"str"}))
def test_every_type_is_read_in_either_case(kind: str) -> None:
    assert typed(kind) == typed(kind.upper()) == Typed(kind)
    assert typed(kind).registers == CODINGS[kind].registers


@pytest.mark.parametrize("written", ["str(16)", "STR( 16 )", "str（１６）", " str(16)"])
def test_a_text_has_its_bytes(written: str) -> None:
    assert typed(written) == Typed("str", 16)
    assert str(typed(written)) == "str(16)"
    assert typed(written).registers == 8


def test_an_odd_text_takes_a_whole_register_for_its_last_byte() -> None:
    assert typed("str(15)").registers == 8


@pytest.mark.parametrize("written", ["str(0)", "str(251)", "str(999999999)"])
def test_a_text_of_a_length_that_no_request_can_read_is_refused(written: str) -> None:
    with pytest.raises(AddressError) as caught:
        typed(written)
    assert caught.value.code == "M1004"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("int", "i16"),
        ("DINT", "i32"),
        ("word", "u16"),
        ("uint32", "u32"),
        ("float", "f32"),
        ("LREAL", "f64"),
        ("str", "str(16)"),
        ("string(20)", "str(16)"),
        ("u23", "u32"),
        ("u16(3)", "u16"),
        ("", "bool u8 i8 u16 i16 u32 i32 u64 i64 f16 f32 f64 bcd16 bcd32 str(n)"),
    ],
)
def test_what_is_no_type_is_refused_with_what_was_meant(written: str, meant: str) -> None:
    with pytest.raises(AddressError) as caught:
        typed(written)
    assert (caught.value.code, caught.value.facts["nearest"]) == ("M1003", meant)
    assert nearest(written) == meant
