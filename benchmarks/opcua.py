"""What the OPC UA driver costs beside asyncua's client, in one process that does nothing else.

    python -m benchmarks.opcua {notified,polled} SERVER-PORT

Prints one JSON object. Both sides take turns; each figure is the median of the turns.
"""

import asyncio
import json
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any, cast

from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.node import Node

from agent.outbox.glance import Quiet
from benchmarks.opcua_server import HOST, NAMES, NAMESPACE, TAGS
from drivers.contract import Driver, Group, SubscribingDriver, Tag
from drivers.opcua import PLUGIN

GROUP = "bench"
TURNS = 7
SETTLE_S, LOOK_S = 0.5, 2.0
SAMPLING_S = 0.1
READS = 40
CHUNK = 500
"""Nodes in one call, of both sides."""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU of one value, and how many came a second."""

    us: float
    per_s: float


@dataclass(slots=True)
class Count:
    """Of what came by itself."""

    values: int = 0
    has_begun: asyncio.Event = field(default_factory=asyncio.Event)

    def add(self, values: int) -> None:
        self.values += values
        self.has_begun.set()

    async def cost(self) -> Cost:
        """What one interval takes, when it has settled."""
        await self.has_begun.wait()
        await asyncio.sleep(SETTLE_S)
        before, cpu, began = self.values, time.process_time(), time.monotonic()
        await asyncio.sleep(LOOK_S)
        values = self.values - before
        return Cost((time.process_time() - cpu) / values * 1e6, values / (time.monotonic() - began))


@asynccontextmanager
async def driver(port: int, *, is_subscribed: bool) -> AsyncIterator[Driver]:
    connection = PLUGIN.connection(
        url=f"opc.tcp://{HOST}:{port}", insecure=True, security={"policy": "None"}, limits={"nodes": CHUNK}
    )
    tags = [Tag(name, PLUGIN.address(address=address)) for name, address in TAGS.items()]
    group = Group(GROUP, "device", PLUGIN.device(), tags, SAMPLING_S, is_subscribed=is_subscribed)
    opened = PLUGIN.open(connection, [group], Quiet())
    await opened.connect()
    try:
        yield opened
    finally:
        await opened.close()


@asynccontextmanager
async def client(port: int) -> AsyncIterator[tuple[Client, list[Node]]]:
    """asyncua's, and the nodes."""
    made = Client(f"opc.tcp://{HOST}:{port}")
    async with made:
        index = await made.get_namespace_index(NAMESPACE)
        yield made, [made.get_node(ua.NodeId(cast(Any, name), ua.Int16(index))) for name in NAMES]


async def ours_notified(port: int) -> Cost:
    count = Count()

    async def listen(opened: SubscribingDriver) -> None:
        async for _, scan in opened.changes():
            count.add(len(scan.values))

    async with driver(port, is_subscribed=True) as opened, asyncio.TaskGroup() as tasks:
        listening = tasks.create_task(listen(cast(SubscribingDriver, opened)), name="listen")
        cost = await count.cost()
        listening.cancel()
    return cost


async def asyncuas_notified(port: int) -> Cost:
    count = Count()

    class Told:
        def datachange_notification(self, node: Node, value: object, data: object) -> None:
            count.add(1)

    wanted = ua.CreateSubscriptionParameters()
    wanted.RequestedPublishingInterval = ua.Double(SAMPLING_S * 1000)
    wanted.RequestedMaxKeepAliveCount, wanted.RequestedLifetimeCount = ua.UInt32(50), ua.UInt32(600)
    wanted.PublishingEnabled = True
    async with client(port) as (made, nodes):
        subscription = await made.create_subscription(wanted, Told())
        await subscription.subscribe_data_change(nodes, queuesize=100, sampling_interval=ua.Double(SAMPLING_S * 1000))
        cost = await count.cost()
        await subscription.delete()
    return cost


async def notified(port: int) -> dict[str, float]:
    """CPU of one change that the server told."""
    return _compared([(await ours_notified(port), await asyncuas_notified(port)) for _ in range(TURNS)])


async def polled(port: int) -> dict[str, float]:
    """CPU of one value that was read; all of them changed since the read before."""
    async with driver(port, is_subscribed=False) as ours, client(port) as (made, nodes):

        async def read_ours() -> int:
            return sum(len(scan.values) for scan in await ours.read(GROUP))

        async def read_theirs() -> int:
            parts = [nodes[start : start + CHUNK] for start in range(0, len(nodes), CHUNK)]
            return sum([len(await made.read_values(part)) for part in parts])

        return _compared([(await _read(read_ours), await _read(read_theirs)) for _ in range(TURNS)])


async def _read(read: Callable[[], Awaitable[int]]) -> Cost:
    await read()
    values, cpu, began = 0, time.process_time(), time.monotonic()
    for _ in range(READS):
        values += await read()
    return Cost((time.process_time() - cpu) / values * 1e6, values / (time.monotonic() - began))


def _compared(turns: Sequence[tuple[Cost, Cost]]) -> dict[str, float]:
    ours, theirs = zip(*turns, strict=True)
    return {
        "ours_us": median(cost.us for cost in ours),
        "asyncua_us": median(cost.us for cost in theirs),
        "ours_per_s": median(cost.per_s for cost in ours),
        "asyncua_per_s": median(cost.per_s for cost in theirs),
        "ratio": median(a.us / b.us for a, b in turns),
    }


def main(what: str, port: str) -> None:
    measured = asyncio.run({"notified": notified, "polled": polled}[what](int(port)))
    print(json.dumps(measured), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
