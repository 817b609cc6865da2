"""The link on real sockets: opening, closing, replacing, one socket at any time."""

import asyncio
import socket
from itertools import pairwise
from time import perf_counter

import pytest

from drivers.errors import NotConnected
from drivers.modbus.address import Table
from drivers.modbus.counts import Counts
from drivers.modbus.dial import StreamDial
from drivers.modbus.endpoint import Endpoint
from drivers.modbus.exchange import MbapExchange
from drivers.modbus.link import Link
from drivers.modbus.plan import Block
from drivers.modbus.request import Request, Result, request
from drivers.modbus.wires import StreamWire
from tests.fakes.faults import dropped, garbage, late, swallowed
from tests.fakes.plc import FakePlc


def link_to(
    port: int, *, timeout_s: float = 0.2, window: int = 1, pause_s: float = 0.0, host: str = "127.0.0.1"
) -> tuple[Link, Counts]:
    counts = Counts()

    def new() -> StreamWire:
        return StreamWire(MbapExchange(7, timeout_s, window, counts), pause_s)

    to = Endpoint("tcp", "mbap", host, port)
    return Link(to.place, StreamDial(to, timeout_s, new, None), timeout_s, counts), counts


def ask(start: int, unit: int = 1) -> Request:
    return request(unit, Block(Table.HOLDING, start, 1, ()))


async def test_asks_in_order_and_answers_in_order() -> None:
    async with FakePlc() as plc:
        plc.unit(1).holding.update({at: at + 100 for at in range(20)})
        link, counts = link_to(plc.port, window=4)
        await link.open()
        outcomes = await link.ask([ask(at) for at in range(20)])
        await link.close()
    assert [int.from_bytes(outcome.payload, "big") for outcome in outcomes] == list(range(100, 120))
    assert all(outcome.sent <= outcome.ended for outcome in outcomes)
    assert (counts.requests, counts.answers) == (20, 20)


async def test_nobody_listens() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        link, _ = link_to(free.getsockname()[1])
        with pytest.raises(NotConnected) as caught:
            await link.open()
        await link.close()
    assert (caught.value.reason, caught.value.code) == ("connection refused", "M2010")


async def test_a_name_that_does_not_resolve() -> None:
    link, _ = link_to(502, timeout_s=5.0, host="plc.invalid")
    with pytest.raises(NotConnected) as caught:
        await link.open()
    assert caught.value.code == "M2013"
    await link.close()


async def test_a_name_with_several_addresses_is_tried_through(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FakePlc() as plc:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (host, 0)) for host in ("127.0.0.2", "127.0.0.1")]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)
        link, _ = link_to(plc.port, timeout_s=1.0, host="plc")
        await link.open()
        (outcome,) = await link.ask([ask(0)])
        await link.close()
    assert outcome.result is Result.ANSWER


async def test_a_reset_during_a_request_is_noticed_at_once() -> None:
    async with FakePlc() as plc:
        link, counts = link_to(plc.port, timeout_s=5.0)
        await link.open()
        await link.ask([ask(0)])
        plc.is_mute = True
        pending = asyncio.ensure_future(link.ask([ask(1)]))
        await plc.until(lambda: len(plc.requests) == 2)
        await plc.stop()
        began = perf_counter()
        with pytest.raises(NotConnected):
            await pending
        assert perf_counter() - began < 0.1
        await link.close()
    assert counts.lost == 1


async def test_a_connection_that_the_device_closed_while_idle_costs_no_request() -> None:
    async with FakePlc() as plc:
        link, counts = link_to(plc.port)
        await link.open()
        await link.ask([ask(0)])
        plc.cut()
        (outcome,) = await link.ask([ask(1)])
        await link.close()
    assert outcome.result is Result.ANSWER
    assert counts.reconnects == 1


async def test_what_the_device_stumbles_over_is_left_out_and_the_rest_is_read() -> None:
    async with FakePlc() as plc:
        plc.fault(dropped(), start=1, end=2)
        link, _ = link_to(plc.port)
        await link.open()
        outcomes = await link.ask([ask(0), ask(1), ask(2)])
        await link.close()
        assert plc.most_open == 1
    assert [outcome.result for outcome in outcomes] == [Result.ANSWER, Result.LOST, Result.ANSWER]


async def test_a_device_that_closes_every_connection_is_not_connected() -> None:
    async with FakePlc() as plc:
        plc.fault(dropped(4))
        link, _ = link_to(plc.port)
        await link.open()
        with pytest.raises(NotConnected, match="twice"):
            await link.ask([ask(0)])
        await link.close()
        assert plc.accepted == 2


async def test_garbage_costs_one_request_and_the_connection() -> None:
    async with FakePlc() as plc:
        plc.fault(garbage(), start=1, end=2)
        link, counts = link_to(plc.port, window=4)
        await link.open()
        outcomes = await link.ask([ask(at) for at in range(6)])
        await link.close()
        assert plc.most_open == 1
    results = [outcome.result for outcome in outcomes]
    assert Result.PROTOCOL in results
    assert results.count(Result.ANSWER) >= 5 - 1
    assert counts.reconnects >= 1


@pytest.mark.parametrize("echoes", [True, False])
async def test_a_time_out_replaces_a_connection_that_does_not_echo_and_only_that(echoes: bool) -> None:
    async with FakePlc() as plc:
        plc.echoes = echoes
        plc.fault(late(0.25), start=1, end=2)
        link, counts = link_to(plc.port)
        await link.open()
        outcomes = await link.ask([ask(at) for at in range(3)])
        assert [outcome.result for outcome in outcomes] == [Result.ANSWER, Result.TIMEOUT, Result.ANSWER]
        assert plc.accepted == (1 if echoes else 2)
        assert plc.most_open == 1
        await link.close()
    assert counts.timeouts == 1


async def test_three_time_outs_in_a_row_replace_the_connection() -> None:
    async with FakePlc() as plc:
        link, counts = link_to(plc.port, timeout_s=0.05)
        await link.open()
        await link.ask([ask(0)])
        with plc.fault(swallowed):
            for unit in (1, 2):
                await link.ask([ask(0, unit)])
            assert plc.accepted == 1
            await link.ask([ask(0, 3)])
        (outcome,) = await link.ask([ask(0)])
        await link.close()
        assert (plc.accepted, plc.most_open) == (2, 1)
    assert outcome.result is Result.ANSWER
    assert counts.timeouts == 3


async def test_a_pause_is_kept_between_an_answer_and_the_next_request() -> None:
    async with FakePlc() as plc:
        link, _ = link_to(plc.port, window=4, pause_s=0.02)
        await link.open()
        outcomes = await link.ask([ask(at) for at in range(4)])
        await link.close()
    for earlier, later in pairwise(outcomes):
        assert later.sent - earlier.ended >= 0.0199


@pytest.mark.parametrize("moment", ["before", "idle", "asking", "opening", "opened twice"])
async def test_close_in_any_state_leaves_no_socket(moment: str) -> None:
    async with FakePlc() as plc:
        link, _ = link_to(plc.port, timeout_s=5.0)
        pending: asyncio.Future[object] | None = None
        if moment in {"idle", "asking", "opened twice"}:
            await link.open()
        if moment == "opened twice":
            await link.open()
        if moment == "asking":
            plc.is_mute = True
            pending = asyncio.ensure_future(link.ask([ask(0)]))
            await plc.until(lambda: bool(plc.requests))
        if moment == "opening":
            pending = asyncio.ensure_future(link.open())
            await asyncio.sleep(0)
        await link.close()
        await link.close()
        if pending is not None:
            with pytest.raises(NotConnected):
                await pending
        await plc.until(lambda: plc.open == 0)
        assert plc.most_open <= 1


async def test_a_cancelled_request_leaves_no_connection_on_which_its_answer_could_come() -> None:
    async with FakePlc() as plc:
        link, _ = link_to(plc.port, timeout_s=5.0)
        await link.open()
        plc.is_mute = True
        pending = asyncio.ensure_future(link.ask([ask(0)]))
        await plc.until(lambda: bool(plc.requests))
        pending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await pending
        await plc.until(lambda: plc.open == 0)
        plc.is_mute = False
        (outcome,) = await link.ask([ask(0)])
        assert outcome.result is Result.ANSWER
        await link.close()
        assert plc.most_open == 1


async def test_a_listener_that_never_accepts_is_given_up_in_time() -> None:
    """Full backlog: the connection request itself is not answered."""
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        port = deaf.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
        link, _ = link_to(port, timeout_s=0.1)
        began = perf_counter()
        with pytest.raises(NotConnected) as caught:
            await link.open()
        assert perf_counter() - began < 1.0
        assert caught.value.code == "M2011"
        await link.close()
        for filler in fillers:
            filler.close()
