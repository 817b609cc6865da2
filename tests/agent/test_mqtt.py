"""Links and connectors against a broker that misbehaves as told."""

import asyncio
import socket
import struct
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from agent.mqtt import Connector, Endpoint, Link, LinkFailed, Refusal, Tls
from agent.mqtt.connector import DOUBTS
from agent.mqtt.words import PACKET_TOO_LARGE, TOPIC_NAME_INVALID
from tests.fakes import broker as fake
from tests.fakes.broker import Habits, broker
from tests.fakes.mosquitto import free_port


def endpoint(port: int, **given: object) -> Endpoint:
    return Endpoint(**{"host": "127.0.0.1", "port": port, "client_id": "gw", **given})  # type: ignore[arg-type]  # any field may be given


async def published(link: Link, topic: str = "a/b", payload: bytes = b"{}", qos: int = 1) -> Refusal | None:
    answer: asyncio.Future[Refusal | None] = asyncio.get_running_loop().create_future()
    link.publish(topic, payload, qos, False, answer.set_result)
    return await asyncio.wait_for(answer, 5)


async def test_a_message_is_done_when_the_broker_has_it() -> None:
    async with broker() as peer:
        link = await Connector(endpoint(peer.port)).open()
        assert link.protocol == "5"
        assert await published(link) is None
        assert peer.published[0].topic == "a/b"
        await link.disconnect(1)
        await peer.until(lambda: peer.goodbyes == 1)
        assert link.lost.done()


async def test_qos_0_is_done_at_once() -> None:
    async with broker() as peer:
        link = await Connector(endpoint(peer.port)).open()
        assert await published(link, qos=0) is None
        await link.disconnect(1)


@pytest.mark.parametrize(("code", "words"), [(0x87, "Not authorized"), (0x97, "Quota exceeded")])
async def test_a_refused_message_says_why(code: int, words: str) -> None:
    async with broker(Habits(reason=lambda _: code)) as peer:
        link = await Connector(endpoint(peer.port)).open()
        assert await published(link) == Refusal(code, words)
        link.close()


async def test_no_matching_subscribers_is_no_refusal() -> None:
    async with broker(Habits(reason=lambda _: 0x10)) as peer:
        link = await Connector(endpoint(peer.port)).open()
        assert await published(link) is None
        link.close()


async def test_the_window_is_never_wider_than_the_receive_maximum() -> None:
    habits = Habits(acks=False, properties=((fake.RECEIVE_MAXIMUM, struct.pack("!H", 3)),))
    async with broker(habits) as peer:
        link = await Connector(endpoint(peer.port)).open()
        done: list[int] = []
        for number in range(10):
            link.publish("a", str(number).encode(), 1, False, partial(lambda n, _: done.append(n), number))
        assert link.free < 0
        await peer.until(lambda: len(peer.published) == 3)
        for expected in range(10):
            await peer.until(lambda: bool(peer.held))
            peer.held.pop(0)()
            async with asyncio.timeout(5):
                while len(done) <= expected:  # noqa: ASYNC110  # a list, which no event announces
                    await asyncio.sleep(0)
        assert peer.flying_most == 3
        assert done == list(range(10))
        assert [message.payload for message in peer.published] == [str(n).encode() for n in range(10)]
        async with asyncio.timeout(1):
            await link.room()
        link.close()


async def test_the_own_window_holds_where_the_broker_takes_more() -> None:
    async with broker(Habits(acks=False)) as peer:
        link = await Connector(endpoint(peer.port, window=5)).open()
        assert link.free == 5
        for _ in range(8):
            link.publish("a", b"", 1, False, lambda _: None)
        await peer.until(lambda: len(peer.published) == 5)
        assert peer.flying_most == 5
        link.close()


async def test_what_is_larger_than_the_broker_takes_is_refused_unasked() -> None:
    habits = Habits(properties=((fake.MAXIMUM_PACKET_SIZE, struct.pack("!I", 100)),))
    async with broker(habits) as peer:
        link = await Connector(endpoint(peer.port)).open()
        assert link.max_packet == 100
        refusal = await published(link, payload=b"x" * 100)
        assert refusal is not None
        assert refusal.code == PACKET_TOO_LARGE
        assert await published(link, payload=b"x" * 80) is None
        assert len(peer.published) == 1
        link.close()


async def test_a_topic_with_a_wildcard_is_refused_unasked() -> None:
    async with broker() as peer:
        link = await Connector(endpoint(peer.port)).open()
        refusal = await published(link, topic="a/#")
        assert refusal is not None
        assert refusal.code == TOPIC_NAME_INVALID
        link.close()


async def test_nothing_is_retained_where_the_broker_cannot() -> None:
    async with broker(Habits(properties=((fake.RETAIN_AVAILABLE, b"\0"),))) as peer:
        link = await Connector(endpoint(peer.port)).open()
        link.publish("a", b"", 1, True, lambda _: None)
        await peer.until(lambda: bool(peer.published))
        assert not peer.published[0].retain
        link.close()


async def test_a_broker_without_qos_1_is_refused() -> None:
    async with broker(Habits(properties=((fake.MAXIMUM_QOS, b"\0"),))) as peer:
        with pytest.raises(LinkFailed, match="takes no QoS 1"):
            await Connector(endpoint(peer.port)).open()


async def test_silence_instead_of_acknowledgements_ends_the_link() -> None:
    async with broker(Habits(acks=False)) as peer:
        link = await Connector(endpoint(peer.port, ack_timeout_s=0.2)).open()
        answers: list[object] = []
        link.publish("a", b"", 1, False, answers.append)
        await asyncio.wait((link.lost,), timeout=5)
        assert link.lost.result() == "no acknowledgement for 0.2 s"
        assert answers == []


async def test_a_mute_broker_is_given_up() -> None:
    async with broker(Habits(mute=True)) as peer:
        with pytest.raises(LinkFailed, match="does not answer CONNECT"):
            await Connector(endpoint(peer.port, connect_timeout_s=0.2)).open()


async def test_a_refused_connection_says_why() -> None:
    async with broker(Habits(connack=0x86)) as peer:
        with pytest.raises(LinkFailed, match="refuses the connection: Bad user name or password"):
            await Connector(endpoint(peer.port)).open()


async def test_a_refused_connection_of_an_old_broker_says_why() -> None:
    async with broker(Habits(connack=5)) as peer:
        with pytest.raises(LinkFailed, match="refuses the connection: Not authorized"):
            await Connector(endpoint(peer.port, protocol="3.1.1")).open()


async def test_an_old_broker_is_spoken_to_in_its_own_version_and_that_is_remembered() -> None:
    async with broker(Habits(knows_5=False)) as peer:
        connector = Connector(endpoint(peer.port))
        for _ in range(2):
            link = await connector.open()
            assert link.protocol == "3.1.1"
            assert await published(link) is None
            link.close()
        assert peer.connects == [5, 4, 4]


async def test_a_broker_that_is_silent_to_5_is_asked_in_3_1_1() -> None:
    async with broker(Habits(mute_to=5)) as peer:
        connector = Connector(endpoint(peer.port, connect_timeout_s=0.2))
        await _doubted(connector)
        link = await connector.open()
        assert link.protocol == "3.1.1"
        assert peer.connects == [5, 5, 5, 4]
        link.close()


async def _doubted(connector: Connector) -> None:
    """A broker may only be restarting: 3.1.1, which cannot tell what is refused, comes after some failures of 5."""
    for _ in range(DOUBTS - 1):
        with pytest.raises(LinkFailed):
            await connector.open()


async def test_a_broker_that_drops_connect_is_tried_in_the_old_version_but_5_comes_first_again() -> None:
    async with broker(Habits(drops_connect=lambda level: level == 5)) as peer:
        connector = Connector(endpoint(peer.port))
        await _doubted(connector)
        for _ in range(2):
            (await connector.open()).close()
        assert peer.connects == [5, 5, 5, 4, 5, 4]


async def test_a_broker_that_has_accepted_5_is_not_asked_in_3_1_1_however_long_it_is_silent() -> None:
    async with broker(Habits()) as peer:
        connector = Connector(endpoint(peer.port, connect_timeout_s=0.3))
        (await connector.open()).close()
        peer.habits.mute_to = 5
        for _ in range(DOUBTS + 1):
            with pytest.raises(LinkFailed):
                await connector.open()
        assert set(peer.connects) == {5}


async def test_a_fixed_version_is_the_only_one_tried() -> None:
    async with broker(Habits(knows_5=False)) as peer:
        with pytest.raises(LinkFailed, match="does not speak MQTT 5"):
            await Connector(endpoint(peer.port, protocol="5")).open()
        assert peer.connects == [5]


async def test_a_takeover_is_told_in_the_brokers_words() -> None:
    async with broker(Habits(takes_over=True)) as peer:
        link = await Connector(endpoint(peer.port)).open()
        await asyncio.wait((link.lost,), timeout=5)
        assert link.lost.result() == "the broker says: Session taken over"


@pytest.mark.parametrize(
    "garbage", [b"\x40\x01\x00", b"\xf0\xff\xff\xff\xff\xff", b"\x40\x03\x00\x01\x55", b"\x00" * 50]
)
async def test_garbage_ends_the_link_in_words(garbage: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    async with broker(Habits(garbage=garbage)) as peer:
        link = await Connector(endpoint(peer.port)).open()
        link.publish("a", b"", 1, False, lambda _: None)
        peer.habits.acks = False
        link_lost = await asyncio.wait((link.lost,), timeout=3)
        assert link_lost[0], "still alive"
        assert link.lost.result()
        link.close()
    assert capfd.readouterr().err == ""


async def test_nobody_listens() -> None:
    with pytest.raises(LinkFailed, match=r"connection refused by 127.0.0.1"):
        await Connector(endpoint(free_port())).open()


async def test_a_name_that_does_not_resolve(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fails)
    with pytest.raises(LinkFailed, match=r"name of broker.example:1883 cannot be resolved: Name or service not known"):
        await Connector(endpoint(1883, host="broker.example")).open()


async def test_a_resolver_that_hangs_holds_up_one_thread_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hangs(*_: object, **__: object) -> None:
        release.wait(30)
        raise socket.gaierror(socket.EAI_AGAIN, "Temporary failure")

    monkeypatch.setattr(socket, "getaddrinfo", hangs)
    connector = Connector(endpoint(1883, host="broker.example", connect_timeout_s=0.1))
    before = threading.active_count()
    try:
        for _ in range(3):
            with pytest.raises(LinkFailed, match="no answer from the name server"):
                await connector.open()
        async with asyncio.timeout(5):
            while threading.active_count() > before + 1:  # noqa: ASYNC110  # a thread that ends tells nobody
                await asyncio.sleep(0.01)
    finally:
        release.set()


async def test_files_that_are_missing_are_named(tmp_path: Path) -> None:
    with pytest.raises(LinkFailed, match="No such file"):
        await Connector(endpoint(1, tls=Tls(ca_file=tmp_path / "ca.pem"))).open()


async def test_a_link_that_is_cancelled_while_it_opens_leaves_nothing() -> None:
    async with broker(Habits(mute=True)) as peer:
        task = asyncio.create_task(Connector(endpoint(peer.port)).open())
        await peer.until(lambda: bool(peer.connects))
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_closing_without_a_goodbye_leaves_the_will_to_the_broker() -> None:
    async with broker() as peer:
        link = await Connector(endpoint(peer.port)).open(("gone", b"", 1, True))
        link.close()
        link.close()
        assert link.lost.result() == "closed"
        assert peer.goodbyes == 0


async def test_what_a_slow_socket_does_not_take_is_sent_later() -> None:
    async with broker() as peer:
        link = await Connector(endpoint(peer.port)).open()
        done: list[object] = []
        count: Callable[[object], None] = done.append
        for _ in range(8):
            link.publish("a", b"x" * 3_000_000, 1, False, count)
        async with asyncio.timeout(20):
            while len(done) < 8:  # noqa: ASYNC110  # a list, which no event announces
                await asyncio.sleep(0.01)
        assert {len(message.payload) for message in peer.published} == {3_000_000}
        link.close()
