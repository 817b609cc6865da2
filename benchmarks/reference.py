"""The least that could be done: a bare asyncio loop, what the agent is compared with.

    python -m benchmarks.reference BROKER-PORT PERIOD-S PLC-PORT...

Raw sockets; for each block of 100 registers one `struct` unpack, one `orjson.dumps` of names and values and one paho
publish with QoS 1 (window of 32). No names of devices in configuration, no scale, quality, report rule, time-out,
reconnect, confirmation or log. It never ends by itself.
"""

import asyncio
import struct
import sys
import time

import orjson
from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

BLOCK = 100
NAMES = [f"x_{i:03}" for i in range(BLOCK)]
REQUEST = struct.pack(">HHHBBHH", 1, 0, 6, 1, 3, 0, BLOCK)
UNPACK = struct.Struct(f">{BLOCK}H").unpack_from


async def look_after(port: int, period_s: float, client: Client) -> None:
    loop = asyncio.get_running_loop()
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    topic = f"lineside/v1/bench/line1/d{port}/data"
    due = loop.time()
    while True:
        writer.write(REQUEST)
        reply = await reader.readexactly(9 + 2 * BLOCK)
        values = dict(zip(NAMES, UNPACK(reply, 9), strict=True))
        client.publish(topic, orjson.dumps({"t": time.time_ns() // 1_000_000, "v": values}), 1)
        due += period_s
        await asyncio.sleep(max(0.0, due - loop.time()))


async def main(broker: int, period_s: float, ports: list[int]) -> None:
    client = Client(CallbackAPIVersion.VERSION2, client_id="reference")
    client.max_inflight_messages_set(32)
    client.connect("127.0.0.1", broker)
    client.loop_start()
    async with asyncio.TaskGroup() as group:
        for port in ports:
            group.create_task(look_after(port, period_s, client), name=f"poll {port}")


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), float(sys.argv[2]), [int(port) for port in sys.argv[3:]]))
