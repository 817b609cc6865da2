"""Machines of states as OPC 10000-16 makes them: CurrentState/Id, and the numbers of the states."""

from collections.abc import Mapping, Sequence
from itertools import chain

from asyncua import ua

from drivers.opcua.packml.machine import Space, child, key
from drivers.opcua.packml.rules import Key
from drivers.opcua.space import Found


async def current_ids(space: Space, below: Sequence[Sequence[Found]]) -> list[ua.NodeId]:
    """CurrentState/Id of each machine, given what is below it, up to the first that has none."""
    currents: list[Found] = []
    for one in below:
        current = child(one, "CurrentState")
        if current is None:
            break
        currents.append(current)
    found = [child(one, "Id") for one in await space.below([current.node for current in currents])]
    whole = found[: found.index(None)] if None in found else found
    return [one.node for one in whole if one is not None]


async def numbers(
    space: Space, machines: Sequence[Found], by_name: Mapping[str, int], *, has_own: bool
) -> dict[Key, int]:
    """State -> number, of states of the machines and of their types.

    A state of the standard is known by its name: simulators are known that number some of them wrongly. Others are
    numbered by their property StateNumber, if the machine may have states of its own.
    """
    types = [machine.type for machine in machines if machine.type is not None]
    around = await space.below([*(machine.node for machine in machines), *types])
    states = [one for one in chain.from_iterable(around) if one.node_class == ua.NodeClass.Object]
    known = {key(one.node): by_name[one.name.lower()] for one in states if one.name.lower() in by_name}
    others = [one.node for one in states if key(one.node) not in known] if has_own else []
    below = await space.below(others) if others else []
    named = [(node, found) for node, one in zip(others, below, strict=True) if (found := child(one, "StateNumber"))]
    read = await space.read([found.node for _, found in named]) if named else []
    for (node, _), (value, status) in zip(named, read, strict=True):
        if not status and isinstance(value, int):
            known[key(node)] = value
    return known
