"""How a fake PLC reads requests off its wire and puts replies on it: MBAP, RTU and ASCII, from the standards' texts.

Checksums are pymodbus's, so that an error of ours does not meet itself.
"""

from typing import TYPE_CHECKING, NamedTuple, Protocol

from pymodbus.framer import FramerAscii, FramerRTU

from tests.fakes.recorder import record

if TYPE_CHECKING:
    from tests.fakes.faults import Reply


class Heard(NamedTuple):
    """A request to read."""

    transaction: int
    unit: int
    function: int
    start: int
    count: int


class Framing(Protocol):
    """One way to put requests and replies on a wire."""

    scheme: str
    """Of a URL, before `tcp` where frames of a serial line go over a socket."""

    def take(self, data: bytes) -> tuple[list[Heard], bytes]:
        """Whole requests, and what is left."""

    def put(self, reply: "Reply") -> bytes: ...


def _heard(transaction: int, message: bytes, *, is_right: bool) -> Heard:
    """A message from the unit on. What is no request to read is recorded all the same."""
    record(message[1])
    if not is_right or len(message) != 6:
        raise AssertionError(f"not a read request: {message.hex()}")
    start, count = int.from_bytes(message[2:4], "big"), int.from_bytes(message[4:], "big")
    return Heard(transaction, message[0], message[1], start, count)


class Mbap:
    """MODBUS Messaging on TCP/IP V1.0b, section 3.1.3."""

    scheme = "tcp"

    def take(self, data: bytes) -> tuple[list[Heard], bytes]:
        found = []
        while len(data) >= 12:
            transaction, protocol, length = (int.from_bytes(data[at : at + 2], "big") for at in (0, 2, 4))
            found.append(_heard(transaction, data[6:12], is_right=protocol == 0 and length == 6))
            data = data[12:]
        return found, data

    def put(self, reply: "Reply") -> bytes:
        length = 1 + len(reply.pdu) if reply.length is None else reply.length
        head = b"".join(n.to_bytes(2, "big") for n in (reply.transaction, reply.protocol, length))
        return head + bytes((reply.unit,)) + reply.pdu


class Rtu:
    """MODBUS over Serial Line V1.02, section 2.5.1."""

    scheme = "rtu"

    def take(self, data: bytes) -> tuple[list[Heard], bytes]:
        found = []
        while len(data) >= 8:
            message, data = data[:8], data[8:]
            found.append(_heard(0, message[:6], is_right=_crc(message[:6]) == message[6:]))
        return found, data

    def put(self, reply: "Reply") -> bytes:
        message = bytes((reply.unit,)) + reply.pdu
        return message + _crc(message)


def _crc(message: bytes) -> bytes:
    return FramerRTU.compute_CRC(message).to_bytes(2, "big")


class Ascii:
    """MODBUS over Serial Line V1.02, section 2.5.2."""

    scheme = "ascii"

    def take(self, data: bytes) -> tuple[list[Heard], bytes]:
        found = []
        *lines, rest = data.split(b"\r\n")
        for line in lines:
            message = bytes.fromhex(line.removeprefix(b":").decode())
            is_right = line.startswith(b":") and FramerAscii.compute_LRC(message[:-1]) == message[-1]
            found.append(_heard(0, message[:-1], is_right=is_right))
        return found, rest

    def put(self, reply: "Reply") -> bytes:
        message = bytes((reply.unit,)) + reply.pdu
        return b":" + (message + bytes((FramerAscii.compute_LRC(message),))).hex().upper().encode() + b"\r\n"


MBAP, RTU, ASCII = Mbap(), Rtu(), Ascii()
