"""An HTTP proxy that knows CONNECT, keeps what it is asked, and misbehaves as told."""

import asyncio
import base64
import contextlib
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

PATIENCE_S = 10.0


@dataclass
class HttpProxy:
    """`hosts` is its name server: host -> address; others are resolved as usual."""

    secret: tuple[str, str] | None = None
    """User and password without which it refuses."""
    answer: bytes | None = None
    """Sent to any request instead of connecting."""
    mute: bool = False
    hosts: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    """First line and headers of each request."""
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def cut(self) -> None:
        """Reset every connection through it."""
        for writer in list(self._writers):
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                await self._request(reader, writer)
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _request(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("ascii")
        first, *lines = head.strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.asked.append((first, headers))
        if self.mute:
            await reader.read()
        elif self.answer is not None:
            writer.write(self.answer)
            await writer.drain()
        elif not self._knows(headers):
            writer.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n")
            await writer.drain()
        else:
            await self._connect(first.split()[1], reader, writer)

    def _knows(self, headers: Mapping[str, str]) -> bool:
        if self.secret is None:
            return True
        expected = base64.b64encode(":".join(self.secret).encode()).decode()
        return headers.get("proxy-authorization") == f"Basic {expected}"

    async def _connect(self, target: str, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        host, _, port = target.rpartition(":")
        try:
            there, onward = await asyncio.open_connection(self.hosts.get(host, host.strip("[]")), int(port))
        except OSError:
            writer.write(b"HTTP/1.1 502 Bad Gateway\r\n\r\n")
            await writer.drain()
            return
        self._writers.add(onward)
        writer.write(b"HTTP/1.1 200 Connection established\r\nVia: fake\r\n\r\n")
        try:
            await asyncio.gather(_pour(reader, onward), _pour(there, writer))
        finally:
            self._writers.discard(onward)
            onward.close()


async def _pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while data := await reader.read(65_536):
        writer.write(data)
        await writer.drain()
    writer.close()


@contextlib.asynccontextmanager
async def http_proxy(proxy: HttpProxy | None = None) -> AsyncIterator[HttpProxy]:
    """A proxy that runs on a free port of 127.0.0.1."""
    running = proxy or HttpProxy()
    tasks: set[asyncio.Task[None]] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        task.add_done_callback(tasks.discard)
        await running.serve(reader, writer)

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    running.port = server.sockets[0].getsockname()[1]
    try:
        yield running
    finally:
        server.close()
        running.cut()
        if tasks:
            await asyncio.wait(tasks, timeout=PATIENCE_S)
