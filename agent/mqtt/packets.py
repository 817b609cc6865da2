"""The two packets of MQTT that come by the thousand, PUBLISH and PUBACK, and where a packet ends. Pure.

OASIS MQTT 5.0 sections 2.1.4, 3.3 and 3.4; MQTT 3.1.1 sections 2.2.3, 3.3 and 3.4.
"""

from collections.abc import Iterator
from struct import Struct

PUBACK = 0x40
_PUBLISH = 0x30
_U16 = Struct(">H").pack
TOPIC_MAX = 65_535
_REASONS = frozenset((0x00, 0x10, 0x80, 0x83, 0x87, 0x90, 0x91, 0x95, 0x97, 0x99))
"""Of a PUBACK: MQTT 5.0, table 3-4, and 0x95, Packet too large, which mosquitto says where there is a size limit."""


class Malformed(ValueError):
    """Bytes that are no MQTT."""


def publish(topic: bytes, payload: bytes, qos: int, retain: bool, mid: int, is_5: bool) -> bytes:
    """A whole PUBLISH packet without properties. `mid` (1 to 65535) is used with QoS 1 only."""
    head = _U16(len(topic)) + topic
    if qos:
        head += _U16(mid)
    if is_5:
        head += b"\0"
    first = _PUBLISH | qos << 1 | retain
    return bytes((first,)) + _length(len(head) + len(payload)) + head + payload


def _length(size: int) -> bytes:
    """A variable byte integer."""
    if size < 128:
        return bytes((size,))
    said = bytearray()
    while True:
        size, digit = size >> 7, size & 0x7F
        if not size:
            said.append(digit)
            return bytes(said)
        said.append(digit | 0x80)


def puback(packet: bytes) -> tuple[int, int]:
    """Packet id and reason code; a reason that is left out is 0, success. Raises `Malformed`."""
    reason = packet[4] if len(packet) > 4 else 0
    if len(packet) < 4 or reason not in _REASONS:
        raise Malformed("not a PUBACK")
    return packet[2] << 8 | packet[3], reason


class Packets:
    """Bytes in, whole packets out."""

    def __init__(self) -> None:
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[bytes]:
        """Every packet that is whole by now. Raises `Malformed`."""
        data = self._rest + data if self._rest else data
        start = 0
        try:
            while (end := _end(data, start)) is not None and end <= len(data):
                yield data[start:end]
                start = end
        finally:
            self._rest = data[start:]


def _end(data: bytes, start: int) -> int | None:
    """Where the packet that begins at `start` ends; None where that cannot be seen yet."""
    size = shift = 0
    for at in range(start + 1, min(start + 5, len(data))):
        size |= (data[at] & 0x7F) << shift
        if not data[at] & 0x80:
            return at + 1 + size
        shift += 7
    if len(data) > start + 4:
        raise Malformed("a length of more than four bytes")
    return None
