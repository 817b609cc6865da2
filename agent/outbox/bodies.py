"""What a frame holds of a record, in JSON. Pure.

Whatever a record may hold comes back the same: whole numbers of any size, texts with half characters. `orjson` knows
neither and is ten times as fast, so `json` has what it refuses. Infinity and NaN are in no record (`normalise.py`).
"""

import json
from collections.abc import Mapping

import orjson

from agent.record import Event, Moment, Record

SLOWLY = b" "


def body(record: Record) -> bytes:
    """Everything but stream, boot and seq, which the frame has."""
    event = record.event
    if event is not None:
        return to_json([record.rev, record.offset_ms, event.type, event.time_ms, event.data, event.context, event.id])
    moments = record.moments
    try:
        if len(moments) == 1:  # nearly always, and worth a shorter way
            time_ms, values, qualities = moments[0]
            said = orjson.dumps(values)
            record.said = (said,)
            return orjson.dumps((record.rev, record.offset_ms, ((time_ms, orjson.Fragment(said), qualities),)))
        record.said = [orjson.dumps(moment.values) for moment in moments]
    except TypeError:  # orjson's errors are of this kind
        return _written_slowly([record.rev, record.offset_ms, [[m.time_ms, m.values, m.qualities] for m in moments]])
    fragments = map(orjson.Fragment, record.said)
    scans = [(m.time_ms, fragment, m.qualities) for m, fragment in zip(moments, fragments, strict=True)]
    return orjson.dumps((record.rev, record.offset_ms, scans))


def record(stream: str, boot: int, seq: int, written: bytes) -> Record:
    """What `body` wrote. Raises `ValueError`, `TypeError` or `KeyError` where it was something else."""
    said = from_json(written)
    if not isinstance(said, list):
        raise TypeError("no list")
    if len(said) == 3:
        rev, offset_ms, moments = said
        return Record(stream, [Moment(*moment) for moment in moments], None, rev, offset_ms, boot, seq)
    rev, offset_ms, type_, time_ms, data, context, id_ = said
    return Record(stream, (), Event(type_, time_ms, data, context, id_), rev, offset_ms, boot, seq)


def to_json(said: object) -> bytes:
    try:
        written = orjson.dumps(said)
    except TypeError:  # orjson's errors are of this kind
        return _written_slowly(said)
    return written


def _written_slowly(said: object) -> bytes:
    """Begins with a blank: `orjson` would read it and make floats of whole numbers that it finds too large."""
    return SLOWLY + json.dumps(said, default=_as_plain, separators=(",", ":")).encode()


def _as_plain(thing: object) -> object:
    return dict(thing) if isinstance(thing, Mapping) else list(thing)  # type: ignore[call-overload]  # raises for what is neither


def from_json(written: bytes) -> object:
    said: object = json.loads(written) if written.startswith(SLOWLY) else orjson.loads(written)
    return said
