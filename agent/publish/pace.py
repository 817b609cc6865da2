"""How patient a delivery is."""

from dataclasses import dataclass

from agent.backoff import CAP_S
from agent.mqtt import Cause

NOBODY_S = 1.5
"""Where nobody listens, the broker is down, and asking again costs it nothing: when it is back, live data should arrive
within two seconds."""
SILENT_S = 8.0
"""Where nothing is heard of it: ten seconds after its return we should be connected."""
ANSWERED = frozenset((Cause.CERTIFICATE, Cause.TLS, Cause.LOGIN, Cause.DECLINED, Cause.NOT_MQTT, Cause.TAKEN_OVER))
"""It is there and does not want us: somebody has to do something first."""

LONGER = 1.5
"""How much longer a rest is, at most, than it should be: so that two rivals do not return together."""


def most_pause_s(cause: Cause) -> float:
    """How long a pause between two attempts may be, however long the outage."""
    return NOBODY_S if cause is Cause.REFUSED else CAP_S if cause in ANSWERED else SILENT_S


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
