"""Messages in a file: `{"topic": ..., "payload": {...}}` on each line, and what the file is on its last. Pure."""

from collections.abc import Sequence

import orjson

from agent.formats.contract import Message
from agent.formats.plain import spoken
from agent.record import Record


def line(message: Message) -> bytes:
    """A message whose payload is JSON."""
    return b'{"topic":%b,"payload":%b}\n' % (orjson.dumps(message.topic), message.payload)


def end(gateway: str, destination: str, time_ms: int, records: int, lost: Sequence[Record]) -> bytes:
    """`records` is how many lines are records; `lost` are gap events, of losses that none of these lines announces.

    They have no identity: when they are published they are records of their own.
    """
    spans = [{"dev": gap.stream, **gap.event.data} for gap in lost if gap.event is not None]
    said = {"gw": gateway, "destination": destination, "t": time_ms, "records": records, "lost": spans}
    return spoken({"end": said}) + b"\n"
