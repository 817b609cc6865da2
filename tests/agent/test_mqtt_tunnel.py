"""CONNECT and Upgrade: what is asked, and what is said of every answer that is none."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator

import pytest

from agent.mqtt import Connector, Endpoint, LinkFailed, Proxy
from tests.agent.test_mqtt import endpoint, published
from tests.fakes.broker import broker
from tests.fakes.http_proxy import HttpProxy, http_proxy
from tests.fakes.mosquitto import free_port


def behind(proxy: HttpProxy, port: int, host: str = "127.0.0.1", **given: object) -> Endpoint:
    user, password = proxy.secret or (None, None)
    given.setdefault("connect_timeout_s", 2.0)
    return endpoint(port, host=host, proxy=Proxy("127.0.0.1", proxy.port, user, password), **given)


@contextlib.asynccontextmanager
async def server(answer: bytes) -> AsyncIterator[tuple[int, list[bytes]]]:
    """Answers any HTTP request with these bytes; the port, and the heads that came."""
    heads: list[bytes] = []

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            heads.append(await reader.readuntil(b"\r\n\r\n"))
            writer.write(answer)
            await writer.drain()
        writer.close()

    listening = await asyncio.start_server(accepted, "127.0.0.1", 0)
    async with listening:
        yield listening.sockets[0].getsockname()[1], heads


async def test_mqtt_through_a_proxy() -> None:
    async with broker() as peer, http_proxy() as proxy:
        link = await Connector(behind(proxy, peer.port)).open()
        assert await published(link) is None
        assert proxy.asked == [(f"CONNECT 127.0.0.1:{peer.port} HTTP/1.1", {"host": f"127.0.0.1:{peer.port}"})]
        await link.disconnect(1)


async def test_it_is_the_proxy_that_resolves_the_brokers_name() -> None:
    async with broker() as peer, http_proxy(HttpProxy(hosts={"only.inside.example": "127.0.0.1"})) as proxy:
        (await Connector(behind(proxy, peer.port, "only.inside.example")).open()).close()
        assert proxy.asked[0][0] == f"CONNECT only.inside.example:{peer.port} HTTP/1.1"


async def test_a_name_that_is_not_ascii_and_an_address_of_ipv6_are_written_as_they_must() -> None:
    async with http_proxy(HttpProxy(answer=b"HTTP/1.1 403 Forbidden\r\n\r\n")) as proxy:
        for host in ("印刷.example", "::1"):
            with pytest.raises(LinkFailed):
                await Connector(behind(proxy, 1883, host)).open()
        assert [first for first, _ in proxy.asked] == [
            "CONNECT xn--ycrq3a.example:1883 HTTP/1.1",
            "CONNECT [::1]:1883 HTTP/1.1",
        ]


async def test_user_and_password_of_the_proxy() -> None:
    async with broker() as peer, http_proxy(HttpProxy(secret=("网关", "p:w"))) as proxy:
        (await Connector(behind(proxy, peer.port)).open()).close()
        sent = proxy.asked[0][1]["proxy-authorization"].removeprefix("Basic ")
        assert base64.b64decode(sent).decode() == "网关:p:w"
        for user, said in ((None, "wants a user name and a password"), ("x", "does not accept user name and password")):
            way = Proxy("127.0.0.1", proxy.port, user, "wrong" if user else None)
            with pytest.raises(LinkFailed, match=said) as failed:
                await Connector(endpoint(peer.port, proxy=way)).open()
            assert "wrong" not in failed.value.reason
    assert "p:w" not in repr(way)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "does not connect to 127.0.0.1:1883: 403 Forbidden"),
        (b"HTTP/1.0 504\r\n\r\n", "does not connect to 127.0.0.1:1883: 504"),
        (b"SSH-2.0-OpenSSH_9\r\n\r\n", "does not answer in HTTP"),
        (b"HTTP/1.1 2oo OK\r\n\r\n", "does not answer in HTTP"),
        (b"", "does not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\nX: " + b"x" * 20_000, "does not answer in HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", "goes on talking"),
    ],
)
async def test_a_proxy_that_does_not_connect_is_said(answer: bytes, said: str) -> None:
    async with http_proxy(HttpProxy(answer=answer)) as proxy:
        with pytest.raises(LinkFailed) as failed:
            await Connector(behind(proxy, 1883)).open()
        assert failed.value.reason.startswith(f"proxy: 127.0.0.1:{proxy.port} ")
        assert said in failed.value.reason


async def test_a_proxy_that_cannot_reach_the_broker() -> None:
    async with http_proxy() as proxy:
        with pytest.raises(LinkFailed, match="502 Bad Gateway"):
            await Connector(behind(proxy, free_port())).open()


async def test_no_proxy_and_a_mute_one_take_a_bounded_time() -> None:
    port = free_port()
    with pytest.raises(LinkFailed, match=f"proxy: connection refused by 127.0.0.1:{port}"):
        await Connector(endpoint(1883, proxy=Proxy("127.0.0.1", port))).open()
    async with http_proxy(HttpProxy(mute=True)) as proxy:
        with pytest.raises(LinkFailed, match=f"proxy: no answer from 127.0.0.1:{proxy.port}"):
            await Connector(behind(proxy, 1883, connect_timeout_s=0.2)).open()


async def test_the_websocket_that_is_asked_for() -> None:
    async with server(b"HTTP/1.1 404 Not Found\r\n\r\n") as (port, heads):
        with pytest.raises(LinkFailed, match=f"127.0.0.1:{port} opens no websocket at /a/b: 404 Not Found"):
            await Connector(endpoint(port, path="/a/b")).open()
        lines = heads[0].decode().split("\r\n")
        assert lines[0] == "GET /a/b HTTP/1.1"
        assert f"Host: 127.0.0.1:{port}" in lines


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"HTTP/1.1 301 Moved\r\nLocation: /x\r\n\r\n", "301 Moved"),
        (b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n", "not the answer to our key"),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\n", "does not upgrade"),
        (b"\x20\x02\x00\x00", "does not answer in HTTP"),
    ],
)
async def test_a_server_without_a_websocket_is_said(answer: bytes, said: str) -> None:
    async with server(answer) as (port, _):
        with pytest.raises(LinkFailed, match=said):
            await Connector(endpoint(port, path="/mqtt", connect_timeout_s=2)).open()
