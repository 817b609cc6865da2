"""Modbus: reads PLCs with function codes 1 to 4, by the addresses that are written on their drawings.

Importing it costs little: profiles are read when a device names one, pymodbus is imported by the simulation only.
"""

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from pydantic import BaseModel

from drivers.contract import Driver, DriverPlugin, Group, Journal, Profiles, World
from drivers.modbus.chinese import KEYS
from drivers.modbus.config import Address, Connection, Device
from drivers.modbus.messages import MESSAGES
from drivers.modbus.resolve import describe, profiles_of


def _open(connection: BaseModel, groups: Sequence[Group], journal: Journal) -> Driver:
    from drivers.modbus.driver import open_driver

    driver = open_driver(connection, groups, journal)
    for device, known in profiles_of(groups).values():
        titles = {"title_zh": known.title.zh, "title_en": known.title.en}
        code = "M1024" if known.evidence == "M" else "M1020"
        journal.note(code, device, profile=known.id, evidence=known.evidence, **titles)
    return driver


def _simulate(connection: BaseModel, groups: Sequence[Group], world: World) -> AbstractAsyncContextManager[str]:
    from drivers.modbus.simulate import simulate

    return simulate(connection, groups, world)


def _profiles(folder: Path) -> Profiles:
    from drivers.modbus.sheet import profiles

    return profiles(folder)


PLUGIN = DriverPlugin(
    connection=Connection,
    device=Device,
    address=Address,
    open=_open,
    describe=describe,
    simulate=_simulate,
    profiles=_profiles,
    chinese=KEYS,
    messages=MESSAGES,
)
"""What the entry point `modbus` of group `lineside.drivers` names."""
