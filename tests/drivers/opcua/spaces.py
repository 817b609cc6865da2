"""An address space in a dictionary: what discovery of machines needs of a server, without a wire.

    space = FakeSpace({"Objects/Line/Status/StateCurrent": 6, ...})

A path is a node, in the namespace of tests unless a name has a prefix: `packml:`, `machinery:` or `0:`. What has a
value is a variable. Objects are the node i=85; `packml:PackMLObjects` is i=72 of its namespace, as the standard has it.
"""

from collections.abc import Mapping, Sequence

from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uatypes import Int16, Int32, String

from drivers.opcua.node import UA
from drivers.opcua.packml.nodeset import PACKML, PACKML_OBJECTS
from drivers.opcua.space import Found

MACHINERY = "http://opcfoundation.org/UA/Machinery/"
OURS = "urn:lineside:tests:press"
URIS = (UA, OURS, PACKML, MACHINERY)
_PREFIXES = {"0": 0, "packml": 2, "machinery": 3}


class FakeSpace:
    """`drivers.opcua.packml.machine.Space`."""

    def __init__(self, nodes: Mapping[str, object], uris: Sequence[str] = URIS) -> None:
        self.uris = uris
        self.calls = 0
        self._values: dict[ua.NodeId, object] = {}
        self._below: dict[ua.NodeId, dict[str, Found]] = {}
        for path, value in nodes.items():
            self._add(path, value)

    def node(self, path: str) -> ua.NodeId:
        """Its id."""
        if path == "Objects":
            return ua.NodeId(Int32(ObjectIds.ObjectsFolder))
        if path.endswith("packml:PackMLObjects"):
            return ua.NodeId(Int32(PACKML_OBJECTS), Int16(2))
        return ua.NodeId(String(path), Int16(1))

    def _add(self, path: str, value: object) -> None:
        parts = path.split("/")
        for depth in range(1, len(parts)):
            parent, here = "/".join(parts[:depth]), "/".join(parts[: depth + 1])
            is_last = depth == len(parts) - 1
            kind = ua.NodeClass.Variable if is_last and value is not None else ua.NodeClass.Object
            prefix, _, name = parts[depth].rpartition(":")
            space = self.uris[_PREFIXES.get(prefix, 1)]
            found = Found(self.node(here), space, name, name, kind, None)
            self._below.setdefault(self.node(parent), {}).setdefault(here, found)
        self._values[self.node(path)] = value

    async def below(
        self, nodes: Sequence[ua.NodeId], *, kind: int = ObjectIds.HierarchicalReferences
    ) -> list[list[Found]]:
        self.calls += 1
        return [list(self._below.get(node, {}).values()) for node in nodes]

    async def read(self, nodes: Sequence[ua.NodeId]) -> list[tuple[object, int]]:
        return [(self._values.get(node), 0) for node in nodes]

    def index(self, uri: str) -> int | None:
        return self.uris.index(uri) if uri in self.uris else None

    def uri(self, index: int) -> str:
        return self.uris[index]


def packml_machine(path: str, *, states: Sequence[str] = (), number: int = 0) -> dict[str, object]:
    """A machine by OPC 30050; `states` are its own, the last one with a name of its vendor's and that number."""
    base = f"{path}/packml:BaseStateMachine"
    machine = f"{base}/packml:MachineState"
    execute = f"{machine}/packml:ExecuteState"
    nodes: dict[str, object] = {f"{one}/0:CurrentState/0:Id": 0 for one in (base, machine, execute)}
    for state in states:
        nodes[f"{execute}/{state}"] = None
        nodes[f"{execute}/{state}/0:StateNumber"] = number
    for tag in ("UnitModeCurrent", "CurMachSpeed", "MachSpeed"):
        nodes[f"{path}/packml:Status/packml:{tag}"] = 1
    for tag in ("ProdProcessedCount", "ProdDefectiveCount", "Alarm", "StopReason"):
        nodes[f"{path}/packml:Admin/packml:{tag}"] = []
    return nodes
