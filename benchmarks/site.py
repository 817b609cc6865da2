"""Configurations as a site would write them, with everything on, for as many devices as a line of the table needs."""

from collections.abc import Mapping, Sequence
from pathlib import Path

BLOCK = 100


def written(
    folder: Path,
    broker: int,
    ports: Sequence[int],
    *,
    tags: int = BLOCK,
    every_ms: int,
    limits: str = "",
    stamps: bool = False,
    backfill: str = "",
) -> Path:
    """A file with one connection and one device for each port.

    Every second tag is scaled and has a dead band, all have a range and a heartbeat, and the devices have labels.
    `stamps`: u32, as they are on the wire. `backfill`: how the destination wants its backlog.
    """
    devices = "".join(_device(number, tags, every_ms, stamps) for number in range(len(ports)))
    own = f", limits: {{{limits}}}" if limits else ""
    connections = "".join(
        f"  - {{name: c{number}, driver: modbus, url: 'tcp://127.0.0.1:{port}'{own}}}\n"
        for number, port in enumerate(ports)
    )
    return _file(folder, broker, connections, devices, f", backfill: {{{backfill}}}" if backfill else "")


def subscribed(folder: Path, broker: int, port: int, tags: Mapping[str, str], sampling_ms: int) -> Path:
    """A file with one OPC UA connection and one device, which has these names and addresses."""
    security = "insecure: true, security: {policy: None}"
    connection = f"  - {{name: c0, driver: opcua, url: 'opc.tcp://127.0.0.1:{port}', {security}}}\n"
    device = f"  - name: d0\n    connection: c0\n    sampling: {sampling_ms}ms\n    tags:\n" + "".join(
        f"      - {{name: {name}, address: '{address}', range: [0, 4294967295], max_interval: 60s}}\n"
        for name, address in tags.items()
    )
    return _file(folder, broker, connection, device)


def _file(folder: Path, broker: int, connections: str, devices: str, way: str = "") -> Path:
    file = folder / "benchmark.yaml"
    file.write_text(
        "version: 1\n"
        "gateway: bench\n"
        "labels: {enterprise: lineside, site: bench, line: line1}\n"
        f"state_dir: {folder / 'state'}\n"
        "health_interval: 5s\n"
        f"destinations:\n  - {{name: broker, url: 'mqtt://127.0.0.1:{broker}'{way}}}\n"
        f"connections:\n{connections}"
        f"devices:\n{devices}"
    )
    return file


def _device(number: int, tags: int, every_ms: int, stamps: bool) -> str:
    head = (
        f"  - name: d{number}\n    connection: c{number}\n    type: press-label\n    every: {every_ms}ms\n    tags:\n"
    )
    return head + "".join((_stamp if stamps else _tag)(place) for place in range(tags))


def _stamp(place: int) -> str:
    return f"      - {{name: x_{place:03}, address: 'hr:{2 * place}:u32'}}\n"


def _tag(place: int) -> str:
    rules = ", scale: 0.1, unit: m/min, deadband: 0.05" if place % 2 else ""
    return f"      - {{name: x_{place:03}, address: 'hr:{place}', range: [0, 70000], max_interval: 60s{rules}}}\n"
