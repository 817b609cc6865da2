"""What goes wrong with a server, and what becomes of a subscription then: rows 15 to 21 of the promises."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
from asyncua.ua.status_codes import StatusCodes

from drivers.contract import Quality
from drivers.errors import NotConnected
from drivers.opcua import listening as rooms
from tests.bench import Keys
from tests.drivers.opcua.listener import Listener, listening, unprotected
from tests.fakes.opcua import NAMESPACE, OpcUaServer, opcua_server
from tests.fakes.proxy import ANSWERS, FaultProxy

SPEED, COUNT = "Press.Speed", "Press.Count"
ATTEMPTS = 12
TAGS = {"speed": f"nsu={NAMESPACE};s={SPEED}", "count": f"/nsu={NAMESPACE};Press/Count"}


@pytest.fixture
async def server() -> AsyncIterator[OpcUaServer]:
    async with opcua_server({SPEED: 1.5, COUNT: 7}) as server:
        yield server


@pytest.fixture
async def it(server: OpcUaServer) -> AsyncIterator[Listener]:
    async with listening(keys(server), TAGS) as listener:
        yield listener


def keys(server: OpcUaServer, **more: object) -> Keys:
    return unprotected(server.url, timeout="1s", keep_alive="500ms", **more)


async def test_every_change_comes_in_order_with_the_time_of_its_source(server: OpcUaServer, it: Listener) -> None:
    assert it.known == {"speed": 1.5, "count": 7}
    begun = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=10)
    for n in range(20):
        await server.set(COUNT, 100 + n, source_time=begun + timedelta(seconds=n / 10))
    await it.until(lambda: it.known["count"] == 119)
    assert it.came["count"] == [7, *range(100, 120)]
    first_ms = int(begun.timestamp() * 1000)
    assert it.times["count"][1:] == [first_ms + 100 * n for n in range(20)]


@pytest.mark.parametrize("off_s", [-3600, 3600])
async def test_a_source_time_that_is_not_plausible_is_replaced(server: OpcUaServer, it: Listener, off_s: int) -> None:
    await server.set(COUNT, 8, source_time=datetime.now(UTC) + timedelta(seconds=off_s))
    await it.until(lambda: it.known["count"] == 8)
    assert abs(it.times["count"][-1] - time.time() * 1000) < 2000


async def test_silence_and_life_look_different(server: OpcUaServer, it: Listener) -> None:
    await asyncio.sleep(1.0)
    came = len(it.scans)
    await it.until(lambda: len(it.scans) >= came + 3, patience_s=5)
    assert all(not scan.indexes and not scan.faults for _, scan in it.scans[came:])


async def test_row_15_a_server_that_restarts(server: OpcUaServer, it: Listener) -> None:
    await server.stop()
    await it.until(lambda: bool(it.lost))
    it.known.clear()
    await server.start()
    await server.set(COUNT, 9)
    assert await it.until(lambda: it.known.get("count") == 9) < 10
    assert it.known["speed"] == 1.5, "everything is named again"
    assert server.sessions == 1


async def test_row_16_a_cable_that_was_out_costs_no_change(server: OpcUaServer, it: Listener) -> None:
    server.cut()
    for n in range(5):
        await server.set(COUNT, 200 + n)
    await it.until(lambda: it.known["count"] == 204)
    assert it.came["count"] == [7, 200, 201, 202, 203, 204]
    assert it.driver.counts["resumed"] == 1
    assert it.driver.counts["sessions"] == 1
    assert server.sessions == 1


async def test_row_16_a_session_that_the_server_has_forgotten(server: OpcUaServer, it: Listener) -> None:
    await server.end_sessions()
    await server.set(COUNT, 10)
    assert await it.until(lambda: it.known["count"] == 10) < 10
    assert server.sessions == 1
    assert it.driver.counts["sessions"] == 2


@pytest.mark.parametrize("code", [StatusCodes.BadSessionIdInvalid, StatusCodes.BadSecureChannelClosed])
async def test_row_16_a_session_that_is_refused(server: OpcUaServer, it: Listener, code: int) -> None:
    with server.refusing("Read", code):
        await it.until(lambda: len(it.lost) >= 2)
    await server.set(COUNT, 11)
    assert await it.until(lambda: it.known["count"] == 11) < 10
    assert server.sessions == 1


async def test_row_16_access_that_is_denied_for_a_moment(server: OpcUaServer, it: Listener) -> None:
    server.cut()
    with server.refusing("ActivateSession", StatusCodes.BadUserAccessDenied):
        await it.until(lambda: len(it.lost) >= 2)
    await server.set(COUNT, 12)
    assert await it.until(lambda: it.known["count"] == 12) < 10
    assert server.sessions == 1


async def test_row_17_a_subscription_that_ends_with_a_word(server: OpcUaServer, it: Listener) -> None:
    await server.end_subscriptions()
    await server.set(COUNT, 13)
    assert await it.until(lambda: it.known["count"] == 13) < 5
    assert it.lost == []
    assert len(server.subscriptions) == 1


async def test_row_17_t8_a_subscription_that_ends_in_silence(server: OpcUaServer, it: Listener) -> None:
    await server.forget_subscriptions()
    await server.set(COUNT, 14)
    assert await it.until(lambda: it.known["count"] == 14) < 15
    assert it.lost == []
    assert ("note", "U2101", "press") in it.notes.said
    assert server.sessions == 1


async def test_row_17_an_item_of_which_the_server_forgets_to_tell(
    server: OpcUaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "AGAIN_S", 0.3)
    async with listening(keys(server), TAGS) as it:
        for subscription in server.desk.subscription_service.subscriptions.values():
            watching = subscription.monitored_item_srv
            watching.delete_monitored_items(list(watching._monitored_items))
        await server.set(COUNT, 15)
        assert await it.until(lambda: it.known["count"] == 15) < 5
        assert it.driver.counts["stale"] >= 1


async def test_row_18_too_many_publish_requests(server: OpcUaServer, it: Listener) -> None:
    with server.refusing("Publish", StatusCodes.BadTooManyPublishRequests):
        await asyncio.sleep(2.5)
        asked = server.services["Publish"]
        await asyncio.sleep(2.0)
        assert server.services["Publish"] - asked <= 3, "it is asked less often, not more"
    await server.set(COUNT, 16)
    await it.until(lambda: it.known["count"] == 16)
    assert it.lost == []


async def test_row_18_publish_requests_that_are_always_refused_leave_no_value_old(
    server: OpcUaServer, it: Listener
) -> None:
    with server.refusing("Publish", StatusCodes.BadTooManyPublishRequests):
        await server.set(COUNT, 161)
        assert await it.until(lambda: it.known["count"] == 161) < 15, "it is read with a new subscription"
    await server.set(COUNT, 162)
    await it.until(lambda: it.known["count"] == 162)
    assert it.lost == []


async def test_row_20_the_index_of_the_namespace_moves(server: OpcUaServer, it: Listener) -> None:
    server.namespaces.insert(0, "urn:new")
    await server.restart()
    await server.set(COUNT, 17)
    assert await it.until(lambda: it.known["count"] == 17) < 10
    assert it.quality == {"speed": Quality.GOOD, "count": Quality.GOOD}


async def test_row_21_a_node_that_is_removed_and_comes_back(
    server: OpcUaServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rooms, "AGAIN_S", 0.3)
    async with listening(keys(server), TAGS) as it:
        await server.remove(SPEED)
        await it.until(lambda: it.quality["speed"] is Quality.BAD_CONFIG)
        await server.set(COUNT, 18)
        await it.until(lambda: it.known["count"] == 18)
        await server.add(SPEED, 2.5)
        await it.until(lambda: it.known["speed"] == 2.5)
        await server.set(SPEED, 3.5)
        await it.until(lambda: it.known["speed"] == 3.5)


async def test_row_21_a_node_that_is_not_there_yet(server: OpcUaServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "AGAIN_S", 0.3)
    tags = {**TAGS, "new": f"nsu={NAMESPACE};s=Press.New", "other": "nsu=urn:other;s=x"}
    async with listening(keys(server), tags) as it:
        assert it.quality["new"] is it.quality["other"] is Quality.BAD_CONFIG
        assert it.quality["count"] is Quality.GOOD
        await server.add("Press.New", 1)
        await it.until(lambda: it.known["new"] == 1)
        await server.set("Press.New", 2)
        await it.until(lambda: it.known["new"] == 2)


async def test_a_shutdown_is_told_and_the_server_waited_for(server: OpcUaServer, it: Listener) -> None:
    await server.announce_shutdown()
    await it.until(lambda: bool(it.lost))
    assert "U2102" in [code for _, code, _ in it.notes.said]
    await server.restart()
    await server.set(COUNT, 19)
    assert await it.until(lambda: it.known["count"] == 19) < 10


async def test_a_status_is_a_quality(server: OpcUaServer, it: Listener) -> None:
    await server.set(COUNT, 20, status=StatusCodes.BadSensorFailure)
    await it.until(lambda: it.quality["count"] is Quality.BAD_DEVICE)
    assert it.known["count"] is Quality.BAD_DEVICE, "no value"
    await server.set(COUNT, 21, status=StatusCodes.UncertainLastUsableValue)
    await it.until(lambda: it.quality["count"] is Quality.UNCERTAIN_STALE)
    assert it.known["count"] == 21
    await server.set(COUNT, 22)
    await it.until(lambda: it.quality["count"] is Quality.GOOD)


async def test_calls_are_cut_to_what_the_server_takes() -> None:
    variables = {f"Many.V{n}": n for n in range(250)}
    async with opcua_server(variables) as server:
        server.spec.max_per_call = 100
        await server.restart()
        tags = {f"v{n}": f"nsu={NAMESPACE};s=Many.V{n}" for n in range(250)}
        async with listening(keys(server), tags) as it:
            assert it.known == {f"v{n}": n for n in range(250)}
            assert server.services["CreateMonitoredItems"] == 3


async def test_bits_that_flip_cost_the_conversation_and_nothing_else(server: OpcUaServer, seed: int) -> None:
    """Whatever asyncua makes of them: the agent is told in words, and knows how to go on."""
    async with FaultProxy(server.port, seed=seed) as proxy:
        url = f"opc.tcp://127.0.0.1:{proxy.port}/"
        it = Listener(unprotected(url, timeout="200ms", keep_alive="500ms"), TAGS)
        proxy.corrupt[ANSWERS] = 0.4
        for _ in range(ATTEMPTS):
            await one_conversation(it)
        proxy.corrupt[ANSWERS] = 0.0
        await it.driver.close()
        task = asyncio.create_task(it.listen())
        await server.set(COUNT, 23)
        await it.until(lambda: it.known.get("count") == 23)
        task.cancel()
        await asyncio.wait((task,))
    assert all(why.isprintable() and "Error()" not in why for why in it.lost)


async def one_conversation(it: Listener) -> None:
    """A short one; anything but `NotConnected` is a defect."""
    try:
        async with asyncio.timeout(0.3):
            await it.driver.connect()
            async with contextlib.aclosing(it.driver.changes()) as changes:  # type: ignore[type-var]  # it is a generator
                async for _ in changes:
                    pass
    except TimeoutError:
        pass
    except NotConnected as lost:
        it.lost.append(lost.reason)
    finally:
        await it.driver.close()
