"""What the store is told once: its bounds, and what it may ask of the world."""

from collections.abc import Callable
from dataclasses import dataclass

from drivers.contract import Journal

TAIL_BYTES = 12 * 1024 * 1024
"""What memory keeps of records that are safe on disk, for those who want them next."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Bounds, in bytes and seconds."""

    max_bytes: int
    """On disk."""
    memory_bytes: int
    """In memory, while the disk cannot be used."""
    max_age_s: float
    tail_bytes: int = TAIL_BYTES


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the store knows of the world."""

    now: Callable[[], tuple[int, int | None]]
    """Wall time, UTC epoch milliseconds, and while that is implausible the offset of `Record.offset_ms`."""
    monotonic: Callable[[], float]
    journal: Journal
    place: str
    """What the operator calls this outbox."""
