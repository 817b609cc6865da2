"""Does what is published arrive? With MQTT 3.1.1 a broker drops in silence what it does not allow.

A message to a topic of our own, read back. It is the one subscription of the agent that no format declares, and made
only where the configuration asks for it.
"""

import asyncio
import secrets
from collections.abc import Awaitable, Callable
from typing import NoReturn

from agent.formats.contract import Message
from agent.mqtt import Link, LinkFailed
from agent.publish.pace import Pace
from drivers.contract import Journal
from drivers.phrase import Phrase

Publish = Callable[[Message], Awaitable[None]]


class Canary:
    """Of one destination."""

    def __init__(self, destination: str, topic: str, journal: Journal, pace: Pace) -> None:
        """`topic` is one that nobody else uses, under the prefix of what is published."""
        self._destination = destination
        self._topic = topic
        self._journal = journal
        self._pace = pace
        self._song = b""
        self._is_heard = asyncio.Event()

    async def sing(self, link: Link, publish: Publish) -> NoReturn:
        """Once now, and again with every health message, as long as the link lives."""
        while True:
            await self._sing(link, publish)
            await asyncio.sleep(self._pace.health_every_s)

    async def _sing(self, link: Link, publish: Publish) -> None:
        try:
            await link.subscribe([self._topic], self._hear)
        except LinkFailed as failed:
            if not link.lost.done():
                self._lost(failed.reason)
            return
        self._song = b'{"canary":"%b"}' % secrets.token_hex(8).encode()
        self._is_heard.clear()
        await publish(Message(self._topic, self._song))
        try:
            async with asyncio.timeout(self._pace.canary_s):
                await self._is_heard.wait()
        except TimeoutError:
            seconds = f"{self._pace.canary_s:g}"
            self._lost(Phrase(f"{seconds} 秒内没有收到", f"nothing in {seconds} s"))
        else:
            self._journal.back("E4013", self._destination, topic=self._topic)

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:
        if payload == self._song:
            self._is_heard.set()

    def _lost(self, reason: str) -> None:
        self._journal.lost("E4013", self._destination, topic=self._topic, reason=reason)
