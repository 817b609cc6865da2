"""The suite that every driver passes: what `drivers.contract` promises, checked on a device in the test's hands.

A driver's author writes a `Bench`, which is the device and the ways to disturb it, and one class:

    class TestMyDriver(DriverContract):
        @pytest.fixture
        async def bench(self) -> AsyncIterator[Bench]: ...

A plug-in that subscribes has a second part: `class TestMyDriver(DriverContract, SubscriptionContract)`.

This file, `tests/contract_subscribed.py` and `tests/bench.py` need only `drivers`, pytest and pytest-asyncio
(`asyncio_mode = "auto"`): copy them.
"""

import asyncio
import re
from collections.abc import AsyncIterator

import pytest
from pydantic import ValidationError

from drivers.contract import Counting, Quality
from drivers.errors import InvalidConfig, NotConnected
from tests.bench import (
    PATIENCE_S,
    Bench,
    Keys,
    Notes,
    Reading,
    facts_of,
    group_of,
    is_closed,
    lose,
    read_good,
    same,
    sockets,
    until,
    until_waiting,
    within,
)
from tests.contract_subscribed import SubscriptionContract

CODE = r"[A-DF-HJ-MO-VX-Z]\d{4}"


class ModelContract:
    """The part about the plug-in as a value."""

    def test_models_forbid_extras_are_frozen_and_describe_every_key(self, bench: Bench) -> None:
        for model in (bench.plugin.connection, bench.plugin.device, bench.plugin.address):
            assert model.model_config.get("extra") == "forbid", f"{model.__name__} forbids extra keys"
            assert model.model_config.get("frozen"), f"{model.__name__} is frozen"
            for name, key in model.model_fields.items():
                assert key.description, f"{model.__name__}.{name} has a description"
        assert "address" in bench.plugin.address.model_fields

    def test_messages_are_in_both_languages(self, bench: Bench) -> None:
        for code, message in bench.plugin.messages.items():
            assert re.fullmatch(CODE, code), f"{code}: a letter but E, W, N and I, and 4 digits"
            pairs = [(message.zh, message.en), (message.hint_zh, message.hint_en), (message.back_zh, message.back_en)]
            assert all(pairs[0]), f"{code} has texts"
            for zh, en in pairs:
                assert bool(zh) == bool(en), f"{code} says the same in both languages"
                assert facts_of(zh) == facts_of(en), f"{code} uses the same facts in both languages"
                assert not zh or re.search("[\u4e00-\u9fff]", zh), f"{code}: zh is Chinese"
                assert not re.search("[\u4e00-\u9fff]", en), f"{code}: en is not Chinese"

    def test_open_lists_every_wrong_address(self, bench: Bench) -> None:
        refused: dict[str, Keys] = {}
        for number, keys in enumerate(bench.wrong):
            try:
                bench.plugin.address.model_validate(dict(keys))
            except ValidationError as error:
                codes = {line["type"] for line in error.errors() if re.fullmatch(CODE, line["type"])}
                assert codes <= set(bench.plugin.messages), f"{codes} are codes of the plug-in's messages"
            else:
                refused[f"wrong{number}"] = keys
        assert len(bench.wrong) >= 2
        if refused:
            settings = bench.plugin.connection.model_validate(dict(bench.connection))
            with pytest.raises(InvalidConfig) as caught:
                bench.plugin.open(settings, [group_of(bench, "press@1s", refused)], Notes())
            problems = caught.value.problems
            assert {problem.tag for problem in problems} == set(refused), "all problems, and only they, with places"
            assert {problem.device for problem in problems} == {"press"}
            assert {problem.code for problem in problems} <= set(bench.plugin.messages)

    def test_describe_says_one_line_for_each_tag(self, bench: Bench) -> None:
        if bench.plugin.describe is not None:
            group = group_of(bench, "press@1s")
            settings = bench.plugin.connection.model_validate(dict(bench.connection))
            said = bench.plugin.describe(settings, group)
            assert len(said) == len(group.tags)
            assert all(one.source and one.type in {None, "bool", "int", "float", "str"} for one in said)


class DriverContract(ModelContract):
    """The part about the conversation: order, overlap, repetition, and what a read says."""

    @pytest.fixture
    async def reading(self, bench: Bench) -> Reading:
        held, tasks = sockets(), asyncio.all_tasks()
        reading = Reading(bench)
        assert sockets() == held, "open touches no wire"
        assert asyncio.all_tasks() == tasks, "open starts nothing"
        return reading

    @pytest.fixture(autouse=True)
    async def nothing_left(self, reading: Reading) -> AsyncIterator[None]:
        """Whatever happened, a closed driver leaves no task and no socket, and it said only what it can say."""
        tasks, held = asyncio.all_tasks(), sockets()
        yield
        await within(reading.driver.close())

        def left() -> set["asyncio.Task[object]"]:
            return {task for task in asyncio.all_tasks() - tasks if task is not asyncio.current_task()}

        await until(lambda: not left() and sockets() <= held, f"no task and no socket is left: {left()}")
        assert {code for _, code, _ in reading.notes.said} <= set(reading.bench.plugin.messages)

    def test_a_plugin_that_subscribes_is_tested_for_it(self, bench: Bench) -> None:
        assert bench.plugin.subscribes in {None, "by default", "if asked"}
        assert not bench.plugin.subscribes or isinstance(self, SubscriptionContract), "add SubscriptionContract"

    async def test_first_read_names_every_tag(self, reading: Reading) -> None:
        await within(reading.driver.connect())
        assert await reading.read() == set(reading.bench.tags)
        assert set(reading.quality.values()) == {Quality.GOOD}, "a bench begins with readable tags"

    async def test_types_are_as_described(self, reading: Reading) -> None:
        if reading.bench.plugin.describe is not None:
            settings = reading.bench.plugin.connection.model_validate(dict(reading.bench.connection))
            said = reading.bench.plugin.describe(settings, reading.group)
            await within(reading.driver.connect())
            await reading.read()
            for tag, described in zip(reading.group.tags, said, strict=True):
                assert described.type in {None, type(reading.known[tag.name]).__name__}, tag.name

    async def test_a_changed_value_is_named_and_an_unnamed_one_is_confirmed(self, reading: Reading) -> None:
        first, second, *_ = reading.bench.tags
        await within(reading.driver.connect())
        await reading.read()
        for tag in (first, second, first):
            value = await reading.bench.change(tag)
            assert tag in await reading.read()
            assert same(reading.known[tag], value)
        known = dict(reading.known)
        await reading.read()
        assert same(reading.known[first], known[first]), "nothing changed, so nothing else may be read"

    async def test_one_unreadable_tag_is_a_fault_until_it_is_mended(self, reading: Reading) -> None:
        first, second, *_ = reading.bench.tags
        await within(reading.driver.connect())
        await reading.read()
        await reading.bench.spoil(first)
        assert first in await reading.read()
        assert reading.quality[first].is_bad
        value = await reading.bench.change(second)
        await reading.read()
        assert same(reading.known[second], value), "the others keep their samples"
        assert reading.quality[second] is Quality.GOOD
        assert reading.quality[first].is_bad, "a fault that is not named is confirmed"
        await reading.bench.mend(first)
        async with asyncio.timeout(PATIENCE_S):
            while reading.quality[first] is not Quality.GOOD:
                await reading.read()
        assert is_closed(reading.known[first])
        assert not isinstance(reading.known[first], Quality)

    async def test_a_tag_unreadable_from_the_start_is_a_fault_of_the_first_read(self, reading: Reading) -> None:
        first, *_ = reading.bench.tags
        await reading.bench.spoil(first)
        await within(reading.driver.connect())
        assert await reading.read() == set(reading.bench.tags)
        assert reading.quality[first].is_bad

    async def test_a_lost_conversation_is_opened_again_on_the_same_object(self, reading: Reading) -> None:
        first, *_ = reading.bench.tags
        await within(reading.driver.connect())
        await reading.read()
        await reading.bench.cut()
        await lose(reading)
        await within(reading.driver.close())
        with pytest.raises(NotConnected) as caught:
            await within(reading.driver.connect())
        assert caught.value.reason
        assert caught.value.code in {None, *reading.bench.plugin.messages}
        await within(reading.driver.close())
        await reading.bench.restore()
        value = await reading.bench.change(first)
        await within(reading.driver.connect())
        assert await reading.read() == set(reading.bench.tags), "the first read after connect names every tag"
        assert same(reading.known[first], value)

    async def test_a_mute_device_is_bounded_in_time_and_comes_back(self, reading: Reading) -> None:
        first, *_ = reading.bench.tags
        await within(reading.driver.connect())
        await reading.read()
        await reading.bench.mute()
        try:
            await reading.read()
        except NotConnected:
            await within(reading.driver.close())
        else:
            assert reading.quality[first].is_bad, "no answer, no value"
        await reading.bench.restore()
        await read_good(reading, first)

    async def test_close_may_come_at_any_time_and_twice(self, reading: Reading) -> None:
        await within(reading.driver.close())
        await within(reading.driver.connect())
        await reading.read()
        await within(reading.driver.close())
        await within(reading.driver.close())
        await within(reading.driver.connect())
        assert await reading.read() == set(reading.bench.tags)

    async def test_close_may_come_during_a_read(self, reading: Reading) -> None:
        await within(reading.driver.connect())
        await reading.read()
        await reading.bench.mute()
        pending = asyncio.ensure_future(reading.driver.read(reading.group.name))
        await until_waiting(pending)
        await within(reading.driver.close())
        done, _ = await asyncio.wait({pending}, timeout=PATIENCE_S)
        assert done, "a closed driver's read ends"
        assert pending.exception() is None or isinstance(pending.exception(), NotConnected)
        await reading.bench.restore()
        await within(reading.driver.connect())
        assert await reading.read() == set(reading.bench.tags)

    async def test_a_cancelled_read_is_cancelled_and_leaves_a_driver_that_can_go_on(self, reading: Reading) -> None:
        await within(reading.driver.connect())
        await reading.bench.mute()
        pending = asyncio.ensure_future(reading.driver.read(reading.group.name))
        await until_waiting(pending)
        pending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await within(pending)
        await within(reading.driver.close())
        await reading.bench.restore()
        await within(reading.driver.connect())
        assert await reading.read() == set(reading.bench.tags)

    async def test_groups_are_read_independently(self, bench: Bench) -> None:
        groups = [group_of(bench, name) for name in ("press@1s", "press@10s")]
        settings = bench.plugin.connection.model_validate(dict(bench.connection))
        driver = bench.plugin.open(settings, groups, Notes())
        await within(driver.connect())
        try:
            for group in groups:
                scans = await within(driver.read(group.name))
                assert {i for scan in scans for i in scan.indexes} == set(range(len(group.tags)))
            tag = next(iter(bench.tags))
            value = await bench.change(tag)
            for group in groups:
                scans = await within(driver.read(group.name))
                assert [same(v, value) for scan in scans for i, v in zip(*scan[1:3], strict=True) if i == 0] == [True]
        finally:
            await within(driver.close())

    async def test_counts_only_grow(self, reading: Reading) -> None:
        if isinstance(reading.driver, Counting):
            await within(reading.driver.connect())
            before = dict(reading.driver.counts)
            await reading.read()
            after = dict(reading.driver.counts)
            assert all(type(number) is int for number in after.values())
            assert all(after[word] >= before[word] for word in before)
            assert after != before, "a read leaves its mark"

    async def test_what_is_simulated_is_read_back(self, reading: Reading) -> None:
        bench, plugin = reading.bench, reading.bench.plugin
        if plugin.simulate is None:
            return
        await within(reading.driver.connect())
        await reading.read()
        (hole, *_), world = bench.tags, dict(reading.known)
        settings = plugin.connection.model_validate(dict(bench.connection))
        async with plugin.simulate(
            settings, [reading.group], lambda _, tag: None if tag == hole else world[tag]
        ) as url:
            other = plugin.open(
                plugin.connection.model_validate({**bench.connection, "url": url}), [reading.group], Notes()
            )
            await within(other.connect())
            try:
                scans = await within(other.read(reading.group.name))
            finally:
                await within(other.close())
        names = [tag.name for tag in reading.group.tags]
        read = {names[i]: v for scan in scans for i, v in zip(scan.indexes, scan.values, strict=True)}
        assert read == {tag: value for tag, value in world.items() if tag != hole}
        assert {names[i] for scan in scans for i, reason in scan.faults.items() if reason.is_bad} == {hole}
