"""Names: resolved beside the loop, remembered, given up in time."""

import asyncio
import socket
import threading
from collections.abc import Callable, Iterator
from time import perf_counter

import pytest

from drivers.errors import NotConnected
from drivers.modbus.lookup import Lookup

Resolver = Callable[[str], list[str]]


@pytest.fixture
def resolver(monkeypatch: pytest.MonkeyPatch) -> dict[str, Resolver]:
    """What the system's resolver does: `it["does"]` may be changed; a hanging one is freed at the end."""
    does: dict[str, Resolver] = {"does": lambda host: ["127.0.0.1"]}

    def fake(host: str, port: object, *_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, 0)) for address in does["does"](host)]

    monkeypatch.setattr(socket, "getaddrinfo", fake)
    return does


@pytest.fixture
def hang() -> Iterator[Resolver]:
    free = threading.Event()

    def hang(host: str) -> list[str]:
        free.wait(30)
        return ["127.0.0.9"]

    yield hang
    free.set()


def fail(host: str) -> list[str]:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize("literal", ["192.0.2.7", "fe80::1", "fe80::1%eth0"])
async def test_an_address_is_not_looked_up(resolver: dict[str, Resolver], literal: str) -> None:
    resolver["does"] = fail
    assert await Lookup(literal, 1.0).addresses() == (literal,)


async def test_a_name_is_looked_up_each_time_and_each_address_named_once(resolver: dict[str, Resolver]) -> None:
    resolver["does"] = lambda host: ["192.0.2.1", "192.0.2.2", "192.0.2.1"]
    lookup = Lookup("plc", 1.0)
    assert await lookup.addresses() == ["192.0.2.1", "192.0.2.2"]
    resolver["does"] = lambda host: ["192.0.2.3"]
    assert await lookup.addresses() == ["192.0.2.3"]


@pytest.mark.parametrize("host", ["plc", "a" * 300])
async def test_a_name_that_nobody_knows(resolver: dict[str, Resolver], host: str) -> None:
    resolver["does"] = fail
    with pytest.raises(NotConnected) as caught:
        await Lookup(host, 1.0).addresses()
    assert caught.value.code == "M2013"


async def test_a_failing_resolver_leaves_the_last_good_address(resolver: dict[str, Resolver]) -> None:
    lookup = Lookup("plc", 1.0)
    assert await lookup.addresses() == ["127.0.0.1"]
    resolver["does"] = fail
    assert await lookup.addresses() == ["127.0.0.1"]


async def test_a_hanging_resolver_is_given_up_in_time_and_asked_once(
    resolver: dict[str, Resolver], hang: Resolver
) -> None:
    resolver["does"] = hang
    lookup = Lookup("plc", 0.1)
    before = set(threading.enumerate())
    for _ in range(3):
        began = perf_counter()
        with pytest.raises(NotConnected):
            await lookup.addresses()
        assert perf_counter() - began < 1.0
    assert len(set(threading.enumerate()) - before) == 1


async def test_a_hanging_resolver_leaves_the_last_good_address(resolver: dict[str, Resolver], hang: Resolver) -> None:
    lookup = Lookup("plc", 0.1)
    await lookup.addresses()
    resolver["does"] = hang
    assert await lookup.addresses() == ["127.0.0.1"]


def test_a_hanging_resolver_does_not_hold_up_the_end_of_the_loop(resolver: dict[str, Resolver], hang: Resolver) -> None:
    async def ask() -> None:
        with pytest.raises(NotConnected):
            await Lookup("plc", 0.05).addresses()

    resolver["does"] = hang
    began = perf_counter()
    asyncio.run(ask())
    assert perf_counter() - began < 5.0
