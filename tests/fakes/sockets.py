"""Where a fake PLC is spoken to: a TCP port with or without TLS, a UDP port, or a pseudo terminal as a serial port."""

import asyncio
import contextlib
import os
import socket
import ssl
import tty
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from tests.fakes.mosquitto import free_port
from tests.fakes.talks import Talk

if TYPE_CHECKING:
    from tests.fakes.plc import FakePlc

_ESTABLISHED = 1
"""First byte of Linux's `struct tcp_info`."""


class Place(Protocol):
    """Somewhere to listen at. What is opened a second time is the same place as before."""

    async def open(self, plc: "FakePlc") -> None: ...
    async def close(self) -> None: ...
    def url(self, scheme: str) -> str: ...


class TcpPort:
    """A port of the loopback interface."""

    def __init__(self, port: int = 0, tls: ssl.SSLContext | None = None) -> None:
        self.port = port or free_port()
        self._tls = tls
        self._server: asyncio.Server | None = None

    async def open(self, plc: "FakePlc") -> None:
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: StreamTalk(plc), "127.0.0.1", self.port, ssl=self._tls)

    async def close(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def url(self, scheme: str) -> str:
        kind = "tls" if self._tls else "tcp" if scheme == "tcp" else f"{scheme}+tcp"
        return f"{kind}://127.0.0.1:{self.port}"


class StreamTalk(Talk, asyncio.Protocol):
    """One TCP connection."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self.begins()

    @property
    def is_held(self) -> bool:
        """Whether the client still has its end open: the kernel knows before this loop has come to hear of it."""
        peer: socket.socket = self.transport.get_extra_info("socket")
        return peer.fileno() >= 0 and peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == _ESTABLISHED

    def connection_lost(self, exc: Exception | None) -> None:
        self.ends()

    def data_received(self, data: bytes) -> None:
        self.heard(data)

    def write(self, data: bytes) -> None:
        if not self.transport.is_closing():
            self.transport.write(data)

    def abort(self) -> None:
        self.transport.abort()


class UdpPort:
    """A port of the loopback interface; whoever sends from another port is another conversation."""

    def __init__(self, port: int = 0) -> None:
        self.port = port
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self, plc: "FakePlc") -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(
            lambda: _Datagrams(plc), local_addr=("127.0.0.1", self.port)
        )
        self.port = self._transport.get_extra_info("sockname")[1]

    async def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()
            self._transport = None

    def url(self, scheme: str) -> str:
        return f"udp://127.0.0.1:{self.port}"


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, plc: "FakePlc") -> None:
        self._plc = plc
        self._talks: dict[object, DatagramTalk] = {}

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.DatagramTransport", transport)

    def datagram_received(self, data: bytes, addr: object) -> None:
        if addr not in self._talks:
            self._talks[addr] = DatagramTalk(self._plc, self._transport, addr)
        self._talks[addr].heard(data)


class DatagramTalk(Talk):
    """All datagrams from and to one port of a client."""

    def __init__(self, plc: "FakePlc", transport: asyncio.DatagramTransport, peer: object) -> None:
        super().__init__(plc)
        self._transport = transport
        self._peer = peer
        self.begins()

    def write(self, data: bytes) -> None:
        if data and not self._transport.is_closing():
            self._transport.sendto(data, self._peer)  # type: ignore[arg-type]  # the address as asyncio gave it

    def abort(self) -> None:
        self.ends()


class Pty:
    """A serial port by a name that stays: `path` is a link to a new pseudo terminal each time that it is opened."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._talk: PtyTalk | None = None

    async def open(self, plc: "FakePlc") -> None:
        master, slave = os.openpty()
        tty.setraw(slave)
        os.set_blocking(master, False)
        self.path.symlink_to(os.ttyname(slave))
        self._talk = PtyTalk(plc, master, slave)

    async def close(self) -> None:
        self.path.unlink(missing_ok=True)
        if self._talk is not None:
            self._talk.abort()
            self._talk = None

    def url(self, scheme: str) -> str:
        return f"{scheme}://{self.path}"


class PtyTalk(Talk):
    """The far end of a serial line. It holds the near end open too, so that the line stays when a client goes."""

    def __init__(self, plc: "FakePlc", master: int, slave: int) -> None:
        super().__init__(plc)
        self._master, self._slave = master, slave
        asyncio.get_running_loop().add_reader(master, self._readable)
        self.begins()

    def _readable(self) -> None:
        with contextlib.suppress(BlockingIOError):
            self.heard(os.read(self._master, 4096))

    def write(self, data: bytes) -> None:
        if not self.gone.is_set():
            with contextlib.suppress(BlockingIOError):
                os.write(self._master, data)

    def abort(self) -> None:
        """Pulled out."""
        if not self.gone.is_set():
            asyncio.get_running_loop().remove_reader(self._master)
            os.close(self._master)
            os.close(self._slave)
            self.ends()
