"""The driver on a programmable PLC: what a read says, and what it costs."""

import asyncio
import random
import time
from itertools import pairwise
from math import log2

import pytest

from drivers.contract import Counting, Quality, Scan
from drivers.errors import InvalidConfig
from drivers.modbus.driver import open_driver
from tests.drivers.modbus.talk import Said, group, holding, talk
from tests.fakes.faults import Asked, Reply, exception, late, swallowed
from tests.fakes.plc import FakePlc


async def test_the_first_read_names_all_and_the_next_only_what_changed() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(300)))) as it:
        plc.unit(1).holding.update({at: at for at in range(300)})
        assert await it.read() == {f"t{at}": at for at in range(300)}
        assert len(it.scans) == 3, "300 registers are three requests"
        assert await it.read() == {}
        assert [scan[1:] for scan in it.scans] == [Scan(0, (), ())[1:]] * 3
        plc.unit(1).holding[130] = 7
        named = await it.read()
        assert named["t130"] == 7
        assert set(named) == {f"t{at}" for at in range(125, 250)}, "the block in which something changed"


async def test_the_tuple_of_indexes_is_the_same_one_every_time() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(10)))) as it:
        await it.read()
        (first,) = it.scans
        plc.unit(1).holding[3] = 1
        await it.read()
        assert it.scans[0].indexes is first.indexes
        assert isinstance(it.scans[0].values, tuple)


async def test_the_time_is_the_middle_of_the_request() -> None:
    async with FakePlc() as plc, talk(plc, group("press", {"a": "hr:0"}), timeout="2s") as it:
        plc.delay_s = 0.4
        before = time.time()
        await it.read()
        after = time.time()
    middle = (before + after) / 2 * 1000
    assert abs(it.scans[0].time_ms - middle) < 150, "its begin and its end are 200 ms away"


async def test_tables_types_and_units_come_together() -> None:
    async with FakePlc() as plc:
        plc.unit(1).coils[3] = 1
        plc.unit(1).discrete[4] = 1
        plc.unit(1).input[5] = 0x8001
        plc.unit(2).holding.update({100: 0x4048, 101: 0xF5C3})
        groups = (
            group("press", {"c": "co:3", "c2": "co:4", "d": "di:4", "i": "ir:5", "b": "ir:5.15"}),
            group("packer", {"f": "hr:100:f32"}, unit=2),
        )
        async with talk(plc, *groups) as it:
            assert await it.read() == {"c": True, "c2": False, "d": True, "i": 0x8001, "b": True}
            assert (await it.read("packer"))["f"] == pytest.approx(3.14)
        assert {(asked.unit, asked.function) for asked in plc.requests} == {(1, 1), (1, 2), (1, 4), (2, 3)}


async def test_it_is_counting() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(3)))) as it:
        assert isinstance(it.driver, Counting)
        await it.read()
        assert (it.counts["requests"], it.counts["answers"], it.counts["connects"]) == (1, 1, 1)


def test_open_refuses_all_wrong_addresses_at_once() -> None:
    from drivers.modbus import PLUGIN

    connection = PLUGIN.connection.model_validate({"url": "tcp://127.0.0.1:1"})
    with pytest.raises(InvalidConfig) as caught:
        open_driver(connection, [group("press", {"a": "40000", "b": "hr:0", "c": "hr:70000"})], Said())
    assert {problem.tag for problem in caught.value.problems} == {"a", "c"}


async def test_after_connect_everything_is_named_again() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(40))), timeout="1s") as it:
        plc.illegal(7, 8)
        await it.read()
        await it.driver.close()
        await it.driver.connect()
        assert set(await it.read()) == set(holding(range(40)))
        assert it.faults() == {"t7": Quality.BAD_CONFIG}


# -- refused addresses


async def test_200_tags_7_illegal_registers_the_others_keep_every_sample() -> None:
    """Five blocks of 40 tags; a range in one, scattered registers in others; at most 3 * log2(n) for each range."""
    addresses = {f"t{at}": f"hr:{at + 1000 * (at // 40)}" for at in range(200)}
    bad = {3, 50, 51, 52, 90, 110, 199}
    async with FakePlc() as plc, talk(plc, group("press", addresses)) as it:
        for at in range(200):
            plc.unit(1).holding[at + 1000 * (at // 40)] = at
        for at in bad:
            plc.illegal(at + 1000 * (at // 40), at + 1000 * (at // 40) + 1)
        for turn in range(10):
            for at in range(200):
                plc.unit(1).holding[at + 1000 * (at // 40)] = (at + turn) & 0xFFFF
            named = await it.read()
            assert {name for name, value in named.items() if not isinstance(value, Quality)} == {
                f"t{at}" for at in range(200) if at not in bad
            }
            assert all(it.known[f"t{at}"] == at + turn for at in range(200) if at not in bad)
            assert it.faults() == {f"t{at}": Quality.BAD_CONFIG for at in bad}
        assert it.counts["bisect_requests"] <= 5 * 3 * log2(40)
        assert it.said.words == [("lost", "M2001")]


async def test_a_register_that_comes_back_is_used_again_after_the_expiry() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(20))), quarantine="1h") as it:
        rule = plc.illegal(7, 9)
        await it.read()
        assert set(it.faults()) == {"t7", "t8"}
        rule.lift()
        it.clock.now += 59
        await it.read()
        assert set(it.faults()) == {"t7", "t8"}
        assert it.counts["probes"] == 0
        it.clock.now += 1
        await it.read()
        assert it.counts["probes"] == 1
        await it.read()
        assert it.faults() == {}
        asked = len(plc.requests)
        await it.read()
        assert len(plc.requests) == asked + 1, "one block again"
        assert it.said.words == [("lost", "M2001"), ("back", "M2001")]


async def test_a_register_that_stays_away_is_asked_ever_more_rarely() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(20)))) as it:
        plc.illegal(7, 8)
        await it.read()
        probes = []
        for _ in range(60 * 24):
            it.clock.now += 60
            before = it.counts["probes"]
            await it.read()
            if it.counts["probes"] > before:
                probes.append(it.clock.now)
        waits = [later - earlier for earlier, later in pairwise(probes)]
        assert waits[:4] == [240, 960, 3600, 3600]
        assert it.said.words == [("lost", "M2001")], "said once"


async def test_at_most_one_probe_in_a_read() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(64)))) as it:
        plc.illegal(20, 60)
        await it.read()
        assert set(it.faults()) == {f"t{at}" for at in range(20, 60)}
        blocks = 2
        for _ in range(80):
            it.clock.now += 61
            before = len(plc.requests)
            await it.read()
            assert len(plc.requests) - before <= blocks + 1


async def test_a_hole_between_tags_is_learnt_for_good() -> None:
    async with FakePlc() as plc, talk(plc, group("press", {"a": "hr:0", "b": "hr:5", "c": "hr:6"})) as it:
        plc.unit(1).holding.update({0: 1, 5: 2, 6: 3})
        plc.illegal(2, 4)
        assert await it.read() == {"a": 1, "b": 2, "c": 3}
        before = len(plc.requests)
        await it.driver.close()
        await it.driver.connect()
        assert await it.read() == {"a": 1, "b": 2, "c": 3}
        assert [(asked.start, asked.count) for asked in plc.requests[before:]] == [(0, 1), (5, 2)]
        assert it.said.words == []


async def test_bits_of_one_illegal_word_and_their_good_neighbours() -> None:
    addresses = {"x": "hr:0.1", "y": "hr:0.2", "z": "hr:1", "w": "hr:2:u32", "half": "hr:2"}
    async with FakePlc() as plc, talk(plc, group("press", addresses)) as it:
        plc.unit(1).holding.update({1: 5, 2: 9})
        plc.illegal(0, 1)
        plc.illegal(3, 4)
        for _ in range(4):
            await it.read()
        assert it.faults() == dict.fromkeys(["x", "y", "w"], Quality.BAD_CONFIG)
        assert (it.known["z"], it.known["half"]) == (5, 9), "the readable half of a bad pair is read alone and kept"


async def test_a_length_that_the_device_refuses_is_learnt_and_said() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(250)))) as it:
        plc.unit(1).holding.update({at: at for at in range(250)})

        def too_long(reply: Reply, asked: Asked, chance: random.Random) -> None:
            if asked.count > 64:
                reply.pdu = bytes((0x83, 3))

        plc.fault(too_long)
        assert await it.read() == {f"t{at}": at for at in range(250)}
        before = len(plc.requests)
        assert await it.read() == {f"t{at}": at for at in range(250)}, "blocks that are new are named"
        assert [asked.count for asked in plc.requests[before:]] == [64, 64, 64, 58]
        assert it.said.words == [("note", "M2004")]


async def test_a_plc_that_refuses_everything_while_it_starts_is_back_at_once() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(300)))) as it:
        rule = plc.fault(exception(2))
        await it.read()
        assert len(it.faults()) == 300
        rule.lift()
        await it.read()
        await it.read()
        assert it.faults() == {}


async def test_a_time_out_during_a_search_condemns_nobody() -> None:
    def mute_prefix(reply: Reply, asked: Asked, chance: random.Random) -> None:
        if asked.count == 20:
            reply.raw = b""

    async with FakePlc() as plc, talk(plc, group("press", holding(range(40))), timeout="150ms") as it:
        plc.illegal(7, 8)
        with plc.fault(mute_prefix):
            await it.read()
            assert it.faults() == {f"t{at}": Quality.BAD_TIMEOUT for at in range(40)}
        await it.read()
        assert it.faults() == {"t7": Quality.BAD_CONFIG}


async def test_neighbours_of_two_areas_are_read_apart_from_then_on() -> None:
    def border(reply: Reply, asked: Asked, chance: random.Random) -> None:
        if asked.start < 20 < asked.start + asked.count:
            reply.pdu = bytes((asked.function | 0x80, 2))

    async with FakePlc() as plc, talk(plc, group("press", holding(range(40)))) as it:
        plc.fault(border)
        await it.read()
        plc.requests.clear()
        await it.read()
        assert [(asked.start, asked.count) for asked in plc.requests] == [(0, 20), (20, 20)]
        assert it.faults() == {}
        assert it.said.words == []


# -- exceptions that are no refusals


@pytest.mark.parametrize(
    ("code", "reason"), [(4, Quality.BAD_DEVICE), (9, Quality.BAD_DEVICE), (0x55, Quality.BAD_DEVICE)]
)
async def test_other_exceptions_are_the_devices_own(code: int, reason: Quality) -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(200)))) as it:
        with plc.fault(exception(code), start=0, end=1):
            await it.read()
            assert it.faults() == {f"t{at}": reason for at in range(125)}
            assert await it.read() == {}, "named when it begins, confirmed after that"
        assert set(await it.read()) >= {f"t{at}" for at in range(125)}
        assert it.faults() == {}
        assert it.counts["bisect_requests"] == 0


# -- silent units


async def test_two_time_outs_are_enough_for_one_read() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(1000))), timeout="150ms") as it:
        await it.read()
        plc.requests.clear()
        with plc.fault(swallowed):
            await it.read()
        assert len(plc.requests) == 2
        assert it.faults() == {f"t{at}": Quality.BAD_TIMEOUT for at in range(1000)}
        await it.read()
        assert it.faults() == {}


async def test_a_dead_unit_is_left_alone_and_comes_back() -> None:
    groups = (group("dead", holding(range(300)), unit=5), group("press", holding(range(300)), unit=1))
    async with FakePlc() as plc, talk(plc, *groups, timeout="150ms") as it:
        rule = plc.fault(swallowed, unit=5)
        for _ in range(3):
            await it.read("dead")
            await it.read("press")
        plc.requests.clear()
        for _ in range(20):
            assert await it.read("dead") == {}
            await it.read("press")
        assert {asked.unit for asked in plc.requests} == {1}
        assert plc.accepted == 1, "the connection is kept for the others"
        it.clock.now += 2
        plc.requests.clear()
        await it.read("dead")
        assert len([asked for asked in plc.requests if asked.unit == 5]) == 1
        rule.lift()
        it.clock.now += 40
        named = await it.read("dead")
        assert set(named) == set(holding(range(300)))
        assert not any(isinstance(value, Quality) for value in named.values())


async def test_a_lone_silent_device_is_asked_in_every_read() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(3))), timeout="150ms") as it:
        with plc.fault(swallowed):
            for _ in range(8):
                await it.read()
        assert len(plc.requests) == 8
        await it.read()
        assert it.faults() == {}


async def test_a_first_read_of_a_unit_that_is_out_names_its_faults() -> None:
    groups = (group("dead", holding(range(3)), unit=5), group("press", holding(range(3)), unit=1))
    async with FakePlc() as plc, talk(plc, *groups, timeout="150ms") as it:
        plc.fault(swallowed, unit=5)
        for _ in range(4):
            await it.read("dead")
        await it.driver.close()
        await it.driver.connect()
        assert await it.read("dead") == dict.fromkeys(holding(range(3)), Quality.BAD_TIMEOUT)


# -- pipelining


async def test_pipelined_requests_are_in_flight_together() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(2000))), pipeline=8, timeout="2s") as it:
        await it.read()
        plc.delay_s = 0.05
        pending = asyncio.ensure_future(it.read())
        already = len(plc.requests)
        await plc.until(lambda: len(plc.requests) == already + 8)
        await pending
        assert it.faults() == {}


async def test_a_peer_without_ids_is_never_pipelined_and_it_is_said_once() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(1000))), pipeline=8) as it:
        plc.echoes = False
        plc.unit(1).holding.update({at: at for at in range(1000)})
        plc.fault(late(0.005))
        assert await it.read() == {f"t{at}": at for at in range(1000)}
        await it.driver.close()
        await it.driver.connect()
        await it.read()
        assert it.said.words == [("note", "M2003")]
