"""A real mosquitto on a free loopback port, with a configuration of its own."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


BLOCK = 100
BLOCKS = range(16_000, 32_000, BLOCK)
"""Ports below those that Linux gives to who asks for any, so that nobody gets one of them by chance."""
_OURS: list[socket.socket] = []
"""Each holds a name in the abstract namespace that says that a block is this process's."""


def _ports() -> Iterator[int]:
    """Of blocks that no other test run has."""
    for first in random.SystemRandom().sample(BLOCKS, len(BLOCKS)):
        mark = socket.socket(socket.AF_UNIX)
        try:
            mark.bind(f"\0lineside-tests-ports-{first}")
        except OSError:
            mark.close()
        else:
            _OURS.append(mark)
            yield from range(first, first + BLOCK)


_NEXT = _ports()


def free_port() -> int:
    """A port where nobody listens, and that no test gets a second time while this process runs."""
    for port in _NEXT:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
    raise AssertionError("all ports were given away")


class Mosquitto:
    """One broker process. `lines` are added to its configuration."""

    def __init__(self, directory: Path, lines: Sequence[str] = ("allow_anonymous true",)) -> None:
        self.port = free_port()
        self._file = directory / f"mosquitto-{self.port}.conf"
        # Started as root it would become another user, who cannot read pytest's directories.
        user = ["user root"] if os.geteuid() == 0 else []
        self._file.write_text("\n".join([*user, f"listener {self.port} 127.0.0.1", *lines, ""]))
        self._process: subprocess.Popen[bytes] | None = None

    def launch(self) -> None:
        """Start it, without waiting until it listens."""
        assert PROGRAM is not None
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen([PROGRAM, "-c", str(self._file)], stdin=quiet, stdout=quiet, stderr=quiet)

    async def start(self) -> None:
        self.launch()
        async with asyncio.timeout(10):
            while not await self._listens():
                assert self._process is not None
                assert self._process.poll() is None, self._file.read_text()
                await asyncio.sleep(0.01)

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        with contextlib.suppress(OSError):
            await writer.wait_closed()
        return True

    def stop(self) -> None:
        """End it as a service manager would; by its own id."""
        if self._process is not None:
            self.thaw()
            self._process.terminate()
            self._process.wait(10)
            self._process = None

    def reload(self) -> None:
        """Certificates and keys are read again; connections stay."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    def freeze(self) -> None:
        """Accept, and never answer: the kernel goes on taking connections and bytes."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


@contextlib.asynccontextmanager
async def mosquitto(directory: Path, lines: Sequence[str] = ("allow_anonymous true",)) -> AsyncIterator[Mosquitto]:
    """A running broker."""
    broker = Mosquitto(directory, lines)
    await broker.start()
    try:
        yield broker
    finally:
        broker.stop()
