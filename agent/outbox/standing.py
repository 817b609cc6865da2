"""How far every destination has come, and what was lost and is not announced: one file, so that neither is without the
other.

A kill between two files would leave a record that is announced as lost and delivered all the same, or lost once more
and announced twice. Pure.
"""

import struct
from collections.abc import Mapping
from typing import NamedTuple

from agent.outbox.cursor import Cursor, from_bytes
from agent.outbox.slots import GAPS, STANDING, TO

_LENGTH = struct.Struct("<I")


class Standing(NamedTuple):
    """What was saved."""

    cursors: Mapping[str, tuple[Cursor, Cursor]]
    """Destination -> of the main log, of the kept one."""
    gaps: bytes | None
    """In JSON; None where nothing was said of them."""


def to_bytes(cursors: Mapping[str, tuple[Cursor, Cursor]], gaps: bytes) -> bytes:
    """Each part behind its length: the gaps, then name and cursors of each destination."""
    parts = [gaps]
    for name, (main, kept) in cursors.items():
        parts += [name.encode(), main.to_bytes() + kept.to_bytes()]
    return b"".join(_LENGTH.pack(len(part)) + part for part in parts)


def of(saved: Mapping[str, bytes]) -> Standing:
    """From the newest whole content of each file; what cannot be read is not there.

    Format 2 had a file for each destination, and one for the gaps.
    """
    if STANDING in saved:
        gaps, *rest = _parts(saved[STANDING]) or [b""]
        found = {name.decode(): content for name, content in zip(rest[::2], rest[1::2], strict=False)}
        return _standing(found, gaps or None)
    return _standing(
        {name.removeprefix(TO): content for name, content in saved.items() if name.startswith(TO)}, saved.get(GAPS)
    )


def _parts(content: bytes) -> list[bytes]:
    parts, at = [], 0
    while at + _LENGTH.size <= len(content):
        (length,) = _LENGTH.unpack_from(content, at)
        at += _LENGTH.size
        parts.append(content[at : at + length])
        at += length
    return parts


def _standing(found: Mapping[str, bytes], gaps: bytes | None) -> Standing:
    cursors: dict[str, tuple[Cursor, Cursor]] = {}
    for name, content in found.items():
        try:
            main, kept = from_bytes(content)
        except ValueError:
            continue
        cursors[name] = main, kept
    return Standing(cursors, gaps)
