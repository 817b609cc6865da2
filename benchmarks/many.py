"""A thousand devices read every ten seconds against a hundred read every second: what many connections cost.

    python -m benchmarks.many BROKER-PORT FOLDER EVERY-S PLC-PORT...

The agent's own wiring with a configuration that is built here: 100,000 tags do not fit into a file of 1 MiB.
"""

import asyncio
import signal
import sys
from fractions import Fraction
from pathlib import Path
from statistics import median

from agent.app import run
from agent.clock import Clock
from agent.config.configuration import (
    Configuration,
    Connection,
    Destination,
    Device,
    OutboxSettings,
    TagSettings,
)
from agent.log import Log
from agent.messages import Catalogue
from benchmarks.figures import Figure
from benchmarks.processes import module
from benchmarks.site import BLOCK
from benchmarks.steady import Steady, bench
from drivers.registry import plugin

TURNS = 2
HEALTH_S = 60.0
"""As it is by default; a look lasts as long, so it sees one report."""
LOOK_S = HEALTH_S
LABELS = {"enterprise": "lineside", "site": "bench", "line": "line1"}


def tag(place: int, every_s: float) -> TagSettings:
    """As `benchmarks.site` writes it."""
    scaled = place % 2 == 1
    return TagSettings(
        name=f"x_{place:03}",
        metric=f"x_{place:03}",
        labels={},
        unit="m/min" if scaled else None,
        description={},
        address=plugin("modbus").address(address=f"hr:{place}"),
        every_s=every_s,
        scale=Fraction(1, 10) if scaled else Fraction(1),
        offset=Fraction(0),
        enum=None,
        bits=None,
        null_values=(),
        range=(0, 70_000),
        deadband=0.05 if scaled else None,
        deadband_percent=None,
        min_interval_s=0.0,
        max_interval_s=60.0,
    )


def configuration(broker: int, folder: Path, every_s: float, ports: list[int]) -> Configuration:
    modbus = plugin("modbus")
    tags = tuple(tag(place, every_s) for place in range(BLOCK))
    return Configuration(
        gateway="bench",
        language="en",
        labels=LABELS,
        state_dir=folder / "state",
        outbox=OutboxSettings(64 << 20, 86_400.0, "1s"),
        health_interval_s=HEALTH_S,
        destinations=(
            Destination(
                "broker", "127.0.0.1", broker, None, "auto", "bench", None, None, ack_timeout_s=30.0, topics={}
            ),
        ),
        connections=tuple(
            Connection(f"c{place}", "modbus", modbus, modbus.connection(url=f"tcp://127.0.0.1:{port}"))
            for place, port in enumerate(ports)
        ),
        devices=tuple(
            Device(f"d{place:04}", f"c{place}", "press-label", {**LABELS, **_own(place)}, modbus.device(), tags)
            for place in range(len(ports))
        ),
    )


def _own(place: int) -> dict[str, str]:
    return {"device": f"d{place:04}", "device_type": "press-label", "gateway": "bench"}


async def main(broker: int, folder: Path, every_s: float, ports: list[int]) -> None:
    clock, stop = Clock(), asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, stop.set)
    log = Log(Catalogue("en"), clock.monotonic)
    await run(configuration(broker, folder, every_s, ports), log, stop, clock)


def line() -> Figure:
    """Both deliver 10,000 values a second in 100 messages of 100 values."""
    few, many = [], []
    for _ in range(TURNS):
        few.append(_steady(100, 1.0))
        many.append(_steady(1000, 10.0))
    ratio = median(b.us_per_value / a.us_per_value for a, b in zip(few, many, strict=True))
    details = f"1,000 devices: {many[-1]}, {many[-1].rss_mb:.0f} MB; 100: {few[-1]}, {few[-1].rss_mb:.0f} MB"
    return Figure(10, "CPU per value, 1,000 devices at 10 s / 100 at 1 s", ratio, "<=", 1.3, details)


def _steady(devices: int, every_s: float) -> Steady:
    """Settled when every device was read once."""
    with (
        bench(devices, "all") as stand,
        module("many", stand.broker_port, stand.folder, every_s, *stand.ports, log=stand.log) as subject,
    ):
        return stand.watch(subject, every_s + 5, LOOK_S)


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), Path(sys.argv[2]), float(sys.argv[3]), [int(port) for port in sys.argv[4:]]))
