"""Lineside's own JSON: one message for one record, see docs/mqtt.md. Pure.

Everything that does not change is prepared per device, so that a record costs one `orjson.dumps`. What JSON cannot say
is found in its output or by its refusal, not by looking at every value before.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from math import isfinite

import orjson

from agent.formats.contract import Message, Meta, Snapshot
from agent.formats.plain import TEXT_MAX, plain, spoken
from agent.formats.topics import InvalidTopic, Templates, expand
from agent.record import Entry, Event, Moment
from drivers.contract import Quality, Value

CLOCK = Quality.UNCERTAIN_CLOCK.value
DECODE = Quality.BAD_DECODE.value
PACKET_BYTES = 16
"""Around topic and payload of a PUBLISH."""
PART_BYTES = 24
"""What `"part":[i,n],` adds at most."""


@dataclass(frozen=True, slots=True)
class _Device:
    data: str
    event: str
    meta: str
    head: bytes
    """The payload of every record up to its boot."""
    around: int
    """Bytes of a PUBLISH of data that are not payload."""


class Native:
    """`Format` of Lineside's own JSON. Has no state of its own: pass None."""

    def __init__(
        self,
        gateway: str,
        labels: Mapping[str, str],
        devices: Mapping[str, Mapping[str, str]],
        templates: Templates | None = None,
    ) -> None:
        """`labels` are the gateway's, `devices` device -> its labels, complete (line, device_type ...).

        Raises `InvalidTopic` where a template needs a label that is missing, or makes no topic.
        """
        templates = templates or Templates()
        self._gateway = gateway
        self._templates = templates
        self._labels = dict(labels)
        own = {**labels, "gateway": gateway}
        self._state_topic = expand(templates.state, own)
        self._health_topic = expand(templates.health, own)
        self._devices = {name: self._device(name, given) for name, given in devices.items()}

    def _device(self, device: str, labels: Mapping[str, str]) -> _Device:
        given = {**self._labels, **labels, "gateway": self._gateway, "device": device, "stream": device}
        templates = self._templates
        data = expand(templates.data, given)
        head = orjson.dumps({"gw": self._gateway, "dev": device, "boot": 0}).removesuffix(b"0}")
        event, meta = expand(templates.event, given), expand(templates.meta, given)
        return _Device(data, event, meta, head, len(data.encode()) + PACKET_BYTES)

    def will(self, state: None, snapshot: Snapshot) -> Message:
        return self.presence({"online": False, "boot": snapshot.boot, "t": snapshot.now_ms})

    def begin(self, state: None, snapshot: Snapshot) -> tuple[None, list[Message]]:
        online = {"online": True, "boot": snapshot.boot, "t": snapshot.now_ms, "version": snapshot.version}
        if snapshot.previous is not None:
            online["previous"] = plain(snapshot.previous)
        return None, [self.presence(online), *self.metas(snapshot), *self._cleared(snapshot)]

    def explain(self, state: None, snapshot: Snapshot, before: Mapping[str, Meta]) -> tuple[None, list[Message]]:
        new = {device: meta for device, meta in snapshot.metas.items() if meta != before.get(device)}
        return None, self.metas(snapshot._replace(metas=new))

    def metas(self, snapshot: Snapshot) -> list[Message]:
        """What explains the records of each device, retained."""
        return [
            Message(self._devices[device].meta, spoken({"rev": meta.rev, **meta.content}), 1, True)
            for device, meta in snapshot.metas.items()
        ]

    def _cleared(self, snapshot: Snapshot) -> list[Message]:
        """An empty retained message takes the meta of a device away that is not here any more."""
        living = {topics.meta for topics in self._devices.values()}
        gone = dict.fromkeys(topic for labels in snapshot.removed for topic in self._left_behind(labels))
        return [Message(topic, b"", 1, True) for topic in gone if topic not in living]

    def _left_behind(self, labels: Mapping[str, str]) -> Iterator[str]:
        """Where its meta was; nowhere that can be found when today's template needs what it did not have."""
        try:
            yield self._device(labels.get("device", ""), labels).meta
        except InvalidTopic:
            return

    def health(self, state: None, report: Mapping[str, object], snapshot: Snapshot) -> tuple[None, list[Message]]:
        said = {"gw": self._gateway, "boot": snapshot.boot, "t": snapshot.now_ms, **report}
        return None, [Message(self._health_topic, spoken(said))]

    def end(self, state: None, snapshot: Snapshot) -> tuple[None, list[Message]]:
        said = {"online": False, "boot": snapshot.boot, "t": snapshot.now_ms, "version": snapshot.version}
        return None, [self.presence({**said, "clean": True})]

    def presence(self, said: Mapping[str, object]) -> Message:
        """The retained state of the gateway."""
        return Message(self._state_topic, spoken(said), 1, True)

    def encode(self, state: None, entry: Entry, snapshot: Snapshot) -> tuple[None, list[Message]]:
        record = entry.record
        device = self._devices[record.stream]
        shift, unsynced = 0, False
        if record.offset_ms is not None:
            shift, unsynced = _clock(record.offset_ms, snapshot)
        marks = _marks(entry.hist, unsynced, record.rev)
        if record.event is not None:
            head = b"%b%d%b%d%b" % (device.head, record.boot, SEQ, record.seq, marks)
            return None, [Message(device.event, head + b"," + _event(record.event, shift)[1:])]
        moments = record.moments if len(record.moments) == 1 else _joined(record.moments)
        if unsynced:
            moments = [_unsure(moment) for moment in moments]
        # Unless moments were joined or are in doubt, somebody may have said the values already.
        said = record.said[0] if moments is record.moments and record.said else b""
        scans = _scan(moments[0], shift, said) if len(moments) == 1 else _scans(moments, shift)
        payload = b"%b%d%b%d%b%b%b]}" % (device.head, record.boot, SEQ, record.seq, marks, SCANS, scans)
        room = snapshot.max_packet - device.around
        if len(payload) <= room:
            return None, [Message(device.data, payload)]
        head = b"%b%d%b%d%b" % (device.head, record.boot, SEQ, record.seq, marks)
        return None, [Message(device.data, part) for part in _parts(head, moments, shift, room)]


NULL = re.compile(b":null")
SEQ = b',"seq":'
SCANS = b',"scans":['


def _clock(offset_ms: int, snapshot: Snapshot) -> tuple[int, bool]:
    """By how many milliseconds times are shifted, and whether they stay unsure."""
    return (snapshot.offset_ms - offset_ms, False) if snapshot.synced else (0, True)


@lru_cache(maxsize=1024)
def _marks(hist: bool, unsynced: bool, rev: int) -> bytes:
    said = b',"hist":true' if hist else b""
    said += b',"clock":"unsynced"' if unsynced else b""
    return said + b',"rev":%d' % rev if rev else said


def _event(event: Event, shift: int) -> bytes:
    said: dict[str, object] = {"id": event.id, "type": event.type, "t": event.time_ms + shift, "data": event.data}
    if event.context:
        said["context"] = event.context
    return spoken(said)


def _joined(moments: Sequence[Moment]) -> Sequence[Moment]:
    """Values of one time share one entry, unless they are two values of one tag."""
    if len({moment.time_ms for moment in moments}) == len(moments):
        return moments
    joined: list[Moment] = []
    for moment in moments:
        place = next((i for i, other in enumerate(joined) if _may_share(other, moment)), None)
        if place is None:
            joined.append(moment)
        else:
            other = joined[place]
            qualities = {**other.qualities, **moment.qualities}
            joined[place] = Moment(moment.time_ms, {**other.values, **moment.values}, qualities)
    return joined


def _may_share(one: Moment, other: Moment) -> bool:
    return one.time_ms == other.time_ms and one.values.keys().isdisjoint(other.values)


def _unsure(moment: Moment) -> Moment:
    good = {name: CLOCK for name in moment.values if name not in moment.qualities}
    return Moment(moment.time_ms, moment.values, {**good, **moment.qualities})


def _scans(moments: Sequence[Moment], shift: int) -> bytes:
    return b",".join([_scan(moment, shift) for moment in moments])


def _scan(moment: Moment, shift: int, said: bytes = b"") -> bytes:
    """One entry of `scans`; `said` are its values in JSON, where that is known.

    orjson refuses what is no Unicode and integers beyond 64 bits, and writes NaN as null.
    """
    time_ms, values, qualities = moment
    try:
        said = said or orjson.dumps(values)
    except TypeError:
        return _mended(moment, shift)
    try:
        # One NaN or infinity makes the sum such: a fifth of the cost of looking at each, and of finding null in `said`.
        is_sayable = isfinite(sum(values.values()))  # type: ignore[arg-type]  # None and text raise
    except (TypeError, OverflowError):
        is_sayable = _is_sayable(values, said)
    if not is_sayable:
        return _mended(moment, shift)
    if qualities:
        return b'{"t":%d,"v":%b,"q":%b}' % (time_ms + shift, said, orjson.dumps(qualities))
    return b'{"t":%d,"v":%b}' % (time_ms + shift, said)


def _is_sayable(values: Mapping[str, Value | None], said: bytes) -> bool:
    """Where texts or nulls are among them: no number that is none, and no text that is too long."""
    if NULL.search(said) is not None and any(type(v) is float and not isfinite(v) for v in values.values()):
        return False
    return len(said) <= TEXT_MAX or not any(len(v) > TEXT_MAX // 4 for v in values.values() if type(v) is str)


def _mended(moment: Moment, shift: int) -> bytes:
    """What is no number becomes null and `bad.decode`, texts become valid and short, large integers are spelt out."""
    clean = {name: plain(value) for name, value in moment.values.items()}
    broken = {name: DECODE for name, value in clean.items() if value is None and moment.values[name] is not None}
    qualities = {**moment.qualities, **broken}
    said = {"t": moment.time_ms + shift, "v": clean}
    return orjson.dumps({**said, "q": qualities} if qualities else said)


def _parts(head: bytes, moments: Sequence[Moment], shift: int, room: int) -> list[bytes]:
    """The record in pieces that fit, each numbered. A single value that does not fit goes out as it is."""
    pieces = list(_pieces(moments, shift, room - len(head) - len(SCANS) - PART_BYTES))
    count = len(pieces)
    return [b'%b,"part":[%d,%d]%b%b]}' % (head, i, count, SCANS, piece) for i, piece in enumerate(pieces, 1)]


def _pieces(moments: Sequence[Moment], shift: int, room: int) -> Iterator[bytes]:
    said = _scans(moments, shift)
    halves = None if len(said) <= room else _halves(moments)
    if halves is None:
        yield said
    else:
        for half in halves:
            yield from _pieces(half, shift, room)


def _halves(moments: Sequence[Moment]) -> tuple[Sequence[Moment], Sequence[Moment]] | None:
    if len(moments) > 1:
        return moments[: len(moments) // 2], moments[len(moments) // 2 :]
    names = list(moments[0].values) if moments else []
    if len(names) < 2:
        return None
    half = len(names) // 2
    return [_only(moments[0], names[:half])], [_only(moments[0], names[half:])]


def _only(moment: Moment, names: Sequence[str]) -> Moment:
    qualities = {name: moment.qualities[name] for name in names if name in moment.qualities}
    return Moment(moment.time_ms, {name: moment.values[name] for name in names}, qualities)
