"""Rows 28 and 29 of the promises for Modbus: certificates that are not accepted, names that do not resolve."""

import asyncio
import contextlib
import datetime
import os
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from time import perf_counter
from typing import cast

import pytest
import trustme

from drivers.contract import Quality
from drivers.errors import NotConnected
from tests.drivers.modbus.talk import describe, fresh, group, holding, talk
from tests.fakes.faults import garbage
from tests.fakes.plc import FakePlc
from tests.fakes.sockets import TcpPort

PRESS = group("press", holding(range(4)))


def server(authority: trustme.CA, *names: str, expired: bool = False) -> ssl.SSLContext:
    when = datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC) if expired else None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert(*names, not_after=when).configure_cert(context)
    return context


def trusted(folder: Path, authority: trustme.CA) -> dict[str, str]:
    file = folder / "ca.pem"
    authority.cert_pem.write_to_path(file)
    return {"ca_file": str(file)}


async def test_values_over_tls(tmp_path: Path) -> None:
    authority = trustme.CA()
    async with FakePlc(at=TcpPort(tls=server(authority, "127.0.0.1"))) as plc:
        plc.describe = describe
        async with talk(plc, group("press", holding(range(500))), tls=trusted(tmp_path, authority)) as it:
            for _ in range(3):
                since = len(plc.requests)
                await it.read()
                assert fresh(it, plc, since) == 500


@pytest.mark.parametrize(
    ("certified", "reason"),
    [
        (lambda ours: server(trustme.CA(), "127.0.0.1"), "unable to get local issuer certificate"),
        (lambda ours: server(ours, "127.0.0.1", expired=True), "certificate has expired"),
        (lambda ours: server(ours, "127.0.0.2"), "IP address mismatch"),
    ],
    ids=["ca", "expired", "name"],
)
async def test_row_28_a_certificate_that_is_not_accepted(
    certified: Callable[[trustme.CA], ssl.SSLContext], reason: str, tmp_path: Path
) -> None:
    authority = trustme.CA()
    async with (
        FakePlc(at=TcpPort(tls=certified(authority))) as plc,
        talk(plc, PRESS, tls=trusted(tmp_path, authority), connect=False) as it,
    ):
        for _ in range(3):
            with pytest.raises(NotConnected) as caught:
                await it.driver.connect()
            assert caught.value.code == "M2018"
            assert reason in caught.value.reason
            await it.driver.close()
        assert plc.requests == []


async def test_row_28_files_are_read_again_at_each_connect(tmp_path: Path) -> None:
    old, new = trustme.CA(), trustme.CA()
    tls = trusted(tmp_path, old)
    async with (
        FakePlc(at=TcpPort(tls=server(new, "127.0.0.1"))) as plc,
        talk(plc, PRESS, tls=tls, connect=False) as it,
    ):
        with pytest.raises(NotConnected):
            await it.driver.connect()
        trusted(tmp_path, new)
        await it.driver.connect()
        await it.read()
        assert it.faults() == {}


async def test_row_28_a_file_that_is_spoilt_or_gone_says_so(tmp_path: Path) -> None:
    authority = trustme.CA()
    tls = trusted(tmp_path, authority)
    async with (
        FakePlc(at=TcpPort(tls=server(authority, "127.0.0.1"))) as plc,
        talk(plc, PRESS, tls=tls, connect=False) as it,
    ):
        for spoil in (lambda: os.truncate(tls["ca_file"], 40), lambda: os.unlink(tls["ca_file"])):
            spoil()
            with pytest.raises(NotConnected) as caught:
                await it.driver.connect()
            assert caught.value.code == "M2022"


async def test_row_28_who_speaks_no_tls(tmp_path: Path) -> None:
    """It answers with something else, or hangs up; who says nothing at all is given up in time."""
    tls = trusted(tmp_path, trustme.CA())
    for words, hangs_up, code in ((b"\0" * 20, False, "M2019"), (b"", True, "M2019"), (b"", False, "M2011")):
        async with plain(words, hangs_up=hangs_up) as port:
            url = f"tls://127.0.0.1:{port}"
            async with talk(url, PRESS, tls=tls, connect=False, timeout="200ms") as it:
                began = perf_counter()
                with pytest.raises(NotConnected) as caught:
                    await it.driver.connect()
                assert caught.value.code == code
                assert perf_counter() - began < 1


@asynccontextmanager
async def plain(words: bytes, *, hangs_up: bool) -> AsyncIterator[int]:
    """A port where nobody speaks TLS."""

    class Dull(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            self.transport = cast("asyncio.Transport", transport)

        def data_received(self, data: bytes) -> None:
            self.transport.write(words)
            if hangs_up:
                self.transport.abort()

    server = await asyncio.get_running_loop().create_server(Dull, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]


async def test_row_28_the_device_wants_a_certificate_of_ours(tmp_path: Path) -> None:
    authority = trustme.CA()
    context = server(authority, "127.0.0.1")
    context.verify_mode = ssl.CERT_REQUIRED
    authority.configure_trust(context)
    tls = trusted(tmp_path, authority)
    ours = authority.issue_cert("gateway")
    ours.private_key_pem.write_to_path(tmp_path / "key.pem")
    ours.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    both = {"cert_file": str(tmp_path / "cert.pem"), "key_file": str(tmp_path / "key.pem")}
    async with FakePlc(at=TcpPort(tls=context)) as plc, talk(plc, PRESS, tls=tls | both) as it:
        await it.read()
        assert it.faults() == {}
    with refusing(context) as port:
        async with talk(f"tls://127.0.0.1:{port}", PRESS, tls=tls) as it:  # TLS 1.3: the refusal comes afterwards
            with pytest.raises(NotConnected) as caught:
                await it.read()
            assert caught.value.code == "M2019"
            assert "certificate required" in caught.value.reason


@contextmanager
def refusing(context: ssl.SSLContext) -> Iterator[int]:
    """Two connections without a certificate are refused with an alert, which asyncio's own server does not send."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            for _ in range(2):
                peer, _ = listening.accept()
                wrapped = context.wrap_socket(peer, server_side=True, do_handshake_on_connect=False)
                with contextlib.suppress(ssl.SSLError):
                    wrapped.do_handshake()
                with socket.socket(fileno=wrapped.detach()) as raw:  # what is unread would make the end a reset
                    while raw.recv(1024):
                        continue

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        thread.join(10)


async def test_a_broken_connection_over_tls_is_replaced(tmp_path: Path) -> None:
    authority = trustme.CA()
    async with (
        FakePlc(at=TcpPort(tls=server(authority, "127.0.0.1"))) as plc,
        talk(plc, PRESS, tls=trusted(tmp_path, authority)) as it,
    ):
        await it.read()
        with plc.fault(garbage()):
            await it.read()
        assert set(it.faults().values()) == {Quality.BAD_PROTOCOL}
        await it.read()
        assert it.faults() == {}
        assert it.counts["reconnects"] >= 1


@pytest.mark.parametrize("url", ["tls://plc.invalid", "udp://plc.invalid", "rtu+tcp://plc.invalid:4001"])
async def test_row_29_a_name_that_does_not_resolve(url: str) -> None:
    async with talk(url, PRESS, connect=False, timeout="5s") as it:
        with pytest.raises(NotConnected) as caught:
            await it.driver.connect()
        assert caught.value.code == "M2013"
