"""A modem that dials in, with a Modbus slave behind it; or whoever else connects."""

import asyncio
from typing import Self

from tests.fakes.framing import RTU
from tests.fakes.plc import FakePlc
from tests.fakes.sockets import StreamTalk


class Modem(FakePlc):
    """It connects to a port instead of listening at one. `vanish` says no goodbye: the line is dead, not closed."""

    def __init__(self, port: int, hello: bytes = b"") -> None:
        super().__init__(framing=RTU)
        self._to = port
        self._hello = hello

    async def start(self) -> None:
        """Dial in and say hello."""
        loop = asyncio.get_running_loop()
        _, talk = await loop.create_connection(lambda: StreamTalk(self), "127.0.0.1", self._to)
        talk.write(self._hello)

    def vanish(self) -> None:
        """Nothing is answered any more, and nobody is told."""
        self.is_mute = True

    async def __aenter__(self) -> Self:
        await self.start()
        return self


class Stranger(asyncio.Protocol):
    """Connects and says something; `gone` when it was hung up on."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()

    @classmethod
    async def call(cls, port: int, words: bytes = b"") -> Self:
        transport, stranger = await asyncio.get_running_loop().create_connection(cls, "127.0.0.1", port)
        transport.write(words)
        return stranger

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def connection_lost(self, exc: Exception | None) -> None:
        self.gone.set()
