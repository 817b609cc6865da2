"""Which machines a server shows, and in which dialect: the richest one that there is."""

from asyncua import ua

from drivers.opcua.packml.machine import Machine, Space
from drivers.opcua.packml.machinery import machinery
from drivers.opcua.packml.nodeset import PACKML, PACKML_OBJECTS, packml
from drivers.opcua.packml.packtags import packtags
from drivers.opcua.packml.units import with_units
from drivers.opcua.packml.walk import OBJECTS, walk

SPEEDS = ("speed", "speed_setpoint", "speed_rated")


async def discover(space: Space, root: ua.NodeId | None = None) -> list[Machine]:
    """Those at or below the root; without one where the standard has them, then all over."""
    machines = await _machines(space, root)
    return [await with_units(space, machine, SPEEDS) for machine in machines]


async def _machines(space: Space, root: ua.NodeId | None) -> list[Machine]:
    index = space.index(PACKML)
    if root is None and index is not None:
        home = ua.NodeId(ua.Int32(PACKML_OBJECTS), ua.Int16(index))
        branches = await walk(space, home, ((PACKML, "PackMLObjects"),))
        if found := await packml(space, branches):
            return found
    branches = await walk(space, OBJECTS, ()) if root is None else await walk(space, root)
    return await packml(space, branches) or packtags(branches) or await machinery(space, branches)
