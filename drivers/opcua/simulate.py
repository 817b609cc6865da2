"""A simulated server on the loopback interface: asyncua's, with variables for the configured tags."""

import asyncio
import logging
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import NoReturn

from pydantic import BaseModel

from drivers.contract import Group, World
from drivers.opcua.config import Connection
from drivers.opcua.simulate_server import SmallServer
from drivers.opcua.simulate_space import Sight, SimulatedSpace, values

LONGEST_S = 1.0
"""So often the world is looked at for tags that are read only now and then."""
_HOST = "127.0.0.1"


@asynccontextmanager
async def simulate(connection: BaseModel, groups: Sequence[Group], world: World) -> AsyncIterator[str]:
    """Serve the groups' addresses, read-only and without security; yields `opc.tcp://127.0.0.1:port/`.

    The words of a device that maps itself are a machine by OPC 30050; other tags have variables of their own. What
    `world` does not have in the beginning has no node. `world` is asked as often as a group wants its values, for
    states ten times a second, and not when somebody reads.
    """
    if not isinstance(connection, Connection):
        raise TypeError(f"a connection is {type(connection).__name__}, not Connection")
    logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)
    with socket.create_server((_HOST, 0)) as listening:
        url = f"opc.tcp://{_HOST}:{listening.getsockname()[1]}/"
        server = SmallServer(listening)
        try:
            await server.begin(url)
            sights = await SimulatedSpace(server, world).fill(groups)
            await server.start()
            async with _looking(server, sights):
                yield url
        finally:
            await server.stop()


@asynccontextmanager
async def _looking(server: SmallServer, sights: Sequence[Sight]) -> AsyncIterator[None]:
    """What the world shows is what the server shows, while the block lasts."""
    try:
        async with asyncio.TaskGroup() as tasks:
            looking = tasks.create_task(_look(server, sights), name="simulated OPC UA server")
            try:
                yield
            finally:
                looking.cancel()
    except ExceptionGroup as ended:  # a TaskGroup wraps whatever ended it
        raise ended.exceptions[0] from None


async def _look(server: SmallServer, sights: Sequence[Sight]) -> NoReturn:
    due_s = [time.monotonic()] * len(sights)
    while True:
        now_s = time.monotonic()
        for place, sight in enumerate(sights):
            if due_s[place] <= now_s:
                due_s[place] = max(due_s[place] + min(sight.every_s, LONGEST_S), now_s)
                for node, value in zip(sight.nodes, values(sight), strict=False):
                    await server.show(node, value)
        await asyncio.sleep(max(0.0, min(due_s, default=now_s + LONGEST_S) - time.monotonic()))
