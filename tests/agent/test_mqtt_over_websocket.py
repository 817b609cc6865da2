"""Links over a websocket whose server misbehaves as told; the frames themselves are in test_mqtt_websocket.py."""

import asyncio

import pytest

from agent.mqtt import Connector, Endpoint, LinkFailed
from tests.agent.test_mqtt import endpoint, published
from tests.fakes.broker import Habits, broker
from tests.fakes.websocket import Before, websocket


def over(server: Before, **given: object) -> Endpoint:
    return endpoint(server.port, path="/mqtt", connect_timeout_s=2.0, **given)


async def test_the_path_is_asked_for_and_messages_pass() -> None:
    async with broker() as peer, websocket(Before(peer.port)) as server:
        link = await Connector(over(server)).open()
        for size in (0, 200, 70_000):
            assert await published(link, payload=b"x" * size) is None
        assert [len(message.payload) for message in peer.published] == [0, 200, 70_000]
        assert server.paths == ["/mqtt"]
        await link.disconnect(1)
        await peer.until(lambda: peer.goodbyes == 1)


async def test_answers_byte_by_byte_with_pings_between_them() -> None:
    async with broker() as peer, websocket(Before(peer.port, pieces=1)) as server:
        link = await Connector(over(server)).open()
        done: list[object] = []
        for _ in range(30):
            link.publish("a", b"x" * 50_000, 1, False, done.append)
        assert await published(link) is None
        assert done == [None] * 30
        assert server.pongs > 30
        link.close()


async def test_an_old_broker_is_spoken_to_in_3_1_1_over_a_websocket_too() -> None:
    async with broker(Habits(knows_5=False)) as peer, websocket(Before(peer.port)) as server:
        connector = Connector(over(server))
        for _ in range(2):
            link = await connector.open()
            assert link.protocol == "3.1.1"
            assert await published(link) is None
            link.close()
        assert peer.connects == [5, 4, 4]


async def test_a_close_is_answered_and_told_in_the_servers_words() -> None:
    async with broker() as peer, websocket(Before(peer.port)) as server:
        link = await Connector(over(server)).open()
        server.close(1012, "service restart")
        async with asyncio.timeout(5):
            assert "closed the websocket (1012 service restart)" in await link.lost
            while not server.closed:  # noqa: ASYNC110  # a list, which no event announces
                await asyncio.sleep(0.01)
        assert server.closed == [b"\x03\xf4"]


async def test_a_broker_that_is_gone_behind_the_websocket_ends_the_link() -> None:
    async with broker(Habits(drops_connect=lambda _: True)) as peer, websocket(Before(peer.port)) as server:
        with pytest.raises(LinkFailed, match="closed"):
            await Connector(over(server)).open()
