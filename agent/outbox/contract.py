"""What an outbox is: where records wait until every destination has confirmed them.

    accepted = delivered + queued + dropped (by reason)          for each destination, exactly, at any moment

The order of calls: `append` from the acquiring side at any time; for each destination one `Reader`, used by one task:
`begin()` at each (re)connection, then `take()` and `confirm()` / `refuse()` as answers come. What is taken and neither
confirmed nor set aside is offered again after the next `begin()`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from agent.record import Entry, Record

Checkpoint = Mapping[str, object]
"""What must survive with the records that it explains (counter totals, open minutes); JSON values only."""


@dataclass(slots=True)
class Tally:
    """One destination's account of records."""

    accepted: int = 0
    delivered: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    queued: int = 0
    queued_bytes: int = 0
    oldest_age_s: float = 0.0


class Reader(Protocol):
    """One destination's way through the outbox."""

    @property
    def tally(self) -> Tally: ...

    @property
    def queued(self) -> int:
        """`tally.queued`, for those who look often."""

    def begin(self) -> None:
        """A connection begins: all that is unconfirmed is offered again, and what was appended before is history."""

    async def take(self, room: int) -> Sequence[Entry]:
        """Wait until there is something to send; at most `room` entries, each offered once per connection."""

    def confirm(self, lsn: int) -> None:
        """The destination has it. Confirming twice, or a dropped one, changes nothing."""

    def refuse(self, lsn: int, again_in_s: float) -> bool:
        """The destination did not accept it; offer it again on this connection after that time.

        `math.inf` keeps it back until it is refused again with another time (0.0 releases it) or until `begin()`.
        False where there is nothing to keep back: it is confirmed or dropped.
        """

    def set_aside(self, lsn: int, reason: str, said: bytes = b"") -> None:
        """It can never be delivered there: counted as dropped for `reason`, announced as a gap, not offered again.

        What was `said` of it is kept among the state, as far as there is room, for those who look for the fault.
        """


class Outbox(Protocol):
    """One log, many readers. Never blocks the caller and never raises for want of space."""

    @property
    def boot(self) -> int:
        """This run's number: durable before the first record, greater than every earlier one."""

    @property
    def previous(self) -> Mapping[str, object] | None:
        """The run before this one: {"boot", "clean", "last_seq": {stream: seq}}; None in a new state directory."""

    @property
    def newest_ms(self) -> int:
        """Wall time of the newest record that an earlier run kept; 0 where there is none."""

    @property
    def is_durable(self) -> bool:
        """Whether what waits now survives the end of the process."""

    def append(self, records: Sequence[Record], checkpoint: Mapping[str, Checkpoint] | None = None) -> None:
        """Give each record its boot and seq and keep them, together with the checkpoints, or neither.

        `checkpoint`: stream -> state, replacing what is kept for that stream.
        """

    def checkpoint(self, stream: str) -> Checkpoint | None:
        """The newest checkpoint of a stream, from an earlier run too if the outbox is durable."""

    def recall(self, name: str) -> object | None:
        """What `remember` kept under this name, in an earlier run too; None where there is nothing readable."""

    async def remember(self, name: str, value: object) -> None:
        """Keep a small JSON value in the state directory, on disk when this returns if the directory can be written and
        the disk does not block: whoever polls machines waits 2 s for it at most.

        For what changes at a start, not with records: revisions of metas, devices that were announced. `name` is a
        lower-case word.
        """

    def reader(self, destination: str) -> Reader: ...

    async def close(self) -> None:
        """Keep everything that can be kept and note that this run ended cleanly."""
