"""What stands around the agent: machines, a broker, a configuration that names them, and the agent's own process."""

import asyncio
import contextlib
import os
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from agent.config import Configuration, groups, load
from agent.config.located import Located
from agent.demo.plant import Plant
from agent.messages import Language

STOP_S = 8.0
"""An agent that was told to stop is gone in 5 s."""
LINES = 50


class WrongConfiguration(Exception):
    """The demo's configuration cannot work, most likely because of the URL of the broker."""

    def __init__(self, problems: tuple[Located, ...]) -> None:
        super().__init__(", ".join(f"{problem.path}: {problem.code}" for problem in problems))
        self.problems = problems


class Broker(NamedTuple):
    """Where to deliver, and in which version of MQTT: `auto`, `5` or `3.1.1`."""

    url: str
    protocol: str = "auto"


@dataclass(frozen=True, slots=True)
class Stand:
    """Simulated machines that answer, and the configuration to read them with."""

    path: Path
    configuration: Configuration
    plant: Plant


@asynccontextmanager
async def machines(folder: Path, broker: Broker, gateway: str, seed: int) -> AsyncIterator[Stand]:
    """Serve the machines of demo.yaml; write the configuration with their ports. Raises `WrongConfiguration`."""
    text = files("agent.demo").joinpath("demo.yaml").read_text(encoding="utf-8")
    text = text.replace("mqtt://broker.example:1883", broker.url).replace("gateway: gw-demo", f"gateway: {gateway}")
    text = text.replace("protocol: auto", f'protocol: "{broker.protocol}"')
    path = folder / "demo.yaml"
    draft = _loaded(path, text)
    plant = Plant(draft, seed)
    async with AsyncExitStack() as stack:
        for connection in draft.connections:
            if connection.plugin.simulate is not None:
                served = connection.plugin.simulate(connection.settings, groups(draft)[connection.name], plant.world)
                text = text.replace(
                    str(getattr(connection.settings, "url", "")), await stack.enter_async_context(served)
                )
        yield Stand(path, _loaded(path, text), plant)


def _loaded(path: Path, text: str) -> Configuration:
    path.write_text(text, encoding="utf-8")
    loaded = load(path, plans=False)  # the agent asks its drivers itself
    if loaded.configuration is None:
        raise WrongConfiguration(loaded.problems)
    return loaded.configuration


class Agent:
    """The real agent in a process of its own."""

    def __init__(self, process: asyncio.subprocess.Process, said: Callable[[str], None]) -> None:
        self.process = process
        self.log: deque[str] = deque(maxlen=LINES)
        self._said = said

    async def listen(self) -> None:
        """Take up what it logs, until it ends."""
        assert self.process.stderr is not None
        while line := await self.process.stderr.readline():
            text = line.decode("utf-8", "replace").rstrip()
            self.log.append(text)
            self._said(text)

    async def stop(self) -> int:
        """Ask it to end, insist after a while; its exit code."""
        if self.process.returncode is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                async with asyncio.timeout(STOP_S):
                    return await self.process.wait()
            except TimeoutError:
                self.process.kill()
        return await self.process.wait()


@asynccontextmanager
async def agent(path: Path, language: Language, said: Callable[[str], None]) -> AsyncIterator[Agent]:
    """`lineside run` on that configuration. Ctrl-C does not reach it: it is stopped when the block is left."""
    state = path.parent / "state"
    state.mkdir()
    kept = {key: value for key, value in os.environ.items() if key not in {"JOURNAL_STREAM", "NOTIFY_SOCKET"}}
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "agent.cli", "run", str(path)),
        env={**kept, "STATE_DIRECTORY": str(state), "LINESIDE_LANG": language, "PYTHONIOENCODING": "utf-8"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
        start_new_session=True,
    )
    running = Agent(process, said)
    try:
        yield running
    finally:
        with contextlib.suppress(ProcessLookupError):
            await running.stop()
