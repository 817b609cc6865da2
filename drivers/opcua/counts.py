"""What happened on the wire, for health."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass


@dataclass(slots=True)
class Counts:
    """Since the driver was opened."""

    sessions: int = 0
    """That were asked for."""
    resumed: int = 0
    """Times that an old session went on over a new channel."""
    subscriptions: int = 0
    """That were made."""
    notifications: int = 0
    """Values that came by themselves."""
    reads: int = 0
    """Read requests."""
    overflows: int = 0
    """Values before which the server dropped others because its queue was full."""
    slowly: int = 0
    """Answers that were decoded by asyncua: arrays, structures and what is unusual."""
    stale: int = 0
    """Subscribed values of which the server did not tell that they changed."""

    def by_name(self) -> Mapping[str, int]:
        return asdict(self)
