"""A walk through a real server in this process, over the wire."""

import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from asyncua import ua
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes

from drivers.contract import BrowseWish, Quality, Shown
from drivers.errors import NotConnected
from drivers.opcua import PLUGIN
from drivers.opcua.units import UNECE
from tests.bench import Notes
from tests.fakes.opcua import NAMESPACE, OpcUaServer, Spec, opcua_server

VARIABLES = {
    "Press.Speed": 12.5,
    "Press.Job": "GD001 缺料",
    "Press.Temps": [1.5, 2.5],
    "Press.Null": ua.Variant(None, ua.VariantType.String),
    'Press.odd "x" | a/b & 压力': 2.0,
    "Press.Limits": ua.Range(ua.Double(1), ua.Double(2)),
}


@pytest.fixture
async def server() -> AsyncIterator[OpcUaServer]:
    async with opcua_server(VARIABLES) as server:
        yield server


async def browsed(
    server: OpcUaServer, wish: BrowseWish | None = None, notes: Notes | None = None, **keys: object
) -> dict[str, Shown]:
    """By name."""
    assert PLUGIN.browse is not None
    settings = PLUGIN.connection.model_validate({"url": server.url, "insecure": True, "timeout": "2s", **keys})
    async with contextlib.aclosing(PLUGIN.browse.walk(settings, wish or BrowseWish(), notes or Notes())) as walk:
        return {one.name: one async for one in walk}


async def test_all_kinds_of_values(server: OpcUaServer) -> None:
    found = await browsed(server)
    assert "Server" not in found
    assert (found["Press"].kind, found["Press"].below, found["Press"].is_value) == ("Object", len(VARIABLES), False)
    assert found["Speed"].address == f"nsu={NAMESPACE};s=Press.Speed"
    assert (found["Job"].value, found["Job"].type, found["Job"].kind) == ("GD001 缺料", "str", "String")
    assert (found["Temps"].kind, found["Temps"].is_value) == ("Double[2]", False)
    assert (found["[1]"].address, found["[1]"].value) == (f"nsu={NAMESPACE};s=Press.Temps|[1]", "2.5")
    assert (found["Null"].quality, found["Null"].is_value, found["Null"].type) == (Quality.BAD_NULL, True, "str")
    assert found["High"].address == f"nsu={NAMESPACE};s=Press.Limits|High"
    assert found['odd "x" | a/b & 压力'].is_value
    assert set(server.services) <= {
        *("CreateSession", "ActivateSession", "CloseSession", "OpenSecureChannel", "CloseSecureChannel"),
        *("GetEndpoints", "Read", "Browse", "BrowseNext"),
    }
    assert not server.sessions, "the session is closed"


async def test_units_and_ranges(server: OpcUaServer) -> None:
    speed = server.server.get_node(server.node("Press.Speed"))
    unit = ua.EUInformation(ua.String(UNECE), ua.Int32(12888), ua.LocalizedText("m/min"), ua.LocalizedText(""))
    await speed.add_property(0, "EngineeringUnits", ua.Variant(unit))
    await speed.add_property(0, "EURange", ua.Variant(ua.Range(ua.Double(0), ua.Double(120))))
    found = await browsed(server)
    assert (found["Speed"].unit, found["Speed"].unit_text, found["Speed"].range) == ("m/min", "m/min", (0.0, 120.0))
    assert not {"EngineeringUnits", "EURange"} & set(found)


async def test_cycles(server: OpcUaServer) -> None:
    press = server.server.get_node(ua.NodeId(ua.String("Press"), server.node("Press.Speed").NamespaceIndex))
    hall = await press.add_folder(ua.NodeId(ua.String("Hall"), press.nodeid.NamespaceIndex), "2:Hall")
    await hall.add_reference(press, ObjectIds.HasComponent, bidirectional=False)
    await hall.add_reference(ua.NodeId(ua.Int32(ObjectIds.ObjectsFolder)), ObjectIds.Organizes, bidirectional=False)
    found = await browsed(server, BrowseWish(depth=50))
    assert found["Hall"].below == 2


async def test_3000_nodes_with_a_hundred_a_call() -> None:
    many = {f"M{n // 100}.V{n}": float(n) for n in range(3000)}
    async with opcua_server(many, Spec(max_per_call=100)) as server:
        found = await browsed(server)
    assert len(found) == 3030
    assert all(found[f"V{n}"].value == str(float(n)) for n in range(3000))


async def test_where_it_stopped_is_noted(server: OpcUaServer) -> None:
    notes = Notes()
    assert len(await browsed(server, BrowseWish(most=3), notes)) == 3
    assert "U2301" in [code for _, code, _ in notes.said]


async def test_what_may_not_be_read_is_shown_and_no_value(server: OpcUaServer) -> None:
    await server.set("Press.Speed", status=StatusCodes.BadUserAccessDenied)
    speed = (await browsed(server))["Speed"]
    assert (speed.quality, speed.is_value) == (Quality.BAD_DENIED, False)


async def test_unprotected_only_where_it_is_allowed(server: OpcUaServer) -> None:
    with pytest.raises(NotConnected) as lost:
        await browsed(server, insecure=False)
    assert lost.value.code == "U2311"


async def test_a_user_who_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("wrong\n")
    file.chmod(0o600)
    async with opcua_server(VARIABLES, Spec(users={"lineside": "right"})) as server:
        with pytest.raises(NotConnected) as lost:
            await browsed(server, user="lineside", password_file=str(file))
        assert lost.value.code == "U2314"
        file.write_text("right\n")
        assert "Speed" in await browsed(server, user="lineside", password_file=str(file))


async def test_nobody_listens(server: OpcUaServer) -> None:
    await server.stop()
    with pytest.raises(NotConnected):
        await browsed(server)


async def test_a_walk_that_is_left_closes_its_session(server: OpcUaServer) -> None:
    assert PLUGIN.browse is not None
    settings = PLUGIN.connection.model_validate({"url": server.url, "insecure": True})
    async with contextlib.aclosing(PLUGIN.browse.walk(settings, BrowseWish(), Notes())) as walk:
        async for _ in walk:
            break
    await server.until(lambda: not server.sessions)
