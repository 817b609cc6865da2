"""The destinations: each with its own connection, format and way through the outbox."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial

from agent.clock import Clock
from agent.config import Configuration, Destination
from agent.formats.contract import Snapshot
from agent.formats.native import Native
from agent.formats.topics import Templates, expand
from agent.health import Health
from agent.mqtt import Connector, Endpoint, Proxy, Tls, own_expiry
from agent.notify import PATIENCE_S, Pulse
from agent.outbox.contract import Outbox
from agent.publish import Delivery, Expiry, Pace
from agent.scope import Scope
from drivers.contract import Journal

STOP_S = 4.0
"""A destination drains and says goodbye within about two seconds by itself; this is the end of patience."""
WAITS = 4
"""In one attempt to connect: for the network and for CONNACK, in both versions of MQTT."""


@asynccontextmanager
async def deliveries(
    configuration: Configuration,
    outbox: Outbox,
    snapshot: Callable[[], Snapshot],
    clock: Clock,
    health: Health,
    journal: Journal,
    hurry: asyncio.Event,
) -> AsyncIterator[Mapping[str, Pulse]]:
    """Deliver to all destinations while the block runs; then let them drain, together and for a bounded time.

    Yields what shows that they do not hang. `hurry` ends the draining at once.
    """
    stop = asyncio.Event()
    async with Scope() as scope:
        tasks, pulses = [], {}
        for destination in configuration.destinations:
            expiry = Expiry(destination.name, journal, clock.now_ms, lambda: clock.is_plausible)
            connector = _connector(destination, clock, expiry)
            delivery = _delivery(configuration, destination, connector, outbox, snapshot, health, journal)
            health.destinations[destination.name] = delivery.report
            tasks.append(scope.start(delivery.look_after(stop), f"destination {destination.name}"))
            pulses[f"destination {destination.name}"] = _pulse(delivery, connector.endpoint)
            if destination.tls is not None and destination.tls.cert_file is not None:
                read = partial(own_expiry, connector.endpoint.tls)
                scope.start(expiry.watch(read), f"certificate for {destination.name}")
        yield pulses
        stop.set()
        scope.start(_let_go(hurry, tasks), "hurry")
        if tasks:
            await asyncio.wait(tasks, timeout=STOP_S)


async def _let_go(hurry: asyncio.Event, tasks: Sequence[asyncio.Task[None]]) -> None:
    await hurry.wait()
    for task in tasks:
        task.cancel()


def _pulse(delivery: Delivery[None], endpoint: Endpoint) -> Pulse:
    return Pulse(partial(getattr, delivery, "turned_s"), max(PATIENCE_S, (WAITS + 1) * endpoint.connect_timeout_s))


def _delivery(
    configuration: Configuration,
    destination: Destination,
    connector: Connector,
    outbox: Outbox,
    snapshot: Callable[[], Snapshot],
    health: Health,
    journal: Journal,
) -> Delivery[None]:
    templates = Templates(**destination.topics)
    native = Native(
        configuration.gateway,
        configuration.labels,
        {device.name: device.labels for device in configuration.devices},
        templates,
    )
    state = expand(templates.state, {**configuration.labels, "gateway": configuration.gateway})
    return Delivery(
        destination.name,
        outbox.reader(destination.name),
        native,
        None,
        connector,
        destination.client_id,
        snapshot=snapshot,
        report=health.report,
        journal=journal,
        pace=Pace(health_every_s=configuration.health_interval_s),
        # Beside the state: what may be written to the gateway's own prefix covers it.
        canary="/".join([*state.split("/")[:-1], "canary"]) if destination.canary else None,
    )


def _connector(destination: Destination, clock: Clock, expiry: Expiry) -> Connector:
    return Connector(_endpoint(destination), clock_is_plausible=lambda: clock.is_plausible, on_own_expiry=expiry.look)


def _endpoint(destination: Destination) -> Endpoint:
    files, way = destination.tls, destination.proxy
    return Endpoint(
        destination.host,
        destination.port,
        destination.client_id,
        None if files is None else Tls(files.ca_file, files.cert_file, files.key_file),
        destination.username,
        destination.password,
        destination.protocol,
        ack_timeout_s=destination.ack_timeout_s,
        path=destination.path,
        proxy=None if way is None else Proxy(way.host, way.port, way.username, way.password),
    )
