"""MQTT over a websocket: RFC 6455 as a client needs it, without I/O.

Frames carry a stream of bytes: where one ends says nothing about where an MQTT packet ends (MQTT 5.0, section 6).
"""

import base64
import hashlib
import secrets
from collections.abc import Mapping
from struct import Struct
from typing import NamedTuple
from urllib.parse import quote

from drivers.phrase import Phrase

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_CONTINUATION, _BINARY, _CLOSE, _PING, _PONG = 0x0, 0x2, 0x8, 0x9, 0xA
_OPCODES = frozenset((_CONTINUATION, _BINARY, _CLOSE, _PING, _PONG))
"""Text frames are no MQTT."""
_FIN, _MASKED = 0x80, 0x80
_U16, _U64 = Struct(">H"), Struct(">Q")
CONTROL_MAX = 125
_PATH = "/%:@!$&'()*+,;=~"
"""What RFC 3986 allows in a path beside letters, digits and `-._`."""


class Violation(ValueError):
    """Bytes that are no websocket frames from a server."""


class Closed(ConnectionError):
    """The other side closed the websocket, and may have said why."""


def request(authority: str, path: str, key: str) -> bytes:
    """The head that asks an HTTP server to speak MQTT (RFC 6455 section 4.1)."""
    return (
        f"GET {quote(path, safe=_PATH)} HTTP/1.1\r\n"
        f"Host: {authority}\r\n"
        "Upgrade: websocket\r\n"
        "Connection: Upgrade\r\n"
        f"Sec-WebSocket-Key: {key}\r\n"
        "Sec-WebSocket-Version: 13\r\n"
        "Sec-WebSocket-Protocol: mqtt\r\n\r\n"
    ).encode("ascii")


def new_key() -> str:
    return base64.b64encode(secrets.token_bytes(16)).decode()


def objection(headers: Mapping[str, str], key: str) -> str:
    """Why an answer with status 101 is none to this key; empty when it is one. Names of headers in lower case."""
    digest = hashlib.sha1(key.encode() + _GUID, usedforsecurity=False).digest()
    if headers.get("upgrade", "").lower() != "websocket":
        return Phrase("它没有切换到 websocket", "it does not upgrade to a websocket")
    if headers.get("sec-websocket-accept") != base64.b64encode(digest).decode():
        return Phrase("Sec-WebSocket-Accept 与本次请求不符", "its Sec-WebSocket-Accept is not the answer to our key")
    if headers.get("sec-websocket-protocol", "mqtt").lower() not in ("mqtt", "mqttv3.1"):
        return Phrase("它用的协议不是 mqtt", "it speaks another protocol than mqtt")
    return ""


def frame(payload: bytes, opcode: int = _BINARY) -> bytes:
    """One whole frame, masked, as everything that a client sends must be (section 5.3)."""
    size = len(payload)
    if size <= CONTROL_MAX:
        head = bytes((_FIN | opcode, _MASKED | size))
    elif size <= 0xFFFF:
        head = bytes((_FIN | opcode, _MASKED | 126)) + _U16.pack(size)
    else:
        head = bytes((_FIN | opcode, _MASKED | 127)) + _U64.pack(size)
    mask = secrets.token_bytes(4)
    return head + mask + _masked(payload, mask)


def _masked(payload: bytes, mask: bytes) -> bytes:
    size = len(payload)
    key = (mask * (size // 4 + 1))[:size]
    return (int.from_bytes(payload, "big") ^ int.from_bytes(key, "big")).to_bytes(size, "big")


class Frames:
    """Bytes of frames in, the bytes that they carry out."""

    def __init__(self) -> None:
        self.replies = bytearray()
        """What must be sent in return; the caller takes it."""
        self.closed: Closed | None = None
        """Set when the other side has closed: nothing comes after what `feed` returned."""
        self._rest = b""
        self._left = 0
        """Bytes of the data frame that has begun which have not come."""
        self._is_open = False
        """A message has begun and its last fragment has not."""

    def feed(self, data: bytes) -> bytes:
        """What the frames carry, as far as it has come. Raises `Violation`."""
        data = self._rest + data if self._rest else data
        carried = bytearray()
        at = 0
        while at < len(data) and self.closed is None:
            if self._left:
                carried += data[at : at + self._left]
                taken = min(self._left, len(data) - at)
                self._left -= taken
                at += taken
                continue
            head = _head(data, at)
            if head is None or (head.is_control and len(data) < head.ends):
                break
            if head.is_control:
                self._control(head.opcode, data[head.starts : head.ends])
                at = head.ends
            else:
                self._begin(head)
                at = head.starts
        self._rest = data[at:]
        return bytes(carried)

    def _begin(self, head: "_Head") -> None:
        if (head.opcode == _CONTINUATION) is not self._is_open:
            raise Violation("a fragment without a beginning, or none where one is due")
        self._is_open = not head.is_last
        self._left = head.ends - head.starts

    def _control(self, opcode: int, payload: bytes) -> None:
        if opcode == _PING:
            self.replies += frame(payload, _PONG)
        elif opcode == _CLOSE:
            self.replies += frame(payload[:2], _CLOSE)
            code = _U16.unpack(payload[:2])[0] if len(payload) >= 2 else 1005
            said = payload[2:].decode("utf-8", "replace")
            why = f"{code} {said}" if said else f"{code}"
            self.closed = Closed(
                Phrase(f"对方关闭了 websocket（{why}）", f"the other side closed the websocket ({why})")
            )


class _Head(NamedTuple):
    """The beginning of a frame: where its payload starts and ends."""

    opcode: int
    is_last: bool
    starts: int
    ends: int

    @property
    def is_control(self) -> bool:
        return self.opcode >= _CLOSE


def _head(data: bytes, at: int) -> _Head | None:
    """The frame that begins at `at`; None where more must come. Raises `Violation`."""
    if len(data) < at + 2:
        return None
    first, size = data[at], data[at + 1]
    opcode = first & 0x0F
    if first & 0x70 or size & _MASKED or opcode not in _OPCODES:
        raise Violation("no binary frame of a server")
    if opcode >= _CLOSE and (size > CONTROL_MAX or not first & _FIN):
        raise Violation("a control frame that is large or in fragments")
    number = {126: _U16, 127: _U64}.get(size)
    starts = at + 2 + (number.size if number else 0)
    if len(data) < starts:
        return None
    if number:
        (size,) = number.unpack_from(data, at + 2)
    return _Head(opcode, bool(first & _FIN), starts, starts + size)
