"""The conversation with one Modbus TCP endpoint: everything is planned when it is opened, then read."""

import random
import time
from collections.abc import Callable, Mapping, Sequence

from pydantic import BaseModel

from drivers.contract import Group, Journal, Scan
from drivers.modbus.complaint import Complaint
from drivers.modbus.config import Connection
from drivers.modbus.counts import Counts
from drivers.modbus.exchange import Exchange, MbapExchange
from drivers.modbus.layout import Layout
from drivers.modbus.link import TcpLink
from drivers.modbus.reader import GroupReader, Manners
from drivers.modbus.resolve import resolve_all, settings_of, terms
from drivers.modbus.unit import Bus, Unit


class ModbusDriver:
    """`drivers.contract.Driver` and `Counting` over one link."""

    def __init__(self, link: TcpLink, readers: Mapping[str, GroupReader], counts: Counts, journal: Journal) -> None:
        self._link = link
        self._readers = readers
        self._counts = counts
        self._journal = journal
        self._is_unechoed = False

    @property
    def counts(self) -> Mapping[str, int]:
        """What happened on the wire; see `drivers.modbus.counts`."""
        return self._counts.by_name()

    async def connect(self) -> None:
        """Open the connection. Raises `NotConnected`."""
        for reader in self._readers.values():
            reader.forget()
        await self._link.open()

    async def read(self, group: str) -> Sequence[Scan]:
        """Read one group once. Raises `NotConnected` when the connection is lost and cannot be opened again."""
        scans = await self._readers[group].read()
        if self._counts.unechoed and not self._is_unechoed:
            self._is_unechoed = True
            self._journal.note("M2003", self._link.endpoint)
        return scans

    async def close(self) -> None:
        """Close the connection, whatever state it is in."""
        await self._link.close()


def open_driver(
    connection: BaseModel, groups: Sequence[Group], journal: Journal, *, clock: Callable[[], float] = time.monotonic
) -> ModbusDriver:
    """Plan all groups of one connection. Touches nothing; raises `InvalidConfig` with all problems."""
    if not isinstance(connection, Connection):
        raise TypeError(f"a connection is {type(connection).__name__}, not Connection")
    limits = connection.limits
    points = resolve_all(groups, limits)
    counts = Counts()
    link = _link(connection, counts)
    manners = Manners(link, counts, clock, connection.timeout, limits.retries_busy)
    devices = {group.name: settings_of(group) for group in groups}
    bus = Bus(len({device.unit for device in devices.values()}))
    units = {device.unit: Unit(bus) for device in devices.values()}
    complaints = {group.device: Complaint(journal, group.device) for group in groups}
    readers = {}
    for group in groups:
        device = devices[group.name]
        layout = Layout(device.unit, dict(enumerate(points[group.name])), terms(limits, device), limits.quarantine)
        names = [tag.name for tag in group.tags]
        readers[group.name] = GroupReader(layout, names, units[device.unit], complaints[group.device], manners)
    return ModbusDriver(link, readers, counts, journal)


def _link(connection: Connection, counts: Counts) -> TcpLink:
    limits = connection.limits

    def exchange() -> Exchange:
        return MbapExchange(random.randrange(1, 0x10000), connection.timeout, limits.pipeline, counts)

    return TcpLink(connection.host, connection.port, connection.timeout, limits.pause, counts, exchange)
