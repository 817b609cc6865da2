"""What a person writes about Modbus: keys of a connection, a device and a tag."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated
from urllib.parse import SplitResult, urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)
from pydantic_core import PydanticCustomError

from drivers.modbus.address import Encoding, Order, StringOrder
from drivers.modbus.profile import Profile
from drivers.modbus.profile_file import Mistake, WrongProfile
from drivers.modbus.shelf import known, own_names, own_profile, profile
from drivers.modbus.typed import AddressError, typed
from drivers.quantities import Duration

_WRITTEN = ConfigDict(extra="forbid", frozen=True)

PORT = 502
"""Of Modbus/TCP (IANA `mbap`)."""


def _endpoint(url: str) -> SplitResult:
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _refused_url(url) from None
    extra = parts.query or parts.fragment or parts.username is not None or parts.path not in ("", "/")
    if parts.scheme != "tcp" or not parts.hostname or extra or port == 0 or re.search(r"\s", url):
        raise _refused_url(url)
    return parts


def _refused_url(url: str) -> PydanticCustomError:
    return PydanticCustomError("M1001", "{given} is not tcp://host:port", {"given": url})


def _checked_url(url: str) -> str:
    _endpoint(url)
    return url


def _checked_type(written: str) -> str:
    """`U16` -> `u16`, `str( 16 )` -> `str(16)`."""
    try:
        return str(typed(written))
    except AddressError as problem:
        raise PydanticCustomError(problem.code, "{type} is not a type", problem.facts) from None


def _folder(info: ValidationInfo) -> Path | None:
    """Of the configuration, where there is one: see `drivers.contract.DriverPlugin`."""
    return info.context["folder"] if info.context else None


def _checked_profile(name: str, info: ValidationInfo) -> str:
    own = own_names(_folder(info))
    if name in own and name in known():
        raise PydanticCustomError("M1031", "{given} is a profile of the driver's own", {"given": name})
    if name not in own and name not in known():
        names = " ".join((*known(), *own))
        raise PydanticCustomError("M1002", "no profile {given}; there are {known}", {"given": name, "known": names})
    return name


def _found(plc: str | None, info: ValidationInfo) -> Profile | None:
    """The profile of that name. Raises `WrongProfile`."""
    if plc is None or plc in known():
        return profile(plc) if plc else None
    folder = _folder(info)
    return own_profile(folder, plc) if folder else None


def _checked_options(options: dict[str, str], info: ValidationInfo) -> dict[str, str]:
    for name, written in options.items():
        if info.data.get(name, written) not in (None, written):
            raise PydanticCustomError("M1034", "{given} is a key of the device too", {"given": name})
        _check_option(name, written, info)
    return options


def _checked_option(written: str | None, info: ValidationInfo) -> str | None:
    if written is not None:
        _check_option(info.field_name or "", written, info)
    return written


def _check_option(name: str, written: str, info: ValidationInfo) -> None:
    """Whether the profile, if it can be read, asks for this option and understands it."""
    plc = info.data.get("plc")
    try:
        found = _found(plc, info)
    except WrongProfile:
        return
    accepted = {option.name: option.example for option in found.options} if found else {}
    facts = {"given": name, "profile": plc or "Modbus", "known": " ".join(accepted) or "-"}
    if name not in accepted:
        raise PydanticCustomError("M1007", "{profile} has no option {given}", facts)
    if found and found.origin(name, written) is None:
        facts |= {"written": written, "example": accepted[name]}
        raise PydanticCustomError("M1033", "{given} is no such: {written}", facts)


def _upper(text: object) -> object:
    return text.upper() if isinstance(text, str) else text


def _lower(text: object) -> object:
    return text.lower() if isinstance(text, str) else text


class Limits(BaseModel):
    """What the device on the wire can bear."""

    model_config = _WRITTEN

    registers: Annotated[int, Field(ge=1, le=125, description="Most registers in one request.")] = 125
    bits: Annotated[int, Field(ge=1, le=2000, description="Most coils or discrete inputs in one request.")] = 2000
    gap: Annotated[
        int,
        Field(ge=0, le=124, description="Unused registers (or 16 times as many bits) read along to save a request."),
    ] = 16
    pause: Annotated[
        Duration,
        Field(ge=0, le=10, description="Silence between an answer and the next request."),
        Field(json_schema_extra={"default": "0ms"}),
    ] = 0.0
    pipeline: Annotated[int, Field(ge=1, le=32, description="Requests in flight at once; 1 suits every PLC.")] = 1
    max_late: Annotated[
        Duration,
        Field(ge=0, le=60, description="Serial lines: how long a missing answer may still come; TCP does not need it."),
        Field(json_schema_extra={"default": "1s"}),
    ] = 1.0
    quarantine: Annotated[
        Duration,
        Field(ge=1, description="Longest time until an address that the device refused is tried again."),
        Field(json_schema_extra={"default": "1h"}),
    ] = 3600.0
    retries_busy: Annotated[
        int, Field(ge=0, le=10, description="How often a busy device (exception 5 or 6) is asked again.")
    ] = 3


class Connection(BaseModel):
    """One TCP endpoint: a PLC, or a gateway with several units behind it."""

    model_config = _WRITTEN

    url: Annotated[
        str,
        AfterValidator(_checked_url),
        Field(description="Where it listens: tcp://192.168.1.10:502 (port 502 if none is given)."),
    ]
    timeout: Annotated[
        Duration,
        Field(ge=0.01, le=60, description="How long connecting or an answer may take."),
        Field(json_schema_extra={"default": "1s"}),
    ] = 1.0
    limits: Annotated[Limits, Field(description="What the device on the wire can bear.")] = Limits()

    @property
    def host(self) -> str:
        """Name or address of the endpoint, an IPv6 address without its brackets."""
        return _endpoint(self.url).hostname or ""

    @property
    def port(self) -> int:
        return _endpoint(self.url).port or PORT


class Device(BaseModel):
    """One unit behind a connection."""

    model_config = _WRITTEN

    unit: Annotated[int, Field(ge=0, le=255, description="Unit id (station number) behind the connection.")] = 1
    plc: Annotated[
        Annotated[str, AfterValidator(_checked_profile)] | None,
        Field(
            description="How the PLC writes addresses: such as inovance-h5u (`lineside profiles`); none: plain Modbus."
        ),
    ] = None
    hold_start: Annotated[
        str | None,
        AfterValidator(_checked_option),
        Field(description="S7-200 SMART: where HoldStart points, such as VB1000."),
    ] = None
    hold_base: Annotated[
        str | None,
        AfterValidator(_checked_option),
        Field(description="S7-1200/1500: what MB_HOLD_REG points to, such as DB10.DBX0.0 or MB100."),
    ] = None
    profile_options: Annotated[
        dict[str, str],
        AfterValidator(_checked_options),
        Field(description="What the profile asks for, by name."),
    ] = {}
    _profile: Profile | None = PrivateAttr(None)
    _mistakes: Sequence[Mistake] = PrivateAttr(())

    @property
    def profile(self) -> Profile | None:
        """With its options applied; None for plain Modbus, and where the file of the profile is wrong."""
        return self._profile

    @property
    def mistakes(self) -> Sequence[Mistake]:
        """What is wrong in the site's own profile file."""
        return self._mistakes

    @model_validator(mode="after")
    def _look_up(self, info: ValidationInfo) -> "Device":
        try:
            found = _found(self.plc, info)
        except WrongProfile as wrong:
            self._mistakes = wrong.mistakes
        else:
            self._profile = found.bound(self._options()) if found else None
        return self

    def _options(self) -> dict[str, str]:
        beside = {"hold_start": self.hold_start, "hold_base": self.hold_base}
        return self.profile_options | {name: written for name, written in beside.items() if written is not None}


class Address(BaseModel):
    """Where a tag is and how it is coded."""

    model_config = _WRITTEN

    address: Annotated[
        str, Field(description="D100, M8, hr:100, 40101; with bit, type or order: D500.3, D100:f32@CDAB, D600:str(16).")
    ]
    type: Annotated[
        Annotated[str, AfterValidator(_checked_type)] | None,
        Field(description="bool u8 i8 u16 i16 u32 i32 u64 i64 f16 f32 f64 bcd16 bcd32 str(n bytes)."),
    ] = None
    order: Annotated[
        Order | None,
        BeforeValidator(_upper),
        Field(description="Order of a number's bytes; else the profile's, or ABCD."),
    ] = None
    string_order: Annotated[
        StringOrder | None, BeforeValidator(_lower), Field(description="Which byte of a register is a text's first.")
    ] = None
    encoding: Annotated[
        Encoding | None,
        BeforeValidator(_lower),
        Field(description="Of a text; ascii if not given. GBK machines: gb18030."),
    ] = None
