"""From records to the bytes that are written at once. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from agent.outbox import frames
from agent.outbox.bodies import body, to_json
from agent.outbox.tail import NOTHING, Item
from agent.record import Record


class Appended(NamedTuple):
    """What came in one append and is to be written."""

    items: Sequence[Item]
    checkpoints: Mapping[str, object] = NOTHING
    frames: Sequence[bytes] = ()
    """Of the items, where they are made already."""


@dataclass(slots=True)
class Page:
    """Frames that are written at once, and what they change in the table of their log."""

    first: int
    end: int
    """Number of the record that will follow."""
    parts: list[bytes] = field(default_factory=list)
    streams: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Stream -> boot and the seq that comes next."""
    checkpoints: dict[str, object] = field(default_factory=dict)
    size: int = 0

    def add(self, appended: Appended) -> None:
        """The mark of its end is on the last frame."""
        items, checkpoints, made = appended
        last = items[-1].number if items and not checkpoints else -1
        parts = list(made or frames_of([item[:2] for item in items], last))
        for stream, newest in {item.record.stream: item.record for item in items}.items():
            self.streams[stream] = (newest.boot, newest.seq + 1)
        if items:
            self.end = items[-1].number + 1
        for place, (stream, state) in enumerate(checkpoints.items(), 1):
            is_end = place == len(checkpoints)
            parts.append(frames.frame(frames.CHECKPOINT, self.end, stream.encode(), to_json(state), is_end=is_end))
            self.checkpoints[stream] = state
        self.parts += parts
        self.size += sum(map(len, parts))


def frames_of(records: Iterable[tuple[int, Record]], last: int) -> list[bytes]:
    """Of numbered records that came in one append, which the one with the number `last` ends."""
    frame, sample, event = frames.frame, frames.RECORD, frames.EVENT
    made = []
    for number, one in records:
        kind, stream = (sample if one.event is None else event), one.stream.encode()
        made.append(frame(kind, number, stream, body(one), one.time_ms, one.boot, one.seq, is_end=number == last))
    return made
