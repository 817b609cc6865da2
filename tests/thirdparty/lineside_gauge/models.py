"""What a person writes about a gauge."""

from pydantic import BaseModel, ConfigDict, Field

from drivers.quantities import Duration


class Connection(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    host: str = Field(description="Name or address of the gauge")
    port: int = Field(ge=1, le=65535, description="UDP port")
    timeout: Duration = Field(default=0.5, description="How long to wait for an answer")


class Device(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    channels: int = Field(default=8, ge=1, le=64, description="How many channels the gauge has")


class Address(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    address: int = Field(ge=1, description="Number of the channel, from 1")
