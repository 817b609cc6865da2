"""How a frame looks on a serial line: RTU and ASCII (MODBUS over Serial Line V1.02, section 2.5). Pure.

A frame is found by its content, not by the silence around it: adapters and networks deliver bytes in other pieces.
"""

from binascii import unhexlify
from collections.abc import Container
from functools import lru_cache
from typing import NamedTuple, Protocol

from drivers.modbus.checksum import crc, lrc


class Cut(NamedTuple):
    """The first whole frame of a buffer."""

    frame: bytes
    """From the unit on, without the checksum."""
    begin: int
    """How many bytes before it were passed over."""
    end: int
    """Where the rest of the buffer begins."""


class Framing(Protocol):
    """One way to put frames on a line."""

    def encode(self, message: bytes) -> bytes:
        """What is sent for a message that begins with the unit."""

    def size(self, length: int) -> int:
        """Bytes on the line for a message of `length` bytes."""

    def cut(self, buffer: bytes, units: Container[int], *, is_over: bool = False) -> Cut | None:
        """The first whole answer of one of these units whose checksum is right; what is around it is passed over.

        `is_over`: nothing more comes, so what has begun and is not whole is noise.
        """


_READS = frozenset({1, 2, 3, 4})
_REFUSALS = frozenset({0x81, 0x82, 0x83, 0x84})


class Rtu:
    """Bytes and a CRC."""

    def encode(self, message: bytes) -> bytes:
        return _rtu(message)

    def size(self, length: int) -> int:
        return length + 2

    def cut(self, buffer: bytes, units: Container[int], *, is_over: bool = False) -> Cut | None:
        """Where a frame seems to begin and is not whole yet, what comes after is not looked at."""
        for at in range(len(buffer) - 4):
            if buffer[at] not in units:
                continue
            function = buffer[at + 1]
            if function in _READS:
                end = at + 5 + buffer[at + 2]
            elif function in _REFUSALS:
                end = at + 5
            else:
                continue
            if end > len(buffer):
                if is_over:
                    continue
                return None
            frame = buffer[at : end - 2]
            if crc(frame) == buffer[end - 2 : end]:
                return Cut(frame, at, end)
        return None


@lru_cache(maxsize=4096)
def _rtu(message: bytes) -> bytes:
    return message + crc(message)


class Ascii:
    """A colon, hexadecimal digits and an LRC, carriage return and line feed."""

    def encode(self, message: bytes) -> bytes:
        return _ascii(message)

    def size(self, length: int) -> int:
        return 2 * length + 5

    def cut(self, buffer: bytes, units: Container[int], *, is_over: bool = False) -> Cut | None:
        """A colon always begins a frame, so noise holds up nothing."""
        start = 0
        while (end := buffer.find(b"\r\n", start)) >= 0:
            begin = buffer.rfind(b":", start, end)
            message = _spelt(buffer[begin + 1 : end]) if begin >= 0 else b""
            start = end + 2
            if len(message) >= 4 and message[0] in units and lrc(message[:-1]) == message[-1]:
                return Cut(message[:-1], begin, start)
        return None


@lru_cache(maxsize=4096)
def _ascii(message: bytes) -> bytes:
    return b":%b%02X\r\n" % (message.hex().upper().encode(), lrc(message))


def _spelt(digits: bytes) -> bytes:
    """The bytes that hexadecimal digits spell; none where they spell nothing."""
    try:
        return unhexlify(digits)
    except ValueError:
        return b""
