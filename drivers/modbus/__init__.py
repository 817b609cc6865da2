"""Modbus: reads PLCs with function codes 1 to 4, by the addresses that are written on their drawings.

Importing it costs little: profiles are read when a device names one, pymodbus is imported by the simulation only.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager

from pydantic import BaseModel

from drivers.contract import Driver, DriverPlugin, Group, Journal, World
from drivers.modbus.chinese import KEYS
from drivers.modbus.config import Address, Connection, Device
from drivers.modbus.messages import MESSAGES
from drivers.modbus.resolve import describe, profiles_of


def _open(connection: BaseModel, groups: Sequence[Group], journal: Journal) -> Driver:
    from drivers.modbus.driver import open_driver

    driver = open_driver(connection, groups, journal)
    for known in profiles_of(groups):
        titles = {"title_zh": known.title.zh, "title_en": known.title.en}
        journal.note("M1020", known.id, profile=known.id, evidence=known.evidence, **titles)
    return driver


def _simulate(connection: BaseModel, groups: Sequence[Group], world: World) -> AbstractAsyncContextManager[str]:
    from drivers.modbus.simulate import simulate

    return simulate(connection, groups, world)


PLUGIN = DriverPlugin(
    connection=Connection,
    device=Device,
    address=Address,
    open=_open,
    describe=describe,
    simulate=_simulate,
    chinese=KEYS,
    messages=MESSAGES,
)
"""What the entry point `modbus` of group `lineside.drivers` names."""
