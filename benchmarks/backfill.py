"""How fast a backlog drains into mosquitto, beside paho alone with the same payloads.

    python -m benchmarks.backfill BROKER-PORT RECORDS

publishes the topics and payloads of such a backlog with paho: QoS 1, a window of 32, as fast as it goes, and prints
how many records a second were acknowledged as JSON.
"""

import json
import sys
import threading
import time
from dataclasses import replace

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from agent.formats.contract import Message, Snapshot
from agent.formats.native import Native
from agent.record import Entry, Record
from benchmarks import log
from benchmarks.backlog import fill
from benchmarks.figures import Figure
from benchmarks.processes import module
from benchmarks.site import written
from benchmarks.steady import bench, lineside

RECORDS = 50_000
GATEWAY, DEVICE = "bench", "d0"
LABELS = {"enterprise": "lineside", "site": "bench", "line": "line1"}
MARK = '"hist":true'
"""What every record of a backlog says."""


def record() -> Record:
    """Of about 400 bytes."""
    (made,) = log.records(1)
    made.stream = DEVICE
    return made


def messages(count: int) -> list[Message]:
    """As the agent says them."""
    native, snapshot, made = Native(GATEWAY, LABELS, {DEVICE: {}}), Snapshot(0, 1), record()
    entries = (Entry(seq, replace(made, boot=1, seq=seq), True) for seq in range(count))
    return [message for entry in entries for message in native.encode(None, entry, snapshot)[1]]


def main(port: str, count: str) -> None:
    made = messages(int(count))
    client, is_done = Client(CallbackAPIVersion.VERSION2, client_id="backfill"), threading.Event()
    client.max_inflight_messages_set(32)
    left = [len(made)]

    def published(*_: object) -> None:
        left[0] -= 1
        if not left[0]:
            is_done.set()

    client.on_publish = published
    client.connect("127.0.0.1", int(port))
    client.loop_start()
    began = time.monotonic()
    for topic, payload, qos, _ in made:
        client.publish(topic, payload, qos)
    is_done.wait()
    print(json.dumps(len(made) / (time.monotonic() - began)), flush=True)
    client.disconnect()
    client.loop_stop()


def line() -> Figure:
    ours, theirs = _drained(), _published()
    details = f"{RECORDS:,} records, no rate configured; paho alone publishes {theirs:,.0f} in the same minute"
    return Figure(15, "records of a backlog drained into mosquitto", ours, ">=", 500, details, "/s")


def _drained() -> float:
    """Records a second of the agent, from the first that arrives to the last."""
    with bench(1, "none", mark=MARK) as stand:
        file = written(stand.folder, stand.broker_port, stand.ports, every_ms=10_000, backfill="rate: 1000000/s")
        fill(stand.folder / "state", "broker", record(), RECORDS)
        with lineside(file, stand.log) as subject:
            stand.until_values(subject)
            first = stand.seen()["first"]
            while stand.seen()["count"] < RECORDS:
                time.sleep(0.02)
            return RECORDS / (time.monotonic() - first)


def _published() -> float:
    with bench(1, "none", mark=MARK) as stand, module("backfill", stand.broker_port, RECORDS) as process:
        said = process.hear()
    assert isinstance(said, float)
    return said


if __name__ == "__main__":
    main(*sys.argv[1:])
