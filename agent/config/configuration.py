"""What the rest of the agent is given: plain values, checked, with defaults and secrets filled in."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal, NamedTuple

from pydantic import BaseModel

from drivers.contract import DriverPlugin


@dataclass(frozen=True, slots=True)
class OutboxSettings:
    """How much waits for a broker, for how long, and how often it is forced to disk (`1s`, `always` or `never`)."""

    max_bytes: int
    max_age_s: float
    sync: Literal["1s", "always", "never"]


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of a TLS connection, absolute; without `ca_file` the system's certificate authorities are used."""

    ca_file: Path | None
    cert_file: Path | None
    key_file: Path | None


@dataclass(frozen=True, slots=True)
class Proxy:
    """An HTTP proxy on the way to a broker."""

    host: str
    port: int
    username: str | None
    password: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Destination:
    """One broker. `topics`: data, event, meta, state, health -> template, where it differs from the format's own."""

    name: str
    host: str
    port: int
    tls: Tls | None
    protocol: Literal["auto", "5", "3.1.1"]
    client_id: str
    username: str | None
    password: str | None = field(repr=False)
    ack_timeout_s: float
    topics: Mapping[str, str]
    format: str = "json"
    path: str | None = None
    """Where the websocket is; None without one."""
    proxy: Proxy | None = None
    backfill_rate: float = 50.0
    """Records a second of what waited."""
    live_first: bool = True
    canary: bool = False
    """Whether a message of our own is read back where MQTT 3.1.1 is spoken."""


@dataclass(frozen=True, slots=True)
class Connection:
    """One conversation: the plug-in that leads it and its own keys as the plug-in's `connection` model."""

    name: str
    driver: str
    plugin: DriverPlugin
    settings: BaseModel


ON_START = "start"
"""`read_on`: after each connect, and not again."""


class Rhythm(NamedTuple):
    """When a tag is looked at, and by whom."""

    every_s: float
    read_on: str | None = None
    """The tag whose change it follows, or `ON_START`; `every_s` is how often it is read without one."""
    is_subscribed: bool = False
    """Whether the device looks every `every_s` and tells of changes; else the agent asks."""


@dataclass(frozen=True, slots=True)
class TagSettings:
    """What is done with one value between the wire and the record."""

    name: str
    metric: str
    labels: Mapping[str, str]
    unit: str | None
    description: Mapping[Literal["zh", "en"], str]
    address: BaseModel
    every_s: float
    scale: Fraction
    """Exactly the decimal that is written: 0.1 is 1/10."""
    offset: Fraction
    enum: Mapping[int, int | str] | None
    bits: tuple[int, int] | None
    """Lowest and highest bit, both included, taken out of an integer before `scale`; one bit is a bool."""
    null_values: tuple[float | int, ...]
    range: tuple[float, float] | None
    deadband: float | None
    deadband_percent: float | None
    min_interval_s: float
    max_interval_s: float
    read_on: str | None = None
    is_subscribed: bool = False

    @property
    def rhythm(self) -> Rhythm:
        return Rhythm(self.every_s, self.read_on, self.is_subscribed)


@dataclass(frozen=True, slots=True)
class Device:
    """One machine. `labels` holds the configuration's, its own, and `device`, `device_type` and `gateway`."""

    name: str
    connection: str
    type: str
    labels: Mapping[str, str]
    settings: BaseModel
    tags: tuple[TagSettings, ...]


@dataclass(frozen=True, slots=True)
class Configuration:
    """One agent."""

    gateway: str
    language: Literal["zh", "en"] | None
    labels: Mapping[str, str]
    state_dir: Path
    outbox: OutboxSettings
    health_interval_s: float
    destinations: tuple[Destination, ...]
    connections: tuple[Connection, ...]
    devices: tuple[Device, ...]
