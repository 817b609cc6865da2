"""An embedded broker on the loopback interface, so that the demo needs nothing installed beside it."""

import asyncio
import logging
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from amqtt.broker import Broker
from amqtt.contexts import BrokerConfig, ListenerConfig

PLUGINS = {"amqtt.plugins.authentication.AnonymousAuthPlugin": {"allow_anonymous": True}}


@asynccontextmanager
async def embedded() -> AsyncIterator[str]:
    """Run it; yields its URL. It speaks MQTT 3.1.1 only, and stays mute to a CONNECT of MQTT 5 that has a Will."""
    for name in ("amqtt", "transitions"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    port = _free_port()
    listeners = {"default": ListenerConfig(bind=f"127.0.0.1:{port}")}
    broker = Broker(BrokerConfig(listeners=listeners, plugins=PLUGINS), loop=asyncio.get_running_loop())
    await broker.start()
    try:
        yield f"mqtt://127.0.0.1:{port}"
    finally:
        await broker.shutdown()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
