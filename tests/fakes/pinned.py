"""A driver that is nothing but its trust list: the connection is OPC UA's, its device is the simulated one."""

from dataclasses import replace

from pydantic import ConfigDict, Field

from drivers import registry
from drivers.contract import DriverPlugin
from drivers.opcua.messages_trust import MESSAGES
from drivers.opcua.place import Placed
from drivers.opcua.trusting import TRUST


class Connection(Placed):
    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="Endpoint")


def plugin() -> DriverPlugin:
    return replace(registry.plugin("simulated"), connection=Connection, trust=TRUST, messages=MESSAGES)
