"""What a person writes about OPC UA: keys of a connection, a device and a tag."""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, PrivateAttr, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from drivers.opcua.node import ById, ByPath, Node, NodeError, OfMachine, node
from drivers.opcua.path import Mistake, PathError, parse
from drivers.opcua.place import DEFAULT_PORT, Placed
from drivers.quantities import Duration, Size

_WRITTEN = ConfigDict(extra="forbid", frozen=True)


def _checked_url(url: str) -> str:
    try:
        parts = urlsplit(url)
        is_right = parts.scheme == "opc.tcp" and bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_right = False
    if not is_right:
        raise PydanticCustomError("U1010", "{given} is no endpoint", {"given": url})
    if parts.username or parts.password:
        raise PydanticCustomError("U1011", "{given} names a user", {"given": f"opc.tcp://{parts.hostname}"})
    return url


def _found_file(written: str, info: ValidationInfo) -> str:
    """Relative to the configuration's folder, where there is one: see `drivers.contract.Surroundings`."""
    folder = info.context["folder"] if info.context else Path()
    path = folder / Path(written).expanduser()
    if not path.is_file():
        raise PydanticCustomError("U1012", "there is no file {given}", {"given": str(path)})
    return str(path)


_File = Annotated[str, AfterValidator(_found_file)]

Policy = Literal["auto", "None", "Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss"]
Mode = Literal["auto", "Sign", "SignAndEncrypt"]


class Security(BaseModel):
    """How the conversation is protected, and as whom we come."""

    model_config = _WRITTEN

    policy: Annotated[Policy, Field(description="auto takes the strongest that the server offers.")] = "auto"
    mode: Annotated[Mode, Field(description="auto signs and encrypts where the server does.")] = "auto"
    cert_file: Annotated[
        _File | None,
        Field(description="Own application certificate, PEM or DER; else one is made when it is needed first."),
    ] = None
    key_file: Annotated[_File | None, Field(description="Its key, not protected by a passphrase.")] = None

    @model_validator(mode="after")
    def _both(self) -> "Security":
        if (self.cert_file is None) != (self.key_file is None):
            raise PydanticCustomError("U1013", "cert_file and key_file belong together", {})
        return self


class Limits(BaseModel):
    """What the server can bear, where it does not say so itself; 0 is without limit."""

    model_config = _WRITTEN

    nodes: Annotated[int, Field(ge=0, description="Most nodes in one call.")] = 0
    items: Annotated[int, Field(ge=0, description="Most subscribed values; the others are read.")] = 0
    queue: Annotated[int, Field(ge=1, le=10_000, description="Changes of one value that the server keeps.")] = 100
    message: Annotated[
        Size,
        Field(ge=8192, description="Longest message that is accepted."),
        Field(json_schema_extra={"default": "16MiB"}),
    ] = 16 * 1024 * 1024


_PROFILES = {"s7-1200": Limits(nodes=100, items=1000)}
"""Siemens, system limits of OPC UA. An S7-1200 has 10 sessions, watches 1000 values, and does not always say so."""


class Connection(Placed):
    """One endpoint of one server; one session."""

    model_config = _WRITTEN

    url: Annotated[
        str, AfterValidator(_checked_url), Field(description="opc.tcp://host:4840, with a path if the server has one.")
    ]
    timeout: Annotated[
        Duration,
        Field(ge=0.1, le=60, description="How long connecting or an answer may take."),
        Field(json_schema_extra={"default": "4s"}),
    ] = 4.0
    insecure: Annotated[bool, Field(description="Allow a conversation that anybody can read and change.")] = False
    security: Annotated[Security, Field(description="Policy, mode and own certificate.")] = Security()
    user: Annotated[str | None, Field(min_length=1, description="User name, where the server wants one.")] = None
    password_file: Annotated[_File | None, Field(description="Its password; nobody else may read the file.")] = None
    user_cert_file: Annotated[
        _File | None, Field(description="Certificate of the user, in place of a name and a password; PEM or DER.")
    ] = None
    user_key_file: Annotated[
        _File | None, Field(description="Its key, not protected by a passphrase; nobody else may read the file.")
    ] = None
    server: Annotated[
        Literal["s7-1200"] | None, Field(description="Known limits: s7-1200; else the server is asked for them.")
    ] = None
    keep_alive: Annotated[
        Duration,
        Field(ge=0.5, le=60, description="How often the server shows life when nothing changes."),
        Field(json_schema_extra={"default": "5s"}),
    ] = 5.0
    limits: Annotated[Limits, Field(description="What the server can bear, where it does not say so.")] = Limits()

    @model_validator(mode="after")
    def _agrees(self) -> "Connection":
        if self.password_file is not None and self.user is None:
            raise PydanticCustomError("U1014", "password_file needs user", {})
        if (self.user_cert_file is None) != (self.user_key_file is None):
            raise PydanticCustomError("U1016", "user_cert_file and user_key_file belong together", {})
        if self.user_cert_file is not None and self.user is not None:
            raise PydanticCustomError("U1017", "user and user_cert_file", {})
        if self.security.policy == "None" and not self.insecure:
            raise PydanticCustomError("U1015", "policy None needs insecure: true", {})
        return self

    @property
    def most_nodes(self) -> int:
        """In one call; 0 where that is not known before the server is asked."""
        return self.limits.nodes or self._profile.nodes

    @property
    def most_items(self) -> int:
        """Subscribed values; 0 where that is not known before the server is asked."""
        return self.limits.items or self._profile.items

    @property
    def _profile(self) -> Limits:
        return _PROFILES[self.server] if self.server is not None else Limits()

    @property
    def host(self) -> str:
        return str(urlsplit(self.url).hostname)

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or DEFAULT_PORT


class Device(BaseModel):
    """A machine behind a server."""

    model_config = _WRITTEN

    packml: Annotated[
        Literal["auto"] | None,
        Field(
            description="auto maps a machine by OPC 30050, with PackTags or by OPC 40001-1: its tags need no writing."
        ),
    ] = None
    packml_root: Annotated[
        str | None, Field(description="Where the machine is, if there are several: a node or a browse path.")
    ] = None
    _root: ById | ByPath | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _read(self) -> "Device":
        if self.packml_root is None:
            return self
        try:
            read = node(self.packml_root)
        except NodeError as wrong:
            raise PydanticCustomError(wrong.code, "{given} is no node", wrong.facts) from None
        if read.within or isinstance(read.place, OfMachine):
            raise PydanticCustomError("U2202", "{given} is no place", {"given": self.packml_root})
        self._root = read.place
        return self

    @property
    def root(self) -> ById | ByPath | None:
        """Where the machine that maps itself is, or below it."""
        return self._root


_WANTED: Mapping[Mistake, str] = {"name": "Name", "index": "[2]", "quote": '"', "separator": ". ["}
"""What a path lacks, in every language."""


class Address(BaseModel):
    """Where a tag is."""

    model_config = _WRITTEN

    address: Annotated[
        str,
        Field(
            description="nsu=http://example.org/line;s=Speed, i=2258, /nsu=...;Line/Speed; |Orders[0].Name within it; "
            "packml:state of a machine that maps itself."
        ),
    ]
    _node: Node | None = PrivateAttr(None)

    @model_validator(mode="after")
    def _read(self) -> "Address":
        try:
            self._node = read = node(self.address)
        except NodeError as wrong:
            raise PydanticCustomError(wrong.code, "{given} is no node", wrong.facts) from None
        try:
            if read.within:
                parse(read.within)
        except PathError as wrong:
            facts = {"given": read.within, "at": wrong.position + 1, "wanted": _WANTED[wrong.mistake]}
            raise PydanticCustomError("U1005", "{given} is no path", facts) from None
        return self

    @property
    def node(self) -> Node:
        assert self._node is not None
        return self._node
