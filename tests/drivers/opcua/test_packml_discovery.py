"""Which machines are found in an address space, and where their words are."""

from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from asyncua import ua
from asyncua.ua.uatypes import Int16, Int32

from drivers.opcua.node import UA
from drivers.opcua.packml.discovery import discover
from drivers.opcua.packml.machine import Machine
from drivers.opcua.packml.packtags import segments
from drivers.opcua.packml.states import states
from drivers.opcua.packml.words import UNITS
from tests.drivers.opcua.spaces import MACHINERY, OURS, FakeSpace, packml_machine

HOME = "Objects/packml:PackMLObjects"


async def only(space: FakeSpace, root: ua.NodeId | None = None) -> Machine:
    (machine,) = await discover(space, root)
    return machine


def standard(number: int) -> ua.NodeId:
    """A state of the standard's types."""
    return ua.NodeId(Int32(states_to_nodes()[number]), Int16(2))


def states_to_nodes() -> dict[int, int]:
    return {number: node for node, number in states().by_node.items()}


def state(machine: Machine, ids: Sequence[ua.NodeId]) -> object:
    rule = machine.sources["state"].rule
    assert rule is not None
    return rule([(one, 0) for one in ids])


async def test_a_machine_where_the_standard_has_it() -> None:
    space = FakeSpace(packml_machine(f"{HOME}/Press"))
    machine = await only(space)
    assert machine.dialect == "OPC 30050"
    assert machine.where == "/nsu=http://opcfoundation.org/UA/PackML/;PackMLObjects/nsu=urn:lineside:tests:press;Press"
    assert machine.sources.keys() == UNITS.keys() - {"speed_rated", "count_infeed"}
    base = f"{HOME}/Press/packml:BaseStateMachine"
    path = f"{base}/packml:MachineState/packml:ExecuteState/0:CurrentState/0:Id"
    assert machine.sources["state"].nodes[2] == space.node(path)


async def test_a_machine_somewhere_else() -> None:
    machine = await only(FakeSpace({"Objects/Other/x": 1, **packml_machine("Objects/Line/Units/Press")}))
    assert machine.where == f"/nsu={OURS};Line/Units/Press"


async def test_a_machine_below_a_given_node() -> None:
    space = FakeSpace({**packml_machine(f"{HOME}/Press"), **packml_machine(f"{HOME}/Cutter")})
    assert {one.where[-6:] for one in await discover(space)} == {";Press", "Cutter"}
    machine = await only(space, space.node(f"{HOME}/Cutter"))
    assert machine.where == f"nsu={OURS};s={HOME}/Cutter"


async def test_every_state_of_the_standards_types_has_its_number() -> None:
    machine = await only(FakeSpace(packml_machine(f"{HOME}/Press")))
    for number in range(1, 18):
        assert state(machine, [standard(19), standard(18), standard(number)]) == (number, 0)
    assert state(machine, [standard(9), standard(18), standard(6)]) == (9, 0), "the outermost decides"


async def test_states_of_the_machine_itself_are_known_by_name_or_number() -> None:
    nodes = packml_machine(f"{HOME}/Press", states=("Execute", "Washing"), number=21)
    space = FakeSpace(nodes)
    machine = await only(space)
    execute = f"{HOME}/Press/packml:BaseStateMachine/packml:MachineState/packml:ExecuteState"
    outer = [standard(19), standard(18)]
    assert state(machine, [*outer, space.node(f"{execute}/Execute")]) == (6, 0), "whatever its number is"
    assert state(machine, [*outer, space.node(f"{execute}/Washing")]) == (21, 0)
    assert state(machine, [*outer, ua.NodeId(Int32(9999), Int16(1))]) == (None, 0x8007_0000)


async def test_the_namespace_of_packml_is_not_always_the_second() -> None:
    uris = (FakeSpace({}).uris[0], OURS, "urn:other", "urn:another")
    assert await discover(FakeSpace({"Objects/x": 1}, uris)) == []


PACKTAGS = [
    ("Objects/Unit/Status/StateCurrent", "Objects/Unit/Admin/ProdProcessedCount[0]/AccCount"),
    ("Objects/PLC/App/UNIT/status/statecurrent", "Objects/PLC/App/UNIT/admin/prodprocessedcount/0/ACCCOUNT"),
    ("Objects/Tags/Unit.Status.StateCurrent", "Objects/Tags/Unit.Admin.ProdProcessedCount[0].AccCount"),
    (
        "Objects/Unit/Unit.Status/Unit.Status.StateCurrent",
        "Objects/Unit/Unit.Admin/Unit.Admin.ProdProcessedCount[0].Count",
    ),
    (
        "Objects/Dev/Res/App/Prg/PML/Unit/Status/StateCurrent",
        "Objects/Dev/Res/App/Prg/PML/Unit/Admin/ProdProcessedCount/[0]/AccCount",
    ),
]


@pytest.mark.parametrize(("current", "count"), PACKTAGS)
async def test_packtags_are_known_by_their_last_names(current: str, count: str) -> None:
    space = FakeSpace({current: 6, count: 7, "Objects/Unrelated/StateCurrent": 1})
    machine = await only(space)
    assert machine.dialect == "PackTags"
    assert {word: source.nodes for word, source in machine.sources.items()} == {
        "state": [space.node(current)],
        "count_total": [space.node(count)],
    }


@pytest.mark.parametrize("spelling", ["CurMachSpeed", "CurMachSpd", "CurMachineSpeed", "curmachspeed"])
async def test_spellings(spelling: str) -> None:
    space = FakeSpace({"Objects/Unit/Status/StateCurrent": 6, f"Objects/Unit/Status/{spelling}": 7.0})
    assert (await only(space)).sources["speed"].nodes == [space.node(f"Objects/Unit/Status/{spelling}")]


async def test_the_first_of_several_counts_and_the_one_that_does_not_begin_again() -> None:
    admin = "Objects/Unit/Admin/ProdProcessedCount"
    nodes: dict[str, object] = {f"{admin}[{n}]/{name}": 0 for n in (1, 0) for name in ("Count", "AccCount")}
    space = FakeSpace({"Objects/Unit/Status/StateCurrent": 6, **nodes})
    assert (await only(space)).sources["count_total"].nodes == [space.node(f"{admin}[0]/AccCount")]


async def test_two_units_with_packtags_are_two_machines() -> None:
    space = FakeSpace({f"Objects/Line/Unit{n}/Status/StateCurrent": n for n in (1, 2)})
    found = await discover(space)
    assert [one.where for one in found] == [f"/nsu={OURS};Line/Unit{n}" for n in (1, 2)]
    machine = await only(space, space.node("Objects/Line/Unit2"))
    assert machine.sources["state"].nodes == [space.node("Objects/Line/Unit2/Status/StateCurrent")]


async def test_a_simple_machine_without_execute_state() -> None:
    nodes = {path: value for path, value in packml_machine(f"{HOME}/Press").items() if "ExecuteState" not in path}
    machine = await only(FakeSpace(nodes))
    assert len(machine.sources["state"].nodes) == 2
    assert state(machine, [standard(2)] * 2) == (2, 0)


async def test_an_execute_state_that_does_not_say_which_is_not_looked_at() -> None:
    lost = "packml:ExecuteState/0:CurrentState"
    nodes = {path: value for path, value in packml_machine(f"{HOME}/Press").items() if lost not in path}
    nodes[f"{HOME}/Press/packml:BaseStateMachine/packml:MachineState/packml:ExecuteState/Washing"] = None
    assert len((await only(FakeSpace(nodes))).sources["state"].nodes) == 2


async def test_the_shape_counts_where_a_vendor_has_no_namespace_of_packml() -> None:
    space = FakeSpace(packml_machine("Objects/Press"), uris=(UA, OURS, "urn:lineside:tests:vendor", MACHINERY))
    machine = await only(space)
    assert machine.dialect == "OPC 30050"
    assert state(machine, [standard(2)] * 3) != (2, 0), "ids of the standard's states mean nothing here"


def machinery_machine(path: str) -> dict[str, object]:
    blocks = f"{path}/machinery:MachineryBuildingBlocks"
    item, mode = f"{blocks}/machinery:MachineryItemState", f"{blocks}/machinery:MachineryOperationMode"
    nodes: dict[str, object] = {f"{one}/0:CurrentState/0:Id": 0 for one in (item, mode)}
    for name in ("NotAvailable", "OutOfService", "NotExecuting", "Executing"):
        nodes[f"{item}/machinery:{name}"] = None
    for name in ("None", "Maintenance", "Setup", "Processing"):
        nodes[f"{mode}/machinery:{name}"] = None
    return nodes


async def test_a_machine_by_opc_40001() -> None:
    space = FakeSpace(machinery_machine("Objects/machinery:Machines/Press"))
    machine = await only(space)
    assert machine.dialect == "OPC 40001-1"
    assert machine.where.endswith(f"/nsu={OURS};Press")
    blocks = "Objects/machinery:Machines/Press/machinery:MachineryBuildingBlocks"
    for word, block, name, number in (
        ("state", "MachineryItemState", "Executing", 6),
        ("state", "MachineryItemState", "OutOfService", 9),
        ("mode", "MachineryOperationMode", "Setup", 4),
        ("mode", "MachineryOperationMode", "Processing", 1),
    ):
        rule = machine.sources[word].rule
        assert rule is not None
        assert rule([(space.node(f"{blocks}/machinery:{block}/machinery:{name}"), 0)]) == (number, 0)


async def test_packml_is_taken_where_there_is_machinery_as_well() -> None:
    nodes = {**machinery_machine("Objects/machinery:Machines/Press"), **packml_machine(f"{HOME}/Press")}
    assert (await only(FakeSpace(nodes))).dialect == "OPC 30050"


@dataclass
class Unit:
    """EUInformation."""

    UnitId: int


@pytest.mark.parametrize(("number", "unit"), [(12888, "m/min"), (4404786, None)])
async def test_the_servers_unit_of_a_speed(number: int, unit: str | None) -> None:
    speed = f"{HOME}/Press/packml:Status/packml:CurMachSpeed"
    space = FakeSpace({**packml_machine(f"{HOME}/Press"), f"{speed}/0:EngineeringUnits": Unit(number)})
    assert (await only(space)).sources["speed"].unit == unit


async def test_a_large_space_without_a_machine_costs_few_calls() -> None:
    space = FakeSpace({f"Objects/A{a}/B{b}/C{c}": 1 for a in range(10) for b in range(10) for c in range(10)})
    assert await discover(space) == []
    assert space.calls < 10


def test_segments() -> None:
    assert segments(["Unit", "Unit.Admin", "Unit.Admin.X[0].Y"]) == ("unit", "admin", "x", "0", "y")
    assert segments(["Unit", "Unit2.Status"]) == ("unit", "unit2", "status")
