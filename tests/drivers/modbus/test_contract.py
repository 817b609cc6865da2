"""The Modbus driver passes the suite of all drivers, against a PLC that was written without it."""

import dataclasses
import functools
import time
from collections.abc import AsyncIterator, Mapping

import pytest

from drivers.contract import Value
from drivers.modbus import PLUGIN
from drivers.modbus.driver import open_driver
from tests.bench import Bench, Keys
from tests.contract import DriverContract
from tests.fakes.faults import Rule
from tests.fakes.plc import FakePlc

REGISTERS = {"speed": 100, "count": 102, "job": 110}


class PlcBench:
    """An Inovance H5U with a bit, words, a double word and a text."""

    def __init__(self, plc: FakePlc, pipeline: int) -> None:
        self._plc = plc
        self._spoilt: dict[str, Rule] = {}
        self._ahead_s = 0.0
        with_clock = functools.partial(open_driver, clock=lambda: time.monotonic() + self._ahead_s)
        self.plugin = dataclasses.replace(PLUGIN, open=with_clock)
        limits = {"quarantine": "10s", "pipeline": pipeline}
        self.connection: Keys = {"url": plc.url, "timeout": "150ms", "limits": limits}
        self.device: Keys = {"unit": 3, "plc": "inovance-h5u"}
        self.tags: Mapping[str, Keys] = {
            "speed": {"address": "D100"},
            "count": {"address": "D102:u32"},
            "job": {"address": "D110:str(8)"},
            "ratio": {"address": "D200:f32"},
            "running": {"address": "M8"},
        }
        self.wrong = ({"address": "D9000"}, {"address": "Q5"}, {"address": "Y8"}, {"address": "D100:u33"})
        memory = plc.unit(3)
        memory.holding.update({100: 1200, 102: 7, 103: 1, 110: 0x4447, 111: 0x3030, 200: 0, 201: 0x3FC0})
        memory.coils[8] = 1

    def now_ms(self) -> float:
        return time.time() * 1000

    async def change(self, tag: str) -> Value:
        holding = self._plc.unit(3).holding
        holding[REGISTERS[tag]] += 1
        return holding[100] if tag == "speed" else holding[103] << 16 | holding[102]

    async def spoil(self, tag: str) -> None:
        self._spoilt[tag] = self._plc.illegal(REGISTERS[tag], REGISTERS[tag] + 1, function=3)

    async def mend(self, tag: str) -> None:
        self._spoilt.pop(tag).lift()
        self._ahead_s += 11  # the quarantine is over

    async def mute(self) -> None:
        self._plc.is_mute = True

    async def cut(self) -> None:
        await self._plc.stop()

    async def restore(self) -> None:
        self._plc.is_mute = False
        await self._plc.stop()
        await self._plc.start()


class TestModbus(DriverContract):
    @pytest.fixture(params=[1, 4])
    async def bench(self, request: pytest.FixtureRequest) -> AsyncIterator[Bench]:
        async with FakePlc() as plc:
            yield PlcBench(plc, request.param)


class TestModbusWithoutTransactions(DriverContract):
    """A gateway that answers transaction id 0."""

    @pytest.fixture
    async def bench(self) -> AsyncIterator[Bench]:
        async with FakePlc() as plc:
            plc.echoes = False
            yield PlcBench(plc, 1)
