"""`packml: auto` on a wire: machines in the shape of OPC 30050 on asyncua's server, subscribed and polled."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from asyncua import ua
from asyncua.ua.status_codes import StatusCodes

from drivers.contract import Group, Quality, Tag, Value
from drivers.opcua import PLUGIN
from drivers.opcua import listening as rooms
from tests.bench import Keys, Notes
from tests.drivers.opcua.listener import listening
from tests.drivers.opcua.packml_space import OURS, PackMlSpace, alarm, count
from tests.fakes.opcua import OpcUaServer, opcua_server

EXECUTE = (19, 18, 6)
MAPPED = PLUGIN.tags(PLUGIN.device(packml="auto")) if PLUGIN.tags else ()
TEMPERATURE = "nsu=urn:lineside:tests:press;s=Line.Temperature"
TAGS = {str(tag["name"]): str(tag["address"]) for tag in MAPPED}
AUTO: Keys = {"packml": "auto"}
OFFERED = {
    "state": 6,
    "mode": 1,
    "speed": 1.5,
    "count_total": 7,
    "alarm_active": False,
    "alarm_count": 0,
    "alarm_code": 0,
    "stop_reason": 0,
}


@pytest.fixture
async def server() -> AsyncIterator[OpcUaServer]:
    async with opcua_server({"Line.Temperature": 21.5}) as server:
        yield server


@pytest.fixture
async def machine(server: OpcUaServer) -> PackMlSpace:
    machine = PackMlSpace(server)
    await machine.make(EXECUTE, has_states=True)
    return machine


def keys(server: OpcUaServer, **more: object) -> Keys:
    base: Keys = {"url": server.url, "timeout": "2s", "keep_alive": "500ms", "insecure": True}
    return {**base, "security": {"policy": "None"}, **more}


async def test_all_that_is_offered_and_one_message_of_what_is_not(server: OpcUaServer, machine: PackMlSpace) -> None:
    async with listening(keys(server), TAGS, device=AUTO) as it:
        assert {word: value for word, value in it.known.items() if value is not Quality.BAD_CONFIG} == OFFERED
        assert [one for one in it.notes.said if one[1].startswith("U22") and one[0] != "back"] == [
            ("note", "U2206", "press")
        ]


async def test_a_change_that_comes_in_three_notifications(server: OpcUaServer, machine: PackMlSpace) -> None:
    async with listening(keys(server), {**TAGS, "temperature": TEMPERATURE}) as it:
        for part, state in ((2, None), (1, None), (0, 8), (0, 9), (0, 1), (1, 2), (0, 19), (2, 15), (1, 18), (2, 4)):
            before = it.driver.counts["notifications"]
            await machine.show(part, state)
            await it.until(lambda before=before: it.driver.counts["notifications"] > before)
        await it.until(lambda: it.known["state"] == 4)
        assert it.came["state"] == [6, 8, 9, 1, 2, 15, 4]
        assert it.known["temperature"] == 21.5


async def test_changes_that_come_all_at_once_have_the_times_of_their_source(
    server: OpcUaServer, machine: PackMlSpace
) -> None:
    async with listening(keys(server), TAGS, 1.0, AUTO) as it:
        begun = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=1)  # none of these times is still to come
        run = [(2, 10), (2, 11), (2, 12), (2, 6), (2, 16), (2, 17)]
        for n, (part, state) in enumerate(run):
            await machine.show(part, state, begun + timedelta(milliseconds=7 * n))
        await it.until(lambda: it.known["state"] == 17)
        assert it.came["state"] == [6, 10, 11, 12, 6, 16, 17]
        first_ms = int(begun.timestamp() * 1000)
        assert it.times["state"][1:] == [first_ms + 7 * n for n in range(len(run))]


async def test_states_of_the_vendor_counts_and_alarms(server: OpcUaServer, machine: PackMlSpace) -> None:
    async with listening(keys(server), TAGS, device=AUTO) as it:
        await machine.show(2, "Washing")
        await machine.set("ProdProcessedCount", [count(2**31 - 1), count(5)])
        await machine.set("Alarm", [alarm(5, False), alarm(17, True), alarm(18, True)])
        await machine.set("StopReason", alarm(17, True))
        await machine.set("UnitModeCurrent", ua.Variant(5, ua.VariantType.Int32))
        wanted = {"state": 42, "count_total": 2**31 - 1, "alarm_active": True, "alarm_count": 2, "alarm_code": 17}
        wanted |= {"stop_reason": 17, "mode": 5}
        await it.until(lambda: {word: it.known[word] for word in wanted} == wanted)


async def test_a_machine_that_restarts_with_other_namespaces(server: OpcUaServer, machine: PackMlSpace) -> None:
    async with listening(keys(server), TAGS, device=AUTO) as it:
        await server.stop()
        await it.until(lambda: bool(it.lost))
        it.known.clear()
        server.namespaces.insert(0, "urn:lineside:tests:new")
        await server.start()
        await machine.make((19, 2, None))
        await it.until(lambda: it.known.get("state") == 2)
        await machine.show(1, 18)
        await machine.show(2, 15)
        await it.until(lambda: it.known["state"] == 15)


async def test_a_blip_costs_no_state(server: OpcUaServer, machine: PackMlSpace) -> None:
    async with listening(keys(server), TAGS, device=AUTO) as it:
        server.cut()
        for state in (10, 11, 12):
            await machine.show(2, state)
        await it.until(lambda: it.known["state"] == 12)
        assert it.came["state"] == [6, 10, 11, 12]


async def test_a_machine_that_comes_later(server: OpcUaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "AGAIN_S", 0.2)
    async with listening(keys(server), TAGS, device=AUTO) as it:
        assert set(it.known.values()) == {Quality.BAD_CONFIG}
        assert ("lost", "U2203", "press") in it.notes.said
        later = PackMlSpace(server)
        # The namespaces of a session are read at its begin.
        await later.make(EXECUTE)
        await server.end_sessions()
        await it.until(lambda: it.known["state"] == 6)
        assert ("back", "U2203", "press") in it.notes.said


async def test_which_of_two_machines(server: OpcUaServer, machine: PackMlSpace) -> None:
    await PackMlSpace(server, "Cutter").make((9, None, None))
    async with listening(keys(server), TAGS, device=AUTO) as it:
        assert set(it.known.values()) == {Quality.BAD_CONFIG}
        assert ("lost", "U2204", "press") in it.notes.said
    for root, state in ((f"/nsu={OURS};Cutter", 9), (f"nsu={OURS};s=Press.", 6)):
        async with listening(keys(server), TAGS, device={**AUTO, "packml_root": root}) as it:
            assert it.known["state"] == state


async def test_plain_tags_are_read_where_nobody_may_look_around(server: OpcUaServer, machine: PackMlSpace) -> None:
    tags = {"state": "packml:state", "temperature": TEMPERATURE}
    with server.refusing("Browse", StatusCodes.BadUserAccessDenied):
        async with listening(keys(server), tags, device=AUTO) as it:
            assert it.known == {"state": Quality.BAD_CONFIG, "temperature": 21.5}
            assert it.lost == []


async def test_a_polled_machine(server: OpcUaServer, machine: PackMlSpace) -> None:
    tags = [Tag(name, PLUGIN.address.model_validate({"address": address})) for name, address in TAGS.items()]
    group = Group("press@1s", "press", PLUGIN.device.model_validate(dict(AUTO)), tags, 1.0)
    driver = PLUGIN.open(PLUGIN.connection.model_validate(dict(keys(server))), [group], Notes())
    known: dict[str, Value | Quality] = {}

    async def read() -> dict[str, Value | Quality]:
        found: dict[str, Value | Quality] = {}
        scans = await driver.read(group.name)
        assert scans, "a read has a scan, if an empty one"
        for scan in scans:
            found |= {tags[index].name: value for index, value in zip(scan.indexes, scan.values, strict=True)}
            found |= {tags[index].name: reason for index, reason in scan.faults.items()}
        known.update(found)
        return found

    try:
        await driver.connect()
        assert (await read()).keys() == TAGS.keys()
        assert {word: value for word, value in known.items() if value is not Quality.BAD_CONFIG} == OFFERED
        assert await read() == {}
        await machine.show(2, 10)
        assert await read() == {"state": 10}
        await machine.show(2, None)
        assert await read() == {}, "half of a change is no change"
        await machine.show(1, 7)
        assert await read() == {"state": 7}
    finally:
        await driver.close()
