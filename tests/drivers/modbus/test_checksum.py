"""Checksums agree with the examples of the standard and with pymodbus."""

from hypothesis import given
from hypothesis import strategies as st
from pymodbus.framer import FramerAscii, FramerRTU

from drivers.modbus.checksum import crc, lrc


def test_the_crc_of_a_frame_from_the_standard() -> None:
    """MODBUS over Serial Line V1.02, section 6.2.2: unit 2, function 7 give 0x1241, the low byte first."""
    assert crc(bytes((2, 7))) == bytes((0x41, 0x12))


@given(st.binary(max_size=300))
def test_the_crc_is_that_of_pymodbus(data: bytes) -> None:
    assert crc(data) == FramerRTU.compute_CRC(data).to_bytes(2, "big")


@given(st.binary(max_size=300))
def test_the_crc_of_a_frame_with_its_crc_is_zero(data: bytes) -> None:
    assert crc(data + crc(data)) == b"\0\0"


@given(st.binary(max_size=300))
def test_the_lrc_is_that_of_pymodbus(data: bytes) -> None:
    assert lrc(data) == FramerAscii.compute_LRC(data)


@given(st.binary(max_size=300))
def test_a_frame_with_its_lrc_adds_up_to_zero(data: bytes) -> None:
    assert (sum(data) + lrc(data)) & 0xFF == 0
