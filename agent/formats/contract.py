"""What a format is: records in, MQTT messages out. Pure: no clock, no I/O; state goes in and comes out."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple, Protocol, TypeVar

from agent.record import Entry


class Message(NamedTuple):
    """One MQTT publish."""

    topic: str
    payload: bytes
    qos: int = 1
    retain: bool = False


@dataclass(frozen=True, slots=True)
class Meta:
    """What explains a device's records: `content` is the JSON of its retained meta message without `rev`."""

    rev: int
    content: Mapping[str, object]


NO_METAS: Mapping[str, Meta] = MappingProxyType({})


class Snapshot(NamedTuple):
    """The gateway as it stands when something is encoded."""

    now_ms: int
    boot: int
    synced: bool = True
    """Whether the wall clock is plausible now."""
    offset_ms: int = 0
    """Wall minus monotonic time now; re-stamps records taken while it was not."""
    metas: Mapping[str, Meta] = NO_METAS
    """Device -> meta."""
    removed: Sequence[Mapping[str, str]] = ()
    """Labels of devices that were here in an earlier run and are not any more; their retained messages are cleared."""
    previous: Mapping[str, object] | None = None
    version: str = ""
    max_packet: int = 268_435_455
    """The largest MQTT packet that the broker takes, in bytes: a record that is larger goes out in parts."""


S = TypeVar("S")


class Format(Protocol[S]):
    """How one destination wants to hear. A new connection begins with `begin`; its will is given before that."""

    def will(self, state: S, snapshot: Snapshot) -> Message | None: ...

    def begin(self, state: S, snapshot: Snapshot) -> tuple[S, Sequence[Message]]:
        """What comes before any record on a new connection: state, births, meta."""

    def explain(self, state: S, snapshot: Snapshot, before: Mapping[str, Meta]) -> tuple[S, Sequence[Message]]:
        """What other metas than `before` are to a connection that has begun; the records that name them come after."""

    def encode(self, state: S, entry: Entry, snapshot: Snapshot) -> tuple[S, Sequence[Message]]:
        """One record. Several messages number their parts; the record is confirmed when all of them are."""

    def health(self, state: S, report: Mapping[str, object], snapshot: Snapshot) -> tuple[S, Sequence[Message]]:
        """The periodic account of `agent.health`."""

    def end(self, state: S, snapshot: Snapshot) -> tuple[S, Sequence[Message]]:
        """What a clean stop says before it disconnects."""
