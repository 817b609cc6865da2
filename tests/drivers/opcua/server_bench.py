"""A server as the device of the contract suite: on a loop of its own, so that its tasks are not the driver's."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from typing import Any, ClassVar, TypeVar

from asyncua.ua.status_codes import StatusCodes

from drivers.contract import Value
from drivers.opcua import PLUGIN
from tests.bench import Keys
from tests.fakes.opcua import NAMESPACE, OpcUaServer

T = TypeVar("T")

VARIABLES: Mapping[str, object] = {
    "Press.Speed": 12.5,
    "Press.Count": 7,
    "Press.Job": "GD001 缺料",
    "Press.Running": True,
}


class Elsewhere:
    """A loop in a thread."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="OPC UA server", daemon=True)
        self._thread.start()

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def do(self, work: Coroutine[Any, Any, T]) -> T:
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))

    def end(self) -> None:
        async def end() -> None:
            tasks = asyncio.all_tasks() - {asyncio.current_task()}
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

        self.run(end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()


class ServerBench:
    """Each tag is one of the server's variables."""

    plugin = PLUGIN
    device: ClassVar[Keys] = {}
    wrong = ({"address": "D100"}, {"address": "nsu=urn:a;i=x"}, {"address": "s=a|[x]"})
    tags: ClassVar[Mapping[str, Keys]] = {
        "speed": {"address": f"nsu={NAMESPACE};s=Press.Speed"},
        "count": {"address": f"nsu={NAMESPACE};s=Press.Count"},
        "job": {"address": f"/nsu={NAMESPACE};Press/Job"},
        "running": {"address": f"nsu={NAMESPACE};s=Press.Running"},
    }

    def __init__(self, server: OpcUaServer, elsewhere: Elsewhere) -> None:
        self.server = server
        self._do: Callable[[Coroutine[Any, Any, None]], Awaitable[None]] = elsewhere.do
        self._changes = 0
        self._is_cut = False
        self._muted = contextlib.ExitStack()
        self.connection: Keys = {
            "url": server.url,
            "timeout": "1s",
            "insecure": True,
            "security": {"policy": "None"},
            "keep_alive": "500ms",
        }

    def now_ms(self) -> float:
        return time.time() * 1000

    async def change(self, tag: str) -> Value:
        self._changes += 1
        values: dict[str, Value] = {
            "speed": 20.0 + self._changes,
            "count": 100 + self._changes,
            "job": f"GD{self._changes}",
            "running": bool(self._changes % 2),
        }
        await self._do(self.server.set(_variable(tag), values[tag]))
        return values[tag]

    async def spoil(self, tag: str) -> None:
        await self._do(self.server.set(_variable(tag), status=StatusCodes.BadSensorFailure))

    async def mend(self, tag: str) -> None:
        await self._do(self.server.set(_variable(tag), status=StatusCodes.Good))

    async def mute(self) -> None:
        await self._do(self._mute())

    async def _mute(self) -> None:
        self._muted.enter_context(self.server.mute())

    async def cut(self) -> None:
        self._is_cut = True
        await self._do(self.server.stop())

    async def restore(self) -> None:
        await self._do(self._restore())

    async def _restore(self) -> None:
        self._muted.close()
        if self._is_cut:
            self._is_cut = False
            await self.server.start()


def _variable(tag: str) -> str:
    return f"Press.{tag.capitalize()}"


@contextlib.contextmanager
def server_bench() -> Iterator[ServerBench]:
    elsewhere = Elsewhere()
    server = OpcUaServer(VARIABLES)
    elsewhere.run(server.start())
    try:
        yield ServerBench(server, elsewhere)
    finally:
        elsewhere.run(server.stop())
        elsewhere.end()
