"""How areas count: what is written is read back, and what is not of the counting is refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.counting import Counting


@given(st.sampled_from(Counting), st.integers(0, 200_000))
def test_what_is_written_is_read_back(counting: Counting, number: int) -> None:
    assert counting.read(counting.write(number)) == number
    assert counting.read(counting.write(number).lower()) == number


@pytest.mark.parametrize(
    ("counting", "digits", "number"),
    [
        ("decimal", "100", 100),
        ("octal", "17", 15),
        ("octal", "10000", 4096),
        ("hexadecimal", "1F", 31),
        ("hexadecimal", "0FF", 255),
        ("byte", "1010", 1010),
        ("byte.bit", "1.2", 10),
        ("word.bit", "1.15", 31),
        ("word+hex", "12F", 207),
        ("word+hex", "F", 15),
        ("word+hex", "10", 16),
    ],
)
def test_known_numbers(counting: str, digits: str, number: int) -> None:
    assert Counting(counting).read(digits) == number
    assert Counting(counting).write(number) == digits


@pytest.mark.parametrize(
    ("counting", "digits"),
    [
        ("decimal", "1F"),
        ("decimal", "-1"),
        ("decimal", "١"),
        ("octal", "8"),
        ("hexadecimal", "FF"),
        ("byte.bit", "1"),
        ("byte.bit", "1.8"),
        ("word.bit", "1.16"),
        ("word.bit", "1.05"),
        ("word+hex", "12G"),
        ("word+hex", ""),
    ],
)
def test_digits_of_another_counting(counting: str, digits: str) -> None:
    assert Counting(counting).read(digits) is None


@pytest.mark.parametrize("counting", Counting)
def test_the_example_is_one(counting: Counting) -> None:
    assert counting.read(counting.example) is not None
    assert counting.has_bit == (counting.in_register == 16)
