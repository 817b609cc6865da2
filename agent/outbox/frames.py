"""Frames: how records lie in a segment. Pure; `frame` writes one, `scan` finds them again, whatever lies between.

    offset  0  magic     2 bytes
            2  crc       CRC-32 of everything after it
            6  length    of the whole frame
           10  kind      1 record, 2 event, 3 checkpoint, 4 head of a segment; the top bit ends an append
           11  name      length of the stream's name
           12  number    of a record in its log, counted without holes; elsewhere that of the record which follows
           20  time      UTC epoch milliseconds
           28  boot
           36  seq
           44  the stream's name in UTF-8, then the body in JSON

Little-endian.
"""

import struct
import zlib
from collections.abc import Iterator
from typing import NamedTuple

MAGIC = b"\x4c\xd3"
HEAD = struct.Struct("<2sIIBBQqQQ")
_UNCHECKED, _CHECKED = struct.Struct("<2sI"), struct.Struct("<IBBQqQQ")
"""Its two parts: what comes before what the checksum covers, and the rest."""
HEAD_BYTES, CHECKED_FROM = HEAD.size, _UNCHECKED.size
RECORD, EVENT, CHECKPOINT, SEGMENT = 1, 2, 3, 4
END_OF_APPEND = 0x80
FRAME_MAX = 64 * 1024 * 1024
"""A length above it is damage."""


class Frame(NamedTuple):
    """One frame that was found whole."""

    at: int
    """Where it begins, from the start of what was scanned."""
    length: int
    kind: int
    is_end: bool
    """Whether it is the last one of its append."""
    number: int
    time_ms: int
    boot: int
    seq: int
    stream: str
    body_at: int

    @property
    def is_record(self) -> bool:
        return self.kind in (RECORD, EVENT)


def frame(
    kind: int, number: int, stream: bytes, body: bytes, time_ms: int = 0, boot: int = 0, seq: int = 0, *, is_end: bool
) -> bytes:
    """`stream` in at most 255 bytes of UTF-8."""
    named = len(stream)
    if is_end:
        kind |= END_OF_APPEND
    head = _CHECKED.pack(HEAD_BYTES + named + len(body), kind, named, number, time_ms, boot, seq) + stream
    return _UNCHECKED.pack(MAGIC, zlib.crc32(body, zlib.crc32(head))) + head + body


def scan(data: bytes, at: int = 0) -> Iterator[Frame]:
    """Every whole frame from there on; what is damaged or torn is passed over."""
    size = len(data)
    while at + HEAD_BYTES <= size:
        found = _frame_at(data, at)
        if found is not None:
            yield found
            at += found.length
        else:
            at = data.find(MAGIC, at + 1)
            if at < 0:
                return


def _frame_at(data: bytes, at: int) -> Frame | None:
    magic, crc, length, kind, named, number, time_ms, boot, seq = HEAD.unpack_from(data, at)
    end = at + length
    body_at = at + HEAD_BYTES + named
    if magic != MAGIC or length > FRAME_MAX or body_at > end or end > len(data):
        return None
    if zlib.crc32(memoryview(data)[at + CHECKED_FROM : end]) != crc:
        return None
    stream = data[at + HEAD_BYTES : body_at].decode("utf-8", "replace")
    is_end = kind >= END_OF_APPEND
    return Frame(at, length, kind & ~END_OF_APPEND, is_end, number, time_ms, boot, seq, stream, body_at)
