"""The suite fails for a subscription that breaks a promise: each defect here is caught by the test named with it."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest

from drivers.contract import Driver, Quality, Scan, SubscribingDriver
from drivers.errors import NotConnected
from tests.bench import Listening
from tests.contract import DriverContract
from tests.contract_subscribed import SubscriptionContract
from tests.drivers.simulated.test_contract import TimeTravel
from tests.drivers.simulated.test_contract_bites import Honest, spoilt

Told = tuple[str, Scan]


class Tells(Honest):
    """Passes on what the driver that it spoils tells by itself."""

    async def changes(self) -> AsyncIterator[Told]:
        assert isinstance(self.inner, SubscribingDriver)
        async for told in self.inner.changes():
            yield told


class SkipsATag(Tells):
    async def changes(self) -> AsyncIterator[Told]:
        async for group, scan in super().changes():
            yield group, scan._replace(indexes=scan.indexes[1:], values=scan.values[1:])


class KeepsSilence(Tells):
    async def changes(self) -> AsyncIterator[Told]:
        async for group, scan in super().changes():
            if scan.indexes or scan.faults:
                yield group, scan


class TellsOnce(Tells):
    async def changes(self) -> AsyncIterator[Told]:
        seen: set[str] = set()
        async for group, scan in super().changes():
            yield group, scan if group not in seen else Scan(scan.time_ms, (), ())
            seen.add(group)


class RepeatsTheValueOfAFault(Tells):
    async def changes(self) -> AsyncIterator[Told]:
        async for group, scan in super().changes():
            yield group, scan._replace(faults=dict.fromkeys(scan.indexes, Quality.BAD_DEVICE))


class EndsQuietly(Tells):
    async def changes(self) -> AsyncIterator[Told]:
        try:
            async for told in super().changes():
                yield told
        except NotConnected:
            return


class HidesTheLoss(Tells):
    async def changes(self) -> AsyncIterator[Told]:
        try:
            async for told in super().changes():
                yield told
        except NotConnected:
            await asyncio.Event().wait()


class ComesFromTheFuture(Tells):
    async def changes(self) -> AsyncIterator[Told]:
        async for group, scan in super().changes():
            yield group, scan._replace(times=[scan.time_ms + 60_000 for _ in scan.indexes])


class SwallowsCancellation(Tells):
    async def changes(self) -> AsyncIterator[Told]:
        try:
            async for told in super().changes():
                yield told
        except asyncio.CancelledError:
            raise NotConnected("cancelled") from None


class CannotTell(Honest):
    """`subscribes`, it says."""


@pytest.mark.parametrize(
    ("defect", "test"),
    [
        (SkipsATag, "test_the_first_scans_name_every_tag"),
        (CannotTell, "test_the_first_scans_name_every_tag"),
        (RepeatsTheValueOfAFault, "test_the_first_scans_name_every_tag"),
        (ComesFromTheFuture, "test_the_first_scans_name_every_tag"),
        (KeepsSilence, "test_every_group_is_kept_alive_by_scans_that_name_nothing"),
        (TellsOnce, "test_a_change_comes_by_itself"),
        (TellsOnce, "test_one_unreadable_tag_is_a_fault_until_it_is_mended"),
        (EndsQuietly, "test_a_cut_wire_ends_it_and_it_begins_again_on_the_same_object"),
        (EndsQuietly, "test_close_ends_it"),
        (HidesTheLoss, "test_silence_ends_it"),
        (HidesTheLoss, "test_close_ends_it"),
        (SwallowsCancellation, "test_cancelled_listening_is_cancelled_and_leaves_a_driver_that_can_go_on"),
    ],
)
async def test_a_defect_is_caught(
    defect: Callable[[Driver], Driver], test: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    patience_s = 1.5 if defect is KeepsSilence else 0.3  # the simulated device is heard once a second
    monkeypatch.setattr("tests.bench.PATIENCE_S", patience_s)
    monkeypatch.setattr("tests.contract_subscribed.PATIENCE_S", patience_s)
    bench = TimeTravel()
    bench.plugin = spoilt(bench.plugin, defect)
    with pytest.raises((AssertionError, TimeoutError, NotConnected, pytest.fail.Exception)):
        await getattr(SubscriptionContract(), test)(Listening(bench))


def test_who_subscribes_and_forgets_the_second_part_is_told() -> None:
    with pytest.raises(AssertionError, match="add SubscriptionContract"):
        DriverContract().test_a_plugin_that_subscribes_is_tested_for_it(TimeTravel())
