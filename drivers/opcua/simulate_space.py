"""What a simulated server shows: from the tags of groups to variables, and looks at the world that fill them."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from typing import NamedTuple, cast

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from drivers.contract import Group, Value, World
from drivers.opcua import simulate_packml as packml
from drivers.opcua.config import Address, Device
from drivers.opcua.node import UA, ById, ByPath, OfMachine
from drivers.opcua.packml.nodeset import BASE, INNER, PACKML, PACKML_OBJECTS, WORDS
from drivers.opcua.packml.rules import ALARMS
from drivers.opcua.packml.states import states
from drivers.opcua.packml.words import STATE
from drivers.opcua.plan import STATE_S
from drivers.opcua.simulate_server import URI, SmallServer, standard

Look = Callable[[], Sequence[ua.Variant | None] | None]
"""The value of each variable now, None of one that is not active; None of all where the machine has no such thing."""


class Sight(NamedTuple):
    """Variables that are looked at together."""

    nodes: Sequence[ua.NodeId]
    every_s: float
    look: Look


@dataclass(slots=True)
class _Machine:
    """A device that maps itself."""

    root: ById | ByPath | None
    every_s: dict[str, float] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    """Word -> the tag that wants it."""


class SimulatedSpace:
    """Variables of the groups' tags, those of machines by OPC 30050 too.

    A tag that wants a part of an array or a structure has none, and what is in namespace 0 is the server's own.
    """

    def __init__(self, server: SmallServer, world: World) -> None:
        self._server = server
        self._world = world
        self._indexes = {UA: 0}
        self._sights: list[Sight] = []
        self._placed: set[ById | ByPath] = set()

    async def fill(self, groups: Sequence[Group]) -> Sequence[Sight]:
        """Place all that the world shows now."""
        await self._register(groups)
        machines: dict[str, _Machine] = {}
        for group in groups:
            for tag in group.tags:
                node = cast(Address, tag.address).node
                if isinstance(node.place, OfMachine):
                    root = cast(Device, group.settings).root
                    machine = machines.setdefault(group.device, _Machine(root))
                    machine.tags[node.place.word], machine.every_s[node.place.word] = tag.name, group.every_s
                elif not node.within:
                    self._plain(node.place, group, tag.name)
        for device, machine in machines.items():
            self._machine(device, machine)
        return self._sights

    async def _register(self, groups: Sequence[Group]) -> None:
        places = [cast(Address, tag.address).node.place for group in groups for tag in group.tags]
        roots = [root for group in groups if (root := cast(Device, group.settings).root) is not None]
        for uri in dict.fromkeys([URI, PACKML, *_uris([*places, *roots])]):
            self._indexes[uri] = await self._server.register_namespace(uri)

    def _plain(self, place: ById | ByPath, group: Group, tag: str) -> None:
        def look() -> list[ua.Variant] | None:
            value = self._world(group.device, tag)
            return None if value is None else [_plain(value)]

        is_new = place not in self._placed and not (isinstance(place, ById) and place.space == 0)
        first = look() if is_new else None
        if first is not None:
            self._placed.add(place)
            self._sights.append(Sight([self._node(place, _now(first[0]))], group.every_s, look))

    def _node(self, place: ById | ByPath, value: ua.DataValue | None = None) -> ua.NodeId:
        """The variable, or the object, at a place."""
        above = standard("ObjectsFolder")
        if isinstance(place, ById):
            index = place.space if isinstance(place.space, int) else self._indexes[place.space]
            node = ua.NodeId(cast(ua.String, place.id), ua.Int16(index))
            return self._server.place(node, self._named(str(place.id), URI), above, value)
        for depth, (space, name) in enumerate(place.names, 1):
            node = self._own(str(ByPath(place.names[:depth])))
            last = value if depth == len(place.names) else None
            above = self._server.place(node, self._named(name, space), above, last)
        return above

    def _machine(self, device: str, machine: _Machine) -> None:
        """A machine by OPC 30050: where the person says it is, else where the standard has its machines."""
        if machine.root is not None:
            home = self._node(machine.root)
        else:
            objects = ua.NodeId(ua.Int32(PACKML_OBJECTS), ua.Int16(self._indexes[PACKML]))
            title = self._named("PackMLObjects", PACKML)
            self._server.place(objects, title, standard("ObjectsFolder"), reference="Organizes")
            home = self._server.place(self._own(device), self._named(device, URI), objects, reference="Organizes")
        if STATE in machine.tags:
            self._states(device, machine, home)
        words = [(word, owner, name) for word, owner, name, _ in WORDS if word in machine.tags]
        for word, owner, name in words:
            if word in ALARMS:
                continue
            self._variable(device, machine, (owner, name), home, [word])
        alarms = [(owner, name, word) for word, owner, name in words if word in ALARMS]
        if alarms:
            self._variable(device, machine, alarms[0][:2], home, [word for *_, word in alarms])

    def _states(self, device: str, machine: _Machine, home: ua.NodeId) -> None:
        """Three machines of states, each below the one before."""

        def look() -> list[ua.Variant | None] | None:
            state = self._world(device, machine.tags[STATE])
            levels = packml.active(int(state)) if state is not None else ()
            return [one for level in levels for one in self._current(level)] or None

        first = look()
        if first is None:
            return
        nodes, above = list[ua.NodeId](), home
        for depth, name in enumerate((BASE, *INNER)):
            path = f"{device}.{name}"
            above = self._server.place(self._own(path), self._named(name, PACKML), above)
            text, its_id = (_now(value) for value in first[2 * depth : 2 * depth + 2])
            current = self._server.place(
                self._own(f"{path}.CurrentState"), self._named("CurrentState", UA), above, text
            )
            id_name = self._own(f"{path}.CurrentState.Id"), self._named("Id", UA)
            nodes += [current, self._server.place(*id_name, current, its_id, "HasProperty")]
        self._sights.append(Sight(nodes, min(machine.every_s[STATE], STATE_S), look))

    def _current(self, state: int | None) -> tuple[ua.Variant | None, ua.Variant | None]:
        """CurrentState of one machine of states, and its Id: the state of the type."""
        title, node = (known.get(state) for known in _known_states())
        if title is None or node is None:
            return None, None
        its_id = ua.NodeId(ua.Int32(node), ua.Int16(self._indexes[PACKML]))
        return ua.Variant(ua.LocalizedText(str(title))), ua.Variant(its_id)

    def _variable(
        self, device: str, machine: _Machine, place: tuple[str, str], home: ua.NodeId, words: Sequence[str]
    ) -> None:
        """One that is made of some words."""

        def ask() -> dict[str, Value]:
            asked = {word: self._world(device, machine.tags[word]) for word in words}
            return {word: value for word, value in asked.items() if value is not None}

        def look() -> list[ua.Variant] | None:
            shown = ask()
            while (again := ask()) != shown:  # the machine moved between two of them
                shown = again
            return [self._mapped(words[0], shown)] if shown else None

        first = look()
        if first is not None:
            owner, name = place
            above = self._server.place(self._own(f"{device}.{owner}"), self._named(owner, PACKML), home)
            own = self._own(f"{device}.{owner}.{name}")
            node = self._server.place(own, self._named(name, PACKML), above, _now(first[0]))
            self._sights.append(Sight([node], min(machine.every_s[word] for word in words), look))

    def _mapped(self, word: str, shown: Mapping[str, Value]) -> ua.Variant:
        """The value of the variable that a word comes from."""
        if word in packml.COUNTS:
            return self._structures("PackMLCountDataType", [packml.count(word, int(shown[word]))])
        if word in ALARMS:
            active = [packml.alarm(number, is_active=True) for number in packml.raised(shown)]
            return self._structures("PackMLAlarmDataType", active)
        if word == "stop_reason":
            one = packml.alarm(int(shown[word]), is_active=bool(shown[word]))
            return ua.Variant(self._structure("PackMLAlarmDataType", one), ua.VariantType.ExtensionObject)
        if word == "mode":
            return ua.Variant(int(shown[word]), ua.VariantType.Int32)
        return ua.Variant(float(shown[word]), ua.VariantType.Float)

    def _structures(self, name: str, bodies: Iterable[bytes]) -> ua.Variant:
        found = [self._structure(name, body) for body in bodies]
        return ua.Variant(found, ua.VariantType.ExtensionObject, is_array=True)

    def _structure(self, name: str, body: bytes) -> ua.ExtensionObject:
        return ua.ExtensionObject(self._own(f"{name}.DefaultBinary"), ua.ByteString(body))

    def _own(self, name: str) -> ua.NodeId:
        return ua.NodeId(ua.String(name), ua.Int16(self._indexes[URI]))

    def _named(self, name: str, space: str) -> ua.QualifiedName:
        return ua.QualifiedName(name, ua.UInt16(self._indexes[space]))


def values(sight: Sight) -> list[ua.DataValue]:
    """What a look brings, all of one time; nothing where the machine has nothing to show."""
    found = sight.look()
    moment = datetime.now(UTC)
    return [] if found is None else [_now(value, moment) for value in found]


def _now(value: ua.Variant | None, moment: datetime | None = None) -> ua.DataValue:
    time = ua.DateTime.fromtimestamp((moment or datetime.now(UTC)).timestamp(), UTC)
    status = ua.StatusCode(ua.UInt32(StatusCodes.Good if value is not None else StatusCodes.BadStateNotActive))
    return ua.DataValue(value or ua.Variant(), status, SourceTimestamp=time, ServerTimestamp=time)


def _plain(value: Value) -> ua.Variant:
    kinds = {bool: ua.VariantType.Boolean, int: ua.VariantType.Int64, float: ua.VariantType.Double}
    return ua.Variant(value, kinds.get(type(value), ua.VariantType.String))


@cache
def _known_states() -> tuple[Mapping[int | None, str], Mapping[int | None, int]]:
    """State -> its name, and its node in the namespace of PackML."""
    known = states()
    titles: dict[int | None, str] = {number: name.capitalize() for name, number in known.by_name.items()}
    return titles, {number: node for node, number in known.by_node.items()}


def _uris(places: Iterable[object]) -> Iterable[str]:
    for place in places:
        if isinstance(place, ById) and isinstance(place.space, str):
            yield place.space
        if isinstance(place, ByPath):
            yield from (space for space, _ in place.names)
