"""Names that fail, hang or move: row 29, without a wire where one is not needed."""

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from agent.mqtt import Connector, LinkFailed
from agent.mqtt.reach import Address, Deadline, Names
from tests.agent.test_mqtt import endpoint, published
from tests.agent.test_publish import site
from tests.fakes.broker import broker
from tests.fakes.mosquitto import free_port
from tests.fakes.resolver import Resolver, resolver

__all__ = ["resolver"]


@pytest.fixture
def listener() -> Iterator[int]:
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        sock.listen()
        yield sock.getsockname()[1]


def connect(names: Names, within_s: float = 2.0) -> Address:
    sock, address = names.connect(Deadline(within_s), "broker.example:1883")
    sock.close()
    return address


def test_a_name_is_resolved_each_time(resolver: Resolver, listener: int) -> None:
    names = Names("broker.example", listener)
    for _ in range(3):
        assert connect(names).at == ("127.0.0.1", listener)
    assert resolver.asked == 3


def test_an_address_that_refuses_leaves_time_for_the_next(resolver: Resolver, listener: int) -> None:
    resolver.addresses = ["127.0.0.2", "127.0.0.1"]
    assert connect(Names("broker.example", listener)).at == ("127.0.0.1", listener)


def test_all_addresses_refuse(resolver: Resolver) -> None:
    with pytest.raises(ConnectionRefusedError):
        connect(Names("broker.example", free_port()))


def test_row_29_a_name_that_fails_without_an_address_that_worked(resolver: Resolver) -> None:
    resolver.fails = True
    with pytest.raises(LinkFailed, match=r"name of broker.example:1883 cannot be resolved: Temporary failure"):
        connect(Names("broker.example", 1883))


def test_row_29_the_last_good_address_when_the_name_fails(resolver: Resolver, listener: int) -> None:
    names = Names("broker.example", listener)
    names.remember(connect(names))
    resolver.fails = True
    assert connect(names).at == ("127.0.0.1", listener)


def test_an_address_is_good_only_when_it_led_to_the_goal(resolver: Resolver, listener: int) -> None:
    names = Names("broker.example", listener)
    connect(names)
    resolver.fails = True
    with pytest.raises(LinkFailed, match="cannot be resolved"):
        connect(names)


def test_row_29_the_last_good_address_when_the_resolver_hangs(resolver: Resolver, listener: int) -> None:
    names = Names("broker.example", listener)
    names.remember(connect(names))
    with resolver.hanging():
        before = time.monotonic()
        assert connect(names, 1.0).at == ("127.0.0.1", listener)
        assert connect(names, 1.0).at == ("127.0.0.1", listener)
        assert time.monotonic() - before < 1.0
        assert resolver.asked == 2, "one question at a time"


def test_when_neither_name_nor_last_address_answer_both_are_said(resolver: Resolver) -> None:
    names = Names("broker.example", 1883)
    names.remember(Address(socket.AF_INET, ("127.0.0.1", free_port())))
    resolver.fails = True
    with pytest.raises(LinkFailed, match=r"cannot be resolved: .*; at its last address 127.0.0.1: connection refused"):
        connect(names)


def test_a_late_answer_is_used(resolver: Resolver, listener: int) -> None:
    """A resolver whose first name server is dead answers after our patience, each time."""
    names = Names("broker.example", listener)
    with resolver.hanging(), pytest.raises(LinkFailed, match="no answer from the name server"):
        connect(names, 0.1)
    assert connect(names).at == ("127.0.0.1", listener)
    assert resolver.asked == 1


def test_a_name_that_cannot_be_written_is_said(resolver: Resolver) -> None:
    resolver.error = UnicodeError("label too long")
    with pytest.raises(LinkFailed, match="label too long"):
        connect(Names("x" * 70 + ".example", 1883))


def test_time_that_is_up() -> None:
    with pytest.raises(TimeoutError):
        Deadline(0).left()
    with pytest.raises(TimeoutError):
        connect(Names("127.0.0.1", 1883), 0)


async def test_row_29_a_link_comes_back_while_the_resolver_hangs(resolver: Resolver) -> None:
    async with broker() as peer:
        connector = Connector(endpoint(peer.port, host="broker.example", connect_timeout_s=1.0))
        (await connector.open()).close()
        with resolver.hanging():
            link = await connector.open()
            assert await published(link) is None
            link.close()


async def test_row_29_a_hanging_resolver_stops_neither_the_loop_nor_the_end(resolver: Resolver, tmp_path: Path) -> None:
    """What polls and publishes shares this loop: the longest turn of it while the resolver hangs, and the stop."""
    with resolver.hanging():
        threads = threading.active_count()
        longest = 0.0
        async with site(tmp_path, 1883, host="broker.example") as here:
            here.sample(0)
            until = time.monotonic() + 2.5
            while (before := time.monotonic()) < until:
                await asyncio.sleep(0.01)
                longest = max(longest, time.monotonic() - before)
            assert "no answer from the name server" in str(here.delivery.report()["reason"])
            assert here.reader.tally.queued == 1
            stopping = time.monotonic()
        assert time.monotonic() - stopping < 1.0
        assert longest < 0.2, f"the loop stood still for {longest:.3f} s"
        assert threading.active_count() <= threads + 2
