"""What happens on one wire, in numbers, since the driver was opened."""

from collections.abc import Mapping
from dataclasses import dataclass, fields


@dataclass(slots=True)
class Counts:
    """Only ever growing. Every request ends as one of answers, exceptions, timeouts, protocol_errors or lost."""

    requests: int = 0
    answers: int = 0
    exceptions: int = 0
    """Exception replies: the device understood and refused."""
    timeouts: int = 0
    protocol_errors: int = 0
    """Replies to a request that do not fit it, and bytes that are no reply to anything."""
    lost: int = 0
    """Requests whose connection ended before their answer came."""
    garbled: int = 0
    """Time-outs in which bytes came, but no frame with a right checksum: noise, or another speed or parity."""
    late: int = 0
    """Replies that came after their time-out and were thrown away."""
    connects: int = 0
    reconnects: int = 0
    """Connections that were opened again within a read."""
    unechoed: int = 0
    """Connections on which the peer turned out not to echo transaction ids."""
    echoed: int = 0
    """Connections on which our own requests come back."""
    bisect_requests: int = 0
    probes: int = 0
    """Requests that ask whether what was given up answers again."""
    busy_retries: int = 0
    skipped: int = 0
    """Requests that were not made because their unit does not answer."""

    def by_name(self) -> Mapping[str, int]:
        return {field.name: getattr(self, field.name) for field in fields(self)}
