"""The real agent in a process of its own, and a platform that sees what it delivers."""

import asyncio
import contextlib
import json
import os
import re
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

from agent.mqtt import Connector, Endpoint, Link, LinkFailed

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


LINE = re.compile(r"(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d) \w+ +(\w\d{4}) ")
"""The log on standard error: time, level, code."""


def busiest_minute(lines: Sequence[str]) -> int:
    """Most lines within any minute."""
    times = [datetime.fromisoformat(match[1]).timestamp() for line in lines if (match := LINE.match(line))]
    return max((sum(1 for at in times if first <= at < first + 60) for first in times), default=0)


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

    async def listen(self, port: int, is_there: asyncio.Event) -> None:
        """All that comes, until the connection is lost."""
        link = await self._opened(Connector(_somebody(port)))  # a second listener of a broker may come later
        try:
            await link.subscribe(["#"])
            is_there.set()
            await asyncio.wait((link.lost,))
            raise LinkFailed(link.lost.result())
        finally:
            await link.disconnect(1.0)

    async def hold(self, port: int, is_there: asyncio.Event) -> None:
        """As `listen`, over restarts of a broker that keeps sessions: what passes meanwhile is not missed."""
        connector = Connector(replace(_somebody(port), session_expiry_s=3600))
        while True:
            link = await self._opened(connector)
            try:
                if not link.session_present:
                    await link.subscribe(["#"])
                is_there.set()
                await asyncio.wait((link.lost,))
            except LinkFailed:
                continue
            finally:
                await link.disconnect(1.0)

    async def _opened(self, connector: Connector) -> Link:
        while True:
            try:
                return await connector.open(None, self._hear)
            except LinkFailed:
                await asyncio.sleep(0.02)

    def _hear(self, topic: str, payload: bytes, retain: bool) -> None:
        body = json.loads(payload) if payload else {}
        self.messages.append(Arrived(topic, body, asyncio.get_running_loop().time(), retain))
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


def _somebody(port: int) -> Endpoint:
    return Endpoint("127.0.0.1", port, f"platform-{secrets.token_hex(4)}")


@contextlib.asynccontextmanager
async def platform(port: int) -> AsyncIterator[Platform]:
    """A platform that listens to the broker on that port; subscribed when it is there."""
    listening, is_there = Platform(), asyncio.Event()
    async with _beside(listening.listen(port, is_there), is_there):
        yield listening


@contextlib.asynccontextmanager
async def lasting_platform(port: int) -> AsyncIterator[Platform]:
    """One whose session outlives the connection; subscribed when it is there."""
    listening, is_there = Platform(), asyncio.Event()
    async with _beside(listening.hold(port, is_there), is_there):
        yield listening


@contextlib.asynccontextmanager
async def _beside(listening: Coroutine[Any, Any, None], is_there: asyncio.Event) -> AsyncIterator[None]:
    task = asyncio.create_task(listening, name="the platform")
    try:
        async with asyncio.timeout(PATIENCE_S):
            await is_there.wait()
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
