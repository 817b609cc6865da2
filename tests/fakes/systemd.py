"""What systemd is to a service: a socket that hears how it stands (`sd_notify(3)`)."""

import asyncio
import contextlib
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path


class Heard:
    """Datagrams as they came, each a list of assignments."""

    def __init__(self, address: str, sock: socket.socket) -> None:
        self.address = address
        self.states: list[list[str]] = []
        self._sock = sock

    async def next(self, within_s: float = 20.0) -> list[str]:
        """Wait for another datagram. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            data = await asyncio.get_running_loop().sock_recv(self._sock, 4096)
        self.states.append(data.decode().split("\n"))
        return self.states[-1]

    async def until(self, assignment: str, times: int = 1, within_s: float = 20.0) -> None:
        """Wait until a state was told so often, counting from the start; `STATUS=` stands for any status."""
        async with asyncio.timeout(within_s):
            while self.count(assignment) < times:
                await self.next()

    def count(self, assignment: str) -> int:
        return sum(line == assignment or (assignment[-1] == "=" and line.startswith(assignment)) for line in self.lines)

    @property
    def lines(self) -> list[str]:
        return [line for state in self.states for line in state]

    def environment(self, watchdog_s: float | None = None) -> dict[str, str]:
        """What systemd sets for the service. WATCHDOG_PID is left out: only it knows the process."""
        asked = {} if watchdog_s is None else {"WATCHDOG_USEC": str(round(watchdog_s * 1_000_000))}
        return {"NOTIFY_SOCKET": self.address, **asked}


@contextlib.contextmanager
def systemd(directory: Path | None = None) -> Iterator[Heard]:
    """Listen in a directory, or in the abstract namespace."""
    name = f"lineside-test-{secrets.token_hex(8)}"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
        sock.setblocking(False)
        sock.bind(f"\0{name}" if directory is None else str(directory / name))
        yield Heard(f"@{name}" if directory is None else str(directory / name), sock)
