"""A session that the broker keeps while its client is away, in both versions of MQTT, and how it is taken away."""

import asyncio
from pathlib import Path

import pytest

from agent.mqtt import Connector, Endpoint
from agent.scope import Scope
from agent.verify.account import Account
from agent.verify.listening import Listening
from agent.verify.report import Connection
from tests.agent.test_mqtt import published
from tests.fakes.mosquitto import mosquitto

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.parametrize("protocol", ["5", "3.1.1"])]


def lasting(port: int, protocol: str) -> Endpoint:
    return Endpoint("127.0.0.1", port, "watcher", protocol=protocol, session_expiry_s=60)  # type: ignore[arg-type]  # a parameter is plain text for mypy


async def test_what_comes_meanwhile_comes_right_behind_connack(tmp_path: Path, protocol: str) -> None:
    async with mosquitto(tmp_path) as broker:
        heard: asyncio.Queue[bytes] = asyncio.Queue()
        watcher = Connector(lasting(broker.port, protocol))
        link = await watcher.open(None, lambda topic, payload, retained: heard.put_nowait(payload))
        assert not link.session_present
        await link.subscribe(["a/#"])
        link.close()
        other = await Connector(Endpoint("127.0.0.1", broker.port, "other")).open()
        for number in range(50):
            assert await published(other, payload=b"%d" % number) is None
        await other.disconnect(1)
        link = await watcher.open(None, lambda topic, payload, retained: heard.put_nowait(payload))
        assert link.session_present
        async with asyncio.timeout(10):
            assert [await heard.get() for _ in range(50)] == [b"%d" % number for number in range(50)]
        link.close()


async def test_a_listener_that_ends_leaves_no_session(tmp_path: Path, protocol: str) -> None:
    async with mosquitto(tmp_path) as broker:
        endpoint = lasting(broker.port, protocol)
        listening = Listening(endpoint, ["a/#"], Account(), Connection(is_lasting=True), lambda code, facts: None)
        await listening.begin()
        assert listening.protocol == protocol
        await listening.end()
        link = await Connector(endpoint).open()
        assert not link.session_present
        link.close()


async def test_a_listener_that_ends_in_an_outage_leaves_none_either(tmp_path: Path, protocol: str) -> None:
    told: asyncio.Queue[str] = asyncio.Queue()
    async with mosquitto(tmp_path) as broker, Scope() as tasks:
        endpoint = lasting(broker.port, protocol)
        connection = Connection(is_lasting=True)
        listening = Listening(endpoint, ["a/#"], Account(), connection, lambda code, facts: told.put_nowait(code))
        await listening.begin()
        holding = tasks.start(listening.hold(), "the subscription")
        thief = await Connector(endpoint).open()
        assert await told.get() == "W8008"
        holding.cancel()
        await asyncio.wait((holding,))
        thief.close()
        await listening.end()
        link = await Connector(endpoint).open()
        assert not link.session_present
        assert connection.breaks == 1
        link.close()
