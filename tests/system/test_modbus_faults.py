"""Rows of the promises that the Modbus driver keeps: fault on the wire -> what the driver says and does.

What the agent makes of it (poll, back-off, log) is tested with the agent.
"""

import asyncio
import random
from time import perf_counter

import pytest

from drivers.contract import Quality
from drivers.errors import NotConnected
from tests.drivers.modbus.talk import connected, describe, fresh, group, holding, talk
from tests.fakes.faults import (
    Change,
    byte_by_byte,
    dropped,
    exception,
    false_count,
    fewer,
    garbage,
    in_two,
    late,
    more,
    odd,
    other_function,
    other_transaction,
    other_unit,
    swallowed,
    truncated,
    twice,
)
from tests.fakes.plc import FakePlc
from tests.fakes.proxy import ANSWERS, REQUESTS, FaultProxy
from tests.fakes.stalls import Stalls


async def test_row_01_plc_down_at_start() -> None:
    async with FakePlc() as plc:
        await plc.stop()
        async with talk(plc, group("press", holding(range(4))), connect=False) as it:
            for _ in range(3):
                with pytest.raises(NotConnected) as caught:
                    await it.driver.connect()
                await it.driver.close()
            assert caught.value.reason == "connection refused"
            await plc.start()
            await it.driver.connect()
            assert set(await it.read()) == set(holding(range(4)))
            assert it.faults() == {}


async def test_row_02_plc_reboots_at_any_byte_of_a_reply(seed: int) -> None:
    """The read fails at once, not after a time-out; after the reboot the same object goes on."""
    chance = random.Random(seed)
    with Stalls() as stalls:
        async with FakePlc() as plc, talk(plc, group("press", holding(range(20))), timeout="10s") as it:
            await it.read()
            for at in [0, *(chance.randrange(1, 49) for _ in range(10)), 48]:
                rule = plc.fault(dropped(at), times=1)
                already = len(plc.requests)
                plc.max_connections = 0
                pending = asyncio.ensure_future(it.read())
                await plc.until(lambda already=already: len(plc.requests) > already)
                began = perf_counter()
                with pytest.raises(NotConnected):
                    await pending
                ended = perf_counter()
                assert ended - began - stalls.within(began, ended) < 0.1
                rule.lift()
                plc.max_connections = None
                await it.driver.close()
                await it.driver.connect()
                await it.read()
                assert it.faults() == {}


async def test_row_03_half_open_connection_is_replaced() -> None:
    """The device forgot the connection (its power was cut): requests vanish. A new connection is made by itself."""
    async with (
        FakePlc() as plc,
        FaultProxy(plc.port) as proxy,
        talk(proxy.port, group("press", holding(range(4))), timeout="200ms") as it,
    ):
        await it.read()
        with proxy.frozen(REQUESTS, ANSWERS):
            for _ in range(3):
                await it.read()
            assert it.counts["timeouts"] == 3
            assert it.counts["connects"] == 1
        await it.read()
        assert it.counts["connects"] == 2
        assert it.faults() == {}


async def test_row_04_slow_plc_is_bounded_by_the_time_outs() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(2000))), timeout="200ms") as it:
        plc.delay_s = 0.8
        began = perf_counter()
        await it.read()
        assert perf_counter() - began < 4 * 0.2, "16 blocks, but two time-outs"
        assert set(it.faults().values()) == {Quality.BAD_TIMEOUT}
        plc.delay_s = 0.0
        await it.read()
        assert it.faults() == {}


@pytest.mark.parametrize("code", [1, 2, 3])
async def test_row_05_illegal_address_in_a_block(code: int) -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(100)))) as it:
        plc.illegal(40, 47, code=code)
        for turn in range(5):
            plc.unit(1).holding.update({at: at + turn for at in range(100)})
            await it.read()
            assert it.faults() == {f"t{at}": Quality.BAD_CONFIG for at in range(40, 47)}
            assert all(it.known[f"t{at}"] == at + turn for at in range(100) if not 40 <= at < 47)
        assert it.counts["bisect_requests"] <= 3 * 6.65
        assert it.said.words == [("lost", "M2001")]


@pytest.mark.parametrize("code", [5, 6])
async def test_row_06_busy_is_asked_again_and_never_a_number(code: int) -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(4))), timeout="1s") as it:
        plc.unit(1).holding.update(dict.fromkeys(range(4), 7))
        with plc.fault(exception(code), times=2):
            assert set((await it.read()).values()) == {7}
        assert it.counts["busy_retries"] == 2
        plc.requests.clear()
        with plc.fault(exception(code)):
            await it.read()
        assert len(plc.requests) == 4, "once and three times again"
        assert set(it.known.values()) == {Quality.BAD_BUSY}
        assert set((await it.read()).values()) == {7}


async def test_row_06_retries_are_bounded_by_the_time_out() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(4))), timeout="300ms") as it:
        plc.fault(exception(6))
        began = perf_counter()
        await it.read()
        assert perf_counter() - began < 0.6
        assert set(it.known.values()) == {Quality.BAD_BUSY}


@pytest.mark.parametrize("code", [10, 11])
async def test_row_07_gateway_without_its_unit(code: int) -> None:
    groups = (group("dead", holding(range(400)), unit=5), group("press", holding(range(4)), unit=1))
    async with FakePlc() as plc, talk(plc, *groups) as it:
        rule = plc.fault(exception(code), unit=5)
        await it.read("dead")
        assert set(it.known.values()) == {Quality.BAD_GATEWAY}
        assert len(plc.requests) == 1, "the rest of that unit is not asked"
        assert not any(isinstance(value, Quality) for value in (await it.read("press")).values())
        assert plc.accepted == 1
        rule.lift()
        await it.read("dead")
        assert it.faults() == {}


@pytest.mark.parametrize("echoes", [True, False], ids=["echo", "id 0"])
async def test_row_08_a_late_reply_is_never_the_next_value(echoes: bool) -> None:
    """Every second reply comes after its time-out, when the next request is already waiting."""
    async with FakePlc() as plc, talk(plc, group("press", holding(range(2))), timeout="20ms") as it:
        plc.echoes = echoes
        plc.describe = describe
        await it.read()
        values = 0
        for turn in range(100):
            since = len(plc.requests)
            with plc.fault(late(0.025), times=turn % 2):
                try:
                    await it.read()
                except NotConnected:  # 20 ms are little for a new connection on a busy machine
                    await it.driver.close()
                    await connected(it.driver)
                    continue
            values += fresh(it, plc, since)
            if turn % 2:
                assert set(it.faults().values()) == {Quality.BAD_TIMEOUT}
        assert values >= 90
        assert plc.most_open == 1
        assert it.counts["late"] == 0 if not echoes else it.counts["late"] > 0


@pytest.mark.parametrize(
    "change",
    [other_unit, other_function, fewer(), more(), odd, false_count],
    ids=["unit", "function", "fewer", "more", "odd", "count"],
)
@pytest.mark.parametrize("echoes", [True, False], ids=["echo", "id 0"])
async def test_row_10_a_reply_that_does_not_fit_is_rejected_and_counted(change: Change, echoes: bool) -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(200))), registers=100) as it:
        plc.echoes = echoes
        plc.unit(1).holding.update(dict.fromkeys(range(200), 5))
        await it.read()
        with plc.fault(change, start=0, end=1):
            await it.read()
        assert it.faults() == {f"t{at}": Quality.BAD_PROTOCOL for at in range(100)}
        assert it.counts["protocol_errors"] == 1
        assert plc.accepted == (1 if echoes else 2)
        await it.read()
        assert set(it.known.values()) == {5}


@pytest.mark.parametrize("change", [byte_by_byte, in_two(7, 0.01), in_two(20, 0.01)], ids=["bytes", "head", "data"])
@pytest.mark.parametrize("echoes", [True, False], ids=["echo", "id 0"])
async def test_row_10_pieces_of_a_right_reply_are_put_together(change: Change, echoes: bool) -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(200)))) as it:
        plc.echoes = echoes
        plc.describe = describe
        plc.fault(change)
        for _ in range(5):
            since = len(plc.requests)
            await it.read()
            assert fresh(it, plc, since) == 200


async def test_row_10_a_reply_that_comes_twice_answers_once(seed: int) -> None:
    for echoes in (True, False):
        async with FakePlc(seed=seed) as plc, talk(plc, group("press", holding(range(500)))) as it:
            plc.echoes = echoes
            plc.describe = describe
            plc.fault(twice, fraction=0.3)
            for _ in range(30):
                since = len(plc.requests)
                await it.read()
                fresh(it, plc, since)
            assert plc.most_open == 1


async def test_row_10_another_transaction_id_from_a_peer_that_echoes_is_no_answer() -> None:
    async with FakePlc() as plc, talk(plc, group("press", holding(range(2))), timeout="200ms") as it:
        await it.read()
        with plc.fault(other_transaction):
            await it.read()
        assert set(it.faults().values()) == {Quality.BAD_TIMEOUT}
        await it.read()
        assert it.faults() == {}


async def test_row_10_bytes_that_nobody_asked_for() -> None:
    for echoes in (True, False):
        async with FakePlc() as plc, talk(plc, group("press", holding(range(2)))) as it:
            plc.echoes = echoes
            plc.describe = describe
            await it.read()
            for data in (b"\0\0\0\0\0\7\1\3\4\xde\xad\xbe\xef", b"\xff" * 9, b"\0"):
                plc.say(data)
                if not echoes:
                    await plc.until(lambda plc=plc: plc.open == 0)
                since = len(plc.requests)
                await it.read()
                fresh(it, plc, since)
                await it.read()
                assert it.faults() == {}


async def test_row_14_a_plc_with_one_connection_never_sees_two(seed: int) -> None:
    """Every way to lose a connection, at random; a second socket would be refused and counted."""
    chance = random.Random(seed)
    ways = [garbage(), dropped(3), swallowed, truncated(), late(0.03)]
    async with FakePlc(seed=seed) as plc, talk(plc, group("press", holding(range(300))), timeout="20ms") as it:
        plc.max_connections = 1
        for _ in range(150):
            plc.echoes = chance.random() < 0.5
            rule = plc.fault(chance.choice(ways), fraction=0.5, times=2)
            try:
                async with asyncio.timeout(None if chance.random() < 0.7 else chance.uniform(0, 0.03)):
                    await it.read()
            except (NotConnected, TimeoutError):
                await it.driver.close()
                await connected(it.driver)
            rule.lift()
        assert plc.accepted > 20
        assert plc.most_open == 1
        await it.driver.close()
        await plc.until(lambda: plc.open == 0)
