"""An outbox that keeps everything where the test can see it, and the values of what it kept."""

from collections.abc import Mapping, Sequence

from agent.record import Record


class Kept:
    """Only the acquiring side of `agent.outbox.contract.Outbox`."""

    boot = 1

    def __init__(self) -> None:
        self.records: list[Record] = []

    def append(self, records: Sequence[Record], checkpoint: Mapping[str, object] | None = None) -> None:
        for record in records:
            record.boot, record.seq = self.boot, len(self.records)
            self.records.append(record)

    def values(self) -> list[tuple[int, dict[str, object], dict[str, str]]]:
        """(time, values, qualities) of all moments, in order."""
        return [tuple(moment) for record in self.records for moment in record.moments]  # type: ignore[misc]  # a moment has exactly these three

    def events(self) -> list[tuple[str, dict[str, object]]]:
        return [(record.event.type, dict(record.event.data)) for record in self.records if record.event]
