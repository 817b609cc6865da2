"""What `lineside trust` can do for an OPC UA connection."""

from pathlib import Path
from typing import TYPE_CHECKING, Protocol, cast

from pydantic import BaseModel

from drivers.contract import Certified
from drivers.opcua.place import Place

if TYPE_CHECKING:
    from drivers.opcua.trust import TrustList


class _Placed(Protocol):
    """What is needed of the `connection` model: see `drivers.opcua.place.Placed`."""

    url: str

    @property
    def place(self) -> Place: ...


def trust_list(connection: BaseModel) -> "TrustList":
    """Of the server that this connection speaks to."""
    from drivers.opcua.trust import TrustList  # cryptography takes 0.2 s

    placed = cast(_Placed, connection)
    return TrustList(placed.place.server(placed.url), placed.place.file, placed.place.state_dir)


class OpcUaTrust:
    """`drivers.contract.Trusting`."""

    def where(self, connection: BaseModel) -> Path:
        return trust_list(connection).folder

    def entries(self, connection: BaseModel) -> list[Certified]:
        from drivers.opcua.certificate import shown

        ours = shown(cast(_Placed, connection).place.state)
        return [*([ours] if ours else []), *trust_list(connection).entries()]

    def add(self, connection: BaseModel, what: str | bytes) -> Certified:
        return trust_list(connection).add(what)

    def remove(self, connection: BaseModel, what: str | bytes) -> Certified:
        return trust_list(connection).remove(what)


TRUST = OpcUaTrust()
"""`DriverPlugin.trust`."""
