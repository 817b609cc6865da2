"""Run one configuration until it is told to stop."""

import asyncio
import gc
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import version
from typing import NoReturn

from agent.app.delivering import deliveries
from agent.app.metas import Metas
from agent.app.site import Site, build
from agent.app.watching import keep_watch, say_stopping
from agent.clock import Clock
from agent.config import Configuration
from agent.formats.contract import Snapshot
from agent.health import ConnectionHealth, Health
from agent.log import Log
from agent.notify import Pulse, notify
from agent.outbox import Backfill, open_outbox
from agent.outbox.contract import Outbox
from agent.poll import Connection, Poller
from agent.scope import Scope
from drivers.contract import KEEP_ALIVE_S

VERSION = version("lineside")
LOOK_S = 1.0
"""How often the clock is looked at and held-back log lines are told."""


async def run(
    configuration: Configuration, log: Log, stop: asyncio.Event, clock: Clock, hurry: asyncio.Event | None = None
) -> None:
    """Acquire and deliver until `stop` is set. Raises `StateTaken` when another agent holds the state directory.

    First the acquisition ends, then the destinations drain for a moment (none at all once `hurry` is set), then the
    outbox closes.
    """
    health = Health(clock=partial(_clock_report, clock))
    async with open_outbox(
        configuration.state_dir,
        [destination.name for destination in configuration.destinations],
        configuration.outbox.max_bytes,
        max_age_s=configuration.outbox.max_age_s,
        sync=configuration.outbox.sync,
        backfill={one.name: Backfill(one.backfill_rate, one.live_first) for one in configuration.destinations},
        now=partial(_now, clock),
        journal=log,
        monotonic=clock.monotonic,
    ) as outbox:
        metas = Metas(configuration, outbox)
        await metas.revise()
        clock.has_seen(outbox.newest_ms)
        revs = {name: known.rev for name, known in metas.current.items()}
        site = build(configuration, revs, outbox, clock, log, health)
        snapshot = partial(_snapshot, clock, outbox, metas)
        delivering = deliveries(configuration, outbox, snapshot, clock, health, log, hurry or asyncio.Event())
        async with delivering as sending, Scope() as acquiring:
            polling = _start(acquiring, site, metas, clock, log, health)
            acquiring.start(_look_around(site, clock, log), "clock")
            _say_started(configuration, outbox, log)
            notify("READY=1")
            acquiring.start(keep_watch({**polling, **sending}, health, clock, log), "watchdog")
            await stop.wait()
            say_stopping(log)
        _say_stopped(configuration, outbox, log)


def _start(acquiring: Scope, site: Site, metas: Metas, clock: Clock, log: Log, health: Health) -> dict[str, Pulse]:
    """Start the acquisition; what shows that none of its tasks hangs."""
    # What stands now stands for good: the collector need not look at it again and again.
    gc.freeze()
    gc.enable()
    site.begin(clock.monotonic())
    pulses = {}
    for connection in site.connections:
        known = health.connections[connection.name]
        poller = Poller(connection, clock, log, known, partial(metas.look, site))
        acquiring.start(poller.look_after(), f"connection {connection.name}")
        pulses.update(_pulses(connection, poller, known))
    return pulses


def _pulses(connection: Connection, poller: Poller, known: ConnectionHealth) -> dict[str, Pulse]:
    """One for what is polled and one for what is subscribed: neither speaks for the other."""
    pulses = {}
    periods = [turns.every_s for turns in connection.turns if not turns.is_subscribed]
    if periods:
        turned_s = partial(getattr, poller, "turned_s")
        pulses[f"connection {connection.name}"] = Pulse.of(turned_s, min(periods), connection.timeout_s, known.counts)
    if len(periods) < len(connection.turns):
        heard_s = partial(getattr, poller, "heard_s")
        pulses[f"subscriptions {connection.name}"] = Pulse.of(heard_s, KEEP_ALIVE_S, connection.timeout_s, poller.stirs)
    return pulses


async def _look_around(site: Site, clock: Clock, log: Log) -> NoReturn:
    """Once a second: has the wall clock stepped, can it be believed, are there lines that were held back?"""
    while True:
        stepped_ms = clock.look()
        if stepped_ms:
            log.note("N5002", "clock", seconds=round(stepped_ms / 1000, 1))
            for device in site.devices.values():
                device.happened("clock", {"step_ms": stepped_ms, "synced": clock.is_plausible})
        shown = datetime.fromtimestamp(clock.now_ms() / 1000, UTC).isoformat(timespec="seconds")
        (log.back if clock.is_plausible else log.lost)("W5001", "clock", time=shown)
        log.flush()
        await asyncio.sleep(LOOK_S)


def _snapshot(clock: Clock, outbox: Outbox, metas: Metas) -> Snapshot:
    return Snapshot(
        clock.now_ms(),
        outbox.boot,
        clock.is_plausible,
        clock.offset_ms(),
        metas.current,
        metas.removed,
        outbox.previous,
        VERSION,
    )


def _now(clock: Clock) -> tuple[int, int | None]:
    return clock.now_ms(), None if clock.is_plausible else clock.offset_ms()


def _clock_report(clock: Clock) -> dict[str, object]:
    return {"t": clock.now_ms(), "synced": clock.is_plausible}


def _say_started(configuration: Configuration, outbox: Outbox, log: Log) -> None:
    log.note(
        "I9001",
        configuration.gateway,
        gateway=configuration.gateway,
        connections=len(configuration.connections),
        devices=len(configuration.devices),
        tags=sum(len(device.tags) for device in configuration.devices),
        boot=outbox.boot,
    )
    previous = outbox.previous
    if previous is not None and not previous.get("clean"):
        log.note("W9011", configuration.gateway, boot=previous.get("boot"))


def _say_stopped(configuration: Configuration, outbox: Outbox, log: Log) -> None:
    log.flush(everything=True)
    for destination in configuration.destinations:
        tally = outbox.reader(destination.name).tally
        facts = {"destination": destination.name, "accepted": tally.accepted, "queued": tally.queued}
        log.note("I9002", configuration.gateway, **facts, dropped=sum(tally.dropped.values()))
        if tally.queued:
            log.note("I9015" if outbox.is_durable else "W9012", configuration.gateway, **facts)
