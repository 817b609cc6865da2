"""The agent's own keys, as people write them. What drivers add to connections, devices and tags is theirs."""

from fractions import Fraction
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from agent.config.fields import (
    Bits,
    Deadband,
    Deadbands,
    Description,
    Enum,
    Exact,
    Factor,
    LabelName,
    Level,
    Line,
    Nulls,
    Protocol,
    Range,
    Snake,
    at_least,
)
from drivers.quantities import Duration, Rate, Size

Period = Annotated[Duration, at_least(0.01)]
Patience = Annotated[Duration, at_least(1.0)]


class Keys(BaseModel):
    """What all mappings of the file have in common: no unknown keys, no guessing of types."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class OutboxKeys(Keys):
    """`outbox`: what waits for brokers."""

    max_bytes: Size = Field(1 << 30, description="How much may wait on disk; over it the oldest samples go first")
    max_age: Patience = Field(30 * 86400.0, description="What is older is dropped")
    sync: Literal["1s", "always", "never"] = Field("1s", description="How often what waits is forced to disk")


class TlsKeys(Keys):
    """`tls` of a destination."""

    ca_file: Line | None = Field(
        None, description="Certificates of the authorities to trust (PEM); default: those of the system"
    )
    cert_file: Line | None = Field(None, description="This gateway's certificate (PEM), for mutual TLS")
    key_file: Line | None = Field(
        None, description="The private key of `cert_file` (PEM), without a passphrase, kept like `password_file`"
    )


class TopicKeys(Keys):
    """`topics` of a destination: templates with {enterprise} {site} {area} {line} {device} {device_type} {gateway}."""

    data: Line | None = Field(None, description="Samples of a device")
    event: Line | None = Field(None, description="Events of a device")
    meta: Line | None = Field(None, description="What a device's tags mean; retained")
    state: Line | None = Field(None, description="Whether the gateway is online; retained, and the Will")
    health: Line | None = Field(None, description="The gateway's periodic account of itself")


class BackfillKeys(Keys):
    """`backfill` of a destination: how it gets what waited for it."""

    rate: Rate = Field(50.0, description="Records a second of the backlog, beside what is new")
    live_first: bool = Field(True, description="What is new goes out at once; false: strictly in order, without `rate`")


class DestinationKeys(Keys):
    """One of `destinations`: a broker."""

    name: Level = Field(description="Unique name of the destination")
    url: Line = Field(description="mqtt://host:1883, mqtts://host:8883, ws://host:80/mqtt or wss://host:443/mqtt")
    proxy: Line | None = Field(None, description="HTTP proxy to go through: http://host:3128, or http://user@host:3128")
    proxy_password_file: Line | None = Field(
        None, description="File with the password of the user in `proxy`, kept like `password_file`"
    )
    protocol: Protocol = Field("auto", description="MQTT version; auto tries 5, then 3.1.1")
    client_id: Line | None = Field(None, description="Default: the gateway's name and a part of the machine id")
    username: Line | None = Field(None, description="User name at the broker")
    password_file: Line | None = Field(
        None, description="File with the password, for this user only (chmod 600), or a name in $CREDENTIALS_DIRECTORY"
    )
    tls: TlsKeys | None = Field(None, description="Certificates for mqtts:// and wss://")
    format: Literal["json"] = Field("json", description="What the messages look like")
    topics: TopicKeys | None = Field(None, description="Topic templates, where they differ from the format's own")
    backfill: BackfillKeys = Field(BackfillKeys(), description="How it gets what waited for it")
    ack_timeout: Patience = Field(30.0, description="No acknowledgement for so long means reconnecting")
    canary: bool = Field(
        False, description="With MQTT 3.1.1: read back a message of our own, because that cannot refuse one aloud"
    )


class ConnectionKeys(Keys):
    """One of `connections`, without its driver's keys."""

    name: Level = Field(description="Unique name of the connection")
    driver: Line = Field(description="Who speaks to it: one of `lineside drivers`")


class TagKeys(Keys):
    """One of `tags`, without its driver's keys."""

    name: Snake = Field(
        description="Unique in its device: a metric of the dictionary, or anything with `metric`, or x_ and anything"
    )
    metric: Snake | None = Field(None, description="What the value means: a word of the dictionary; default: the name")
    unit: Line | None = Field(None, description="Unit after scaling (UCUM), such as m/min, Cel, {piece}")
    scale: Factor = Field(Fraction(1), description="Multiplies what was read: 0.1, or 1/60")
    offset: Exact = Field(Fraction(0), description="Added after `scale`")
    enum: Enum | None = Field(None, description="What the machine's numbers mean: {0: stopped, 1: running}")
    bits: Bits | None = Field(
        None, description='Bits taken out of a whole number before `scale`: 3, or "4-7"; one bit is true or false'
    )
    null_values: Nulls = Field((), description="Raw values with which the machine says that it has none: [65535]")
    range: Range | None = Field(None, description="Plausible values [low, high]; others become uncertain")
    every: Period | None = Field(None, description="Period of reading; default: the device's")
    sampling: Period | None = Field(
        None, description="Subscribed: how often the device itself looks for changes; instead of `every`"
    )
    read_on: Snake | None = Field(
        None, description="Read when this tag of the device has changed, or once after each connect: job, start"
    )
    deadband: Deadbands = Field(
        Deadband(), description="Smallest change that is reported: 0.5, or 1% of the last reported value"
    )
    min_interval: Duration = Field(0.0, description="Changes are reported at most so often")
    max_interval: Period = Field(300.0, description="Reported at least so often, changed or not")
    labels: dict[LabelName, Line] = Field({}, description="Tell instances of one metric apart: {zone: dryer1}")
    description: Description | None = Field(None, description="Text for people: one text, or {zh: ..., en: ...}")


class DeviceKeys(Keys):
    """One of `devices`, without its driver's keys and its tags."""

    name: Level = Field(description="Unique name of the device; it stands in topics")
    connection: Line = Field(description="Name of the connection that reaches it")
    type: Level = Field("other", description="Kind of machine, such as press-flexo, bag-maker, die-cutter")
    labels: dict[LabelName, Level] = Field({}, description="Added to the configuration's labels: {line: line2}")
    every: Period = Field(1.0, description="Default period of its tags")
    sampling: Period | None = Field(
        None, description="Default `sampling` of its tags that have no `every`, where the driver subscribes"
    )
    tags: list[Any] = Field([], description="What is read from it")
    tags_file: Line | None = Field(
        None, description="Table with more of its tags: press01.csv, press01.xlsx, press01.xlsx#Sheet2"
    )


class Root(Keys):
    """The file."""

    version: Literal[1] = Field(description="Version of this format: 1")
    gateway: Level = Field(description="Unique name of this gateway; it stands in topics")
    language: Literal["zh", "en"] | None = Field(None, description="Language of messages to the operator")
    labels: dict[LabelName, Level] = Field(
        {}, description="On every device; {site} and {line} stand in the default topics"
    )
    state_dir: Line | None = Field(
        None,
        description="Where the agent keeps what must survive; default: $STATE_DIRECTORY, else ~/.local/state/lineside",
    )
    outbox: OutboxKeys = Field(OutboxKeys(), description="What waits for brokers")
    health_interval: Patience = Field(60.0, description="How often the gateway reports its own health")
    destinations: list[Any] = Field(min_length=1, description="Brokers that get everything")
    connections: list[Any] = Field(min_length=1, description="Conversations with machines: TCP endpoints, buses")
    devices: list[Any] = Field(min_length=1, description="Machines and what is read from them")
