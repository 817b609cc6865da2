"""A Modbus driver with its tags, as a test wants it: `async with talk(plc, {...}) as it`, then `await it.read()`."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from drivers.contract import Group, Quality, Scan, Tag, Value
from drivers.errors import NotConnected
from drivers.modbus import PLUGIN
from drivers.modbus.driver import ModbusDriver, open_driver
from tests.fakes.faults import Asked
from tests.fakes.plc import FakePlc

UNANSWERED = "M2011"
"""Why there is no connection: nobody answered in time."""


@dataclass
class Clock:
    """Monotonic seconds that move when the test says so."""

    now: float = 1000.0

    def __call__(self) -> float:
        return self.now


@dataclass
class Said:
    """A journal that keeps (what, code, about, facts)."""

    lines: list[tuple[str, str, str, Mapping[str, object]]] = field(default_factory=list)

    def lost(self, code: str, about: str, /, **facts: object) -> None:
        self.lines.append(("lost", code, about, facts))

    def back(self, code: str, about: str, /, **facts: object) -> None:
        self.lines.append(("back", code, about, facts))

    def note(self, code: str, about: str, /, **facts: object) -> None:
        self.lines.append(("note", code, about, facts))

    @property
    def words(self) -> list[tuple[str, str]]:
        return [(what, code) for what, code, _, _ in self.lines]


@dataclass
class Talk:
    """What the agent would know after each read: value or fault of every tag of every group."""

    driver: ModbusDriver
    groups: Mapping[str, Group]
    said: Said
    clock: Clock
    known: dict[str, Value | Quality] = field(default_factory=dict)
    scans: list[Scan] = field(default_factory=list)

    async def read(self, group: str = "press") -> dict[str, Value | Quality]:
        """Read a group once; `known` afterwards, and the names that this read named."""
        self.scans = list(await self.driver.read(group))
        tags = self.groups[group].tags
        named: dict[str, Value | Quality] = {}
        for scan in self.scans:
            named |= {tags[at].name: value for at, value in zip(scan.indexes, scan.values, strict=True)}
            named |= {tags[at].name: reason for at, reason in scan.faults.items()}
        self.known |= named
        return named

    def faults(self) -> dict[str, Quality]:
        return {name: known for name, known in self.known.items() if isinstance(known, Quality)}

    @property
    def counts(self) -> Mapping[str, int]:
        return self.driver.counts


def group(name: str, addresses: Mapping[str, str], unit: int = 1) -> Group:
    tags = [Tag(tag, PLUGIN.address.model_validate({"address": address})) for tag, address in addresses.items()]
    return Group(name, name, PLUGIN.device.model_validate({"unit": unit}), tags, 1.0)


def holding(addresses: range) -> dict[str, str]:
    """Tags `t0 t1 ...` on holding registers."""
    return {f"t{at}": f"hr:{at}" for at in addresses}


async def connected(driver: ModbusDriver) -> None:
    """Connect, as often as the machine is too busy for a connection within the time-out of the test."""
    async with asyncio.timeout(60):
        while True:
            try:
                await driver.connect()
            except NotConnected as failed:
                if failed.code != UNANSWERED:
                    raise
            else:
                return


@asynccontextmanager
async def talk(
    plc: FakePlc | int | str,
    *groups: Group,
    timeout: str = "200ms",
    connect: bool = True,
    tls: Mapping[str, str] | None = None,
    **limits: object,
) -> AsyncIterator[Talk]:
    """A driver on a PLC (or a port, or a URL), connected, and closed at the end."""
    url = plc if isinstance(plc, str) else f"tcp://127.0.0.1:{plc}" if isinstance(plc, int) else plc.url
    keys = {"url": url, "timeout": timeout, "tls": tls, "limits": limits}
    said, clock = Said(), Clock()
    driver = open_driver(PLUGIN.connection.model_validate(keys), groups, said, clock=clock)
    try:
        if connect:
            await connected(driver)
        yield Talk(driver, {one.name: one for one in groups}, said, clock)
    finally:
        await driver.close()


def value_at(address: int, number: int) -> int:
    """What a register shows to request `number`: no two requests within 65536 see the same."""
    return (31 * address + number) & 0xFFFF


def describe(address: int, asked: Asked) -> int:
    return value_at(address, asked.number)


def fresh(it: Talk, plc: FakePlc, since: int) -> int:
    """Values of the last read, each of which must answer a request made since; returns how many there are."""
    tags = it.groups["press"].tags
    values = 0
    for scan in it.scans:
        for at, value in zip(scan.indexes, scan.values, strict=True):
            address = int(tags[at].name[1:])
            asked = [one for one in plc.requests[since:] if one.start <= address < one.start + one.count]
            assert value in {value_at(address, one.number) for one in asked}, "a value of another request"
            values += 1
    return values
