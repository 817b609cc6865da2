"""Modems that dial in: who is spoken to, who is not, and what is said while nobody is there."""

import asyncio
import socket
from time import perf_counter

import pytest

from drivers.contract import Quality
from drivers.errors import NotConnected
from drivers.modbus import listening
from tests.drivers.modbus.talk import Talk, describe, fresh, group, holding, talk
from tests.fakes.modem import Modem, Stranger
from tests.fakes.mosquitto import free_port

PRESS = group("press", holding(range(4)))
HELLO = b"ID0042"


def at(port: int, options: str = "") -> str:
    return f"listen://127.0.0.1:{port}?framing=rtu{options}"


async def until_read(it: Talk, modem: Modem) -> None:
    """Read until values of this modem come: it is known a moment after it has dialled."""
    modem.describe = describe
    async with asyncio.timeout(10):
        while True:
            await asyncio.sleep(0)  # a read while nobody is there waits for nothing
            since = len(modem.requests)
            await it.read()
            if len(modem.requests) > since and not it.faults():
                assert fresh(it, modem, since) == 4
                return


async def test_while_nobody_is_there_every_tag_is_not_connected_and_that_is_one_line() -> None:
    async with talk(at(free_port()), PRESS, timeout="10s") as it:
        began = perf_counter()
        for _ in range(5):
            await it.read()
            assert set(it.known.values()) == {Quality.BAD_NOT_CONNECTED}
        assert perf_counter() - began < 1, "at once, not after a time-out"
        assert set(it.said.words) == {("lost", "M2014")}


async def test_units_are_not_given_up_while_nobody_is_there_to_be_asked() -> None:
    """The driver's clock stands still here: a unit that were put out would never be asked again."""
    port = free_port()
    async with talk(at(port), PRESS, group("other", holding(range(4)), unit=2)) as it:
        for _ in range(10):
            await it.read("press")
            await it.read("other")
        async with Modem(port) as modem:
            await until_read(it, modem)
            named = await it.read("other")
            assert len(named) == 4
            assert not any(isinstance(value, Quality) for value in named.values())


@pytest.mark.parametrize("hello", [b"", HELLO], ids=["no hello", "hello"])
async def test_a_modem_dials_in_answers_vanishes_and_dials_in_again(hello: bytes) -> None:
    port = free_port()
    options = f"&hello={hello.decode()}" if hello else ""
    async with talk(at(port, options), PRESS, timeout="50ms", max_late="50ms") as it:
        await it.read()
        async with Modem(port, hello) as first:
            await until_read(it, first)
            assert it.said.words[-1] == ("back", "M2014")
            first.vanish()
            await it.read()
            assert set(it.faults().values()) == {Quality.BAD_TIMEOUT}
            async with Modem(port, hello) as second:
                await until_read(it, second)
                await first.until(lambda: first.open == 0)
                assert second.open == 1
        assert it.counts["connects"] == 2


async def test_who_does_not_answer_three_times_is_hung_up_on() -> None:
    port = free_port()
    async with talk(at(port), PRESS, timeout="20ms", max_late="0ms") as it, Modem(port) as modem:
        await until_read(it, modem)
        modem.vanish()
        before = it.counts["timeouts"]
        while it.known["t0"] is not Quality.BAD_NOT_CONNECTED:
            await it.read()
        await modem.until(lambda: modem.open == 0)
        assert it.counts["timeouts"] == before + 3
        await it.read()
        assert it.said.words[-1] == ("lost", "M2014")


async def test_a_request_whose_modem_dials_in_anew_is_lost_and_counted() -> None:
    port = free_port()
    async with talk(at(port), PRESS, timeout="10s") as it, Modem(port) as first:
        await until_read(it, first)
        first.vanish()
        already = len(first.requests)
        reading = asyncio.ensure_future(it.read())
        await first.until(lambda: len(first.requests) > already)
        async with Modem(port):
            await reading
            assert set(it.faults().values()) == {Quality.BAD_NOT_CONNECTED}
            assert it.counts["lost"] == 1
    ended = sum(it.counts[name] for name in ("answers", "exceptions", "timeouts", "protocol_errors", "lost"))
    assert ended == it.counts["requests"]


@pytest.mark.parametrize("words", [b"GET / HTTP/1.1\r\n", b"ID0043", b"\0"], ids=["http", "other", "zero"])
async def test_a_stranger_is_hung_up_on_and_the_modem_stays(words: bytes) -> None:
    port = free_port()
    async with talk(at(port, "&hello=ID0042"), PRESS) as it, Modem(port, HELLO) as modem:
        await until_read(it, modem)
        stranger = await Stranger.call(port, words)
        await asyncio.wait_for(stranger.gone.wait(), 5)
        await until_read(it, modem)
        assert modem.open == 1
        assert it.counts["connects"] == 1


async def test_a_stranger_who_says_nothing_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "HELLO_S", 0.05)
    port = free_port()
    async with talk(at(port, "&hello=ID0042"), PRESS) as it:
        silent, hesitant = await Stranger.call(port), await Stranger.call(port, b"ID0")
        await asyncio.wait_for(asyncio.gather(silent.gone.wait(), hesitant.gone.wait()), 5)
        await it.read()
        assert set(it.known.values()) == {Quality.BAD_NOT_CONNECTED}
        assert it.counts["connects"] == 0


async def test_a_hello_in_hexadecimal_digits_and_in_pieces() -> None:
    port = free_port()
    async with talk(at(port, "&hello=0x494400"), PRESS) as it, Modem(port) as modem:
        for piece in (b"I", b"D", b"\0"):
            modem.say(piece)
            await asyncio.sleep(0)
        await until_read(it, modem)


async def test_the_port_is_free_after_close_and_nobody_is_left() -> None:
    port = free_port()
    async with talk(at(port), PRESS) as it, Modem(port) as modem:
        await until_read(it, modem)
        silent = await Stranger.call(port)
        await it.driver.close()
        await it.driver.close()
        await modem.until(lambda: modem.open == 0)
        await asyncio.wait_for(silent.gone.wait(), 5)
        with pytest.raises(ConnectionRefusedError):
            await Stranger.call(port)
        with pytest.raises(NotConnected):
            await it.read()
        socket.create_server(("127.0.0.1", port)).close()
        await it.driver.connect()
        async with Modem(port) as again:
            await until_read(it, again)


async def test_close_during_a_read_ends_it() -> None:
    port = free_port()
    async with talk(at(port), PRESS, timeout="10s") as it, Modem(port) as modem:
        await until_read(it, modem)
        modem.vanish()
        already = len(modem.requests)
        reading = asyncio.ensure_future(it.read())
        await modem.until(lambda: len(modem.requests) > already)
        began = perf_counter()
        await it.driver.close()
        with pytest.raises(NotConnected):
            await reading
        assert perf_counter() - began < 0.5


async def test_who_dials_while_the_port_is_being_closed_is_not_kept() -> None:
    port = free_port()
    async with talk(at(port), PRESS) as it:
        for _ in range(20):
            with socket.create_connection(("127.0.0.1", port)) as modem:
                modem.setblocking(False)
                await asyncio.sleep(0)
                await it.driver.close()
                await asyncio.wait_for(_until_closed(modem), 5)
            await it.driver.connect()


async def _until_closed(modem: socket.socket) -> None:
    try:
        assert await asyncio.get_running_loop().sock_recv(modem, 1) == b""
    except ConnectionError:
        return


async def test_a_port_in_use_and_an_address_that_is_not_ours() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        for url, code in ((at(other.getsockname()[1]), "M2020"), ("listen://192.0.2.1:5020?framing=rtu", "M2021")):
            async with talk(url, PRESS, connect=False) as it:
                with pytest.raises(NotConnected) as caught:
                    await it.driver.connect()
                assert caught.value.code == code
