"""A walk over a space that is made of dictionaries: order, bounds, cycles, and what is left out."""

from collections.abc import Mapping, Sequence

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import UaStatusCodeError

from drivers.contract import BrowseWish, Quality, Shown
from drivers.opcua.browse import AT_ONCE, Walk
from drivers.opcua.node import UA
from drivers.opcua.space import Found

OBJECTS = ua.NodeId(ua.Int32(ObjectIds.ObjectsFolder))
ROOT = ua.NodeId(ua.Int32(ObjectIds.RootFolder))
LINE = "http://example.org/line"
DOUBLE = ua.NodeId(ua.Int32(11))
OWN_ENUM = ua.NodeId(ua.String("PressState"), ua.Int16(1))


def own(name: str) -> ua.NodeId:
    return ua.NodeId(ua.String(name), ua.Int16(1))


def at(name: str, node_class: ua.NodeClass = ua.NodeClass.Object, space: str = LINE, kind: int = 61) -> Found:
    return Found(own(name), space, name, name, node_class, ua.NodeId(ua.Int32(kind)))


def variable(name: str) -> Found:
    return at(name, ua.NodeClass.Variable, kind=63)


class FakeSpace:
    """`drivers.opcua.browse.Looking`."""

    namespaces = (UA, LINE)

    def __init__(self, tree: Mapping[str, Sequence[Found]], values: Mapping[str, object] | None = None) -> None:
        self.tree = {OBJECTS: tree[""], ROOT: tree.get("root", ())}
        self.tree |= {own(name): found for name, found in tree.items() if name}
        self.values = {own(name): value for name, value in (values or {}).items()}
        self.types: dict[ua.NodeId, ua.NodeId] = {}
        self.asked: list[ua.NodeId] = []
        self.most = 1_000
        self.largest = 0

    async def below(self, nodes: Sequence[ua.NodeId]) -> list[list[Found]]:
        self._count(len(nodes))
        self.asked += nodes
        return [list(self.tree.get(node, ())) for node in nodes]

    async def read(self, nodes: Sequence[ua.NodeId]) -> list[tuple[object, int]]:
        self._count(len(nodes))
        return [(self.values.get(node), 0) for node in nodes]

    async def attributes(self, nodes: Sequence[ua.NodeId], attribute: AttributeIds) -> list[object]:
        if attribute == AttributeIds.BrowseName:
            return [ua.QualifiedName(str(node.Identifier), 1) for node in nodes]
        return [self.types.get(node, DOUBLE) for node in nodes]

    def _count(self, nodes: int) -> None:
        if nodes > self.most:
            raise UaStatusCodeError(StatusCodes.BadTooManyOperations)  # type: ignore[no-untyped-call]  # asyncua
        self.largest = max(self.largest, nodes)


async def walked(space: FakeSpace, wish: BrowseWish | None = None) -> tuple[list[Shown], Walk]:
    walk = Walk(space, wish or BrowseWish())
    return [one async for one in walk.shown()], walk


async def test_breadth_first_with_parents_before_children() -> None:
    space = FakeSpace({"": [at("a"), at("b")], "a": [variable("x")], "b": [variable("y")]}, {"x": 1.5, "y": 2.5})
    found, walk = await walked(space)
    assert [one.name for one in found] == ["a", "b", "x", "y"]
    assert [one.parent for one in found] == [None, None, found[0].number, found[1].number]
    assert found[2].address == f"nsu={LINE};s=x"
    assert (found[2].value, found[2].type, found[2].kind, found[2].is_value) == ("1.5", "float", "Double", True)
    assert not walk.was_cut


async def test_a_cycle_and_two_ways_to_one_node() -> None:
    space = FakeSpace({"": [at("a"), at("b")], "a": [at("b"), at("a"), at("c")], "c": [at("a")]})
    found, _ = await walked(space)
    assert sorted(one.name for one in found) == ["a", "b", "c"]
    assert len(space.asked) == len(set(space.asked))


async def test_depth_and_what_is_below_it() -> None:
    space = FakeSpace({"": [at("a")], "a": [at("b")], "b": [at("c"), at("d")]})
    found, walk = await walked(space, BrowseWish(depth=2))
    assert [(one.name, one.below) for one in found] == [("a", 1), ("b", 2)]
    assert not walk.was_cut


async def test_it_stops_after_so_many_and_says_so() -> None:
    found, walk = await walked(FakeSpace({"": [at(f"n{n}") for n in range(50)]}), BrowseWish(most=10))
    assert len(found) == 10
    assert walk.was_cut


async def test_elements_count_too() -> None:
    space = FakeSpace({"": [variable("a"), variable("b")]}, {"a": [1.0] * 100, "b": [1.0] * 100})
    found, walk = await walked(space, BrowseWish(most=20))
    assert len(found) == 20
    assert walk.was_cut


async def test_never_more_at_once_than_the_smallest_server_takes() -> None:
    space = FakeSpace({"": [variable(f"v{n}") for n in range(250)]})
    await walked(space)
    assert space.largest == AT_ONCE


async def test_a_server_that_takes_less_is_asked_for_less() -> None:
    space = FakeSpace({"": [variable(f"v{n}") for n in range(250)]}, {f"v{n}": float(n) for n in range(250)})
    space.most = 30
    found, _ = await walked(space)
    assert [one.value for one in found] == [str(float(n)) for n in range(250)]


async def test_the_servers_own_things_are_left_out_unless_all_are_wanted() -> None:
    server = Found(ua.NodeId(ua.Int32(2253)), UA, "Server", "Server", ua.NodeClass.Object, None)
    method, note = at("m", ua.NodeClass.Method), at("NodeVersion", ua.NodeClass.Variable, UA, 68)
    tree = {"": [server, at("a")], "a": [method, note, at("SerialNumber", ua.NodeClass.Variable, LINE, 68)]}
    found, _ = await walked(FakeSpace(tree))
    assert [one.name for one in found] == ["a", "SerialNumber"]
    found, _ = await walked(FakeSpace({**tree, "root": tree[""]}), BrowseWish(is_all=True))
    assert [one.name for one in found] == ["Server", "a", "m", "NodeVersion", "SerialNumber"]


async def test_nothing_to_read_is_no_value() -> None:
    raw = ua.ExtensionObject(own("T"), ua.ByteString(b"\x01"))
    space = FakeSpace({"": [variable("null"), variable("raw"), variable("enum"), variable("none")]}, {"raw": raw})
    space.types = {own("raw"): own("T"), own("enum"): OWN_ENUM, own("none"): ua.NodeId(ua.Int32(22))}
    null, unknown, enum, none = (await walked(space))[0]
    assert (null.is_value, null.quality, null.type) == (True, Quality.BAD_NULL, "float")
    assert (unknown.is_value, unknown.quality, unknown.kind) == (False, Quality.BAD_TYPE, "T")
    assert (enum.is_value, enum.kind, enum.type) == (True, "PressState", None)
    assert (none.is_value, none.kind) == (False, "Structure")
