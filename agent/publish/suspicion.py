"""Which record kills the connection, if one does: found by sending it alone, and judged slowly. Pure.

A line that drops must never cost a record, so nothing is held against a record that shared the connection with others:
docs/decisions/0019 has the reasoning and the odds.

    under way at two losses in a row  ->  suspect: sent alone, once, at the next connection
    suspect, and the connection dies  ->  accused: one strike, held back while everything else goes on
    connection holds for `patience`   ->  the accused is tried again, alone: another strike, or it is acquitted
    three strikes                     ->  convicted
    a loss that no record explains    ->  the line is to blame: all strikes are void, and patience doubles
"""

from collections.abc import Set
from dataclasses import dataclass

from agent.publish.pace import Pace

Key = tuple[str, int, int]
"""Of a record: stream, boot, seq."""


@dataclass(frozen=True, slots=True)
class Loss:
    """How a connection ended."""

    flying: Set[Key]
    """Records that were sent and not answered."""
    alone: Key | None
    """One that was sent alone on purpose, on a connection that had proved to be alive, and that nothing followed."""
    is_cut: bool
    """The other side ended it, or what it sent was senseless; not silence."""
    held_s: float
    """How long it had held, when `alone` was sent or else at its end."""
    flight_s: float = 0.0
    """From sending `alone` to the end."""
    others: int = 0
    """How many messages that are no records were under way."""
    greeting: str = ""
    """The topic of the one that was, where it was alone on a connection that had proved to be alive: a meta."""


class Suspicion:
    """Of one destination; outlives its connections, not the process."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._crowd: frozenset[Key] = frozenset()
        """Under way at the newest loss, and not answered since."""
        self._suspects: set[Key] = set()
        self._accused: dict[Key, int] = {}
        """With their strikes."""
        self._is_explained = False
        """One of those who were suspected together has a strike."""
        self._greetings: dict[str, int] = {}
        """Topics of metas, with the strikes since one was acknowledged."""
        self._are_others_suspect = False
        self.patience_s = pace.trial_s
        """How long a connection must have held before an accused is tried on it."""
        self.is_accusing = False
        """Whether the newest loss is put down to records rather than to the line or a rival."""

    @property
    def is_careful(self) -> bool:
        """Whether anybody must go alone."""
        return bool(self._suspects or self._accused)

    @property
    def is_greeting_slowly(self) -> bool:
        """Whether what begins a connection goes one by one, so that none of it is confused with anything else."""
        return self.is_careful or self._are_others_suspect

    def leaves_out(self, topic: str) -> bool:
        """A meta that ended the connection too often is not sent until one has held for long."""
        return self._greetings.get(topic, 0) >= self._pace.strikes

    def greeted(self, topic: str) -> None:
        """A message that is no record was answered."""
        self._greetings.pop(topic, None)

    @property
    def is_idle(self) -> bool:
        """Whether answers are of no interest."""
        return not (self._crowd or self._suspects or self._accused)

    def watches(self, key: Key) -> bool:
        """Whether this record must go alone."""
        return key in self._suspects or key in self._accused

    def wait_s(self, key: Key, held_s: float) -> float:
        """How much longer a connection that has held for `held_s` must hold before this record is sent."""
        return max(self.patience_s - held_s, 0.0) if key in self._accused else 0.0

    def answered(self, key: Key) -> None:
        """The broker answered, whatever it said: this record does not kill."""
        if key in self._crowd:
            self._crowd -= {key}
            if not self._crowd:
                self._blame_line(0.0)
        elif key in self._suspects:
            self._suspects.discard(key)
            self._look_whether_explained()
        elif self._accused.pop(key, 0):
            self._blame_line(0.0)

    def lost(self, loss: Loss) -> Key | None:
        """A connection ended; the record that is convicted now, if one is."""
        self.is_accusing = False
        self._are_others_suspect = loss.others > 0
        if loss.held_s >= self._pace.trial_most_s:
            self._forget(loss.flying)
        if loss.is_cut and loss.greeting:
            self.is_accusing = True
            self._greetings[loss.greeting] = self._greetings.get(loss.greeting, 0) + 1
        elif not loss.is_cut or not loss.flying:
            self._blame_line(loss.held_s)
            if loss.alone is not None:
                # Silence is no evidence, and nothing may wait for it again.
                self._suspects.discard(loss.alone)
        elif loss.alone is None:
            self._suspect(loss)
        elif loss.flight_s > self._pace.kill_s:
            self._blame_line(loss.held_s)
        else:
            return self._strike(loss.alone)
        return None

    def _forget(self, flying: Set[Key]) -> None:
        """On a connection that held for long everything had its turn; who is not there was dropped for want of room."""
        self._greetings.clear()
        self._suspects &= flying
        self._accused = {key: strikes for key, strikes in self._accused.items() if key in flying}

    def _suspect(self, loss: Loss) -> None:
        again = self._crowd & loss.flying
        self.is_accusing = bool(again)
        if again:
            self._crowd = frozenset()
            self._suspects |= again
        else:
            if self._crowd:
                self._blame_line(loss.held_s)
            self._crowd = frozenset(loss.flying) - self._suspects - self._accused.keys()

    def _strike(self, key: Key) -> Key | None:
        self.is_accusing = True
        strikes = self._accused.pop(key, 0) + 1
        self._is_explained = True
        self._suspects.discard(key)
        self._look_whether_explained()
        if strikes >= self._pace.strikes:
            return key
        self._accused[key] = strikes
        return None

    def _look_whether_explained(self) -> None:
        if not self._suspects:
            if not self._is_explained:
                self._blame_line(0.0)
            self._is_explained = False

    def _blame_line(self, held_s: float) -> None:
        """Not a record, but the line or the broker: then it may have been so before."""
        most_s = self._pace.trial_most_s
        self.patience_s = self._pace.trial_s if held_s >= most_s else min(2 * self.patience_s, most_s)
        self._suspects |= self._accused.keys()
        self._accused.clear()
        self._is_explained = False
