"""Changes that an OPC UA server tells, delivered over MQTT by the agent on one CPU, and whether each of them arrived.

    python -m benchmarks.subscribed BROKER-PORT

Subscribes with paho. Every value is one more than the one before it, so whoever sees a step of two has missed one. For
each line on standard input it answers {"missed": steps that were not one, "health": the newest report}.
"""

import json
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

import orjson
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks import site
from benchmarks.figures import Figure
from benchmarks.opcua_server import TAGS, looks, opcua_server
from benchmarks.processes import Process, module, on_cpus
from benchmarks.steady import DATA, PATIENCE_S, Bench, around, lineside

SAMPLING_MS = 100
SETTLE_S, LOOK_S = 3.0, 20.0
"""Together less than the minute after which the driver reads what is subscribed, which changes it."""
HEALTH = "lineside/v1/+/gateways/+/health"


class Steps:
    """From one value of a tag to its next."""

    def __init__(self) -> None:
        self.missed = 0
        self.health: Mapping[str, Any] = {}
        self._last: dict[str, float] = {}

    def note(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        said = orjson.loads(message.payload)
        if "scans" not in said:
            self.health = said
            return
        for scan in said["scans"]:
            for name, value in scan["v"].items():
                self.missed += value != self._last.get(name, value - 1) + 1
                self._last[name] = value


def main(broker: str) -> None:
    steps = Steps()
    client = Client(CallbackAPIVersion.VERSION2, client_id="steps")
    client.on_message = steps.note
    client.connect("127.0.0.1", int(broker))
    client.subscribe([(DATA, 0), (HEALTH, 0)])
    client.loop_start()
    for _ in sys.stdin:
        print(json.dumps({"missed": steps.missed, "health": steps.health}), flush=True)
    client.disconnect()
    client.loop_stop()


def line() -> Figure:
    """The agent has a CPU for itself, all others share the rest. Where a value is missing the figure is 0."""
    cpus = os.sched_getaffinity(0)
    own = {min(cpus)}
    others = cpus - own or own
    with (
        on_cpus(others),
        around(opcua_server()) as stand,
        module("subscribed", stand.broker_port) as watcher,
    ):
        file = site.subscribed(stand.folder, stand.broker_port, stand.ports[0], TAGS, SAMPLING_MS)
        with on_cpus(own), lineside(file, stand.log) as subject, on_cpus(others):
            return _looked(stand, subject, watcher)


def _looked(stand: Bench, subject: Process, watcher: Process) -> Figure:
    stand.until_values(subject)
    time.sleep(SETTLE_S)
    missed_before, _ = _said(watcher)
    looks_before, began = looks(stand.plc), time.monotonic()
    seen = stand.watch(subject, 0, LOOK_S)
    offered = (looks(stand.plc) - looks_before) / (time.monotonic() - began)
    missed, health = _said(watcher, since_ms=time.time_ns() // 1_000_000)
    missed, lost = missed - missed_before, _lost(health)
    details = (
        f"{seen.cpu_s / seen.seconds:.0%} of one CPU; {offered:,.0f} offered, {missed} missed, lost {lost}; {seen}"
    )
    figure = seen.values_per_s if not missed and not any(lost.values()) else 0
    return Figure(18, "OPC UA changes delivered, agent on one CPU", figure, ">=", 10_000, details, "values/s")


def _said(watcher: Process, since_ms: int = 0) -> tuple[int, Mapping[str, Any]]:
    """With a health report that is as new."""
    due = time.monotonic() + PATIENCE_S
    while True:
        said = watcher.ask()
        assert isinstance(said, dict)
        if said["health"].get("t", 0) >= since_ms:
            return said["missed"], said["health"]
        if time.monotonic() > due:
            sys.exit("the agent says no more how it is")
        time.sleep(0.1)


def _lost(health: Mapping[str, Any]) -> dict[str, int]:
    """By whom: the server's queues, the server that told nothing, the outbox."""
    wire, destination = health["connections"]["c0"]["wire"], health["destinations"]["broker"]
    return {
        "overflows": wire["overflows"],
        "stale": wire["stale"],
        "dropped": sum(destination["dropped"].values()),
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
