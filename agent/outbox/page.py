"""From records to the bytes that are written at once. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.outbox import frames
from agent.outbox.bodies import body, to_json
from agent.outbox.tail import Item
from agent.record import Record


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

    def add(self, items: Sequence[Item], checkpoints: Mapping[str, object]) -> None:
        """What came in one append: the mark of its end is on the last frame."""
        made: list[bytes] = []
        for item in items:
            record = item.record
            made.append(item.frame or frame_of(item.number, record, is_end=item is items[-1] and not checkpoints))
            item.frame = b""
            self.streams[record.stream] = (record.boot, record.seq + 1)
            self.end = item.number + 1
        for place, (stream, state) in enumerate(checkpoints.items(), 1):
            is_end = place == len(checkpoints)
            made.append(frames.frame(frames.CHECKPOINT, self.end, stream.encode(), to_json(state), is_end=is_end))
            self.checkpoints[stream] = state
        self.parts += made
        self.size += sum(map(len, made))


def frame_of(number: int, record: Record, *, is_end: bool) -> bytes:
    """`is_end`: whether nothing follows that came in the same append."""
    kind = frames.RECORD if record.event is None else frames.EVENT
    stream, said = record.stream.encode(), body(record)
    return frames.frame(kind, number, stream, said, record.time_ms, record.boot, record.seq, is_end=is_end)
