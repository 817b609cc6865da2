"""A simulated server on the loopback interface: asyncua's, with variables for the configured tags.

The port is open at once, and the server comes while a reader is being started: asyncua takes a second to import. Who
connects before it is there waits for its answer.
"""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager

from pydantic import BaseModel

from drivers.contract import Group, World
from drivers.opcua.config import Connection

_HOST = "127.0.0.1"


@asynccontextmanager
async def simulate(connection: BaseModel, groups: Sequence[Group], world: World) -> AsyncIterator[str]:
    """Serve the groups' addresses, read-only and without security; yields `opc.tcp://127.0.0.1:port/`.

    The words of a device that maps itself are a machine by OPC 30050; other tags have variables of their own. What
    `world` does not have in the beginning has no node. `world` is asked as often as a group wants its values, for
    states ten times a second, and not when somebody reads. What it raises ends the block.
    """
    if not isinstance(connection, Connection):
        raise TypeError(f"a connection is {type(connection).__name__}, not Connection")
    logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)
    with socket.create_server((_HOST, 0)) as listening:
        url = f"opc.tcp://{_HOST}:{listening.getsockname()[1]}/"
        try:
            async with asyncio.TaskGroup() as tasks:
                serving = tasks.create_task(_served(listening, url, groups, world), name="simulated OPC UA server")
                try:
                    yield url
                finally:
                    serving.cancel()
        except ExceptionGroup as ended:  # a TaskGroup wraps whatever ended it
            raise ended.exceptions[0] from None


async def _served(listening: socket.socket, url: str, groups: Sequence[Group], world: World) -> None:
    serve = await asyncio.to_thread(_imported)
    await serve(listening, url, groups, world)


def _imported() -> Callable[[socket.socket, str, Sequence[Group], World], Coroutine[None, None, None]]:
    from drivers.opcua.simulate_serving import serve

    return serve
