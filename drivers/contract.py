"""What a driver is: everything that a stranger needs to write one.

A driver is a conversation with one **connection**: a TCP endpoint, a serial bus, an OPC UA endpoint. What shares a wire
shares a driver: ten units on one RS-485 bus are one connection, one task and no lock.

Order, overlap and repetition
    The agent calls `connect()`, then `read(group)` as often as it likes until it raises `NotConnected`, then `close()`,
    and starts again with `connect()` on the same object. Calls of one driver never overlap, except `close()`, which may
    come at any time, twice, or after a failed `connect()`, and `changes()`, which runs beside `read()`. What is
    cancelled is followed by `close()`.

What a read says
    `read` returns one `Scan` for each request that it made. A Scan names **only what differs from the previous
    completed read** of that group, in value or fault; naming more is allowed and costs only time; the first read after
    `connect()` names every tag. A tag that is not named is *confirmed*: same value and quality, at this read's time.

What a subscription says
    A driver whose plug-in subscribes is also asked for `changes()`, once after each `connect()` and only where there
    are subscribed groups. It yields their Scans as they come, under the same rules. Each group has one at least every
    `KEEP_ALIVE_S`: where nothing changed a *keep-alive*, which names nothing, so that silence and life look different.

What is an error
    One unreadable tag is a fault with a reason. Only the loss of the conversation raises `NotConnected`. A wrong
    address that can be seen without a wire is `InvalidConfig`, raised by the plug-in's `open`, which lists all problems
    at once. See `drivers.errors`.

Policy (when to read, back-off, logging, deadbands, clocks) is the agent's; protocol is the driver's.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple, Protocol, TypedDict, runtime_checkable

from pydantic import BaseModel

Value = bool | int | float | str
"""What a tag can hold. Arrays and structures become one tag per element. NaN and infinity are faults, not values."""

ValueType = Literal["bool", "int", "float", "str"]


class Quality(StrEnum):
    """How far a value can be trusted and, if it is not good, why. Bad means that there is no value."""

    GOOD = "good"
    UNCERTAIN_STALE = "uncertain.stale"
    UNCERTAIN_RANGE = "uncertain.range"
    UNCERTAIN_SENSOR = "uncertain.sensor"
    UNCERTAIN_INITIAL = "uncertain.initial"
    UNCERTAIN_CLOCK = "uncertain.clock"
    UNCERTAIN_COUNTER = "uncertain.counter"
    UNCERTAIN_OVERFLOW = "uncertain.overflow"
    BAD_TIMEOUT = "bad.timeout"
    BAD_NOT_CONNECTED = "bad.not_connected"
    BAD_DEVICE = "bad.device"
    BAD_CONFIG = "bad.config"
    BAD_BUSY = "bad.busy"
    BAD_GATEWAY = "bad.gateway"
    BAD_DECODE = "bad.decode"
    BAD_DENIED = "bad.denied"
    BAD_TYPE = "bad.type"
    BAD_NULL = "bad.null"
    BAD_PROTOCOL = "bad.protocol"

    @property
    def is_bad(self) -> bool:
        return self.startswith("bad.")


@dataclass(frozen=True, slots=True)
class Tag:
    """One thing to read: its name, unique in its device, and where it is, as the plug-in's `address` model."""

    name: str
    address: BaseModel


@dataclass(frozen=True, slots=True)
class Group:
    """The tags of one device that are read together. `name` is unique in its connection."""

    name: str
    device: str
    settings: BaseModel
    """The device's own keys, as the plug-in's `device` model."""
    tags: Sequence[Tag]
    every_s: float
    """The period in seconds; infinite where they are read only when something happens."""
    is_subscribed: bool = False
    """Whether the device tells of changes by itself, looking at them with this period (`sampling`): `changes` brings
    them, and `read` is never called for this group. Only of plug-ins that subscribe."""


NO_FAULTS: Mapping[int, Quality] = MappingProxyType({})


class Scan(NamedTuple):
    """What one request, or one notification, brought for one group. Columns, not rows: no object per value."""

    time_ms: int
    """Moment of acquisition, UTC epoch milliseconds: for a request the middle between sending and answer."""
    indexes: Sequence[int]
    """Positions in `Group.tags` of what has a value here. A tuple is prepared for, so it should be the same object
    again and again, such as that of a block; what comes only once is a list."""
    values: Sequence[Value]
    """In the order of `indexes`."""
    faults: Mapping[int, Quality] = NO_FAULTS
    """Position -> reason. A bad one has no value; an uncertain one stands in `indexes` as well."""
    times: Sequence[int] | None = None
    """Only where each value has a time of its own: UTC epoch milliseconds in the order of `indexes`, in any order of
    time. They are the device's, so only where they are plausible beside `time_ms`, and never later than that."""


KEEP_ALIVE_S = 5.0
"""Each subscribed group has a Scan at least so often: heartbeats and dwell times run on Scans. Better every second."""


class Driver(Protocol):
    """A conversation with one connection. The module's docstring says in which order its calls come."""

    async def connect(self) -> None:
        """Open the conversation; raise `NotConnected` when it cannot be opened now."""

    async def read(self, group: str) -> Sequence[Scan]:
        """Read one group once. Bounded in time by the driver's own time-outs."""

    async def close(self) -> None:
        """End the conversation and free what it holds. Never raises."""


@runtime_checkable
class SubscribingDriver(Driver, Protocol):
    """A driver whose device speaks by itself: what a plug-in with `subscribes` opens."""

    def changes(self) -> AsyncIterator[tuple[str, Scan]]:
        """Group name and Scan, as they come, from `connect()` on. Runs beside `read()`; never ends by itself.

        The first Scans of a group name every tag, as value or fault; a keep-alive comes only after them. A Scan names
        a tag once: several values of one tag are several Scans, oldest first. Raises `NotConnected` when the
        conversation is lost, also when the device falls silent, and after `close()`. It may be cancelled while it
        waits; a generator is closed where the agent stops listening.
        """


@runtime_checkable
class Counting(Protocol):
    """A driver that counts what happens on its wire; health shows it as it is.

    While the counts move, a read that lasts longer than three periods and 30 s is taken for slow, not for hung.
    """

    @property
    def counts(self) -> Mapping[str, int]:
        """Word -> number since the driver was opened, such as `requests`, `timeouts`, `protocol_errors`."""


@runtime_checkable
class Identifying(Protocol):
    """A driver whose machines say who they are; it becomes labels of the device."""

    @property
    def identities(self) -> Mapping[str, Mapping[str, str]]:
        """Device -> label -> text, such as `manufacturer`, `model`, `serial_number`; of those that were asked since the
        driver was opened. A device whose machine says nothing has an empty one; one that is not asked has none. It is
        another object whenever something in it is new, and that before the first Scan of such a machine."""


class Journal(Protocol):
    """Where a driver tells the operator what happens. Codes are those of its `messages`; `about` is the subject.

    `lost` and `back` frame a state: only the first `lost` of a (code, about) is a line, and only a `back` after it.
    """

    def lost(self, code: str, about: str, /, **facts: object) -> None: ...
    def back(self, code: str, about: str, /, **facts: object) -> None: ...
    def note(self, code: str, about: str, /, **facts: object) -> None: ...


class Message(NamedTuple):
    """An operator message in both languages, `str.format` templates over its facts; `{lineside}` is what is typed to
    call the command. A hint says what to do."""

    level: Literal["error", "warning", "notice", "info"]
    zh: str
    en: str
    hint_zh: str = ""
    hint_en: str = ""
    back_zh: str = ""
    back_en: str = ""


class Described(NamedTuple):
    """What is known of a tag without a wire: the type of its values and its address in canonical notation."""

    type: ValueType | None
    source: str


class Surroundings(TypedDict):
    """The validation context of the three models: pydantic's `info.context`, None where nobody gave one."""

    folder: Path
    """Of the configuration. Files that a key names are beside it."""
    file: Path
    """The configuration itself, for hints that name a command."""
    state: Path
    """A folder of the driver's own, for what must survive a restart: <state_dir>/drivers/<name of the driver>. It is
    not there before the driver makes it, and nothing else can be written where systemd runs the agent."""


class Text(NamedTuple):
    """For people, in both languages."""

    zh: str
    en: str


class AddressArea(NamedTuple):
    """One way to write addresses of a profile: a table row."""

    name: str
    """`D`."""
    range: str
    """`D0-D4095, D4096-D11999`."""
    holds: Text
    """What is there and where the protocol finds it."""
    grade: str


class AddressProfile(NamedTuple):
    """How one family of devices writes its addresses, for people to look up."""

    name: str
    title: Text
    grade: str
    """A word for how sure it is; `grades` of `Profiles` says what it means."""
    source: str
    facts: Sequence[tuple[Text, str]]
    """What else holds for all of it: (word order, CDAB)."""
    options: Sequence[tuple[str, Text, str]]
    """Key, what it means, an example."""
    areas: Sequence[AddressArea]
    examples: Sequence[tuple[str, str]]
    """An address as it is written, and in canonical notation."""


class Profiles(NamedTuple):
    """The address profiles of a driver."""

    known: Sequence[AddressProfile]
    grades: Sequence[tuple[str, Text]]
    wrong: Sequence[tuple[str, Mapping[str, object]]]
    """Mistakes in profiles of the site's own: code of a message and its facts."""


class Certified(NamedTuple):
    """A certificate, and how a connection stands to it."""

    standing: Literal["own", "trusted", "rejected"]
    """`own`: with which the agent shows who it is."""
    fingerprint: str
    """SHA-256, `3F:A2:...`."""
    subject: str
    issuer: str
    uri: str
    """What it calls itself, such as an OPC UA application URI; empty where it does not."""
    ends: datetime
    """Valid until then; aware."""
    seen: datetime
    """When it was shown last, or let in; aware."""
    path: Path
    """The file."""
    is_authority: bool = False
    """Whether all that it signed are trusted with it."""


class Trusting(Protocol):
    """Whom a connection trusts: what `lineside trust` needs. `connection` is the plug-in's model.

    `what` is how a fingerprint begins, or the content of a file with a certificate. These calls block, read and write
    files below `Surroundings.state` only, and raise `NothingChanged` and `OSError`.
    """

    def where(self, connection: BaseModel) -> Path:
        """The folder of the list."""

    def entries(self, connection: BaseModel) -> Sequence[Certified]:
        """Our own certificate, those that are trusted, those that were rejected."""

    def add(self, connection: BaseModel, what: str | bytes) -> Certified:
        """Trust one that was rejected, or that of a file."""

    def remove(self, connection: BaseModel, what: str | bytes) -> Certified:
        """Trust it no more, or forget that it was rejected."""


class BrowseWish(NamedTuple):
    """How far a walk through a device goes."""

    depth: int = 8
    """Levels below the beginning."""
    most: int = 20_000
    """So many things at most."""
    is_all: bool = False
    """Also what the protocol itself has everywhere, such as descriptions of types."""


@dataclass(frozen=True, slots=True)
class Shown:
    """One thing that a device shows: something to read, or what holds such things."""

    number: int
    """Unlike that of all others of the walk."""
    parent: int | None
    """The number of what holds it, which came before; None at the top."""
    name: str
    """Where it is among its siblings; an element of an array is `[0]`."""
    title: str
    """For people, in the device's own language."""
    address: str
    """As a person writes it in a tag; empty where it cannot be written."""
    kind: str
    """In the protocol's own word: `Object`, `Double`, `Int32[10]`."""
    is_value: bool = False
    """Whether a tag with this address has values."""
    type: ValueType | None = None
    """Of its values, where that is known."""
    value: str = ""
    """The current one, or what is there of it."""
    quality: Quality = Quality.GOOD
    unit: str = ""
    """UCUM."""
    unit_text: str = ""
    """As the device writes it."""
    range: tuple[float, float] | None = None
    """In which the device expects its values."""
    below: int = 0
    """How many things it holds; fewer of them may come."""


@dataclass(frozen=True, slots=True)
class Browsing:
    """What `lineside browse URL` needs. The `connection` model is made of `url`, and of `insecure`, `user` and
    `password_file` where the person has said them."""

    schemes: Sequence[str]
    """How URLs of such connections begin: `opc.tcp`."""
    walk: Callable[[BaseModel, BrowseWish, Journal], AsyncGenerator[Shown, None]]
    """The things as they are found, breadth first. Raises `NotConnected`; notes in the journal where it stopped early.
    Closing it ends the conversation."""


World = Callable[[str, str], Value | None]
"""(device, tag name) -> the value that a simulated machine shows now; None where it has no such address."""


@dataclass(frozen=True, slots=True)
class DriverPlugin:
    """A driver as a value: three pydantic models and a factory; the rest are abilities that a driver may lack.

    Models forbid extra keys, are frozen, and raise `pydantic_core.PydanticCustomError(code, text, facts)` with a code
    of `messages` where they refuse a value, so that the operator reads it in his own language. They are validated with
    `Surroundings` as their context.
    """

    connection: type[BaseModel]
    """The keys of a connection that are the driver's own (all but `name` and `driver`), such as `url`."""
    device: type[BaseModel]
    """The keys of a device that are the driver's own, such as `unit`."""
    address: type[BaseModel]
    """The keys of a tag that say where it is and how it is coded; one of them is `address`."""
    open: Callable[[BaseModel, Sequence[Group], Journal], Driver]
    """Plan everything, touch nothing. Raises `InvalidConfig` with all problems. What it notes about a device (`about`
    is the device's name) is shown when a configuration is checked, too."""
    subscribes: Literal["by default", "if asked"] | None = None
    """Whether `open` gives a `SubscribingDriver`. Then tags with a `sampling` of their own or of their device are
    subscribed, and tags with an `every` of their own are polled; this says what the others are."""
    describe: Callable[[BaseModel, Group], Sequence[Described]] | None = None
    """One `Described` for each tag of the group, in order; for groups that `open` accepts."""
    tags: Callable[[BaseModel], Sequence[Mapping[str, object]]] | None = None
    """Tags that a device with these settings has without anybody writing them, with the keys that a person would write.
    A tag that the person wrote wins over one of the same name or meaning."""
    simulate: Callable[[BaseModel, Sequence[Group], World], AbstractAsyncContextManager[str]] | None = None
    """Serve the groups' addresses on the loopback interface with values from a `World`; yields the URL to read from."""
    profiles: Callable[[Path], Profiles] | None = None
    """The address profiles that a configuration in this folder may name."""
    browse: Browsing | None = None
    """What a device shows, where it can say so."""
    trust: Trusting | None = None
    """Whom a connection trusts, where peers show certificates."""
    chinese: Mapping[str, str] = field(default_factory=dict)
    """Key of the three models (`url`, `limits.gap`) -> in Chinese what it is for; the models say it in English."""
    messages: Mapping[str, Message] = field(default_factory=dict)
    """Code -> message. Codes start with a letter of the driver's choice but E, W, N and I, which are the agent's."""
