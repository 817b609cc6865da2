"""A proxy that takes chosen messages for itself: it acknowledges them, and the broker never sees them."""

import asyncio
import contextlib
import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Any

from agent.mqtt.packets import Packets

Choice = Callable[[str, dict[str, Any]], bool]


@dataclass(slots=True)
class Swallower:
    """`takes` is asked for each PUBLISH with QoS 1 whose payload is a JSON object."""

    target_port: int
    takes: Choice
    port: int = 0
    swallowed: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _is_idle: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client: a connection of its own to the broker, and both directions at once."""
        ours, theirs = await asyncio.open_connection("127.0.0.1", self.target_port)
        self._writers |= {writer, theirs}
        self._is_idle.clear()
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._requests(reader, theirs, writer), name="to the broker")
                group.create_task(_carry(ours, writer), name="to the client")
        finally:
            for end in (writer, theirs):
                end.close()
            self._writers -= {writer, theirs}
            if not self._writers:
                self._is_idle.set()

    async def _requests(
        self, reader: asyncio.StreamReader, broker: asyncio.StreamWriter, client: asyncio.StreamWriter
    ) -> None:
        packets = Packets()
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                for packet in packets.feed(data):
                    if (answer := self._swallowed(packet)) is None:
                        broker.write(packet)
                    else:
                        client.write(answer)
        broker.close()

    def _swallowed(self, packet: bytes) -> bytes | None:
        """The PUBACK for a message that goes no further."""
        if packet[0] & 0xF6 != 0x32:
            return None
        at = next(place for place in range(1, 5) if not packet[place] & 0x80) + 1
        size = int.from_bytes(packet[at : at + 2])
        topic, mid = packet[at + 2 : at + 2 + size].decode(), packet[at + 2 + size : at + 4 + size]
        payload = packet[at + 5 + size :]  # behind the empty properties of MQTT 5
        if not payload.startswith(b"{"):
            return None
        body = json.loads(payload)
        if not self.takes(topic, body):
            return None
        self.swallowed.append((topic, body))
        return b"\x40\x02" + mid

    async def cut(self) -> None:
        """Reset all connections, and wait until they are gone."""
        for writer in self._writers:
            writer.transport.abort()
        if self._writers:
            await self._is_idle.wait()


async def _carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while data := await reader.read(65_536):
            writer.write(data)
    writer.close()


@contextlib.asynccontextmanager
async def swallower(target_port: int, takes: Choice) -> AsyncIterator[Swallower]:
    """Before the broker on that port; it understands clients of MQTT 5."""
    proxy = Swallower(target_port, takes)
    server = await asyncio.start_server(proxy.serve, "127.0.0.1", 0)
    proxy.port = server.sockets[0].getsockname()[1]
    try:
        yield proxy
    finally:
        server.close()
        await proxy.cut()
        await server.wait_closed()
