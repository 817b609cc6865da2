"""A block that is read again and again: its request, its codec and what was last said of it."""

from collections.abc import Mapping

from drivers.contract import NO_FAULTS, Quality, Scan
from drivers.modbus.address import Point
from drivers.modbus.codec import BlockCodec
from drivers.modbus.plan import Block
from drivers.modbus.request import (
    LATER,
    REFUSALS,
    UNREACHABLE,
    Outcome,
    Result,
    request,
)

_FAULTS = {
    Result.TIMEOUT: Quality.BAD_TIMEOUT,
    Result.PROTOCOL: Quality.BAD_PROTOCOL,
    Result.LOST: Quality.BAD_NOT_CONNECTED,
}

_new_scan = tuple.__new__


def fault_of(outcome: Outcome) -> Quality:
    """Why an outcome that is no answer makes no value."""
    if outcome.result is not Result.EXCEPTION:
        return _FAULTS[outcome.result]
    if outcome.code in REFUSALS:
        return Quality.BAD_CONFIG
    if outcome.code in LATER:
        return Quality.BAD_BUSY
    return Quality.BAD_GATEWAY if outcome.code in UNREACHABLE else Quality.BAD_DEVICE


class LiveBlock:
    """Turns outcomes into Scans that name what differs from the last one."""

    __slots__ = ("_codec", "_fault", "_seen", "block", "request")

    def __init__(self, unit: int, block: Block, points: Mapping[int, Point]) -> None:
        self.block = block
        self.request = request(unit, block)
        self._codec = BlockCodec(block, points)
        self._seen: bytes | None = None
        self._fault: Quality | None = None

    def forget(self) -> None:
        """A new conversation: name everything next time."""
        self._seen = self._fault = None

    def answered(self, payload: bytes, time_ms: int) -> Scan:
        """The same bytes as last time say nothing new and are not decoded."""
        if payload == self._seen:
            # Past the constructor of NamedTuple, which costs more than all the rest of an idle block.
            return _new_scan(Scan, (time_ms, (), (), NO_FAULTS, None))
        self._seen, self._fault = payload, None
        return Scan(time_ms, *self._codec.decode(payload))

    def failed(self, fault: Quality, time_ms: int) -> Scan:
        """A fault of the whole block is named when it begins."""
        if fault is self._fault:
            return Scan(time_ms, (), ())
        self._seen, self._fault = None, fault
        return Scan(time_ms, (), (), dict.fromkeys(self._codec.indexes, fault))
