"""Lineside's own JSON: one message for one record, see docs/mqtt.md. Pure.

Everything that does not change is prepared per device, so that a record costs one `orjson.dumps`. What JSON cannot say
is found in its output or by its refusal, not by looking at every value before.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import orjson

from agent.formats.contract import Message, Snapshot
from agent.formats.plain import TEXT_MAX, plain, spoken
from agent.formats.topics import InvalidTopic, Templates, expand
from agent.record import Entry, Event, Moment, Record
from drivers.contract import Quality, Value

CLOCK = Quality.UNCERTAIN_CLOCK.value
PACKET_BYTES = 16
"""Around topic and payload of a PUBLISH."""
PART_BYTES = 24
"""What `"part":[i,n],` adds at most."""


@dataclass(frozen=True, slots=True)
class _Device:
    data: str
    event: str
    meta: str


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
        self._devices = {name: self._topics(name, given) for name, given in devices.items()}

    def _topics(self, device: str, labels: Mapping[str, str]) -> _Device:
        given = {**self._labels, **labels, "gateway": self._gateway, "device": device, "stream": device}
        templates = self._templates
        return _Device(expand(templates.data, given), expand(templates.event, given), expand(templates.meta, given))

    def will(self, state: None, snapshot: Snapshot) -> Message:
        return self._presence({"online": False, "boot": snapshot.boot, "t": snapshot.now_ms})

    def begin(self, state: None, snapshot: Snapshot) -> tuple[None, list[Message]]:
        online = {"online": True, "boot": snapshot.boot, "t": snapshot.now_ms, "version": snapshot.version}
        if snapshot.previous is not None:
            online["previous"] = plain(snapshot.previous)
        metas = [
            Message(self._devices[device].meta, spoken({"rev": meta.rev, **meta.content}), 1, True)
            for device, meta in snapshot.metas.items()
        ]
        return None, [self._presence(online), *metas, *self._cleared(snapshot)]

    def _cleared(self, snapshot: Snapshot) -> list[Message]:
        """An empty retained message takes the meta of a device away that is not here any more."""
        living = {topics.meta for topics in self._devices.values()}
        gone = dict.fromkeys(topic for labels in snapshot.removed for topic in self._left_behind(labels))
        return [Message(topic, b"", 1, True) for topic in gone if topic not in living]

    def _left_behind(self, labels: Mapping[str, str]) -> Iterator[str]:
        """Where its meta was; nowhere that can be found when today's template needs what it did not have."""
        try:
            yield self._topics(labels.get("device", ""), labels).meta
        except InvalidTopic:
            return

    def health(self, state: None, report: Mapping[str, object], snapshot: Snapshot) -> tuple[None, list[Message]]:
        said = {"gw": self._gateway, "boot": snapshot.boot, "t": snapshot.now_ms, **report}
        return None, [Message(self._health_topic, spoken(said))]

    def end(self, state: None, snapshot: Snapshot) -> tuple[None, list[Message]]:
        said = {"online": False, "boot": snapshot.boot, "t": snapshot.now_ms, "version": snapshot.version}
        return None, [self._presence({**said, "clean": True})]

    def _presence(self, said: Mapping[str, object]) -> Message:
        return Message(self._state_topic, spoken(said), 1, True)

    def encode(self, state: None, entry: Entry, snapshot: Snapshot) -> tuple[None, list[Message]]:
        record = entry.record
        topics = self._devices[record.stream]
        shift, unsynced = _clock(record, snapshot)
        head: dict[str, object] = {"gw": self._gateway, "dev": record.stream, "boot": record.boot, "seq": record.seq}
        if entry.hist:
            head["hist"] = True
        if unsynced:
            head["clock"] = "unsynced"
        if record.rev:
            head["rev"] = record.rev
        if record.event is not None:
            return None, [Message(topics.event, spoken({**head, **_event(record.event, shift)}))]
        scans = [_scan(moment, shift, unsynced) for moment in _joined(record.moments)]
        payload = _said(head, scans)
        room = snapshot.max_packet - len(topics.data.encode()) - PACKET_BYTES
        if len(payload) <= room:
            return None, [Message(topics.data, payload)]
        return None, [Message(topics.data, part) for part in _in_parts(head, scans, room)]


def _clock(record: Record, snapshot: Snapshot) -> tuple[int, bool]:
    """By how many milliseconds times are shifted, and whether they stay unsure."""
    if record.offset_ms is None:
        return 0, False
    return (snapshot.offset_ms - record.offset_ms, False) if snapshot.synced else (0, True)


def _event(event: Event, shift: int) -> dict[str, object]:
    said: dict[str, object] = {"id": event.id, "type": event.type, "t": event.time_ms + shift, "data": event.data}
    if event.context:
        said["context"] = event.context
    return said


_Scan = dict[str, object]


def _scan(moment: Moment, shift: int, unsynced: bool) -> _Scan:
    qualities = moment.qualities
    if unsynced:
        qualities = {**{name: CLOCK for name in moment.values if name not in qualities}, **qualities}
    if qualities:
        return {"t": moment.time_ms + shift, "v": moment.values, "q": qualities}
    return {"t": moment.time_ms + shift, "v": moment.values}


def _joined(moments: Sequence[Moment]) -> Sequence[Moment]:
    """Values of one time share one entry, unless they are two values of one tag."""
    if len(moments) == 1 or len({moment.time_ms for moment in moments}) == len(moments):
        return moments
    joined: list[Moment] = []
    for moment in moments:
        same = next(
            (
                i
                for i, other in enumerate(joined)
                if other.time_ms == moment.time_ms and other.values.keys().isdisjoint(moment.values)
            ),
            None,
        )
        if same is None:
            joined.append(moment)
        else:
            other = joined[same]
            values = {**other.values, **moment.values}
            joined[same] = Moment(moment.time_ms, values, {**other.qualities, **moment.qualities})
    return joined


def _said(head: Mapping[str, object], scans: Sequence[_Scan]) -> bytes:
    """The record as JSON. orjson writes NaN as null and refuses what is no Unicode and numbers beyond 64 bits."""
    try:
        payload = orjson.dumps({**head, "scans": scans})
    except TypeError:
        return orjson.dumps({**head, "scans": [_mended(scan) for scan in scans]})
    if (b":null" in payload and _has_infinity(scans)) or (len(payload) > TEXT_MAX and _has_long_text(scans)):
        return orjson.dumps({**head, "scans": [_mended(scan) for scan in scans]})
    return payload


def _has_infinity(scans: Sequence[_Scan]) -> bool:
    return any(type(v) is float and not math.isfinite(v) for scan in scans for v in _values(scan).values())


def _has_long_text(scans: Sequence[_Scan]) -> bool:
    texts = (values.values() for values in map(_values, scans) if str in set(map(type, values.values())))
    return any(type(v) is str and len(v) > TEXT_MAX // 4 for values in texts for v in values)


def _values(scan: _Scan) -> Mapping[str, Value | None]:
    values: Mapping[str, Value | None] = scan["v"]  # type: ignore[assignment]
    return values


def _mended(scan: _Scan) -> _Scan:
    """What is no number becomes null and `bad.decode`, texts become valid and short, large integers are spelt out."""
    values = _values(scan)
    clean = {name: plain(value) for name, value in values.items()}
    broken = {
        name: Quality.BAD_DECODE.value for name, value in values.items() if (value is None) < (clean[name] is None)
    }
    known = scan.get("q")
    qualities = {**known, **broken} if isinstance(known, Mapping) else broken
    return {"t": scan["t"], "v": clean} | ({"q": qualities} if qualities else {})


def _in_parts(head: Mapping[str, object], scans: Sequence[_Scan], room: int) -> list[bytes]:
    """The record in pieces that fit, each numbered. A single value that does not fit goes out as it is."""
    pieces = list(_pieces(head, scans, room - PART_BYTES))
    return [_said({**head, "part": [i, len(pieces)]}, piece) for i, piece in enumerate(pieces, 1)]


def _pieces(head: Mapping[str, object], scans: Sequence[_Scan], room: int) -> Iterator[Sequence[_Scan]]:
    halves = _halves(scans)
    if halves is None or len(_said(head, scans)) <= room:
        yield scans
    else:
        for half in halves:
            yield from _pieces(head, half, room)


def _halves(scans: Sequence[_Scan]) -> tuple[Sequence[_Scan], Sequence[_Scan]] | None:
    if len(scans) > 1:
        return scans[: len(scans) // 2], scans[len(scans) // 2 :]
    names = list(_values(scans[0])) if scans else []
    if len(names) < 2:
        return None
    half = len(names) // 2
    return [_only(scans[0], names[:half])], [_only(scans[0], names[half:])]


def _only(scan: _Scan, names: Sequence[str]) -> _Scan:
    values, known = _values(scan), scan.get("q")
    qualities = {name: known[name] for name in names if name in known} if isinstance(known, Mapping) else {}
    return {"t": scan["t"], "v": {name: values[name] for name in names}} | ({"q": qualities} if qualities else {})
