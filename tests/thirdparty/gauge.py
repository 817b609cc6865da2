"""The gauge itself: a datagram server in the test's hands, independent of the driver that asks it."""

import asyncio
import struct
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from drivers.contract import DriverPlugin, Value
from tests.bench import Keys

NO_CHANNEL, WARMING_UP = 1, 2


class GaugeBench(asyncio.DatagramProtocol):
    """Two channels; knows the ways in which a gauge disappoints."""

    def __init__(self, plugin: DriverPlugin) -> None:
        self.plugin = plugin
        self.device: Keys = {"channels": 4}
        self.tags: Mapping[str, Keys] = {"left": {"address": 1}, "right": {"address": 2}}
        self.wrong = ({"address": 5}, {"address": 64}, {"address": 0})
        self.shown = {1: 100.25, 2: 99.75}
        self.status = {1: 0, 2: 0}
        self.silent = False
        self.port = 0
        self.transport: asyncio.DatagramTransport | None = None

    @property
    def connection(self) -> Keys:
        return {"host": "127.0.0.1", "port": self.port, "timeout": "100ms"}

    def now_ms(self) -> float:
        return time.time() * 1000

    async def change(self, tag: str) -> Value:
        channel = 1 if tag == "left" else 2
        self.shown[channel] += 0.5
        return self.shown[channel]

    async def spoil(self, tag: str) -> None:
        self.status[1 if tag == "left" else 2] = NO_CHANNEL

    async def mend(self, tag: str) -> None:
        self.status[1 if tag == "left" else 2] = 0

    async def mute(self) -> None:
        self.silent = True

    async def cut(self) -> None:
        if self.transport:
            self.transport.abort()
            self.transport = None

    async def restore(self) -> None:
        self.silent = False
        if self.transport is None:
            await self.serve()

    async def serve(self) -> None:
        loop = asyncio.get_running_loop()
        self.transport, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", self.port))
        self.port = self.transport.get_extra_info("sockname")[1]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if self.silent or self.transport is None:
            return
        number, channel = struct.unpack(">HH", data)
        answer = struct.pack(">HHBf", number, channel, self.status[channel], self.shown[channel])
        self.transport.sendto(answer, addr)


@asynccontextmanager
async def gauge(plugin: DriverPlugin) -> AsyncIterator[GaugeBench]:
    bench = GaugeBench(plugin)
    await bench.serve()
    try:
        yield bench
    finally:
        await bench.cut()
