"""Columns: what one scan means, on its way from the wire to the record. No object per value."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import NamedTuple

from drivers.contract import Quality, Value

NO_QUALITIES: Mapping[int, Quality] = MappingProxyType({})

MAX_LANES = 256
"""How many tuples of indexes a room prepares itself for. Drivers use the same few again and again; what comes only once
is a list, and nobody prepares for that."""


class Columns(NamedTuple):
    """What one scan means. Position k of `values` belongs to tag `indexes[k]` of the group."""

    time_ms: int
    indexes: Sequence[int]
    values: Sequence[Value | None]
    """None exactly where the quality is bad."""
    qualities: Mapping[int, Quality] = NO_QUALITIES
    """Tag index -> quality, only where it is not good."""
    times: Sequence[int] | None = None
    """Only where each value has a time of its own."""
