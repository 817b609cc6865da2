"""A simulated PLC on the loopback interface: pymodbus's server with the memory of the configured tags behind it.

pymodbus's own request handler keeps only the last of several requests in flight (3.16: it takes one frame from a
segment and empties its buffer when it sends), so the handler here cuts frames itself and answers each in turn.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager

from pydantic import BaseModel
from pymodbus.constants import ExcCodes
from pymodbus.pdu import ExceptionResponse, ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsResponse, ReadDiscreteInputsResponse
from pymodbus.pdu.register_message import ReadHoldingRegistersResponse, ReadInputRegistersResponse
from pymodbus.server import ModbusTcpServer
from pymodbus.server.requesthandler import ServerRequestHandler
from pymodbus.simulator import DataType, SimData, SimDevice

from drivers.contract import Group, World
from drivers.modbus.address import Table
from drivers.modbus.config import Connection
from drivers.modbus.memory import Memory, memories

_HOST = "127.0.0.1"
_LONGEST_FRAME = 260
"""MODBUS Messaging on TCP/IP V1.0b, section 4.1: 7 bytes of MBAP header and 253 of PDU."""

_TABLES = {table.function: table for table in Table}
_ANSWERS: Mapping[Table, type[ModbusPDU]] = {
    Table.COIL: ReadCoilsResponse,
    Table.DISCRETE: ReadDiscreteInputsResponse,
    Table.HOLDING: ReadHoldingRegistersResponse,
    Table.INPUT: ReadInputRegistersResponse,
}


@asynccontextmanager
async def simulate(connection: BaseModel, groups: Sequence[Group], world: World) -> AsyncIterator[str]:
    """Serve the groups' addresses, each unit id with its own; yields `tcp://127.0.0.1:port`.

    A value is asked of `world` when a request touches its registers; where it is None the request is answered with
    exception 2, like one for an address that no tag has. Holes that the planner would read along answer 0. A unit
    without tags is answered with exception 11, as by a gateway. Raises `InvalidConfig` where an address is none.
    """
    if not isinstance(connection, Connection):
        raise TypeError(f"a connection is {type(connection).__name__}, not Connection")
    logging.getLogger("pymodbus.logging").setLevel(logging.CRITICAL + 1)
    server = _Server(memories(groups, connection.limits, world))
    await server.serve_forever(background=True)
    try:
        yield f"tcp://{_HOST}:{server.port}"
    finally:
        await server.stop()


class _Server(ModbusTcpServer):
    """Listens on a free port; knows its conversations so that it can end them."""

    def __init__(self, units: Mapping[int, Memory]) -> None:
        unused = SimDevice(0, simdata=SimData(0, datatype=DataType.REGISTERS))
        super().__init__(unused, address=(_HOST, 0))
        self.units = units
        self.conversations: set[_Conversation] = set()
        self.silent = asyncio.Event()
        self.silent.set()

    @property
    def port(self) -> int:
        port: int = self.transport.sockets[0].getsockname()[1]  # type: ignore[attr-defined]  # asyncio.Server
        return port

    def callback_new_connection(self) -> ServerRequestHandler:
        return _Conversation(self)

    async def stop(self) -> None:
        """Close the port and every conversation, and wait until their sockets are closed."""
        for conversation in self.conversations:
            if isinstance(conversation.transport, asyncio.Transport):
                conversation.transport.abort()
        await self.shutdown()  # type: ignore[no-untyped-call]  # pymodbus has no types here
        await self.silent.wait()
        if ModbusTcpServer.active_server is self:
            ModbusTcpServer.active_server = None


class _Conversation(ServerRequestHandler):
    """One client: frames in, answers out, in order."""

    def __init__(self, server: _Server) -> None:
        super().__init__(server, None, None, None)  # type: ignore[no-untyped-call]  # nor here
        self._units = server.units
        self._server = server
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._server.conversations.add(self)
        self._server.silent.clear()
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._server.conversations.discard(self)
        if not self._server.conversations:
            self._server.silent.set()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while self._received and self.transport:
            used, unit, transaction, request = self.framer.decode(self._received)
            if not used:
                break
            self._received = self._received[used:]
            if not request:
                self.close()
                break
            answer = self._answer(unit, request)
            answer.dev_id, answer.transaction_id = unit, transaction
            self.pdu_send(answer)
        if len(self._received) >= _LONGEST_FRAME:
            self.close()

    def _answer(self, unit: int, request: bytes) -> ModbusPDU:
        """To a request's PDU. Function codes other than 1 to 4 are refused: nothing can be written here."""
        function = request[0]
        table = _TABLES.get(function)
        if table is None:
            return ExceptionResponse(function, ExcCodes.ILLEGAL_FUNCTION)
        asked = self.server.decoder.decode(request)
        if asked is None:
            return ExceptionResponse(function, ExcCodes.ILLEGAL_VALUE)
        memory = self._units.get(unit)
        if memory is None:
            return ExceptionResponse(function, ExcCodes.GATEWAY_NO_RESPONSE)
        found = memory.read(table, asked.address, asked.count)
        if found is None:
            return ExceptionResponse(function, ExcCodes.ILLEGAL_ADDRESS)
        if table.is_bits:
            return _ANSWERS[table](bits=[bool(bit) for bit in found])
        pairs = zip(found[::2], found[1::2], strict=True)
        return _ANSWERS[table](registers=[high << 8 | low for high, low in pairs])
