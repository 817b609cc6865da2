"""From what waits in an outbox to the lines of a file: what a destination would be told, in its format, and what is
missing."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from agent import meta
from agent.app.site import contents
from agent.clock import Clock
from agent.config import Configuration, Destination
from agent.formats.contract import Meta, Snapshot
from agent.formats.lines import end, line
from agent.formats.native import Native
from agent.formats.topics import InvalidTopic, Templates
from agent.outbox.glance import Glance
from agent.outbox.walk import Found
from agent.publish.session import UNSPEAKABLE
from agent.record import Entry, Record

UNSAID = "encode"
"""Why a record is missing that the format has no words for; as when it is published."""


@dataclass(slots=True)
class Exported:
    """What is in the file so far."""

    records: int = 0
    devices: set[str] = field(default_factory=set)
    from_ms: int = 1 << 63
    to_ms: int = -(1 << 63)
    unsaid: int = 0
    """Records of devices that nobody knows any more, and what the format has no words for."""


class Export:
    """What waits for one destination. `lines` once."""

    def __init__(self, configuration: Configuration, destination: Destination, glance: Glance, clock: Clock) -> None:
        self.done = Exported()
        self.glance = glance
        self._name = destination.name
        self._gateway = configuration.gateway
        memory = meta.from_json(glance.run.metas)
        metas = _metas(configuration, memory)
        self.unexplained = sorted(device.name for device in configuration.devices if device.name not in metas)
        """Devices whose meta is not the one that was published: the configuration was changed since."""
        templates = Templates(**destination.topics)
        devices = {
            **_former(configuration, memory, templates),
            **{device.name: device.labels for device in configuration.devices},
        }
        self._native = Native(configuration.gateway, configuration.labels, devices, templates)
        self._snapshot = Snapshot(
            clock.now_ms(), glance.run.boot or 0, clock.is_plausible, clock.offset_ms(), metas=metas
        )

    def lines(self) -> Iterator[bytes]:
        """Whole lines, a few hundred kilobytes at a time: metas, records from the oldest on, the state, the end."""
        yield b"".join(map(line, self._native.metas(self._snapshot)))
        for records in self.glance.pieces():
            yield b"".join(self._lines(records))
        yield self._state()
        lost = self.glance.gaps.due(self._name, math.inf, lambda: (self._snapshot.now_ms, None))
        yield end(self._gateway, self._name, self._snapshot.now_ms, self.done.records, lost)

    def _lines(self, records: Sequence[Found]) -> Iterator[bytes]:
        for number, record, _ in records:
            try:
                _, messages = self._native.encode(None, Entry(number, record, True), self._snapshot)
            except UNSPEAKABLE:
                self.done.unsaid += 1
                self.glance.gaps.lose(record, [self._name], UNSAID, 0.0)
                continue
            self._count(record)
            yield from map(line, messages)

    def _count(self, record: Record) -> None:
        done = self.done
        done.records += 1
        done.devices.add(record.stream)
        done.from_ms, done.to_ms = min(done.from_ms, record.time_ms), max(done.to_ms, record.time_ms)

    def _state(self) -> bytes:
        """The newest run, and where the newest clean stop ended: a platform would hear it at the next connect."""
        if self.glance.run.boot is None:
            return b""
        said: dict[str, object] = {"online": False, "boot": self._snapshot.boot, "t": self._snapshot.now_ms}
        match self.glance.run.ended:
            case {"boot": int(boot), "last_seq": dict(last)}:
                said["previous"] = {"boot": boot, "clean": True, "last_seq": last}
        return line(self._native.presence(said))


def _metas(configuration: Configuration, memory: meta.Memory) -> dict[str, Meta]:
    """Those that were published as they are now, with their revisions."""
    labels = {device.name: device.labels for device in configuration.devices}
    metas, _ = meta.revise(memory, contents(configuration), labels)
    known = memory.devices
    return {name: said for name, said in metas.items() if name in known and known[name].rev == said.rev}


def _former(configuration: Configuration, memory: meta.Memory, templates: Templates) -> dict[str, Mapping[str, str]]:
    """Device -> labels, of those that the configuration does not name any more and that have topics today."""
    former = [*memory.removed, *(known.labels for known in memory.devices.values())]
    found: dict[str, Mapping[str, str]] = {}
    for labels in former:
        try:
            Native(configuration.gateway, configuration.labels, {labels.get("device", ""): labels}, templates)
        except InvalidTopic:
            continue
        found[labels.get("device", "")] = labels
    return found
