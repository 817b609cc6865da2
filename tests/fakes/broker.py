"""A small MQTT broker that misbehaves as told. It knows just enough of 3.1.1 and 5 for one kind of client."""

import asyncio
import contextlib
import struct
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field

Property = tuple[int, bytes]

RECEIVE_MAXIMUM = 0x21
MAXIMUM_PACKET_SIZE = 0x27
RETAIN_AVAILABLE = 0x25
MAXIMUM_QOS = 0x24


@dataclass(slots=True)
class Published:
    """One PUBLISH as it arrived."""

    topic: str
    payload: bytes
    qos: int
    retain: bool


@dataclass(slots=True)
class Habits:
    """How the broker behaves."""

    acks: bool = True
    reason: Callable[[Published], int] = lambda _: 0
    """PUBACK reason code of a message (MQTT 5)."""
    properties: tuple[Property, ...] = ()
    """Of CONNACK (MQTT 5)."""
    connack: int = 0
    """Reason or return code."""
    mute: bool = False
    """Never answers CONNECT."""
    mute_to: int = 0
    """Protocol level of the CONNECT that is never answered."""
    drops_connect: Callable[[int], bool] = lambda _: False
    """Protocol level -> whether CONNECT is answered by closing."""
    knows_5: bool = True
    drops_after_connack: bool = False
    takes_over: bool = False
    """DISCONNECT 0x8E right after CONNACK."""
    suback: int = 1
    """What SUBSCRIBE is answered with: the QoS, or a reason from 0x80 on."""
    garbage: bytes = b""
    """Sent after CONNACK."""
    dies_of: Callable[[Published], bool] = lambda _: False
    """Messages at which the connection is reset, with all answers that have not left yet."""


@dataclass(slots=True)
class Broker:
    """What it saw."""

    habits: Habits
    port: int = 0
    connects: list[int] = field(default_factory=list)
    """Protocol level of each CONNECT."""
    published: list[Published] = field(default_factory=list)
    goodbyes: int = 0
    flying: int = 0
    flying_most: int = 0
    deaths: int = 0
    """Connections that ended by a message."""
    subscribes: int = 0
    held: list[Callable[[], None]] = field(default_factory=list)
    """Acknowledgements kept back while `acks` is False; call one to send it."""
    changed: asyncio.Event = field(default_factory=asyncio.Event)
    writers: set[asyncio.StreamWriter] = field(default_factory=set)

    async def until(self, is_true: Callable[[], bool], within_s: float = 10.0) -> None:
        """Wait for something to be seen."""
        async with asyncio.timeout(within_s):
            while not is_true():
                self.changed.clear()
                await self.changed.wait()

    def cut(self) -> None:
        """Reset all connections; new ones are welcome."""
        for writer in self.writers:
            writer.transport.abort()

    def take_over(self) -> None:
        """As if another client connected with this id: DISCONNECT 0x8E, and close."""
        for writer in self.writers:
            writer.write(b"\xe0\x01\x8e")
            writer.close()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.writers.add(writer)
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            await self._converse(reader, writer)
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        self.writers.discard(writer)
        self.changed.set()

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        level = 0
        while True:
            kind, body = await _packet(reader)
            match kind >> 4:
                case 1:
                    level = body[6]
                    if not self._greet(level, writer):
                        return
                case 3:
                    if not self._take(kind, body, level, writer):
                        return
                case 8:
                    self.subscribes += 1
                    answer = body[:2] + (b"\0" if level == 5 else b"") + bytes([self.habits.suback])
                    writer.write(bytes([0x90, len(answer)]) + answer)
                case 12:
                    writer.write(b"\xd0\x00")
                case 14:
                    self.goodbyes += 1
            self.changed.set()

    def _greet(self, level: int, writer: asyncio.StreamWriter) -> bool:
        self.connects.append(level)
        self.changed.set()
        habits = self.habits
        if habits.drops_connect(level):
            return False
        if habits.mute or level == habits.mute_to:
            return True
        if level == 5 and not habits.knows_5:
            writer.write(b"\x20\x02\x00\x01")
            return False
        body = bytes([0, habits.connack])
        if level == 5:
            properties = b"".join(bytes([name]) + value for name, value in habits.properties)
            body += bytes([len(properties)]) + properties
        writer.write(bytes([0x20, len(body)]) + body)
        if habits.takes_over:
            writer.write(b"\xe0\x01\x8e")
        if habits.garbage:
            writer.write(habits.garbage)
        return not (habits.drops_after_connack or habits.takes_over or habits.connack)

    def _take(self, kind: int, body: bytes, level: int, writer: asyncio.StreamWriter) -> bool:
        message, mid = _published(kind, body, level)
        if self.habits.dies_of(message):
            self.deaths += 1
            writer.transport.abort()
            return False
        self.published.append(message)
        if not message.qos:
            return True
        self.flying += 1
        self.flying_most = max(self.flying_most, self.flying)
        reason = self.habits.reason(message) if level == 5 else 0

        def ack() -> None:
            self.flying -= 1
            tail = bytes([reason]) if reason else b""
            writer.write(bytes([0x40, 2 + len(tail)]) + struct.pack("!H", mid) + tail)

        if self.habits.acks:
            ack()
        else:
            self.held.append(ack)
        return True


async def _packet(reader: asyncio.StreamReader) -> tuple[int, bytes]:
    kind = (await reader.readexactly(1))[0]
    length, shift = 0, 0
    while True:
        byte = (await reader.readexactly(1))[0]
        length |= (byte & 127) << shift
        shift += 7
        if not byte & 128:
            return kind, await reader.readexactly(length)


def _published(kind: int, body: bytes, level: int) -> tuple[Published, int]:
    size = struct.unpack_from("!H", body)[0]
    topic, at = body[2 : 2 + size].decode(), 2 + size
    qos, mid = kind >> 1 & 3, 0
    if qos:
        mid = struct.unpack_from("!H", body, at)[0]
        at += 2
    if level == 5:
        at += 1 + body[at]
    return Published(topic, body[at:], qos, bool(kind & 1)), mid


@contextlib.asynccontextmanager
async def broker(habits: Habits | None = None, port: int = 0) -> AsyncIterator[Broker]:
    """A running fake on a loopback port, a free one by default."""
    fake = Broker(habits or Habits())
    server = await asyncio.start_server(fake.serve, "127.0.0.1", port)
    fake.port = server.sockets[0].getsockname()[1]
    try:
        yield fake
    finally:
        server.close()
        for writer in fake.writers:
            writer.transport.abort()
        await fake.until(lambda: not fake.writers)
        await server.wait_closed()
