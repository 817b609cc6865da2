"""Machines in the shape of OPC 30050 on asyncua's server, whose state changes node by node, as a test wants it."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from asyncua import ua
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.uatypes import DateTime, Int16, Int32, String, UInt32

from drivers.opcua.packml.nodeset import PACKML
from drivers.opcua.packml.rules import INACTIVE
from drivers.opcua.packml.states import states
from tests.fakes.opcua import OpcUaServer

OURS = "urn:lineside:tests:machines"
MACHINES = ("BaseStateMachine", "MachineState", "ExecuteState")


class PackMlSpace:
    """One machine below Objects; made anew after each start of its server."""

    def __init__(self, server: OpcUaServer, name: str = "Press") -> None:
        self._server = server
        self.name = name

    async def make(self, state: Sequence[int | None], *, has_states: bool = False) -> None:
        """`has_states`: whether the machine has states of its own, beside those of the standard's types."""
        server = self._server.server
        self.packml = await server.register_namespace(PACKML)
        self.ours = await server.register_namespace(OURS)
        machine = await server.nodes.objects.add_object(self._id(""), self._own(self.name))
        parent = machine
        for part in MACHINES:
            parent = await parent.add_object(self._id(part), self._standard(part))
            text = ua.Variant(ua.LocalizedText("-"))
            current = await parent.add_variable(self._id(f"{part}.Current"), ua.QualifiedName("CurrentState"), text)
            await current.add_property(self._id(f"{part}.Id"), ua.QualifiedName("Id"), ua.Variant(ua.NodeId()))
        if has_states:
            own = await parent.add_object(self._id("Washing"), self._own("Washing"))
            number = ua.Variant(42, ua.VariantType.UInt32)
            await own.add_property(self._id("Washing.Number"), ua.QualifiedName("StateNumber"), number)
        status = await machine.add_object(self._id("Status"), self._standard("Status"))
        admin = await machine.add_object(self._id("Admin"), self._standard("Admin"))
        for name, value in (
            ("UnitModeCurrent", ua.Variant(1, ua.VariantType.Int32)),
            ("CurMachSpeed", ua.Variant(1.5)),
        ):
            await status.add_variable(self._id(name), self._standard(name), value)
        structure = ua.NodeId(Int32(ObjectIds.Structure))
        structures = {"ProdProcessedCount": [count(7)], "Alarm": [alarm(5, False)], "StopReason": alarm(0, True)}
        for name, some in structures.items():
            await admin.add_variable(self._id(name), self._standard(name), ua.Variant(some), datatype=structure)
        for part, number in enumerate(state):
            await self.show(part, number)

    def _id(self, name: str) -> ua.NodeId:
        return ua.NodeId(String(f"{self.name}.{name}"), Int16(self.ours))

    def _own(self, name: str) -> ua.QualifiedName:
        return ua.QualifiedName(name, ua.UInt16(self.ours))

    def _standard(self, name: str) -> ua.QualifiedName:
        return ua.QualifiedName(name, ua.UInt16(self.packml))

    async def show(self, part: int, state: int | str | None, at: datetime | None = None) -> None:
        """What one of the three machines of states shows: a state, one of its own by its name, or None: not active."""
        value: ua.Variant = ua.Variant()
        if isinstance(state, str):
            value = ua.Variant(self._id(state))
        elif state is not None:
            (node,) = (one for one, number in states().by_node.items() if number == state)
            value = ua.Variant(ua.NodeId(Int32(node), Int16(self.packml)))
        await self._write(f"{MACHINES[part]}.Id", value, INACTIVE if state is None else 0, at)

    async def set(self, name: str, value: Any) -> None:
        await self._write(name, value if isinstance(value, ua.Variant) else ua.Variant(value))

    async def _write(self, name: str, value: ua.Variant, status: int = 0, at: datetime | None = None) -> None:
        now = at or datetime.now(UTC)
        time = DateTime.fromtimestamp(now.timestamp(), UTC)
        data = ua.DataValue(value, ua.StatusCode(UInt32(status)), SourceTimestamp=time, ServerTimestamp=time)
        await self._server.desk.aspace.write_attribute_value(self._id(name), AttributeIds.Value, data)


def _text(text: str) -> bytes:
    return Int32(len(text)).to_bytes(4, "little") + text.encode()


def _number(number: int) -> bytes:
    return number.to_bytes(4, "little", signed=True)


def count(total: int) -> ua.ExtensionObject:
    """PackMLCountDataType of "sheets", as a client gets it that does not know the type."""
    unit = _text("urn:unit") + _number(20529) + b"\x03" + _text("en") + _text("pcs") + b"\x00"
    body = _number(1) + _text("sheets") + unit + _number(3) + _number(total)
    return ua.ExtensionObject(ua.NodeId(Int32(5001), Int16(2)), body)


def alarm(number: int, is_active: bool) -> ua.ExtensionObject:
    """PackMLAlarmDataType."""
    times = (0).to_bytes(16, "little")
    body = _number(number) + _number(0) + _text("door") + _number(2) + times + bytes([is_active])
    return ua.ExtensionObject(ua.NodeId(Int32(5002), Int16(2)), body)
