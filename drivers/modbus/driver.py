"""The conversation with one Modbus endpoint: everything is planned when it is opened, then read."""

import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from drivers.contract import Group, Journal, Scan
from drivers.modbus.complaint import Complaint
from drivers.modbus.config import Connection
from drivers.modbus.counts import Counts
from drivers.modbus.layout import Layout
from drivers.modbus.link import Way
from drivers.modbus.listening import ListeningLink
from drivers.modbus.opening import way
from drivers.modbus.reader import GroupReader, Manners
from drivers.modbus.resolve import resolve_all, settings_of, terms
from drivers.modbus.unit import Bus, Unit

_UNSTABLE = ("/dev/ttyUSB", "/dev/ttyACM")
"""Names that the kernel gives in the order in which adapters are found."""


class ModbusDriver:
    """`drivers.contract.Driver` and `Counting` over one link."""

    def __init__(self, link: Way, readers: Mapping[str, GroupReader], counts: Counts, journal: Journal) -> None:
        self._link = link
        self._readers = readers
        self._counts = counts
        self._journal = journal
        self._told: set[str] = set()
        self._is_fresh = True
        """Whether nothing was read yet on this connection; the first read shows what is peculiar about the peer."""
        self._listens = isinstance(link, ListeningLink)

    @property
    def counts(self) -> Mapping[str, int]:
        """What happened on the wire; see `drivers.modbus.counts`."""
        return self._counts.by_name()

    async def connect(self) -> None:
        """Open the connection. Raises `NotConnected`."""
        for reader in self._readers.values():
            reader.forget()
        self._is_fresh = True
        await self._link.open()

    def read(self, group: str) -> Coroutine[Any, Any, Sequence[Scan]]:
        """Read one group once. Raises `NotConnected` when the connection is lost and cannot be opened again."""
        if self._is_fresh or self._counts.unechoed or self._counts.echoed or self._listens:
            return self._read_and_tell(group)
        return self._readers[group].read()

    async def _read_and_tell(self, group: str) -> Sequence[Scan]:
        scans = await self._readers[group].read()
        self._is_fresh = False
        self._tell_peculiarities()
        return scans

    def _tell_peculiarities(self) -> None:
        """What was learnt of the peer, once."""
        for code, times in (("M2003", self._counts.unechoed), ("M2005", self._counts.echoed)):
            if times and code not in self._told:
                self._told.add(code)
                self._journal.note(code, self._link.place)
        if self._listens:
            tell = self._journal.lost if self._link.is_awaited else self._journal.back
            tell("M2014", self._link.place)

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
    link = way(connection, counts)
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
    path = connection.endpoint.path
    if path.startswith(_UNSTABLE):
        journal.note("M1046", path, path=path)
    return ModbusDriver(link, readers, counts, journal)
