"""Units that a server says of its values (EUInformation; OPC 10000-8, 5.6.3.3)."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from drivers.opcua.packml.machine import Machine, Space, child

KNOWN: Mapping[int, str] = MappingProxyType(
    {20529: "%", 12888: "m/min", 4937544: "kW.h", 4408652: "Cel", 5066817: "MPa", 13384: "um", 5129559: "N"}
)
"""UNECE unit id -> UCUM code."""


async def with_units(space: Space, machine: Machine, words: Sequence[str]) -> Machine:
    """With the units of these words, where the server says one that is known."""
    known = [word for word in words if word in machine.sources]
    found = await space.below([machine.sources[word].nodes[0] for word in known]) if known else []
    said = [(word, one) for word, below in zip(known, found, strict=True) if (one := child(below, "EngineeringUnits"))]
    read = await space.read([one.node for _, one in said]) if said else []
    sources = dict(machine.sources)
    for (word, _), (value, _) in zip(said, read, strict=True):
        unit: Any = value
        sources[word] = sources[word]._replace(unit=KNOWN.get(getattr(unit, "UnitId", 0)))
    return machine._replace(sources=sources)
