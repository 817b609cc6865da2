"""OPC UA: subscribes to what a server shows, by namespace URI or browse path, and reads what is wanted with a period.

Importing it costs little: asyncua is imported when a connection is opened or simulated.
"""

import contextlib
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import cast

from pydantic import BaseModel

from drivers.contract import BrowseWish, Browsing, Described, Driver, DriverPlugin, Group, Journal, Shown, World
from drivers.opcua.chinese import KEYS
from drivers.opcua.config import Address, Connection, Device
from drivers.opcua.messages import MESSAGES
from drivers.opcua.node import ById
from drivers.opcua.packml.words import tags
from drivers.opcua.trusting import TRUST


def _open(connection: BaseModel, groups: Sequence[Group], journal: Journal) -> Driver:
    from drivers.opcua.driver import open_driver

    driver = open_driver(connection, groups, journal)
    for group in groups:
        numbered = [one for one in _addresses(group) if isinstance(one.node.place, ById) and one.node.place.space]
        numbered = [one for one in numbered if isinstance(cast(ById, one.node.place).space, int)]
        if numbered:
            journal.note("U1020", group.device, count=len(numbered), given=numbered[0].address)
    _tell_room(cast(Connection, connection).most_items, groups, journal)
    return driver


def _tell_room(most: int, groups: Sequence[Group], journal: Journal) -> None:
    """What can be known without a wire of how much of the plan the server watches; 0: nothing."""
    from drivers.opcua.plan import plan
    from drivers.opcua.room import divided, named

    made = plan(groups)
    _, left = divided(made.subscribed, dict.fromkeys(range(len(made.subscribed))), most or None)
    if left:
        facts = named(groups, made.subscribed, list(left))
        journal.note("U1022", groups[made.listening[0]].device, most=most, planned=len(made.subscribed), **facts)


async def _browse(connection: BaseModel, wish: BrowseWish, journal: Journal) -> AsyncGenerator[Shown, None]:
    from drivers.opcua.browse import walk

    async with contextlib.aclosing(walk(connection, wish, journal)) as found:
        async for one in found:
            yield one


def _simulate(connection: BaseModel, groups: Sequence[Group], world: World) -> AbstractAsyncContextManager[str]:
    from drivers.opcua.simulate import simulate

    return simulate(connection, groups, world)


def _addresses(group: Group) -> list[Address]:
    return [cast(Address, tag.address) for tag in group.tags]


def describe(connection: BaseModel, group: Group) -> list[Described]:
    """The types are the server's: nobody knows them without asking."""
    return [Described(None, str(one.node)) for one in _addresses(group)]


def mapped(device: BaseModel) -> Sequence[Mapping[str, object]]:
    """The tags of a machine that maps itself."""
    return tags() if cast(Device, device).packml else ()


PLUGIN = DriverPlugin(
    connection=Connection,
    device=Device,
    address=Address,
    open=_open,
    subscribes="by default",
    browse=Browsing(("opc.tcp",), _browse),
    trust=TRUST,
    describe=describe,
    tags=mapped,
    simulate=_simulate,
    chinese=KEYS,
    messages=MESSAGES,
)
"""What the entry point `opcua` of group `lineside.drivers` names."""
