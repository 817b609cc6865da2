"""The ways to a real mosquitto: websockets, with TLS and without, an HTTP proxy before them, MQTT 5 and 3.1.1."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest

from agent.mqtt import Connector, Endpoint, LinkFailed, Proxy, Tls, subscribe
from tests.agent.test_mqtt import published
from tests.fakes.authority import Authority
from tests.fakes.http_proxy import HttpProxy, http_proxy
from tests.fakes.mosquitto import Mosquitto, free_port, mosquitto

pytestmark = pytest.mark.needs("mosquitto")

SCHEMES = ("mqtt", "mqtts", "ws", "wss")


class Way(NamedTuple):
    """A broker that speaks one way at the endpoint, and MQTT in clear at another port."""

    broker: Mosquitto
    endpoint: Endpoint
    plain: Endpoint


@contextlib.asynccontextmanager
async def listening(scheme: str, directory: Path) -> AsyncIterator[Way]:
    """mosquitto 2.0.11 does not start with websocket listeners alone."""
    port = free_port()
    lines = ["protocol websockets"] if scheme.startswith("ws") else []
    lines += [f"listener {port} 127.0.0.1", "allow_anonymous true"]
    authority = Authority(directory)
    encrypted = authority.broker(authority.ca.issue_cert("broker.example", "127.0.0.1"), lines)
    in_clear = mosquitto(directory, lines)
    is_encrypted = scheme in ("mqtts", "wss")
    async with encrypted if is_encrypted else in_clear as broker:
        tls = Tls(authority.ca_file) if is_encrypted else None
        path = "/mqtt" if scheme.startswith("ws") else None
        endpoint = Endpoint("127.0.0.1", broker.port, "gw", tls, connect_timeout_s=5, path=path)
        yield Way(broker, endpoint, Endpoint("127.0.0.1", port, "viewer"))


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
@pytest.mark.parametrize("scheme", SCHEMES)
async def test_messages_of_all_sizes_go_out(tmp_path: Path, scheme: str, protocol: str) -> None:
    """Many at once, and larger than any buffer on the way."""
    sizes = [0, 1, 100, 125, 126, 5_000, 65_535, 65_536, 70_000, 1_000_000]
    async with (
        listening(scheme, tmp_path) as way,
        asyncio.timeout(20),
        aclosing(subscribe(way.plain, ["a/#"])) as messages,
    ):
        link = await Connector(replace(way.endpoint, protocol=protocol)).open(("a/will", b"gone", 1, False))  # type: ignore[arg-type]  # a parameter is plain text for mypy
        assert link.protocol == protocol
        link.publish("a/0", b"first", 1, True, lambda _: None)
        assert (await anext(messages)).payload == b"first"
        payloads = [bytes(n % 251 for n in range(size)) for size in sizes] + [b"x" * 300] * 200
        done: list[object] = []
        for payload in payloads:
            link.publish("a/b", payload, 1, False, done.append)
        assert [(await anext(messages)).payload for _ in payloads] == payloads
        assert await published(link) is None
        assert (await anext(messages)).payload == b"{}"
        assert done == [None] * len(payloads)
        link.close()
        assert (await anext(messages)).payload == b"gone"


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_messages_come_in(tmp_path: Path, scheme: str) -> None:
    """Small ones: over a websocket mosquitto 2.0.11 sends 4 KiB ten times a second."""
    async with (
        listening(scheme, tmp_path) as way,
        asyncio.timeout(20),
        aclosing(subscribe(replace(way.endpoint, client_id="viewer"), ["a/#"])) as messages,
    ):
        link = await Connector(way.endpoint).open()
        link.publish("a/0", b"first", 1, True, lambda _: None)
        assert (await anext(messages)).payload == b"first"
        payloads = [b"x" * size for size in (0, 1, 120, 125, 126, 127, 5_000)] + [b"y" * 20] * 300
        for payload in payloads:
            link.publish("a/b", payload, 1, False, lambda _: None)
        assert [(await anext(messages)).payload for _ in payloads] == payloads
        await link.disconnect(1)


@pytest.mark.parametrize("scheme", SCHEMES)
async def test_through_a_proxy(tmp_path: Path, scheme: str) -> None:
    """The name in the certificate is the broker's, which the proxy alone can resolve."""
    proxied = HttpProxy(secret=("gw", "secret"), hosts={"broker.example": "127.0.0.1"})
    async with listening(scheme, tmp_path) as (_, endpoint, _), http_proxy(proxied) as proxy:
        way = Proxy("127.0.0.1", proxy.port, "gw", "secret")
        link = await Connector(replace(endpoint, host="broker.example", proxy=way)).open()
        for _ in range(20):
            assert await published(link, payload=b"x" * 10_000) is None
        assert [first for first, _ in proxy.asked] == [f"CONNECT broker.example:{endpoint.port} HTTP/1.1"]
        proxy.cut()
        async with asyncio.timeout(5):
            await link.lost


async def test_a_keep_alive_over_a_websocket(tmp_path: Path) -> None:
    """A link that is idle lives; one whose broker is frozen is given up."""
    async with listening("ws", tmp_path) as (broker, endpoint, _):
        link = await Connector(replace(endpoint, keepalive_s=1)).open()
        await asyncio.wait((link.lost,), timeout=3.5)
        assert not link.lost.done()
        assert await published(link) is None
        broker.freeze()
        async with asyncio.timeout(10):
            assert await link.lost == "Keep alive timeout"
        broker.thaw()


async def test_a_broker_that_stops_ends_the_websocket(tmp_path: Path) -> None:
    async with listening("ws", tmp_path) as (broker, endpoint, _):
        link = await Connector(endpoint).open()
        broker.stop()
        async with asyncio.timeout(5):
            assert "closed" in await link.lost


async def test_the_wrong_way_is_said(tmp_path: Path) -> None:
    """Every scheme against every listener: either it works or one line says why, in a bounded time."""
    for spoken, heard in itertools.product(SCHEMES, SCHEMES):
        async with listening(heard, tmp_path) as (broker, endpoint, _):
            way = replace(
                endpoint,
                tls=(endpoint.tls or Tls()) if spoken in ("mqtts", "wss") else None,
                path="/mqtt" if spoken.startswith("ws") else None,
                connect_timeout_s=2.0,
                protocol="5",
            )
            if spoken == heard:
                (await Connector(way).open()).close()
                continue
            with pytest.raises(LinkFailed) as failed:
                await Connector(way).open()
            assert f":{broker.port}" in failed.value.reason or "closed" in failed.value.reason, (spoken, heard)
            assert "\n" not in failed.value.reason
            print(f"{spoken} to {heard}: {failed.value.reason}")
