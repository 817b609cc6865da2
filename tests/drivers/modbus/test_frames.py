"""Frames are found by what they are, whatever is around them and however they are cut into pieces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerAscii, FramerRTU
from pymodbus.pdu import DecodePDU

from drivers.modbus.frames import Ascii, Cut, Framing, Rtu

FRAMINGS = pytest.mark.parametrize("framing", [Rtu(), Ascii()], ids=["rtu", "ascii"])
ANSWER = bytes((1, 3, 4, 0, 1, 0, 2))
REFUSAL = bytes((1, 0x83, 2))
UNITS = {1, 7}

answers = st.builds(
    lambda unit, function, data: bytes((unit, function, len(data))) + data,
    st.sampled_from(sorted(UNITS)),
    st.integers(1, 4),
    st.binary(min_size=1, max_size=250),
)


def test_an_rtu_frame_is_that_of_pymodbus() -> None:
    assert Rtu().encode(ANSWER) == FramerRTU(DecodePDU(False)).encode(ANSWER[1:], 1, 0)


def test_an_ascii_frame_is_that_of_pymodbus() -> None:
    assert Ascii().encode(ANSWER) == FramerAscii(DecodePDU(False)).encode(ANSWER[1:], 1, 0)


@FRAMINGS
@given(data=st.binary(max_size=600), is_over=st.booleans())
def test_any_bytes_are_a_frame_or_none(framing: Framing, data: bytes, is_over: bool) -> None:
    cut = framing.cut(data, range(256), is_over=is_over)
    assert cut is None or framing.encode(cut.frame).upper() == data[cut.begin : cut.end].upper()


@FRAMINGS
@given(frame=answers)
def test_a_frame_is_as_long_as_it_is_said_to_be_and_is_found(framing: Framing, frame: bytes) -> None:
    data = framing.encode(frame)
    assert len(data) == framing.size(len(frame))
    assert framing.cut(data + b"rest", UNITS) == Cut(frame, 0, len(data))


@FRAMINGS
@pytest.mark.parametrize("frame", [ANSWER, REFUSAL], ids=["answer", "refusal"])
def test_a_frame_comes_in_pieces(framing: Framing, frame: bytes) -> None:
    data = framing.encode(frame)
    for size in range(len(data)):
        assert framing.cut(data[:size], UNITS) is None, "not whole yet"
        assert framing.cut(data[:size], UNITS, is_over=True) is None
    assert framing.cut(data, UNITS) == Cut(frame, 0, len(data))


@FRAMINGS
@given(frame=answers, noise=st.binary(max_size=30))
def test_a_frame_behind_noise_is_found_when_nothing_more_comes(framing: Framing, frame: bytes, noise: bytes) -> None:
    data = framing.encode(frame)
    cut = framing.cut(noise + data, UNITS, is_over=True)
    assert cut == Cut(frame, len(noise), len(noise + data))


@FRAMINGS
def test_noise_that_is_no_beginning_holds_up_nothing(framing: Framing) -> None:
    noise = bytes((0, 0xFF, 1, 9, 3, 3, 0x80))
    data = framing.encode(ANSWER)
    assert framing.cut(noise + data, UNITS) == Cut(ANSWER, len(noise), len(noise + data))


def test_what_could_be_the_beginning_of_a_frame_is_waited_for_until_it_is_over() -> None:
    data = bytes((1, 3, 200)) + Rtu().encode(ANSWER)
    assert Rtu().cut(data, UNITS) is None
    assert Rtu().cut(data, UNITS, is_over=True) == Cut(ANSWER, 3, len(data))


@FRAMINGS
def test_a_frame_of_a_unit_that_nobody_asked_is_passed_over(framing: Framing) -> None:
    foreign, own = framing.encode(bytes((9, 3, 2, 0, 1))), framing.encode(ANSWER)
    assert framing.cut(foreign, UNITS) is None
    assert framing.cut(foreign + own, UNITS) == Cut(ANSWER, len(foreign), len(foreign + own))


@FRAMINGS
@given(frame=answers, data=st.data())
def test_a_frame_with_a_flipped_bit_is_none(framing: Framing, frame: bytes, data: st.DataObject) -> None:
    """But for the case of a letter of ASCII: 0x41 and 0x61 spell the same."""
    good = framing.encode(frame)
    bit = data.draw(st.integers(0, 8 * len(good) - 1))
    bad = bytearray(good)
    bad[bit // 8] ^= 1 << bit % 8
    found = framing.cut(bytes(bad), UNITS, is_over=True)
    assert found is None or bytes(bad).upper() == good


@pytest.mark.parametrize(
    "data",
    [
        b"010304000100 02F5\r\n",
        b"01030400010002F5\r\n",
        b":01030400010002F5\n",
        b":01030400010002F4\r\n",
        b":01030400010002F\r\n",
        b":0103FG\r\n",
        b":\r\n",
        b":01F5\r\n",
    ],
    ids=["space", "no colon", "no return", "lrc", "odd", "no digit", "empty", "short"],
)
def test_what_is_no_ascii_frame(data: bytes) -> None:
    assert Ascii().cut(data, UNITS) is None


def test_an_ascii_frame_that_breaks_off_is_passed_over() -> None:
    good = Ascii().encode(ANSWER)
    assert Ascii().cut(good[:7] + good, UNITS) == Cut(ANSWER, 7, 7 + len(good))
