"""The demo from its first line to its last: start everything, show what arrives, stop everything, give account."""

import asyncio
import math
import secrets
import signal
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console

from agent.config import render
from agent.demo.arrivals import Arrivals
from agent.demo.broker import embedded
from agent.demo.picture import picture, say
from agent.demo.seconds import HEARD_S, Seconds
from agent.demo.stand import Agent, Broker, Stand, WrongConfiguration, agent, machines
from agent.demo.summary import faults, summary
from agent.demo.texts import Words
from agent.demo.viewer import Ear, listening, now_ms
from agent.messages import Catalogue, Language
from agent.mqtt import LinkFailed
from agent.scope import Scope

DRAW_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Options:
    """What was asked for on the command line."""

    seconds: float | None
    """None runs until Ctrl-C."""
    broker: str | None
    """URL of a real broker; None embeds one."""
    language: Language
    seed: int


async def show(options: Options) -> int:
    """Run the demo; the exit code: 0 when everything that arrived is true, 1 when not, 2 for a URL that is none."""
    console, words, stop = Console(), Words(options.language), asyncio.Event()
    for wish in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(wish, stop.set)
    gateway = f"gw-demo-{secrets.token_hex(2)}"
    try:
        with tempfile.TemporaryDirectory(prefix="lineside-demo-") as folder:
            async with (
                _broker(options.broker) as broker,
                machines(Path(folder), broker, gateway, options.seed) as stand,
            ):
                return await _perform(options, console, words, stop, stand)
    except WrongConfiguration as wrong:
        catalogue = Catalogue(options.language)
        say(console, [render(problem, catalogue) for problem in wrong.problems])
        return 2
    except LinkFailed as failed:
        say(console, [words("broker_refused", place=options.broker or "", reason=failed.reason)])
        return 1


@asynccontextmanager
async def _broker(url: str | None) -> AsyncIterator[Broker]:
    if url is not None:
        yield Broker(url)
        return
    async with embedded() as own:
        yield Broker(own, "3.1.1")


async def _perform(options: Options, console: Console, words: Words, stop: asyncio.Event, stand: Stand) -> int:
    destination = stand.configuration.destinations[0]
    place = f"{destination.host}:{destination.port}" + ("" if options.broker else words("embedded"))
    ends = words("stop_after", seconds=options.seconds) if options.seconds else words("stop_hint")
    say(console, [words("starting", broker=place), ends])
    arrivals = Arrivals(stand.configuration.gateway, stand.plant)
    async with listening(stand.configuration, arrivals) as ear:
        seconds = Seconds(options.seconds or math.inf, time.monotonic())
        problems = await _watch(seconds, console, words, stop, stand, ear)
        await ear.last_words()
        if options.broker:
            await ear.clear()
    expected = stand.configuration.devices if seconds.passed_s >= HEARD_S else ()
    problems += faults(arrivals, [device.name for device in expected], words)
    say(console, summary(arrivals, words, seconds.passed_s))
    say(console, problems or [words("all_true", duplicates=arrivals.duplicates)])
    return 1 if problems else 0


async def _watch(
    seconds: Seconds, console: Console, words: Words, stop: asyncio.Event, stand: Stand, ear: Ear
) -> list[str]:
    """Show what arrives until it is time to stop; what went wrong meanwhile."""
    with picture(console, ear.arrivals, words) as shown:
        async with Scope() as tasks, agent(stand.path, words.language, shown.log) as running:
            tasks.start(running.listen(), "the agent's log")
            while not stop.is_set():
                shown.draw(now_ms())
                if ear.link.lost.done():
                    return [words("viewer_lost", reason=ear.link.lost.result())]
                if running.process.returncode is not None:
                    return _ended(running, words)
                if seconds.are_over(time.monotonic(), has_begun=ear.arrivals.messages > 0):
                    break
                await _pause(stop)
    return _ended(running, words) if running.process.returncode not in {0, -signal.SIGTERM} else []


def _ended(running: Agent, words: Words) -> list[str]:
    return [words("agent_ended", code=running.process.returncode), *running.log]


async def _pause(stop: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(DRAW_EVERY_S):
            await stop.wait()
    except TimeoutError:
        return
