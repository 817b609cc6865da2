"""A real mosquitto on a free loopback port, with a configuration of its own."""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

PROGRAM = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


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
