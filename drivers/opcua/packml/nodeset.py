"""Machines by OPC 30050 (PackML), known by the shape that the standard demands of them.

There is no variable with the state: BaseStateMachine, MachineState below it and ExecuteState below that have one each,
of which the deepest active one counts (OPC 30050 1.01, 6.3). Browse names are mandatory, so a vendor's subtype of
PackMLBaseObjectType needs no look at its type.
"""

from collections.abc import Sequence

from asyncua import ua

from drivers.opcua.packml.identification import identification
from drivers.opcua.packml.machine import Machine, Source, Space, child, key
from drivers.opcua.packml.rules import ALARMS, COUNTED, STOPPED_BY, Key, Rule, numbered
from drivers.opcua.packml.statemachine import current_ids, numbers
from drivers.opcua.packml.states import states
from drivers.opcua.packml.walk import Branch
from drivers.opcua.packml.words import STATE
from drivers.opcua.space import Found

PACKML = "http://opcfoundation.org/UA/PackML/"
PACKML_OBJECTS = 72
"""PackMLObjects in Objects, where the standard has its machines."""
BASE, INNER = "BaseStateMachine", ("MachineState", "ExecuteState")

WORDS: Sequence[tuple[str, str, str, Rule | None]] = (
    ("mode", "Status", "UnitModeCurrent", None),
    ("speed", "Status", "CurMachSpeed", None),
    ("speed_setpoint", "Status", "MachSpeed", None),
    ("speed_rated", "Admin", "MachDesignSpeed", None),
    ("count_infeed", "Admin", "ProdConsumedCount", COUNTED),
    ("count_total", "Admin", "ProdProcessedCount", COUNTED),
    ("count_reject", "Admin", "ProdDefectiveCount", COUNTED),
    ("stop_reason", "Admin", "StopReason", STOPPED_BY),
    *((word, "Admin", "Alarm", rule) for word, rule in ALARMS.items()),
)
"""Word, where it is, and what is made of its value."""


async def packml(space: Space, branches: Sequence[Branch]) -> list[Machine]:
    """Those that have a BaseStateMachine."""
    return [await _machine(space, branch, base) for branch in branches if (base := child(branch.below, BASE))]


async def _machine(space: Space, branch: Branch, base: Found) -> Machine:
    sources = {STATE: source} if (source := await _state(space, base)) else {}
    parts = [one for name in ("Status", "Admin") if (one := child(branch.below, name))]
    for part, below in zip(parts, await space.below([part.node for part in parts]), strict=True):
        for word, owner, name, rule in WORDS:
            if owner == part.name and (node := child(below, name)) is not None:
                sources[word] = Source([node.node], rule)
    return Machine(branch.where, "OPC 30050", sources, await identification(space, branch.below))


async def _state(space: Space, base: Found) -> Source | None:
    machines, below = [base], await space.below([base.node])
    for name in INNER:
        inner = child(below[-1], name)
        if inner is None:
            break
        machines.append(inner)
        below += await space.below([inner.node])
    known = _standard(space) | await numbers(space, machines, states().by_name, has_own=True)
    ids = await current_ids(space, below)
    return Source(ids, numbered(known)) if ids else None


def _standard(space: Space) -> dict[Key, int]:
    """States of the types, which servers reuse that make no states of their own."""
    index = space.index(PACKML)
    if index is None:
        return {}
    return {key(ua.NodeId(ua.Int32(node), ua.Int16(index))): number for node, number in states().by_node.items()}
