"""Servers that take no more than so much: nothing is lost, and the operator is told what to do."""

from collections.abc import Iterator

import pytest

from drivers.contract import Quality
from drivers.opcua import PLUGIN, room
from drivers.opcua import listening as rooms
from tests.bench import Keys
from tests.drivers.opcua.listener import Listener, listening, unprotected
from tests.fakes.opcua import NAMESPACE, OpcUaServer, Spec, opcua_server

TAGS = {f"v{n}": f"nsu={NAMESPACE};s=Many.V{n}" for n in range(8)}
VALUES = {f"Many.V{n}": n for n in range(8)}
SAID = Spec(max_items=5)
SILENT = Spec(max_items=5, says_limits=False)
WHOLE = Spec(max_items=5, says_limits=False, refuses_whole_calls=True)


@pytest.fixture(autouse=True)
def _sooner(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(room, "LEAST_S", 0.1)
    return


def keys(server: OpcUaServer, **more: object) -> Keys:
    return unprotected(server.url, timeout="1s", keep_alive="5s", **more)


async def all_change(server: OpcUaServer, it: Listener, by: int) -> float:
    """Each of the tags gets another value; how long until all of them are known."""
    for n in range(len(TAGS)):
        await server.set(f"Many.V{n}", by + n)
    return await it.until(lambda: it.known == {f"v{n}": by + n for n in range(len(TAGS))})


@pytest.mark.parametrize(
    ("spec", "more", "watched"),
    [
        (SAID, {}, 5),
        (SILENT, {}, 5),
        (WHOLE, {}, 0),
        (WHOLE, {"limits": {"nodes": 2}}, 4),
        (Spec(), {"limits": {"items": 3}}, 3),
        (SAID, {"limits": {"items": 3}}, 3),
        (Spec(max_items=0, says_limits=False), {}, 0),
    ],
)
async def test_what_is_beyond_the_limit_is_read(spec: Spec, more: dict[str, object], watched: int) -> None:
    async with opcua_server(VALUES, spec) as server, listening(keys(server, **more), TAGS) as it:
        assert it.known == {f"v{n}": n for n in range(8)}
        assert server.items == watched
        assert await all_change(server, it, 100) < 2, "and not with the next sign of life, which is 5 s away"
        assert await all_change(server, it, 200) < 2
        assert it.came["v0"] == [0, 100, 200]
        assert it.came["v7"] == [7, 107, 207]
        assert set(it.quality.values()) == {Quality.GOOD}
        assert it.lost == []


@pytest.mark.parametrize("spec", [SAID, SILENT])
async def test_it_is_told_once_with_the_number_and_what_to_do(spec: Spec) -> None:
    async with opcua_server(VALUES, spec) as server, listening(keys(server), TAGS) as it:
        await server.end_subscriptions()
        await all_change(server, it, 100)
    said = [code for how, code, _ in it.notes.said if how == "lost"]
    assert set(said) == {"U2103"}, "a state, however often it is entered: one line"
    hint = PLUGIN.messages["U2103"].hint_en
    assert "every" in hint


async def test_order_decides_and_a_cable_that_was_out_changes_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "AGAIN_S", 0.3)
    async with opcua_server(VALUES, SAID) as server, listening(keys(server), TAGS) as it:
        server.cut()
        assert await all_change(server, it, 100) < 5
        assert it.driver.counts["sessions"] == 1, "the session went on"
        assert server.items == 5
        for n in range(10):
            await server.set("Many.V0", 1000 + n)
        await it.until(lambda: it.known["v0"] == 1009)
        assert it.came["v0"][-10:] == list(range(1000, 1010)), "the first ones are watched: each change is seen"


async def test_a_node_that_comes_when_there_is_no_room_left_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "AGAIN_S", 0.3)
    tags = {"new": f"nsu={NAMESPACE};s=Many.New", **TAGS}
    for spec, more in ((SILENT, {}), (Spec(), {"limits": {"items": 5}})):
        async with opcua_server(VALUES, spec) as server, listening(keys(server, **more), tags) as it:
            assert it.quality["new"] is Quality.BAD_CONFIG
            await server.add("Many.New", 1)
            await it.until(lambda: it.known["new"] == 1)
            await server.set("Many.New", 2)
            await it.until(lambda: it.known["new"] == 2)
            assert server.items == 5
            assert it.lost == []


async def test_calls_that_are_too_long_shrink_until_the_server_takes_them() -> None:
    variables = {f"Many.V{n}": n for n in range(100)}
    tags = {f"v{n}": f"nsu={NAMESPACE};s=Many.V{n}" for n in range(100)}
    spec = Spec(max_per_call=20, says_limits=False)
    async with opcua_server(variables, spec) as server, listening(keys(server, limits={"nodes": 70}), tags) as it:
        assert it.known == {f"v{n}": n for n in range(100)}
        assert len(it.lost) == 1, "70, then 17"
        assert "BadTooManyOperations" in it.lost[0]


def planned(count: int, **more: object) -> list[tuple[str, str, str]]:
    """What is told of a configuration with so many tags, without a wire."""
    return Listener(
        unprotected("opc.tcp://plc", **more), {f"v{n}": f"nsu=urn:a;i={n}" for n in range(count)}
    ).notes.said


def test_an_s7_1200_takes_calls_of_100_and_watches_1000() -> None:
    connection = PLUGIN.connection.model_validate(unprotected("opc.tcp://plc", server="s7-1200"))
    assert (getattr(connection, "most_nodes", 0), getattr(connection, "most_items", 0)) == (100, 1000)
    assert planned(1000, server="s7-1200") == []
    assert planned(1001, server="s7-1200") == [("note", "U1022", "press")]


def test_what_a_person_writes_of_a_server_comes_before_what_is_known_of_its_kind() -> None:
    assert planned(30, server="s7-1200", limits={"items": 20}) == [("note", "U1022", "press")]
    assert planned(20, limits={"items": 20}) == planned(30) == []
    connection = PLUGIN.connection.model_validate(
        unprotected("opc.tcp://plc", server="s7-1200", limits={"items": 2000, "nodes": 500})
    )
    assert (getattr(connection, "most_nodes", 0), getattr(connection, "most_items", 0)) == (500, 2000)
