"""Transactions and nothing else: the driver's own link on the agent's schedule, and nobody reads the answers.

    python -m benchmarks.bare PERIOD-S BLOCKS PLC-PORT...

What the agent costs beyond this is what it does with values. It never ends by itself.
"""

import asyncio
import sys

from drivers.modbus.address import Table
from drivers.modbus.config import Connection
from drivers.modbus.counts import Counts
from drivers.modbus.opening import way
from drivers.modbus.plan import Block
from drivers.modbus.request import request


async def look_after(port: int, period_s: float, blocks: int) -> None:
    loop = asyncio.get_running_loop()
    counts = Counts()
    link = way(Connection(url=f"tcp://127.0.0.1:{port}"), counts)
    await link.open()
    asked = [request(1, Block(Table.HOLDING, 100 * place, 100, ())) for place in range(blocks)]
    due = loop.time()
    while True:
        await link.ask(asked)
        due += period_s
        await asyncio.sleep(max(0.0, due - loop.time()))


async def main(period_s: float, blocks: int, ports: list[int]) -> None:
    async with asyncio.TaskGroup() as group:
        for port in ports:
            group.create_task(look_after(port, period_s, blocks), name=f"poll {port}")


if __name__ == "__main__":
    asyncio.run(main(float(sys.argv[1]), int(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
