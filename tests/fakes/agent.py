"""The real agent in a process of its own, and a platform that sees what it delivers."""

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from agent.mqtt import Endpoint, subscribe

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 20.0


def site(
    directory: Path,
    connections: Sequence[Mapping[str, object]],
    devices: Sequence[Mapping[str, object]],
    *brokers: int,
    **more: object,
) -> Path:
    """A configuration file (JSON is YAML) for these brokers' ports."""
    written = {
        "version": 1,
        "gateway": "gw-test",
        "language": "en",
        "labels": {"site": "factory-a", "line": "line2"},
        "state_dir": str(directory / "state"),
        "destinations": [
            {"name": f"broker{n}", "url": f"mqtt://127.0.0.1:{port}", "client_id": f"gw-test-{n}"}
            for n, port in enumerate(brokers)
        ],
        "connections": connections,
        "devices": devices,
        **more,
    }
    path = directory / "site.yaml"
    path.write_text(json.dumps(written, ensure_ascii=False, indent=1), encoding="utf-8")
    return path


class Told:
    """Something that grows, and whoever waits for a line or a message in it."""

    def __init__(self) -> None:
        self._grown = asyncio.Event()

    def grow(self) -> None:
        self._grown.set()

    async def until(self, holds: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        """Wait until something holds; looked at each time that something is new."""
        async with asyncio.timeout(patience_s):
            while not holds():
                self._grown.clear()
                await self._grown.wait()


class Agent(Told):
    """`lineside run FILE`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        super().__init__()
        self.process = process
        self.lines: list[str] = []

    @property
    def pid(self) -> int:
        return self.process.pid

    async def listen(self) -> None:
        assert self.process.stderr is not None
        async for line in self.process.stderr:
            self.lines.append(line.decode().rstrip("\n"))
            self.grow()

    def said(self, code: str) -> list[str]:
        return [line for line in self.lines if f" {code} " in line]

    async def says(self, code: str, times: int = 1) -> None:
        await self.until(lambda: len(self.said(code)) >= times)

    async def stop(self, wish: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal and wait for the exit code."""
        if self.process.returncode is None:
            self.process.send_signal(wish)
        async with asyncio.timeout(PATIENCE_S):
            return await self.process.wait()


@contextlib.asynccontextmanager
async def agent(file: Path, **environment: str) -> AsyncIterator[Agent]:
    """The agent, running; killed at the end if it still is. Nothing that it says may be a traceback."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "agent.cli",
        "run",
        str(file),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **environment},
    )
    running = Agent(process)
    listening = asyncio.create_task(running.listen(), name="the agent's log")
    try:
        yield running
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await listening
    assert not [line for line in running.lines if "Traceback" in line], "\n".join(running.lines)


class Arrived(NamedTuple):
    """One message at the platform."""

    topic: str
    body: dict[str, Any]
    at: float
    """Monotonic time of the event loop."""
    retain: bool


class Platform(Told):
    """Whoever subscribes to everything."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[Arrived] = []

    async def listen(self, port: int) -> None:
        loop = asyncio.get_running_loop()
        async with contextlib.aclosing(
            subscribe(Endpoint("127.0.0.1", port, f"platform-{secrets.token_hex(4)}"), ["#"])
        ) as seen:
            async for message in seen:
                body = json.loads(message.payload) if message.payload else {}
                self.messages.append(Arrived(message.topic, body, loop.time(), message.retain))
                self.grow()

    def of(self, kind: str, device: str | None = None) -> list[dict[str, Any]]:
        """Bodies of all messages whose topic ends with `kind`, of one device or all."""
        ending = kind if device is None else f"/{device}/{kind}"
        return [message.body for message in self.messages if message.topic.endswith(ending)]

    def samples(self, device: str, tag: str) -> list[tuple[int, Any, str]]:
        """(time, value, quality) of a tag, as they arrived."""
        return [
            (scan["t"], scan["v"][tag], scan.get("q", {}).get(tag, "good"))
            for body in self.of("data", device)
            for scan in body["scans"]
            if tag in scan["v"]
        ]

    async def sees(self, device: str, tag: str, quality: str = "good", times: int = 1) -> None:
        await self.until(lambda: sum(q == quality for _, _, q in self.samples(device, tag)) >= times)

    def holes(self, device: str) -> list[int]:
        """Sequence numbers that are missing between the first and the last that arrived."""
        numbers = {body["seq"] for kind in ("data", "event") for body in self.of(kind, device)}
        return sorted(set(range(min(numbers), max(numbers) + 1)) - numbers) if numbers else []


@contextlib.asynccontextmanager
async def platform(port: int) -> AsyncIterator[Platform]:
    """A platform that listens to the broker on that port."""
    listening = Platform()
    task = asyncio.create_task(listening.listen(port), name="the platform")
    try:
        yield listening
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
