"""A walk through what a server shows, breadth first: each node once, with what can be known of it cheaply."""

import contextlib
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from itertools import count
from typing import NamedTuple, Protocol, cast

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIdNames, ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors._base import UaError, UaStatusCodeError
from pydantic import BaseModel

from drivers.contract import BrowseWish, Journal, Quality, Shown
from drivers.errors import NotConnected
from drivers.opcua import holding
from drivers.opcua.asking import Asking
from drivers.opcua.config import Connection
from drivers.opcua.counts import Counts
from drivers.opcua.driver import SESSION_S, with_port
from drivers.opcua.node import UA
from drivers.opcua.protection import Protection
from drivers.opcua.reason import refused
from drivers.opcua.space import Found, Space
from drivers.opcua.units import range_of, unit_of
from drivers.opcua.wire import Wire
from drivers.opcua.written import written

AT_ONCE = 100
"""Nodes in one call: what the smallest servers take, so nobody has to know which one this is."""
_OF_ITS_OWN = frozenset({2253, 23470, 31915})
"""Server, Aliases, Locations: what each server has of its own, in namespace 0."""
_PROPERTY = 68
"""PropertyType."""
_UNIT, _RANGE = "EngineeringUnits", "EURange"
_UNREADABLE = frozenset({Quality.BAD_DENIED, Quality.BAD_CONFIG, Quality.BAD_TYPE})
"""Reasons that do not go away: a tag would have no value for ever."""
_OPTIONS = {"U2115": "U2311", "U2020": "U2312", "U2035": "U2312", "U2021": "U2313", "U2111": "U2314", "U2112": "U2315"}
"""Messages whose hints name keys of a configuration -> the same with the command's options."""


class Looking(Protocol):
    """What a walk needs of `drivers.opcua.space.Space`."""

    @property
    def namespaces(self) -> Sequence[str]: ...

    async def below(self, nodes: Sequence[ua.NodeId]) -> list[list[Found]]: ...
    async def read(self, nodes: Sequence[ua.NodeId]) -> list[tuple[object, int]]: ...
    async def attributes(self, nodes: Sequence[ua.NodeId], attribute: AttributeIds) -> list[object]: ...


async def walk(connection: BaseModel, wish: BrowseWish, journal: Journal) -> AsyncGenerator[Shown, None]:
    """`drivers.contract.Browsing.walk`."""
    settings = cast(Connection, connection)
    try:
        async with _visit(settings, journal) as space:
            walking = Walk(space, wish)
            async for shown in walking.shown():
                yield shown
            if walking.was_cut:
                journal.note("U2301", settings.url, most=wish.most)
    except NotConnected as lost:
        if lost.code not in _OPTIONS:
            raise
        facts = {**lost.facts, "folder": settings.place.state}
        raise NotConnected(lost.reason, _OPTIONS[lost.code], facts) from lost


@contextlib.asynccontextmanager
async def _visit(settings: Connection, journal: Journal) -> AsyncIterator[Space]:
    """A session for as long as the block."""
    counts = Counts()
    protection = Protection(settings, journal)
    wire = Wire(with_port(settings), settings.timeout, SESSION_S, settings.limits.message, protection, counts)
    asking = Asking(wire, counts, AT_ONCE)
    try:
        await wire.open()
        await asking.learn()
        yield Space(wire, asking)
    except UaStatusCodeError as error:
        raise NotConnected(refused(error)) from error
    finally:
        await wire.close()


class _Place(NamedTuple):
    """A node that was found and not yet looked at."""

    found: Found | None
    """None for where the walk begins."""
    node: ua.NodeId
    number: int
    parent: int | None
    depth: int
    names: tuple[tuple[str, str], ...]
    """Browse names from the folder Objects on."""


class _Reading(NamedTuple):
    """What was read of a variable."""

    value: object
    status: int
    data_type: str
    data_type_id: int
    """In namespace 0, else 0."""
    unit: tuple[str, str]
    range: tuple[float, float] | None


class Walk:
    """One walk; `shown` once."""

    def __init__(self, space: Looking, wish: BrowseWish) -> None:
        self.was_cut = False
        """Whether there was more than was wished for."""
        self._space = space
        self._wish = wish
        self._numbers = count(1)
        self._taken = 0
        self._seen: set[tuple[int, object]] = set()
        self._queue: deque[_Place] = deque()
        self._types: dict[ua.NodeId, str] = {}

    async def shown(self) -> AsyncIterator[Shown]:
        """Raises `NotConnected` and `UaStatusCodeError`."""
        start = ua.NodeId(ua.Int32(ObjectIds.RootFolder if self._wish.is_all else ObjectIds.ObjectsFolder))
        self._seen.add(_key(start))
        self._queue.append(_Place(None, start, 0, None, 0, ()))
        while self._queue:
            some = [self._queue.popleft() for _ in range(min(AT_ONCE, len(self._queue)))]
            below = await self._below([place.node for place in some])
            readings = await self._readings(some, below)
            for place, children in zip(some, below, strict=True):
                wanted = [child for child in children if self._is_wanted(child)]
                if place.found is not None:
                    for one in self._of(place, place.found, len(wanted), readings.get(place.number)):
                        yield one
                self._enqueue(place, wanted)

    async def _below(self, nodes: Sequence[ua.NodeId]) -> list[list[Found]]:
        """Where a server cannot answer for all at once, it is asked for fewer."""
        try:
            return await self._space.below(nodes)
        except UaError:
            if len(nodes) == 1:
                return [[]]
        middle = len(nodes) // 2
        return await self._below(nodes[:middle]) + await self._below(nodes[middle:])

    def _is_wanted(self, child: Found) -> bool:
        if self._wish.is_all:
            return True
        is_standard = child.node.NamespaceIndex == 0
        if child.node_class not in (ua.NodeClass.Object, ua.NodeClass.Variable):
            return False
        if is_standard and child.node.Identifier in _OF_ITS_OWN:
            return False
        return not (_is_property(child) and child.space == UA)

    def _enqueue(self, place: _Place, children: Sequence[Found]) -> None:
        for child in children:
            key = _key(child.node)
            if key in self._seen or place.depth >= self._wish.depth:
                continue
            if self._taken >= self._wish.most:
                self.was_cut = True
                return
            self._seen.add(key)
            self._taken += 1
            names = () if self._wish.is_all else (*place.names, (child.space, child.name))
            parent = place.number if place.found is not None else None
            self._queue.append(_Place(child, child.node, next(self._numbers), parent, place.depth + 1, names))

    async def _readings(self, some: Sequence[_Place], below: Sequence[Sequence[Found]]) -> dict[int, _Reading]:
        """Number -> what there is, of the variables."""
        variables = [
            (place, children)
            for place, children in zip(some, below, strict=True)
            if place.found is not None and place.found.node_class == ua.NodeClass.Variable
        ]
        if not variables:
            return {}
        nodes = [place.node for place, _ in variables]
        values = await self._read(nodes)
        types = await self._space.attributes(nodes, AttributeIds.DataType)
        await self._name(types)
        about = [
            (place.number, child)
            for place, children in variables
            for child in children
            if child.space == UA and child.name in (_UNIT, _RANGE)
        ]
        answers = await self._read([child.node for _, child in about])
        told = {(number, child.name): value for (number, child), (value, _) in zip(about, answers, strict=True)}
        return {
            place.number: _Reading(
                value,
                status,
                self._types.get(kind, "?") if isinstance(kind, ua.NodeId) else "?",
                _standard(kind),
                unit_of(told.get((place.number, _UNIT))),
                range_of(told.get((place.number, _RANGE))),
            )
            for (place, _), (value, status), kind in zip(variables, values, types, strict=True)
        }

    async def _read(self, nodes: Sequence[ua.NodeId]) -> list[tuple[object, int]]:
        """As `_below`: values may be too long for one answer, or one of them not to be decoded."""
        if not nodes:
            return []
        try:
            return await self._space.read(nodes)
        except UaError as error:
            if len(nodes) == 1:
                code = error.code if isinstance(error, UaStatusCodeError) else StatusCodes.BadDecodingError
                return [(None, code)]
        middle = len(nodes) // 2
        return await self._read(nodes[:middle]) + await self._read(nodes[middle:])

    async def _name(self, types: Sequence[object]) -> None:
        """Learn what data types are called."""
        kinds = {kind for kind in types if isinstance(kind, ua.NodeId) and kind not in self._types}
        own = [kind for kind in kinds if not _standard(kind)]
        self._types |= {kind: ObjectIdNames.get(_standard(kind), "?") for kind in kinds if _standard(kind)}
        names = await self._space.attributes(own, AttributeIds.BrowseName) if own else []
        self._types |= {kind: getattr(name, "Name", None) or "?" for kind, name in zip(own, names, strict=True)}

    def _of(self, place: _Place, found: Found, below: int, reading: _Reading | None) -> Iterator[Shown]:
        """The node, then the parts of its value."""
        whole = written(place.node, self._space.namespaces, place.names)
        if reading is None:
            kind = found.node_class.name
            yield Shown(place.number, place.parent, found.name, found.title, whole, kind, below=below)
            return
        has = holding.held(reading.value, reading.status)
        is_plain = has.is_whole and (has.type is not None or holding.may_be_plain(reading.data_type_id))
        yield Shown(
            place.number,
            place.parent,
            found.name,
            found.title,
            whole,
            reading.data_type + has.size,
            is_value=is_plain and bool(whole) and has.quality not in _UNREADABLE,
            type=has.type or holding.built_in(reading.data_type_id) if has.is_whole else None,
            value=has.text,
            quality=has.quality,
            unit=reading.unit[0],
            unit_text=reading.unit[1],
            range=reading.range,
            below=below,
        )
        if not has.is_whole:
            yield from self._parts(place, reading)

    def _parts(self, place: _Place, reading: _Reading) -> Iterator[Shown]:
        numbers = {0: place.number}
        for part in holding.parts(reading.value):
            if self._taken >= self._wish.most:
                self.was_cut = True
                return
            self._taken += 1
            numbers[part.level] = number = next(self._numbers)
            address = written(place.node, self._space.namespaces, place.names, part.path)
            kind = part.held.type or "structure"
            yield Shown(
                number,
                numbers[part.level - 1],
                part.name,
                part.name,
                address,
                part.held.size or kind,
                is_value=part.held.is_whole and bool(address) and part.held.quality not in _UNREADABLE,
                type=part.held.type,
                value=part.held.text,
                quality=part.held.quality,
                unit=reading.unit[0] if part.held.type in ("int", "float") else "",
                unit_text=reading.unit[1] if part.held.type in ("int", "float") else "",
                range=reading.range if part.held.type in ("int", "float") else None,
            )


def _key(node: ua.NodeId) -> tuple[int, object]:
    """Of the same node the same, in whichever form it came."""
    return node.NamespaceIndex, node.Identifier


def _is_property(child: Found) -> bool:
    return child.type is not None and child.type.NamespaceIndex == 0 and child.type.Identifier == _PROPERTY


def _standard(kind: object) -> int:
    """The number of a data type of namespace 0, else 0."""
    if isinstance(kind, ua.NodeId) and kind.NamespaceIndex == 0 and isinstance(kind.Identifier, int):
        return int(kind.Identifier)
    return 0
