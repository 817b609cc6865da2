"""One request and how it ended: the words that exchange, batch, link and driver have in common."""

import math
from collections.abc import Mapping
from enum import IntEnum
from struct import Struct
from types import MappingProxyType
from typing import NamedTuple

from drivers.modbus.address import Table
from drivers.modbus.plan import Block

FUNCTIONS: Mapping[Table, int] = MappingProxyType({Table.COIL: 1, Table.DISCRETE: 2, Table.HOLDING: 3, Table.INPUT: 4})
"""All that this driver can ask a device: it reads. There is no other place where a function code is encoded."""

ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE, DEVICE_FAILURE, ACKNOWLEDGE, BUSY = range(1, 7)
GATEWAY_PATH, GATEWAY_TARGET = 10, 11
"""Exception codes (MODBUS Application Protocol V1.1b3, section 7)."""

REFUSALS = frozenset({ILLEGAL_FUNCTION, ILLEGAL_ADDRESS, ILLEGAL_VALUE})
LATER = frozenset({ACKNOWLEDGE, BUSY})
UNREACHABLE = frozenset({GATEWAY_PATH, GATEWAY_TARGET})

_PDU = Struct(">BBHH")


class Request(NamedTuple):
    """What is asked of one unit, with the bytes that do not change from one time to the next."""

    unit: int
    pdu: bytes
    """Unit, function code, first address, count: what every framing has between its ends."""
    head: bytes
    """Unit, function code and byte count, with which a fitting answer begins."""
    size: int
    """Bytes of a fitting answer from the unit on."""
    refusal: bytes
    """Unit and function code with the top bit set, with which an exception reply begins."""
    mbap_head: bytes
    """The same as `head` in an MBAP frame: protocol id and length before it, behind the transaction id."""
    patience_s: float = math.inf
    """How long its answer is waited for at most, where that is less than the connection's time-out."""


def request(unit: int, block: Block) -> Request:
    """Ask `unit` for a block. Nothing but function codes 1 to 4 can come out."""
    function = FUNCTIONS[block.table]
    payload = (block.count + 7) // 8 if block.table.is_bits else 2 * block.count
    return Request(
        unit,
        _PDU.pack(unit, function, block.start, block.count),
        bytes((unit, function, payload)),
        3 + payload,
        bytes((unit, function | 0x80)),
        bytes((0, 0, 0, 3 + payload, unit, function, payload)),
    )


class Result(IntEnum):
    """How a request ended."""

    ANSWER = 0
    EXCEPTION = 1
    TIMEOUT = 2
    PROTOCOL = 3
    LOST = 4


class Outcome(NamedTuple):
    """The end of one request."""

    result: Result
    sent: float = 0.0
    """Monotonic seconds of the loop's clock."""
    ended: float = 0.0
    payload: bytes = b""
    """The data part of an answer, exactly as long as was asked for; else empty."""
    code: int = 0
    """Of an exception reply."""
