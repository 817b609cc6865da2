"""A platform's ear: a subscriber of its own that listens before the agent speaks."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from agent.config import Configuration
from agent.demo.arrivals import Arrivals
from agent.mqtt import Connector, Endpoint, Link, Proxy, Tls

SOON_S = 3.0
"""How long the last messages may take."""


class Ear:
    """A subscription that is in place."""

    def __init__(self, link: Link, arrivals: Arrivals) -> None:
        self.link = link
        self.arrivals = arrivals
        self._offline = asyncio.Event()

    def hear(self, topic: str, payload: bytes, _: bool) -> None:
        self.arrivals.take(topic, payload, now_ms())
        if self.arrivals.online is False:
            self._offline.set()

    async def last_words(self) -> None:
        """The agent says last that it is offline; what came before it is here then."""
        if self.arrivals.online:
            await _soon(self._offline)

    async def clear(self) -> None:
        """Take back what the broker keeps of the demo: a borrowed broker is left as it was."""
        waiting, done = set(self.arrivals.retained), asyncio.Event()
        for topic in sorted(waiting):

            def answered(_: object, topic: str = topic) -> None:
                waiting.discard(topic)
                if not waiting:
                    done.set()

            self.link.publish(topic, b"", 1, True, answered)
        if waiting:
            await _soon(done)


@asynccontextmanager
async def listening(configuration: Configuration, arrivals: Arrivals) -> AsyncIterator[Ear]:
    """Subscribed to everything of the demo's site and gateway. Raises `LinkFailed`."""
    labels = configuration.labels
    link = await Connector(_endpoint(configuration)).open()
    ear = Ear(link, arrivals)
    try:
        site = f"lineside/v1/{labels['site']}"
        await link.subscribe([f"{site}/{labels['line']}/+/+", f"{site}/gateways/{configuration.gateway}/+"], ear.hear)
        yield ear
    finally:
        await link.disconnect(1.0)


def _endpoint(configuration: Configuration) -> Endpoint:
    """The agent's own destination, under another client id."""
    to = configuration.destinations[0]
    tls = Tls(to.tls.ca_file, to.tls.cert_file, to.tls.key_file) if to.tls else None
    identity = f"{configuration.gateway}-view"
    way = to.proxy
    return Endpoint(
        to.host,
        to.port,
        identity,
        tls,
        to.username,
        to.password,
        to.protocol,
        path=to.path,
        proxy=Proxy(way.host, way.port, way.username, way.password) if way else None,
    )


async def _soon(event: asyncio.Event) -> None:
    try:
        async with asyncio.timeout(SOON_S):
            await event.wait()
    except TimeoutError:
        return


def now_ms() -> int:
    """UTC epoch milliseconds."""
    return time.time_ns() // 1_000_000
