"""A walk through an address space: level by level, in few calls, with an end."""

from collections.abc import Sequence
from typing import NamedTuple

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds

from drivers.opcua.node import UA, ById, ByPath
from drivers.opcua.packml.machine import Space, key
from drivers.opcua.space import Found

DEPTH = 5
"""Levels in which machines of the companion specifications are looked for."""
DEEPEST = 10
"""Controllers keep plain PackTags further down: device, resources, application, programs."""
BEYOND = 3
"""Levels from a unit's state to the last of its tags."""
MOST = 20_000
"""Nodes that are looked at; whoever has more says where the machine is."""
OBJECTS = ua.NodeId(ua.Int32(ObjectIds.ObjectsFolder))
SERVER = (0, ObjectIds.Server)

MACHINES = frozenset({"BaseStateMachine", "MachineryBuildingBlocks", "MachineryItemState"})
"""Below what has one of these nobody looks for another machine."""
SIGN = "status.statecurrent"


class Branch(NamedTuple):
    """A node and what is below it."""

    node: ua.NodeId
    names: tuple[tuple[str, str], ...]
    """Namespace and name of each node on the way from where the walk began."""
    where: str
    below: Sequence[Found]


def written(space: Space, node: ua.NodeId) -> str:
    """A node as a person would write it."""
    return str(ById(space.uri(node.NamespaceIndex) if node.NamespaceIndex else 0, node.Identifier))


async def walk(space: Space, start: ua.NodeId, names: tuple[tuple[str, str], ...] | None = None) -> list[Branch]:
    """What is below the node. `names` is the way to it from Objects, None where only its id is known."""
    seen, branches = {key(start)}, list[Branch]()
    level: list[tuple[ua.NodeId, tuple[tuple[str, str], ...]]] = [(start, ())]
    last = DEEPEST
    for depth in range(DEEPEST + 1):
        if not level or depth > last:
            break
        found = await space.below([node for node, _ in level])
        grown = [
            Branch(node, way, str(ByPath((*names, *way))) if names is not None and (names or way) else "", below)
            for (node, way), below in zip(level, found, strict=True)
        ]
        branches += [one if one.where else one._replace(where=written(space, one.node)) for one in grown]
        if any(_is_sign(one) for one in grown):
            last = max(DEPTH, depth + BEYOND)
        level = _next(grown, seen)[: max(MOST - len(seen), 0)]
    return branches


def _is_sign(branch: Branch) -> bool:
    """Whether there is a machine, so that nobody has to go on much further."""
    own = branch.names[-1][1].lower() if branch.names else ""
    return any(
        one.name in MACHINES or one.name.lower().endswith(SIGN) or f"{own}.{one.name.lower()}".endswith(SIGN)
        for one in branch.below
    )


def _next(
    branches: Sequence[Branch], seen: set[tuple[int, object]]
) -> list[tuple[ua.NodeId, tuple[tuple[str, str], ...]]]:
    level = []
    for branch in branches:
        if any(one.name in MACHINES for one in branch.below):
            continue
        for one in branch.below:
            if _leads_on(one) and key(one.node) not in seen:
                seen.add(key(one.node))
                level.append((one.node, (*branch.names, (one.space, one.name))))
    return level


def _leads_on(one: Found) -> bool:
    """Not the server's own objects, and no properties of values such as EURange."""
    if one.node_class == ua.NodeClass.Variable:
        return one.space != UA
    return one.node_class == ua.NodeClass.Object and key(one.node) != SERVER
