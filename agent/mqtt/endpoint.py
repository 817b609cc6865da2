"""Where a broker is and as whom to speak to it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

Protocol = Literal["5", "3.1.1"]


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of the trust; read again at each connect, so that renewed ones need no restart."""

    ca_file: Path | None = None
    """Whom to trust; None for the system's own list."""
    cert_file: Path | None = None
    key_file: Path | None = None
    """Not protected by a passphrase: nobody is there to type it."""


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy that is asked to CONNECT; it resolves the broker's name."""

    host: str
    port: int
    username: str | None = None
    password: str | None = field(default=None, repr=False)

    @property
    def place(self) -> str:
        return place(self.host, self.port)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One broker and one identity."""

    host: str
    port: int
    client_id: str
    tls: Tls | None = None
    """None speaks in clear."""
    username: str | None = None
    password: str | None = field(default=None, repr=False)
    protocol: Literal["auto"] | Protocol = "auto"
    """`auto` is 5, then 3.1.1 where the broker does not know 5."""
    window: int = 32
    """Most messages on their way at one time; the broker's receive maximum may lower it."""
    keepalive_s: int = 10
    """A broker that is silent for twice this is given up."""
    connect_timeout_s: float = 10.0
    """For name, TCP, proxy, TLS and websocket together, and once more for CONNACK."""
    ack_timeout_s: float = 30.0
    path: str | None = None
    """What to ask for over a websocket; None speaks MQTT on the bare connection."""
    proxy: Proxy | None = None
    session_expiry_s: int = 0
    """How long the broker is asked to keep the session, and what comes meanwhile, after the connection broke; 0 begins
    a new one at each connect. A goodbye ends it (with 3.1.1 only a clean connect does)."""

    @property
    def place(self) -> str:
        return place(self.host, self.port)


def place(host: str, port: int) -> str:
    """As in a URL: `broker.example:8883`, `[::1]:8883`."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
