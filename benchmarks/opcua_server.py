"""Starts `opcua_server.js`: an OPC UA server that is not ours, whose scalars change whenever they are looked at."""

import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.processes import ROOT, Process, started
from drivers.opcua.certificate import KEY, own

SCALARS = 1150
NAMESPACE = "urn:lineside:benchmarks"
NAMES = [f"x_{place:04}" for place in range(SCALARS)]
TAGS = {name: f"nsu={NAMESPACE};s={name}" for name in NAMES}
"""Name -> address."""
HOST = "127.0.0.1"
PACKAGES = ROOT / "tests" / "peers" / "node_modules"


@contextmanager
def opcua_server() -> Iterator[tuple[Process, list[int]]]:
    """The server and its port."""
    program = shutil.which("node")
    if program is None or not (PACKAGES / "node-opcua-server").is_dir():
        sys.exit("lines 16 to 18 need Node.js and node-opcua: npm ci --prefix tests/peers --ignore-scripts")
    with socket.create_server((HOST, 0)) as free:
        port = free.getsockname()[1]
    with TemporaryDirectory(prefix="lineside-bench-") as folder:
        pair = own(Path(folder), HOST, datetime.now(UTC))
        arguments = (port, pair.path, pair.path.with_name(KEY), pair.uri, SCALARS)
        script = str(ROOT / "benchmarks" / "opcua_server.js")
        with started(program, script, *map(str, arguments), NODE_PATH=str(PACKAGES)) as process:
            yield process, [int(str(process.hear()))]


def looks(server: Process) -> int:
    """How often one of its scalars was looked at, and changed."""
    return int(str(server.ask()))
