"""From records to the bytes that are written at once. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from agent.outbox import frames
from agent.outbox.bodies import body, to_json
from agent.outbox.tail import Item


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

    def add(self, items: Sequence[Item], checkpoints: Mapping[str, object]) -> None:
        """What came in one append: the mark of its end is on the last frame."""
        last = len(items) + len(checkpoints)
        for item in items:
            last -= 1
            self.parts.append(_frame(item, is_end=not last))
            self.streams[item.record.stream] = (item.record.boot, item.record.seq + 1)
            self.end = item.number + 1
        for stream, state in checkpoints.items():
            last -= 1
            said = to_json(state)
            self.parts.append(frames.frame(frames.CHECKPOINT, self.end, stream.encode(), said, is_end=not last))
            self.checkpoints[stream] = state


def _frame(item: Item, *, is_end: bool) -> bytes:
    record, said = item.record, item.body or body(item.record)
    item.body = b""
    return frames.frame(
        frames.EVENT if record.event else frames.RECORD,
        item.number,
        record.stream.encode(),
        said,
        time_ms=record.time_ms,
        boot=record.boot,
        seq=record.seq,
        is_end=is_end,
    )
