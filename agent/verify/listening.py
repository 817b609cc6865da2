"""A subscription that outlives its connection: it comes back by itself, and says whether anything passed meanwhile."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from agent.backoff import Backoff
from agent.mqtt import Connector, Endpoint, Link, LinkFailed
from agent.verify.account import Account
from agent.verify.report import Connection

GOODBYE_S = 2.0


class Listening:
    """Feeds an account with what a broker sends on some topic filters."""

    def __init__(
        self,
        endpoint: Endpoint,
        filters: Sequence[str],
        account: Account,
        connection: Connection,
        tell: Callable[[str, dict[str, object]], None],
    ) -> None:
        """`tell` is given the code and the facts of an operator message when the connection breaks and is back."""
        self._connector = Connector(endpoint)
        self._filters = filters
        self._account = account
        self._connection = connection
        self._tell = tell
        self._backoff = Backoff()
        self._link: Link | None = None
        self._is_subscribed = False
        """In the session that the broker has of us."""

    @property
    def protocol(self) -> str:
        return self._link.protocol if self._link else "?"

    async def begin(self) -> None:
        """Connect and subscribe. Raises `LinkFailed`."""
        self._account.began_ms = now_ms()
        await self._open()

    async def hold(self) -> None:
        """Keep it, for ever."""
        while True:
            if self._link is not None:
                await asyncio.wait((self._link.lost,))
                self._broken()
                self._tell("W8008", {"reason": self._link.lost.result()})
                self._link = None
            await asyncio.sleep(self._backoff.pause(time.monotonic()))
            try:
                kept = await self._open()
            except LinkFailed:
                continue
            self._backoff.reset()
            self._tell("N8009" if kept else "N8049", {})

    async def _open(self) -> bool:
        """Whether the broker had kept the session with our subscription, so that nothing passed meanwhile."""
        link = await self._connector.open(None, self._hear)
        kept = self._is_subscribed = self._is_subscribed and link.session_present
        try:
            if not kept:
                await link.subscribe(self._filters)
        except BaseException:
            link.close()
            raise
        if self._connection.breaks and not kept:
            self._connection.forgotten += 1
        self._link, self._is_subscribed = link, True
        return kept

    def _broken(self) -> None:
        """Where nobody was asked to keep what comes, that it is missing is our own doing and nobody's fault."""
        self._connection.breaks += 1
        if not self._connection.is_lasting:
            self._account.away()

    def _hear(self, topic: str, payload: bytes, retained: bool) -> None:
        self._account.take(topic, payload, now_ms(), retained)

    async def end(self) -> None:
        """Say goodbye, and leave no session behind that would fill up unread."""
        link, self._link = self._link, None
        endpoint = self._connector.endpoint
        if link is not None:
            await link.disconnect(GOODBYE_S)
        if endpoint.session_expiry_s and (link is None or link.protocol == "3.1.1"):
            await _forget(replace(endpoint, session_expiry_s=0, connect_timeout_s=GOODBYE_S))


async def _forget(endpoint: Endpoint) -> None:
    """A clean connect takes a session away. A broker that is not there forgets it when its time is over."""
    try:
        link = await Connector(endpoint).open()
    except LinkFailed:
        return
    await link.disconnect(GOODBYE_S)


def now_ms() -> int:
    """UTC epoch milliseconds."""
    return time.time_ns() // 1_000_000
