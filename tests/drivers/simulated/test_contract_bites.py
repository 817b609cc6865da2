"""The suite fails for a driver that breaks a promise: each defect here is caught by the test that is named with it."""

import asyncio
import functools
import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from drivers.contract import Driver, DriverPlugin, Scan
from drivers.errors import NotConnected
from tests.bench import Reading
from tests.contract import DriverContract
from tests.drivers.simulated.test_contract import TimeTravel


class Honest:
    """Passes everything on to the driver that it spoils."""

    def __init__(self, inner: Driver) -> None:
        self.inner = inner

    async def connect(self) -> None:
        await self.inner.connect()

    async def read(self, group: str) -> Sequence[Scan]:
        return await self.inner.read(group)

    async def close(self) -> None:
        await self.inner.close()


class Edits(Honest):
    """Gives every scan another shape."""

    def edit(self, scan: Scan) -> Scan:
        raise NotImplementedError

    async def read(self, group: str) -> Sequence[Scan]:
        return [self.edit(scan) for scan in await self.inner.read(group)]


class GivesNotANumber(Edits):
    def edit(self, scan: Scan) -> Scan:
        return scan._replace(values=[math.nan for _ in scan.values])


class LosesAValue(Edits):
    def edit(self, scan: Scan) -> Scan:
        return scan._replace(values=scan.values[1:])


class CountsInSeconds(Edits):
    def edit(self, scan: Scan) -> Scan:
        return scan._replace(time_ms=scan.time_ms // 1000)


class ForgetsFaults(Edits):
    def edit(self, scan: Scan) -> Scan:
        return scan._replace(faults={})


class NamesNothingTheSecondTime(Honest):
    seen = False

    async def read(self, group: str) -> Sequence[Scan]:
        scans = await self.inner.read(group)
        if self.seen:
            return [Scan(scan.time_ms, (), ()) for scan in scans]
        self.seen = True
        return scans


class NeverReconnects(Honest):
    lost = False

    async def connect(self) -> None:
        if self.lost:
            raise NotConnected("")
        await self.inner.connect()

    async def close(self) -> None:
        self.lost = True
        await self.inner.close()


class LeavesATask(Honest):
    async def connect(self) -> None:
        await self.inner.connect()
        self.task = asyncio.ensure_future(asyncio.Event().wait())


class RaisesInClose(Honest):
    async def close(self) -> None:
        raise OSError("already closed")


class HidesTheLoss(Honest):
    async def read(self, group: str) -> Sequence[Scan]:
        try:
            return await self.inner.read(group)
        except NotConnected:
            await asyncio.sleep(0.01)
            return []


class SwallowsCancellation(Honest):
    async def read(self, group: str) -> Sequence[Scan]:
        try:
            return await self.inner.read(group)
        except asyncio.CancelledError:
            return []


def spoilt(plugin: DriverPlugin, defect: Callable[[Driver], Driver]) -> DriverPlugin:
    def open_spoilt(*args: Any) -> Driver:
        return defect(plugin.open(*args))

    return replace(plugin, open=functools.partial(open_spoilt))


@pytest.mark.parametrize(
    ("defect", "test"),
    [
        (GivesNotANumber, "test_first_read_names_every_tag"),
        (LosesAValue, "test_first_read_names_every_tag"),
        (CountsInSeconds, "test_first_read_names_every_tag"),
        (ForgetsFaults, "test_one_unreadable_tag_is_a_fault_until_it_is_mended"),
        (ForgetsFaults, "test_a_tag_unreadable_from_the_start_is_a_fault_of_the_first_read"),
        (NamesNothingTheSecondTime, "test_a_changed_value_is_named_and_an_unnamed_one_is_confirmed"),
        (NamesNothingTheSecondTime, "test_close_may_come_at_any_time_and_twice"),
        (NeverReconnects, "test_a_lost_conversation_is_opened_again_on_the_same_object"),
        (RaisesInClose, "test_close_may_come_at_any_time_and_twice"),
        (HidesTheLoss, "test_a_lost_conversation_is_opened_again_on_the_same_object"),
        (SwallowsCancellation, "test_a_cancelled_read_is_cancelled_and_leaves_a_driver_that_can_go_on"),
        (LeavesATask, "nothing_left"),
    ],
)
async def test_a_defect_is_caught(
    defect: Callable[[Driver], Driver], test: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.bench.PATIENCE_S", 0.3)
    bench = TimeTravel()
    bench.plugin = spoilt(bench.plugin, defect)
    reading = Reading(bench)
    with pytest.raises((AssertionError, TimeoutError, NotConnected, OSError, ValueError, pytest.fail.Exception)):
        if test == "nothing_left":
            await leftovers(reading)
        else:
            await getattr(DriverContract(), test)(reading)


async def leftovers(reading: Reading) -> None:
    """The fixture by hand: before the test, and after it."""
    watch = DriverContract.nothing_left.__wrapped__(DriverContract(), reading)  # type: ignore[attr-defined]  # what pytest wrapped
    await anext(watch)
    await reading.driver.connect()
    try:
        await anext(watch, None)
    finally:
        reading.driver.task.cancel()  # type: ignore[attr-defined]  # only this driver has a task
