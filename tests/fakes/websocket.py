"""A websocket server before any MQTT broker: takes frames as a client must send them, and answers in odd pieces."""

import asyncio
import base64
import contextlib
import hashlib
import struct
from collections.abc import AsyncIterator
from dataclasses import dataclass, field

CLOSE, PING, PONG = 8, 9, 10
GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


def frame(payload: bytes, opcode: int = 2, *, last: bool = True) -> bytes:
    """A server's frame: not masked."""
    size = len(payload)
    first = (0x80 if last else 0) | opcode
    if size < 126:
        return struct.pack("!BB", first, size) + payload
    if size < 65_536:
        return struct.pack("!BBH", first, 126, size) + payload
    return struct.pack("!BBQ", first, 127, size) + payload


@dataclass
class Before:
    """In front of a broker on `target`. With `pieces` every answer comes in fragments of so many bytes and a ping."""

    target: int
    pieces: int = 0
    port: int = 0
    paths: list[str] = field(default_factory=list)
    pongs: int = 0
    closed: list[bytes] = field(default_factory=list)
    """Payloads of the clients' close frames."""
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)

    def close(self, code: int, reason: str) -> None:
        """Say goodbye to every client, and wait for the answer."""
        for writer in self._writers:
            writer.write(frame(struct.pack("!H", code) + reason.encode(), CLOSE))

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.IncompleteReadError):
            await self._upgrade(reader, writer)
            there, onward = await asyncio.open_connection("127.0.0.1", self.target)
            self._writers.add(writer)
            back = asyncio.create_task(self._answers(there, writer), name="websocket answers")
            try:
                await self._frames(reader, onward)
            finally:
                self._writers.discard(writer)
                onward.close()
                await back
        writer.close()

    async def _upgrade(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first, *lines = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").strip().split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        self.paths.append(first.split()[1])
        digest = hashlib.sha1((headers["sec-websocket-key"] + GUID).encode()).digest()
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nupgrade: WebSocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
            + base64.b64encode(digest)
            + b"\r\nSec-WebSocket-Protocol: mqtt\r\n\r\n"
        )

    async def _frames(self, reader: asyncio.StreamReader, onward: asyncio.StreamWriter) -> None:
        while True:
            opcode, size = await reader.readexactly(2)
            assert size & 0x80, "a client masks"
            size &= 0x7F
            if size >= 126:
                size = int.from_bytes(await reader.readexactly(2 if size == 126 else 8), "big")
            mask = await reader.readexactly(4)
            payload = bytes(byte ^ mask[place % 4] for place, byte in enumerate(await reader.readexactly(size)))
            if opcode & 0xF == CLOSE:
                self.closed.append(payload)
                return
            if opcode & 0xF == PONG:
                self.pongs += 1
                continue
            onward.write(payload)
            await onward.drain()

    async def _answers(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await there.read(65_536):
                size = self.pieces or len(data)
                parts = [data[at : at + size] for at in range(0, len(data), size)]
                for place, part in enumerate(parts):
                    writer.write(frame(part, 0 if place else 2, last=place == len(parts) - 1))
                    if self.pieces:
                        writer.write(frame(b"there?", PING))
                        await writer.drain()
            writer.close()


@contextlib.asynccontextmanager
async def websocket(before: Before) -> AsyncIterator[Before]:
    """It, on a free port of 127.0.0.1."""
    tasks: set[asyncio.Task[None]] = set()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        try:
            await before.serve(reader, writer)
        finally:
            tasks.discard(task)

    server = await asyncio.start_server(accepted, "127.0.0.1", 0)
    before.port = server.sockets[0].getsockname()[1]
    try:
        yield before
    finally:
        server.close()
        if tasks:
            await asyncio.wait(tasks, timeout=5)
