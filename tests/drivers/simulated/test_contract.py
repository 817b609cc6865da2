"""The simulated driver passes the suite; its device is disturbed by moving its clock."""

import dataclasses
import functools
import time
from collections.abc import Mapping

import pytest

from drivers.contract import Value
from drivers.simulated import PLUGIN
from drivers.simulated.driver import open_driver
from drivers.simulated.signal import parse
from tests.bench import Bench, Keys
from tests.contract import DriverContract
from tests.contract_subscribed import SubscriptionContract

HOUR_S = 3600
DOWN, MUTE = 10 * HOUR_S, 20 * HOUR_S


class TimeTravel:
    """A simulated device whose every state is a place in time: hole(2h) is spoilt in each odd hour."""

    wrong = ({"address": "sine(60s)"}, {"address": "sinus(60s, 0, 1)"}, {"address": ""})

    def __init__(self) -> None:
        self.connection: Keys = {"timeout": "100ms", "fail": ["down 10h..20h", "mute 20h..30h"]}
        self.device: Keys = {}
        now = time.time()
        self._now = self._start = now - now % (100 * HOUR_S)
        self.tags: Mapping[str, Keys] = {
            "holey": {"address": "hole(2h)"},
            "count": {"address": "counter(1s, 1000000)"},
            "job": {"address": "text(GD001|缺料, 100h)"},
            "speed": {"address": "sine(60h, 0, 100)"},
            "running": {"address": "square(60h)"},
        }
        self.plugin = dataclasses.replace(PLUGIN, open=functools.partial(open_driver, clock=lambda: self._now))

    def now_ms(self) -> float:
        return self._now * 1000

    async def change(self, tag: str) -> Value:
        self._now += 1
        value = parse(str(self.tags[tag]["address"])).at(self._now)
        assert value is not None
        return value

    async def spoil(self, tag: str) -> None:
        self._now += HOUR_S

    async def mend(self, tag: str) -> None:
        self._now += HOUR_S

    async def mute(self) -> None:
        self._now = self._start + MUTE

    async def cut(self) -> None:
        self._now = self._start + DOWN

    async def restore(self) -> None:
        self._now = self._start + 40 * HOUR_S


class TestSimulated(DriverContract, SubscriptionContract):
    @pytest.fixture
    def bench(self) -> Bench:
        return TimeTravel()
