"""What arrives on some topics, for those who only look: the demo's table, tests."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from agent.mqtt.connector import Connector
from agent.mqtt.endpoint import Endpoint
from agent.mqtt.words import LinkFailed


class Seen(NamedTuple):
    """One message as it arrived."""

    topic: str
    payload: bytes
    retain: bool
    """Kept by the broker from before this subscription."""


async def subscribe(endpoint: Endpoint, filters: Sequence[str]) -> AsyncIterator[Seen]:
    """Everything that arrives on these filters. Raises `LinkFailed` when the connection cannot be made or ends.

    Close the iterator (`contextlib.aclosing`) to disconnect.
    """
    link = await Connector(endpoint).open()
    seen: asyncio.Queue[Seen | None] = asyncio.Queue()
    link.lost.add_done_callback(lambda _: seen.put_nowait(None))
    try:
        await link.subscribe(filters, lambda topic, payload, retain: seen.put_nowait(Seen(topic, payload, retain)))
        while (message := await seen.get()) is not None:
            yield message
        raise LinkFailed(link.lost.result())
    finally:
        await link.disconnect(1.0)
