"""CRC of RTU frames and LRC of ASCII frames (MODBUS over Serial Line V1.02, sections 6.2.1 and 6.2.2). Pure.

The CRC is the remainder of the message, as a polynomial over GF(2), by (x + 1)(x^15 + x + 1). Python has no carry-less
division, but long integers that shift and add fast, and squaring costs nothing in GF(2): x^15 + x + 1 divides
x^30 + x^2 + 1, that divides x^60 + x^4 + 1, and so on. So a message is folded in half again and again. A table of two
bytes at a time is three times slower, and far more where it has left the processor's cache between two replies.
"""

_FOLDS = tuple((n, 15 * n, (1 << 15 * n) - 1) for n in (128, 64, 32, 16, 8, 4, 2, 1))
_TURNED = bytes(int(f"{byte:08b}"[::-1], 2) for byte in range(256))
"""Each byte with its bits in the order in which they are on the line, the lowest first."""


def crc(data: bytes) -> bytes:
    """The two bytes that follow `data` in an RTU frame, the low one first."""
    rest = int.from_bytes(data.translate(_TURNED), "big") << 16 ^ 0xFFFF << 8 * len(data)
    parity = rest.bit_count()  # the remainder by x + 1
    for n, size, mask in _FOLDS:
        while above := rest >> size:
            rest = rest & mask ^ above << n ^ above
    if (parity ^ rest.bit_count()) & 1:
        rest ^= 0x8003
    return rest.to_bytes(2, "big").translate(_TURNED)


def lrc(data: bytes) -> int:
    """The byte that follows `data` in an ASCII frame, before it is spelt in hexadecimal digits."""
    return -sum(data) & 0xFF
