"""A simulated server from its start to its stop: it looks at the world again and again."""

import asyncio
import socket
import time
from collections.abc import Sequence
from typing import NoReturn

from drivers.contract import Group, World
from drivers.opcua.simulate_server import SmallServer
from drivers.opcua.simulate_space import Sight, SimulatedSpace, values

LONGEST_S = 1.0
"""So often the world is looked at for tags that are read only now and then."""


async def serve(listening: socket.socket, url: str, groups: Sequence[Group], world: World) -> NoReturn:
    """Until it is cancelled: what the world shows is what the server shows."""
    server = SmallServer(listening)
    try:
        await server.begin(url)
        sights = await SimulatedSpace(server, world).fill(groups)
        await server.start()
        await _look(server, sights)
    finally:
        await server.stop()


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
