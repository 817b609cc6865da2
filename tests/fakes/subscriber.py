"""`lineside sub` in a process of its own."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import AsyncIterator

from tests.fakes.agent import ROOT, Told


class Subscriber(Told):
    """What it prints, line by line."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__()
        self.process = process
        self.lines: list[str] = []
        self.asides: list[str] = []
        self._left = 2
        """Streams that are not at their end."""

    async def listen(self, stream: asyncio.StreamReader | None, lines: list[str]) -> None:
        assert stream is not None
        async for line in stream:
            lines.append(line.decode().rstrip("\n"))
            self.grow()
        self._left -= 1
        self.grow()

    async def end(self, wish: signal.Signals = signal.SIGTERM) -> int:
        """Ask for the report; the exit code."""
        self.process.send_signal(wish)
        return await self.ended()

    async def ended(self) -> int:
        await self.until(lambda: not self._left)
        return await self.process.wait()

    async def counts(self, what: str, number: int) -> None:
        """Until a line of progress has so many of something."""
        await self.until(lambda: any(f"{what} {number} " in f"{line} " for line in self.lines))

    @property
    def verdict(self) -> str:
        return self.lines[-1] if self.lines else ""

    def row(self, device: str) -> dict[str, str]:
        """One row of the report, by the words of its head."""
        head = next((line for line in self.lines if line.startswith("gateway ")), "")
        assert head, (self.lines, self.asides)
        row = next((line for line in self.lines if line.split()[1:2] == [device]), "")
        names = [name for name in head.split("  ") if name]
        return dict(zip(map(str.strip, names), row.split(), strict=True))


@contextlib.asynccontextmanager
async def subscriber(*arguments: str) -> AsyncIterator[Subscriber]:
    """Running, and subscribed if it comes so far; killed at the end if it still is there."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent.cli", "sub", "--every", "0.2", *arguments),
        cwd=ROOT,
        stdout=pipe,
        stderr=pipe,
        env={**os.environ, "LINESIDE_LANG": "en", "PYTHONIOENCODING": "utf-8"},
    )
    running = Subscriber(process)
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(running.listen(process.stdout, running.lines), name="its report")
        tasks.create_task(running.listen(process.stderr, running.asides), name="what it says beside")
        try:
            await running.until(lambda: running.lines or running.asides)
            yield running
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
    assert not [line for line in running.asides if "Traceback" in line], "\n".join(running.asides)
