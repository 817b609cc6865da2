"""`lineside sub` beside the real agent and mosquitto: what is complete, what is lost with and without a word."""

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import pytest

from agent.mqtt import Connector, Endpoint, Link
from tests.fakes.agent import agent, platform, site
from tests.fakes.mosquitto import Mosquitto, mosquitto
from tests.fakes.plc import FakePlc
from tests.fakes.subscriber import subscriber
from tests.fakes.swallow import swallower
from tests.system.test_mqtt_ways import listening

pytestmark = pytest.mark.needs("mosquitto")

TOPIC = "lineside/v1/f/l2/die01/"
SPEED = {"name": "speed", "address": "hr:100:u16"}
PRESS = {"name": "press01", "connection": "plc1", "type": "press-flexo", "every": "100ms", "tags": [SPEED]}
LASTING = ["allow_anonymous true", "persistence true", "max_queued_messages 0"]


def url(broker: Mosquitto) -> str:
    return f"mqtt://127.0.0.1:{broker.port}"


def restless(plc: FakePlc) -> FakePlc:
    """Every read brings another value, so that every read is a record."""
    plc.describe = lambda address, asked: asked.number & 0xFFFF
    return plc


def plc1(plc: FakePlc) -> dict[str, object]:
    return {"name": "plc1", "driver": "modbus", "url": plc.url, "timeout": "2s"}


class Voice:
    """A gateway that says what the test wants."""

    def __init__(self, link: Link) -> None:
        self._link = link

    async def say(self, topic: str, payload: bytes, retain: bool = False) -> None:
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        self._link.publish(topic, payload, 1, retain, answer.set_result)
        assert await asyncio.wait_for(answer, 10) is None

    async def data(self, seq: int, speed: float = 1.0, **more: Any) -> None:
        said = {"gw": "gw", "dev": "die01", "boot": 7, "seq": seq, "scans": [{"t": 1_000, "v": {"speed": speed}}]}
        await self.say(TOPIC + "data", json.dumps({**said, **more}).encode())

    async def gap(self, seq: int, first: int, last: int) -> None:
        data = {"boot": 7, "from_seq": first, "to_seq": last, "records": last - first + 1, "lost_by": ["x"]}
        said = {"gw": "gw", "dev": "die01", "boot": 7, "seq": seq, "id": "x", "type": "gap", "t": 1_000, "data": data}
        await self.say(TOPIC + "event", json.dumps(said).encode())


async def voice(port: int) -> tuple[Voice, Link]:
    link = await Connector(Endpoint("127.0.0.1", port, "voice")).open()
    return Voice(link), link


async def test_a_complete_run_is_0(tmp_path: Path) -> None:
    async with (
        FakePlc() as plc,
        mosquitto(tmp_path) as broker,
        platform(broker.port) as other,
        subscriber(url(broker), "--verify") as seen,
    ):
        file = site(tmp_path, [plc1(restless(plc))], [PRESS], broker.port)
        async with agent(file) as running:
            await other.until(lambda: len(other.of("data", "press01")) >= 20)
            assert await running.stop() == 0
        assert await seen.end() == 0, seen.lines
    assert seen.verdict.startswith("complete: ")
    row = seen.row("press01")
    assert int(row["records"]) >= 20
    assert (row["announced"], row["unannounced"], row["dup after"]) == ("0", "0", "0")
    assert 0 <= int(row["latency p50"]) < 2_000
    assert any("runs of gw-test" in line and "ended cleanly" in line for line in seen.lines)


async def test_one_record_lost_on_the_wire_is_3_and_named(tmp_path: Path) -> None:
    is_lost = lambda topic, body: topic.endswith("/press01/data") and body["seq"] == 5  # noqa: E731  # one line says it
    async with (
        FakePlc() as plc,
        mosquitto(tmp_path) as broker,
        swallower(broker.port, is_lost) as proxy,
        platform(broker.port) as other,
        subscriber(url(broker), "--verify") as seen,
    ):
        file = site(tmp_path, [plc1(restless(plc))], [PRESS], proxy.port)
        async with agent(file) as running:
            await other.until(lambda: len(other.of("data", "press01")) >= 20)
            assert await running.stop() == 0
        assert await seen.end(signal.SIGINT) == 3, seen.lines
    ((_, lost),) = proxy.swallowed
    assert f"gw-test press01: boot {lost['boot']}, seq 5 did not arrive, and no gap event announces it" in seen.lines
    assert seen.row("press01")["unannounced"] == "1"


async def test_an_announced_loss_is_1(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, subscriber(url(broker), "--verify") as seen:
        gateway, link = await voice(broker.port)
        for seq in (0, 1, 4):
            await gateway.data(seq)
        await gateway.gap(5, 2, 3)
        await gateway.data(4)
        await seen.counts("duplicates", 1)
        await link.disconnect(1)
        assert await seen.end() == 1, seen.lines
    row = seen.row("die01")
    assert (row["announced"], row["unannounced"], row["dup before"], row["dup after"]) == ("2", "0", "1", "0")


async def test_two_contents_of_one_record_are_3(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, subscriber(url(broker)) as seen:
        gateway, link = await voice(broker.port)
        await gateway.data(0, 1.0)
        await gateway.data(0, 2.0)
        await gateway.say(TOPIC + "data", b'{"gw":"gw","dev":"die01","boot":7,"seq":1,"scans":[{"t":1,"v":{"s":NaN}}]}')
        await gateway.data(1)
        await seen.counts("records", 2)
        await link.disconnect(1)
        assert await seen.end() == 3, seen.lines
    assert "gw die01: boot 7, seq 0 came again with other values" in seen.lines
    assert f"broken payload, 1 times, {TOPIC}data: no JSON" in seen.lines


async def test_a_broker_that_restarts_and_kept_the_session_loses_nothing(tmp_path: Path) -> None:
    lines = [*LASTING, f"persistence_location {tmp_path}/"]
    async with mosquitto(tmp_path, lines) as broker, subscriber(url(broker), "--verify") as seen:
        gateway, link = await voice(broker.port)
        for seq in range(10):
            await gateway.data(seq)
        await seen.counts("records", 10)
        broker.stop()
        await asyncio.wait((link.lost,))
        await seen.until(lambda: any("W8008" in line for line in seen.asides))
        await broker.start()
        gateway, link = await voice(broker.port)
        for seq in range(10, 200):
            await gateway.data(seq)
        await seen.counts("records", 200)
        await link.disconnect(1)
        assert await seen.end() == 0, seen.lines
    assert "N8009 connected again, and the session was kept" in seen.asides
    assert any("broke 1 times; the broker kept the session each time" in line for line in seen.lines)
    assert seen.row("die01")["records"] == "200"


async def test_what_passed_while_it_was_away_is_not_held_against_anybody(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, subscriber(url(broker)) as seen:
        gateway, link = await voice(broker.port)
        await gateway.data(0)
        await seen.counts("records", 1)
        broker.stop()
        await asyncio.wait((link.lost,))
        await seen.until(lambda: any("W8008" in line for line in seen.asides))
        await broker.start()
        await seen.until(lambda: any("connected again" in line for line in seen.asides))
        gateway, link = await voice(broker.port)
        await gateway.data(9)
        await seen.counts("records", 2)
        await link.disconnect(1)
        assert await seen.end() == 1, seen.lines
    assert (seen.row("die01")["unannounced"], seen.row("die01")["not heard"]) == ("0", "8")


async def test_no_session_stays_behind(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        async with subscriber(url(broker), "--verify", "--seconds", "0.5") as seen:
            assert await seen.ended() == 1
        assert seen.verdict.startswith("no record arrived")
        probe = await Connector(Endpoint("127.0.0.1", broker.port, "probe")).open()
        found: asyncio.Queue[bytes] = asyncio.Queue()
        await probe.subscribe(["$SYS/broker/clients/disconnected"], lambda t, payload, r: found.put_nowait(payload))
        async with asyncio.timeout(30):
            assert await found.get() == b"0"
        await probe.disconnect(1)


async def test_two_of_a_group_share_the_messages_and_judge_nothing(tmp_path: Path) -> None:
    async with (
        mosquitto(tmp_path) as broker,
        subscriber(url(broker), "--group", "county") as one,
        subscriber(url(broker), "--group", "county") as other,
    ):
        gateway, link = await voice(broker.port)
        for seq in range(20):
            await gateway.data(seq)
        await one.counts("records", 10)
        await other.counts("records", 10)
        await link.disconnect(1)
        assert (await one.end(), await other.end()) == (0, 0)
    assert [seen.row("die01")["records"] for seen in (one, other)] == ["10", "10"]
    assert one.verdict.startswith("shared subscription: ")


async def test_a_broker_that_is_not_there_is_one_line_and_1(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        gone = url(broker)
    async with subscriber(gone) as seen:
        assert await seen.ended() == 1
    (line,) = seen.asides
    assert line.startswith("E8002 cannot subscribe at 127.0.0.1:")
    assert "connection refused" in line


@pytest.mark.parametrize("scheme", ["mqtts", "ws", "wss"])
async def test_over_tls_and_websockets_it_counts_the_same(tmp_path: Path, scheme: str) -> None:
    async with listening(scheme, tmp_path) as way:
        options = ["--ca", str(way.endpoint.tls.ca_file)] if way.endpoint.tls else []
        async with subscriber(f"{scheme}://127.0.0.1:{way.broker.port}", "--verify", *options) as seen:
            gateway, link = await voice(way.plain.port)
            for seq in (0, 1, 2, 3, 5):
                await gateway.data(seq)
            await seen.counts("records", 5)
            await gateway.gap(6, 4, 4)
            await seen.counts("records", 6)
            await link.disconnect(1)
            assert await seen.end() == 1, seen.lines
        assert (seen.row("die01")["announced"], seen.row("die01")["unannounced"]) == ("1", "0")


async def test_a_broker_with_a_certificate_of_somebody_else_is_one_line_and_1(tmp_path: Path) -> None:
    async with (
        listening("mqtts", tmp_path) as way,
        subscriber(f"mqtts://127.0.0.1:{way.broker.port}", "--verify") as seen,
    ):
        assert await seen.ended() == 1
    (line,) = seen.asides
    assert line.startswith("E8002 cannot subscribe at 127.0.0.1:")
    assert "certificate of 127.0.0.1" in line
    assert "check that --ca is the authority" in line


async def test_a_group_is_not_verified(tmp_path: Path) -> None:
    """Before anything is connected to."""
    async with subscriber("mqtt://127.0.0.1:1", "--group", "county", "--verify") as seen:
        assert await seen.ended() == 2
    (line,) = seen.asides
    assert line.startswith("E8001 --group and --verify exclude each other: a shared subscription spreads the messages")
    assert seen.lines == []
