"""What a person writes about Modbus: keys of a connection, a device and a tag."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

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

from drivers.modbus.address import Encoding, Order, Point, StringOrder
from drivers.modbus.endpoint import Endpoint, EndpointError, endpoint
from drivers.modbus.plc import checked_option, checked_options, checked_profile, found_profile
from drivers.modbus.profile import Profile
from drivers.modbus.profile_file import Mistake, WrongProfile
from drivers.modbus.typed import AddressError, typed
from drivers.quantities import Duration

_WRITTEN = ConfigDict(extra="forbid", frozen=True)


def _checked_url(url: str) -> str:
    try:
        endpoint(url)
    except EndpointError as problem:
        raise PydanticCustomError(problem.code, "{given} is no endpoint", problem.facts) from None
    return url


def _checked_type(written: str) -> str:
    """`U16` -> `u16`, `str( 16 )` -> `str(16)`."""
    try:
        return str(typed(written))
    except AddressError as problem:
        raise PydanticCustomError(problem.code, "{type} is not a type", problem.facts) from None


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


def _found_file(written: str, info: ValidationInfo) -> str:
    """Relative to the configuration's folder, where there is one: see `drivers.contract.DriverPlugin`."""
    folder = info.context["folder"] if info.context else Path()
    path = folder / Path(written).expanduser()
    if not path.is_file():
        raise PydanticCustomError("M1044", "there is no file {given}", {"given": str(path)})
    return str(path)


_File = Annotated[str, AfterValidator(_found_file)]


class Tls(BaseModel):
    """Whom to trust, and as whom to speak, on a `tls://` connection."""

    model_config = _WRITTEN

    ca_file: Annotated[_File | None, Field(description="Certificates to trust; else the system's.")] = None
    cert_file: Annotated[_File | None, Field(description="Own certificate, where the device wants one.")] = None
    key_file: Annotated[_File | None, Field(description="Its key, not protected by a passphrase.")] = None

    @model_validator(mode="after")
    def _both(self) -> "Tls":
        if (self.cert_file is None) != (self.key_file is None):
            raise PydanticCustomError("M1045", "cert_file and key_file belong together", {})
        return self


class Connection(BaseModel):
    """One TCP endpoint or serial line: a PLC, or several units on a bus or behind a gateway."""

    model_config = _WRITTEN

    url: Annotated[
        str,
        AfterValidator(_checked_url),
        Field(
            description="tcp://host:502 rtu+tcp:// udp:// tls:// listen:// or rtu:///dev/serial/by-id/...?baud=9600."
        ),
    ]
    timeout: Annotated[
        Duration,
        Field(ge=0.01, le=60, description="How long connecting or an answer may take."),
        Field(json_schema_extra={"default": "1s"}),
    ] = 1.0
    tls: Annotated[Tls | None, Field(description="Certificates of a tls:// connection.")] = None
    limits: Annotated[Limits, Field(description="What the device on the wire can bear.")] = Limits()

    @model_validator(mode="after")
    def _agrees(self) -> "Connection":
        if self.tls is not None and self.endpoint.scheme != "tls":
            raise PydanticCustomError("M1043", "tls is for tls:// only", {"given": self.url})
        return self

    @property
    def endpoint(self) -> Endpoint:
        return endpoint(self.url)


class Device(BaseModel):
    """One unit behind a connection."""

    model_config = _WRITTEN

    unit: Annotated[int, Field(ge=0, le=255, description="Unit id (station number) behind the connection.")] = 1
    plc: Annotated[
        Annotated[str, AfterValidator(checked_profile)] | None,
        Field(
            description="How the PLC writes addresses: such as inovance-h5u (`lineside profiles`); none: plain Modbus."
        ),
    ] = None
    hold_start: Annotated[
        str | None,
        AfterValidator(checked_option),
        Field(description="S7-200 SMART: where HoldStart points, such as VB1000."),
    ] = None
    hold_base: Annotated[
        str | None,
        AfterValidator(checked_option),
        Field(description="S7-1200/1500: what MB_HOLD_REG points to, such as DB10.DBX0.0 or MB100."),
    ] = None
    profile_options: Annotated[
        dict[str, str],
        AfterValidator(checked_options),
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
            found = found_profile(self.plc, info)
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
    _resolved: tuple[Profile | None, Point] | None = PrivateAttr(None)

    def known_as(self, profile: Profile | None) -> Point | None:
        """What it was resolved to before: checking, describing and reading ask for the same again."""
        return self._resolved[1] if self._resolved is not None and self._resolved[0] is profile else None

    def keep(self, profile: Profile | None, point: Point) -> Point:
        self._resolved = (profile, point)
        return point
