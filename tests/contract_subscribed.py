"""The part of the suite about subscriptions, for every driver whose plug-in subscribes; see `tests.contract`."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from drivers.contract import KEEP_ALIVE_S, Quality
from drivers.errors import NotConnected
from tests.bench import PATIENCE_S, Bench, Listening, same, until, within

SLACK_S = 1.0
"""For a machine that is busy with other tests."""


class SubscriptionContract:
    """What `changes` promises. Beside `DriverContract`, whose `nothing_left` looks for what a closed driver left."""

    @pytest.fixture
    async def listening(self, bench: Bench) -> AsyncIterator[Listening]:
        listening = Listening(bench)
        yield listening
        await listening.end()
        assert {code for _, code, _ in listening.notes.said} <= set(bench.plugin.messages)

    async def test_the_first_scans_name_every_tag(self, listening: Listening) -> None:
        await listening.begin()
        await listening.hear_all()
        assert set(listening.quality.values()) == {Quality.GOOD}, "a bench begins with readable tags"

    async def test_a_change_comes_by_itself(self, listening: Listening) -> None:
        first, second, *_ = listening.bench.tags
        await listening.begin()
        await listening.hear_all()
        for tag in (first, second, first):
            value = await listening.bench.change(tag)
            await listening.hear_until(lambda tag=tag, value=value: same(listening.known[tag], value))  # type: ignore[misc]  # both as they are now
            assert listening.quality[tag] is Quality.GOOD

    async def test_every_group_is_kept_alive_by_scans_that_name_nothing(self, listening: Listening) -> None:
        await listening.begin()
        alive, named, newest_s = set(), set(), time.monotonic()
        async with asyncio.timeout(PATIENCE_S):
            while len(alive) < 2:
                group, names = await listening.hear_any()
                assert time.monotonic() - newest_s <= KEEP_ALIVE_S + SLACK_S, "the device is not heard for too long"
                newest_s = time.monotonic()
                named |= {(group.group.name, name) for name in names}
                if not names:
                    alive.add(group.group.name)
        assert len(named) == 2 * len(listening.bench.tags), "each group has first values of its own"

    async def test_one_unreadable_tag_is_a_fault_until_it_is_mended(self, listening: Listening) -> None:
        first, second, *_ = listening.bench.tags
        await listening.begin()
        await listening.hear_all()
        await listening.bench.spoil(first)
        await listening.hear_until(lambda: listening.quality[first].is_bad)
        value = await listening.bench.change(second)
        await listening.hear_until(lambda: same(listening.known[second], value))
        assert listening.quality[second] is Quality.GOOD
        assert listening.quality[first].is_bad, "a fault that is not named is confirmed"
        await listening.bench.mend(first)
        await listening.hear_until(lambda: listening.quality[first] is Quality.GOOD)

    async def test_a_tag_unreadable_from_the_start_is_among_the_first_scans(self, listening: Listening) -> None:
        first, *_ = listening.bench.tags
        await listening.bench.spoil(first)
        await listening.begin()
        await listening.hear_all()
        assert listening.quality[first].is_bad

    async def test_what_is_polled_is_read_beside_it(self, listening: Listening) -> None:
        first, *_ = listening.bench.tags
        await listening.begin()
        await listening.hear_all()
        pending = asyncio.ensure_future(listening.hear_the_end())
        try:
            assert await listening.read() == set(listening.bench.tags), "the first read names every tag"
            value = await listening.bench.change(first)
            await until(lambda: same(listening.known[first], value), "a change is told while others are read")
            await listening.read()
            assert same(listening.polled.known[first], value)
        finally:
            pending.cancel()
            await asyncio.wait({pending})

    async def test_a_cut_wire_ends_it_and_it_begins_again_on_the_same_object(self, listening: Listening) -> None:
        first, *_ = listening.bench.tags
        await listening.begin()
        await listening.hear_all()
        await listening.bench.cut()
        with pytest.raises(NotConnected) as caught:
            await within(listening.hear_the_end())
        assert caught.value.reason
        assert caught.value.code in {None, *listening.bench.plugin.messages}
        await listening.end()
        await listening.bench.restore()
        value = await listening.bench.change(first)
        await listening.begin()
        await listening.hear_all()
        assert same(listening.known[first], value)

    async def test_silence_ends_it(self, listening: Listening) -> None:
        await listening.begin()
        await listening.hear_all()
        await listening.bench.mute()
        with pytest.raises(NotConnected):
            await within(listening.hear_the_end())
        await listening.end()
        await listening.bench.restore()
        await listening.begin()
        await listening.hear_all()

    async def test_close_ends_it(self, listening: Listening) -> None:
        await listening.begin()
        await listening.hear_all()
        pending = asyncio.ensure_future(listening.hear_the_end())
        await asyncio.sleep(0.01)
        await within(listening.driver.close())
        done, _ = await asyncio.wait({pending}, timeout=PATIENCE_S)
        assert done, "a closed driver tells nothing more"
        assert isinstance(pending.exception(), NotConnected)
        await listening.begin()
        await listening.hear_all()

    async def test_cancelled_listening_is_cancelled_and_leaves_a_driver_that_can_go_on(
        self, listening: Listening
    ) -> None:
        await listening.begin()
        await listening.hear_all()
        pending = asyncio.ensure_future(listening.hear_the_end())
        await asyncio.sleep(0.01)
        pending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await within(pending)
        await listening.end()
        await listening.begin()
        await listening.hear_all()

    async def test_who_stops_listening_can_close(self, listening: Listening) -> None:
        await listening.begin()
        await listening.hear()
        await listening.end()
        await listening.begin()
        await listening.hear_all()
