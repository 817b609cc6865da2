"""Machines by OPC 40001-1 (Machinery): state and mode, which become the nearest ones of PackML, and identification.

NotExecuting is stopped, because the standard does not say whether the machine could start; OutOfService, which it calls
not functional, is aborted. Setup is ours (4).
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from drivers.opcua.packml.identification import identification
from drivers.opcua.packml.machine import Machine, Source, Space, child
from drivers.opcua.packml.rules import numbered
from drivers.opcua.packml.statemachine import current_ids, numbers
from drivers.opcua.packml.walk import Branch

BLOCKS = "MachineryBuildingBlocks"
MEANT: Mapping[str, tuple[str, Mapping[str, int]]] = MappingProxyType(
    {
        "state": ("MachineryItemState", {"notavailable": 0, "outofservice": 9, "notexecuting": 2, "executing": 6}),
        "mode": ("MachineryOperationMode", {"none": 0, "maintenance": 2, "setup": 4, "processing": 1}),
    }
)
"""Word -> machine of states, and the name of a state -> number (OPC 40001-1, 11 and 12)."""


async def machinery(space: Space, branches: Sequence[Branch]) -> list[Machine]:
    """Those that have one of the two, directly or among their building blocks."""
    found: list[Machine] = []
    for branch in branches:
        blocks = child(branch.below, BLOCKS)
        below = branch.below if blocks is None else (await space.below([blocks.node]))[0]
        sources = {}
        for word, (name, by_name) in MEANT.items():
            machine = child(below, name)
            if machine is None:
                continue
            known = await numbers(space, [machine], by_name, has_own=False)
            if ids := await current_ids(space, await space.below([machine.node])):
                sources[word] = Source(ids, numbered(known))
        if sources:
            identity = await identification(space, branch.below, below)
            found.append(Machine(branch.where, "OPC 40001-1", sources, identity))
    return found
