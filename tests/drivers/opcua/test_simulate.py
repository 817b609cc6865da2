"""What the simulated server shows, read by our own driver and by asyncua's client."""

import asyncio
import contextlib
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uaerrors import BadUserAccessDenied, UaError

from drivers.contract import BrowseWish, Group, Quality, Shown, Tag, Value
from drivers.opcua import PLUGIN
from drivers.opcua.simulate import simulate
from drivers.opcua.simulate_serving import LONGEST_S
from tests.bench import Keys, Notes
from tests.drivers.opcua.listener import Listener, listening

AUTO: Keys = {"packml": "auto"}
WORDS: dict[str, Value] = {
    "state": 6,
    "mode": 1,
    "speed": 95.5,
    "speed_setpoint": 100.0,
    "speed_rated": 120.0,
    "count_infeed": 14,
    "count_total": 10,
    "count_reject": 1,
    "alarm_active": True,
    "alarm_count": 1,
    "alarm_code": 41,
    "stop_reason": 412,
}
MAPPED = {word: f"packml:{word}" for word in WORDS}


class Shows:
    """A world whose values a test changes."""

    def __init__(self, **values: Value) -> None:
        self.values = values
        self.asked = Counter[str]()

    def __call__(self, device: str, tag: str) -> Value | None:
        self.asked[tag] += 1
        return self.values.get(tag)


def group(tags: dict[str, str], every_s: float = 0.05, device: Keys | None = None, name: str = "press") -> Group:
    addresses = [Tag(tag, PLUGIN.address(address=address)) for tag, address in tags.items()]
    return Group(f"{name}~", name, PLUGIN.device.model_validate(dict(device or {})), addresses, every_s, True)


@contextlib.asynccontextmanager
async def served(world: Shows, *groups: Group) -> AsyncIterator[str]:
    settings = PLUGIN.connection(url="opc.tcp://machine.example", insecure=True)
    assert PLUGIN.simulate is not None
    async with PLUGIN.simulate(settings, groups, world) as url:
        assert url.startswith("opc.tcp://127.0.0.1:")
        yield url


def heard(
    url: str, tags: dict[str, str], device: Keys | None = None
) -> contextlib.AbstractAsyncContextManager[Listener]:
    return listening({"url": url, "insecure": True, "timeout": "2s", "keep_alive": "500ms"}, tags, 0.05, device)


async def test_a_machine_maps_itself_with_all_its_words() -> None:
    async with served(Shows(**WORDS), group(MAPPED, device=AUTO)) as url, heard(url, MAPPED, AUTO) as it:
        assert it.known == WORDS
        assert {word: type(value) for word, value in it.known.items()} == {w: type(v) for w, v in WORDS.items()}
        assert [one[1] for one in it.notes.said if one[0] == "note"] == ["U1021", "U2205"]


async def test_what_the_world_shows_next_comes_by_subscription() -> None:
    world = Shows(**WORDS)
    async with served(world, group(MAPPED, device=AUTO)) as url, heard(url, MAPPED, AUTO) as it:
        calm: dict[str, Value] = {"state": 2, "alarm_active": False, "alarm_count": 0, "alarm_code": 0}
        world.values |= {**calm, "stop_reason": 0, "count_total": 11, "speed": 0.0}
        await it.until(lambda: it.known == world.values)
        for state in (15, 4, 3, 6, 8, 9, 1, 2):
            world.values["state"] = state
            await it.until(lambda state=state: it.known["state"] == state)
        assert it.came["state"] == [6, 2, 15, 4, 3, 6, 8, 9, 1, 2]


async def test_what_the_world_does_not_have_is_not_there() -> None:
    world = Shows(**{word: value for word, value in WORDS.items() if word not in {"speed_rated", "mode"}})
    async with served(world, group(MAPPED, device=AUTO)) as url, heard(url, MAPPED, AUTO) as it:
        missing = {word for word, value in it.known.items() if value is Quality.BAD_CONFIG}
        assert missing == {"speed_rated", "mode"}


async def test_some_words_under_other_names_at_a_place_of_the_person() -> None:
    tags = {"x_state": "packml:state", "stopped": "packml:alarm_active"}
    device: Keys = {"packml": "auto", "packml_root": "/nsu=urn:maker;Hall/Cartoner"}
    world = Shows(x_state=11, stopped=True)
    async with served(world, group(tags, device=device)) as url, heard(url, tags, device) as it:
        assert it.known == world.values


async def test_plain_tags_have_variables_by_id_and_by_path() -> None:
    maker = "nsu=urn:maker"
    tags = {
        "speed": f"{maker};s=Speed",
        "count": f"{maker};i=7",
        "job": f"/{maker};Line/Job",
        "running": f"/{maker};Line/Running",
        "twice": f"{maker};s=Speed",
    }
    world = Shows(speed=12.345678901234, count=2**40, job="印刷A1", running=True, twice=1.0)
    async with served(world, group(tags)) as url, heard(url, tags) as it:
        assert it.known == {**world.values, "twice": world.values["speed"]}
        world.values["job"] = "印刷A2"
        await it.until(lambda: it.known["job"] == "印刷A2")


async def test_namespace_0_is_the_server_s_own() -> None:
    tags = {"time": "i=2258", "speed": "nsu=urn:maker;s=Speed"}
    async with served(Shows(time=5, speed=1.5), group(tags)) as url, heard(url, tags) as it:
        assert str(it.known["time"]).startswith("20")


async def test_nobody_can_change_anything() -> None:
    tags = {"speed": "nsu=urn:maker;s=Speed"}
    async with served(Shows(speed=1.5), group(tags)) as url:
        async with Client(url) as client:
            index = await client.get_namespace_index("urn:maker")
            for node in (ua.NodeId("Speed", index), ua.NodeId(ObjectIds.Server_ServiceLevel)):
                found = client.get_node(node)
                with pytest.raises(BadUserAccessDenied):
                    await found.write_value(await found.read_data_value())
            with pytest.raises(UaError):
                await client.nodes.objects.add_folder(ua.NodeId("New", index), ua.QualifiedName("New", index))
        admin = Client(url)
        admin.set_user("admin")
        admin.set_password("admin")
        with pytest.raises((UaError, ConnectionError)):
            await admin.connect()


async def walked(url: str) -> Sequence[Shown]:
    assert PLUGIN.browse is not None
    settings = PLUGIN.connection(url=url, insecure=True)
    async with contextlib.aclosing(PLUGIN.browse.walk(settings, BrowseWish(), Notes())) as walk:
        return [one async for one in walk]


async def test_a_walk_shows_the_machine_as_the_standard_has_it() -> None:
    async with served(Shows(**WORDS), group(MAPPED, device=AUTO)) as url:
        found = await walked(url)
    by_number = {one.number: one for one in found}
    ways = {}
    for one in found:
        way, above = [one.name], one.parent
        while above is not None:
            way.insert(0, by_number[above].name)
            above = by_number[above].parent
        ways["/".join(way)] = one
    machine = "PackMLObjects/press/"
    inner = "BaseStateMachine/MachineState/ExecuteState/CurrentState"
    assert ways[f"{machine}{inner}"].value == "Execute"
    assert ways[f"{machine}Status/CurMachSpeed"].kind == "Float"
    assert ways[f"{machine}Status/UnitModeCurrent"].kind == "Int32"
    assert ways[f"{machine}Admin/ProdProcessedCount"].kind.endswith("[1]")
    assert not [one.name for one in found if one.is_value and one.quality.is_bad]


async def test_the_world_is_asked_as_often_as_the_group_wants() -> None:
    world, speed = Shows(speed=1.5, slow=2.5), {"speed": "nsu=urn:maker;s=Speed"}
    rarely = group({"slow": "nsu=urn:maker;s=Slow"}, float("inf"), name="bags")
    began = time.monotonic()
    async with served(world, group(speed, 0.02), rarely) as url, heard(url, speed) as it:
        for number in range(20):
            world.values["speed"] = float(number)
            await it.until(lambda number=number: it.known["speed"] == number)
    assert world.asked["speed"] > 20
    assert world.asked["slow"] <= (time.monotonic() - began) / LONGEST_S + 2


async def test_it_ends_with_a_reader_that_did_not_say_goodbye() -> None:
    async with served(Shows(**WORDS), group(MAPPED, device=AUTO)) as url:
        client = Client(url)
        await client.connect()
        await client.create_subscription(100)
        assert client.uaclient.protocol is not None
        transport = client.uaclient.protocol.transport
        assert transport is not None
        transport.abort()
        await client.disconnect()


async def test_a_world_that_fails_and_a_block_that_fails_are_told_as_they_are() -> None:
    def broken(device: str, tag: str) -> Value | None:
        nonlocal asked
        asked += 1
        if asked > 1:
            raise LookupError(tag)
        return 1.5

    asked = 0
    settings = PLUGIN.connection(url="opc.tcp://machine.example", insecure=True)
    tags = group({"speed": "nsu=urn:maker;s=Speed"}, 0.02)
    with pytest.raises(LookupError):
        async with simulate(settings, [tags], broken):
            await asyncio.Event().wait()
    with pytest.raises(ZeroDivisionError):
        async with served(Shows(speed=1.5), tags):
            raise ZeroDivisionError


async def test_a_connection_of_another_driver_is_refused() -> None:
    with pytest.raises(TypeError):
        async with simulate(PLUGIN.device(), [], Shows()):
            pass
