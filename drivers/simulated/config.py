"""What a person writes about a simulated connection, device and tag."""

import re
from typing import Annotated, Literal, NamedTuple

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from drivers.quantities import Duration, seconds

_FAILURE = re.compile(r"\s*(down|mute)\s+(\S+?)\s*\.\.\s*(\S+)\s*")


class Failure(NamedTuple):
    """A time in which the device is away (`down`) or does not answer (`mute`), in seconds since it was opened."""

    what: Literal["down", "mute"]
    begin_s: float
    end_s: float


def failure(text: str) -> Failure:
    """Read `down 30s..40s`. Raises a pydantic error with the code of a message."""
    match = _FAILURE.fullmatch(text)
    if match:
        begin_s, end_s = seconds(match[2]), seconds(match[3])
        if begin_s < end_s:
            return Failure("down" if match[1] == "down" else "mute", begin_s, end_s)
    raise PydanticCustomError("S1004", "not a period of failure: {text}", {"text": text})


def _readable(text: str) -> str:
    failure(text)
    return text


class Connection(BaseModel):
    """The keys of a connection with `driver: simulated`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    seed: int = Field(default=0, description="Start of the chance in noise(...): the same seed gives the same values")
    latency: Duration = Field(default=0.0, description="How long each read takes, such as 5ms")
    timeout: Duration = Field(default=1.0, description="How long a read waits for an answer")
    fail: tuple[Annotated[str, AfterValidator(_readable)], ...] = Field(
        default=(),
        description="When the device fails, in time since the start: [down 30s..40s, mute 50s..60s]",
    )


class Device(BaseModel):
    """A simulated device has no keys of its own."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Address(BaseModel):
    """The keys of a tag that say which signal it shows."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    address: str = Field(
        description="A signal: sine(60s, 0, 100), ramp(60s, 0, 100), noise(1s, 0, 100), counter(0.5s, 65536), "
        "square(10s), constant(5), text(GD001|GD002, 30s), hole"
    )
