"""What arrived over MQTT, and whether it can be true. Pure: time is passed in."""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

import orjson

from drivers.contract import Value

RATE_OVER_MS = 5_000
HISTORY = 24
LATENCIES = 5_000


class Judge(Protocol):
    """Who knows what the machines showed."""

    def showed(self, device: str, tag: str, value: Value) -> bool: ...
    def has(self, device: str, tag: str) -> bool: ...


@dataclass(slots=True)
class TagSeen:
    """One row of the table."""

    value: Value | None = None
    quality: str = "good"
    time_ms: int = 0
    values: int = 0
    unit: str = ""
    title: Mapping[str, str] = field(default_factory=dict)
    history: deque[float] = field(default_factory=lambda: deque(maxlen=HISTORY))


@dataclass(slots=True)
class Stream:
    """The numbering of one device's records in one run of the agent."""

    next: int = 0
    missing: set[int] = field(default_factory=set)


class Arrivals:
    """The view of a platform that began to listen before the agent began to speak."""

    def __init__(self, gateway: str, judge: Judge) -> None:
        self.devices: dict[str, dict[str, TagSeen]] = {}
        self.messages = self.values = self.duplicates = self.announced = self.unreadable = self.events = 0
        self.latencies_ms: deque[int] = deque(maxlen=LATENCIES)
        self.wrong: list[str] = []
        """The first few values that no machine ever showed."""
        self.wrong_count = 0
        self.online: bool | None = None
        self.retained: set[str] = set()
        """Topics on which the broker keeps something of ours."""
        self._gateway = gateway
        self._judge = judge
        self._streams: dict[tuple[str, int], Stream] = {}
        self._recent: deque[tuple[int, int]] = deque()

    @property
    def missing(self) -> int:
        """Records that were neither received nor announced as lost."""
        return sum(len(stream.missing) for stream in self._streams.values())

    def rate(self, now_ms: int) -> float:
        """Values per second over the last 5 s."""
        while self._recent and self._recent[0][0] < now_ms - RATE_OVER_MS:
            self._recent.popleft()
        return sum(count for _, count in self._recent) * 1000 / RATE_OVER_MS

    def take(self, topic: str, payload: bytes, now_ms: int) -> None:
        """One message as it arrived; what another gateway says is none of our business."""
        try:
            said = orjson.loads(payload) if payload else None
        except orjson.JSONDecodeError:
            self.unreadable += 1
            return
        kind = topic.rsplit("/", 1)[-1]
        if isinstance(said, dict) and (said.get("gw") == self._gateway or f"/{self._gateway}/" in topic):
            self.messages += 1
            match kind:
                case "data":
                    self._data(said, now_ms)
                case "event":
                    self._event(said)
                case "meta":
                    self._meta(said)
                    self.retained.add(topic)
                case "state":
                    self.online = bool(said.get("online"))
                    self.retained.add(topic)

    def _data(self, said: Mapping[str, object], now_ms: int) -> None:
        match said:
            case {"dev": str(device), "boot": int(boot), "seq": int(seq), "scans": list(scans)}:
                if self._count(device, boot, seq):
                    for scan in scans:
                        self._scan(device, scan, now_ms, live=not said.get("hist"))
            case _:
                self.unreadable += 1

    def _scan(self, device: str, scan: object, now_ms: int, *, live: bool) -> None:
        match scan:
            case {"t": int(time_ms), "v": dict(values)} if isinstance(scan, dict):
                qualities = scan.get("q", {})
                for name, value in values.items():
                    self._value(device, name, value, str(qualities.get(name, "good")), time_ms)
                self.values += len(values)
                self._recent.append((now_ms, len(values)))
                if live:
                    self.latencies_ms.append(now_ms - time_ms)
            case _:
                self.unreadable += 1

    def _value(self, device: str, name: str, value: Value | None, quality: str, time_ms: int) -> None:
        seen = self.devices.setdefault(device, {}).setdefault(name, TagSeen())
        seen.values += 1
        if time_ms >= seen.time_ms:
            seen.value, seen.quality, seen.time_ms = value, quality, time_ms
            if isinstance(value, int | float):
                seen.history.append(float(value))
        if value is None:
            true = quality.startswith("bad.") and not (quality == "bad.config" and self._judge.has(device, name))
        else:
            true = not quality.startswith("bad.") and self._judge.showed(device, name, value)
        if not true:
            self.wrong_count += 1
            self.wrong = [*self.wrong, f"{device}.{name} = {value!r} ({quality})"][:5]

    def _event(self, said: Mapping[str, object]) -> None:
        match said:
            case {"dev": str(device), "boot": int(boot), "seq": int(seq)}:
                self.events += self._count(device, boot, seq)
            case _:
                self.unreadable += 1
        match said:
            case {"type": "gap", "dev": str(device), "data": {"boot": int(lost), "from_seq": int(a), "to_seq": int(b)}}:
                stream = self._streams.setdefault((device, lost), Stream())
                self.announced += b - a + 1
                stream.missing -= set(range(a, b + 1))
                if a <= stream.next:
                    stream.next = max(stream.next, b + 1)

    def _meta(self, said: Mapping[str, object]) -> None:
        match said:
            case {"dev": str(device), "tags": dict(tags)}:
                rows = self.devices.setdefault(device, {})
                for name, about in tags.items():
                    row = rows.setdefault(name, TagSeen())
                    row.unit, row.title = str(about.get("unit", "")), about.get("title", {})

    def _count(self, device: str, boot: int, seq: int) -> bool:
        """Whether this record is new; counts what came twice and notes what is missing."""
        stream = self._streams.setdefault((device, boot), Stream())
        if seq >= stream.next:
            stream.missing |= set(range(stream.next, seq))
            stream.next = seq + 1
            return True
        if seq in stream.missing:
            stream.missing.discard(seq)
            return True
        self.duplicates += 1
        return False
