"""From the change of a register to the arrival of its value over MQTT.

    python -m benchmarks.latency BROKER-PORT SECONDS

Subscribes with paho, and prints the latencies (ms) as JSON. Each value is the monotonic time (ms) of its own change.
"""

import json
import sys
import time
from typing import Any

import orjson
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion

from benchmarks.figures import Figure
from benchmarks.plc import STAMPS
from benchmarks.processes import module
from benchmarks.steady import DATA, bench

PERIOD_MS = 200
SECONDS = 20


class Arrivals:
    """From change to arrival, for each tag from its second value on: the first may have changed before the start."""

    def __init__(self) -> None:
        self.late_ms: list[float] = []
        self._last: dict[tuple[str, str], int] = {}

    def note(self, client: Client, userdata: Any, message: MQTTMessage) -> None:
        now = time.monotonic_ns() / 1e6
        for scan in orjson.loads(message.payload)["scans"]:
            for name, stamp in scan["v"].items():
                key = message.topic, name
                if stamp is not None and stamp and self._last.get(key, stamp) != stamp:
                    self.late_ms.append(now - stamp)
                self._last[key] = stamp


def main(broker: str, seconds: str) -> None:
    arrivals = Arrivals()
    client = Client(CallbackAPIVersion.VERSION2, client_id="latency")
    client.on_message = arrivals.note
    client.connect("127.0.0.1", int(broker))
    client.subscribe(DATA, 0)
    client.loop_start()
    time.sleep(float(seconds))
    client.disconnect()
    client.loop_stop()
    print(json.dumps(arrivals.late_ms), flush=True)


def line() -> Figure:
    """Stamps are u32, so a device has one for each pair of registers; the period is shorter than any two changes."""
    with bench(5, "stamps") as stand, stand.agent(tags=STAMPS, every_ms=PERIOD_MS, stamps=True) as subject:
        stand.until_values(subject)
        with module("latency", stand.broker_port, SECONDS) as watcher:
            heard = watcher.hear()
    assert isinstance(heard, list)
    late_ms = sorted(heard)
    p50, p99 = (late_ms[int(len(late_ms) * share)] for share in (0.5, 0.99))
    details = f"p50 {p50:.0f} ms, max {late_ms[-1]:.0f} ms of {len(late_ms)} changes, period {PERIOD_MS} ms"
    return Figure(9, "register change -> MQTT arrival, p99 beyond the period", p99 - PERIOD_MS, "<=", 30, details, "ms")


if __name__ == "__main__":
    main(*sys.argv[1:])
