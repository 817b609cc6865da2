"""How patient a delivery is."""

from dataclasses import dataclass

LONGER = 1.5
"""How much longer a rest is, at most, than it should be: so that two rivals do not return together."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Times in seconds. Tests make them small; sites have no reason to."""

    health_every_s: float = 60.0
    gather_s: float = 0.005
    """How long the records that follow one wait for others."""
    probe_first_s: float = 1.0
    """A refused topic is tried again after this, then after twice as long each time."""
    probe_most_s: float = 60.0
    drain_s: float = 1.0
    """How long a stop waits for what is queued."""
    farewell_s: float = 0.8
    """How long a stop then takes to say goodbye."""
    quick_s: float = 10.0
    """A connection lost sooner than this after CONNACK was cut off."""
    cut_offs: int = 3
    """So many cut-offs within `crowded_s` mean that somebody else uses the client id."""
    crowded_s: float = 60.0
    rest_s: float = 60.0
    """The pause that follows, and half as much again by chance."""
    tick_s: float = 5.0
    strikes: int = 3
    """So many times a record must have ended the connection, alone, to be set aside."""
    kill_s: float = 5.0
    """Sooner than this after it was sent; what ends later was not ended by it."""
    trial_s: float = 60.0
    """How long a connection must hold before a suspicious record is tried on it; twice as long after each loss that
    had another reason."""
    trial_most_s: float = 3600.0
    canary_s: float = 10.0
    """How long the canary may take to come back."""

    @property
    def rival_gone_s(self) -> float:
        """A connection that holds so long has no rival any more: one that rests would be back."""
        return self.crowded_s + LONGER * self.rest_s
