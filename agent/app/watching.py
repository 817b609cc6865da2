"""What the service manager is told while the agent runs: a line of status, and that nothing hangs."""

import asyncio
from collections.abc import Mapping
from typing import NoReturn

from agent.clock import Clock
from agent.health import Health
from agent.log import Log
from agent.notify import Pulse, notify, stuck, watchdog_s

LOOK_S = 10.0
"""How often the status is told; oftener where the watchdog wants to be fed oftener."""


async def keep_watch(pulses: Mapping[str, Pulse], health: Health, clock: Clock, log: Log) -> NoReturn:
    """Look at every pulse, feed the watchdog while none is stuck, say which one is."""
    fed_every_s = watchdog_s()
    # A third, where sd_watchdog_enabled(3) asks for a half: one look that comes late is no reason to be killed.
    pause_s = min(LOOK_S, fed_every_s / 3) if fed_every_s else LOOK_S
    while True:
        standing = _say_stuck(clock.monotonic(), pulses, log)
        status = f"STATUS={log.catalogue.text('I9013', summary(health))}"
        if fed_every_s and not standing:
            notify("WATCHDOG=1", status)
        else:
            notify(status)
        await asyncio.sleep(pause_s)


def say_stopping(log: Log) -> None:
    """The stop has begun."""
    notify("STOPPING=1", f"STATUS={log.catalogue.text('I9014', {})}")


def summary(health: Health) -> dict[str, int]:
    """The facts of the status line: how much is up, and how many records wait, over all destinations."""
    accounts = [account() for account in health.destinations.values()]
    return {
        "connections_up": sum(connection.state == "up" for connection in health.connections.values()),
        "connections": len(health.connections),
        "destinations_up": sum(account["state"] == "up" for account in accounts),
        "destinations": len(accounts),
        "queued": sum(int(str(account["queued"])) for account in accounts),
    }


def _say_stuck(now_s: float, pulses: Mapping[str, Pulse], log: Log) -> list[str]:
    standing = stuck(now_s, pulses)
    for name, pulse in pulses.items():
        if name in standing:
            log.lost("E9015", name, seconds=round(now_s - pulse.turned_s()))
        else:
            log.back("E9015", name)
    return standing
