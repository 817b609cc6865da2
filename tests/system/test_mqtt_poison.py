"""Row 40: records that kill the connection, and lines that only look as if one did."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from agent.record import Event, Moment, Record
from tests.agent.test_publish import DATA, EVENT, QUICK, Site, numbers, site
from tests.fakes.agent import platform
from tests.fakes.broker import Broker, Habits, Published, broker
from tests.fakes.mosquitto import mosquitto
from tests.fakes.proxy import ANSWERS, REQUESTS, FaultProxy

HASTY = replace(QUICK, trial_s=0.1, trial_most_s=2.0)
MARKER = b'"n":777'


def hates(message: Published) -> bool:
    return MARKER in message.payload


def hurry(here: Site, seed: int) -> None:
    """No long pauses between connections: what is tested happens on them."""
    chance = random.Random(seed)
    here.delivery._backoff.pause = lambda now_s, most_s=0.0: chance.uniform(0.0, 0.05)  # type: ignore[method-assign]  # shorter in this test


def gaps(peer: Broker) -> list[dict[str, object]]:
    events = [orjson.loads(message.payload) for message in peer.published if message.topic == EVENT]
    return [event["data"] for event in events if event["type"] == "gap"]


@pytest.mark.parametrize("protocol", ["5", "3.1.1"])
async def test_row_40_the_guilty_record_alone_is_set_aside(tmp_path: Path, seed: int, protocol: str) -> None:
    """With 200 innocents around it, some before and some behind, some that came later."""
    async with broker(Habits(dies_of=hates)) as peer:
        async with site(tmp_path, peer.port, pace=HASTY, protocol=protocol) as here:  # type: ignore[arg-type]  # a parameter is plain text for mypy
            hurry(here, seed)
            for number in [*range(100), 777, *range(100, 180)]:
                here.sample(number)
            await here.until(lambda: peer.deaths >= 3)
            for number in range(180, 200):
                here.sample(number)
            await here.until(lambda: here.reader.tally.dropped == {"poison": 1}, 30)
            await here.delivered(201)
            told = [facts for (code, _), facts in zip(here.told.lines, here.told.facts, strict=True) if code == "E4012"]
            assert told == [{"stream": "die01", "boot": here.outbox.boot, "seq": 100, "times": 3}]
            assert "lost E4004" not in here.told.codes(), "no other client is suspected"
        assert set(numbers(peer)) == set(range(200))
        (gap,) = gaps(peer)
        assert (gap["from_seq"], gap["to_seq"], gap["records"], gap["reason"]) == (100, 100, 1, "poison")
        assert peer.deaths == 5, "two to suspect it, three when it was alone"
    (kept,) = (tmp_path / "quarantine").iterdir()
    topic, payload = kept.read_bytes().splitlines()
    assert kept.name == f"poison-die01-{gap['boot']}-100.bin"
    assert topic == DATA.encode()
    assert MARKER in payload


async def test_row_40_several_guilty_records(tmp_path: Path, seed: int) -> None:
    bad = [random.Random(seed).randrange(200) for _ in range(4)]

    def any_of_them(message: Published) -> bool:
        return any(b'"n":%d}' % number in message.payload for number in bad)

    async with broker(Habits(dies_of=any_of_them)) as peer:
        async with site(tmp_path, peer.port, pace=HASTY) as here:
            hurry(here, seed)
            for number in range(200):
                here.sample(number)
            await here.until(lambda: here.reader.tally.dropped.get("poison") == len(set(bad)), 60)
            await here.until(lambda: here.reader.queued == 0, 30)
        assert set(numbers(peer)) == set(range(200)) - set(bad)


@pytest.mark.acceptance
async def test_row_40_a_line_that_is_cut_a_hundred_times_costs_nothing(tmp_path: Path, seed: int) -> None:
    """At random, with few round trips between two cuts: the same records are under way again and again."""
    chance = random.Random(seed)
    pace = replace(HASTY, cut_offs=1000)  # without the rest that is taken when another client seems to use the id
    async with broker() as peer, FaultProxy(peer.port, seed=seed) as proxy:
        proxy.delay_s = {REQUESTS: 0.005, ANSWERS: 0.005}
        async with site(tmp_path, proxy.port, pace=pace, rate=10_000) as here:
            hurry(here, seed)
            while here.delivery.report()["losses"] < 100:  # type: ignore[operator]  # it is a number
                accepted = proxy.accepted
                for _ in range(max(chance.randrange(300) - here.reader.queued, 0)):
                    here.sample(here.reader.tally.accepted)
                await asyncio.sleep(chance.expovariate(1 / 0.06))
                proxy.cut()
                await here.until(lambda accepted=accepted: proxy.accepted > accepted)  # type: ignore[misc]  # a default
            await here.until(lambda: here.reader.queued == 0, 30)
            assert here.reader.tally.dropped == {}
            assert "E4012" not in here.told.codes()
            count = here.reader.tally.accepted
        assert set(numbers(peer)) == set(range(count))
        assert len(numbers(peer)) - count > 100, "few cuts hit something that was under way"


async def _all_but_one(here: Site, too_large: Record) -> None:
    """A record that must be split goes, one that cannot be is given up, and nothing else is disturbed."""
    here.outbox.append([Record("die01", [Moment(1, {f"x_{n}": n for n in range(200)}, {})])])
    here.outbox.append([too_large])
    here.sample(3)
    await here.until(lambda: here.reader.tally.dropped == {"too_large": 1})
    await here.until(lambda: here.reader.queued == 0)
    assert here.told.codes() == ["lost E4011"]
    assert here.delivery.report()["losses"] == 0


@pytest.mark.needs("mosquitto")
async def test_row_40_records_are_split_to_what_mosquitto_takes(tmp_path: Path) -> None:
    """And a value that fits into no packet is given up, without the values beside it."""
    lines = ["allow_anonymous true", "max_packet_size 600"]
    async with mosquitto(tmp_path, lines) as peer, platform(peer.port) as seen:
        async with site(tmp_path / "state", peer.port) as here:
            await _all_but_one(here, Record("die01", [Moment(2, {"text": "x" * 1000, "a": 1, "b": 2}, {})]))
        # A living connection gathers losses for a while; a new one begins with what is not announced yet.
        async with site(tmp_path / "state", peer.port):
            await seen.until(lambda: seen.of("event", "die01"))
        parts = [body for body in seen.of("data", "die01") if body["seq"] == 0]
        assert [body["part"] for body in parts] == [[n, len(parts)] for n in range(1, len(parts) + 1)]
        whole = {name: value for body in parts for scan in body["scans"] for name, value in scan["v"].items()}
        assert whole == {f"x_{n}": n for n in range(200)}
        assert [value for _, value, _ in seen.samples("die01", "a") + seen.samples("die01", "b")] == [1, 2]
        (gap,) = seen.of("event", "die01")
        assert (gap["data"]["from_seq"], gap["data"]["records"], gap["data"]["reason"]) == (1, 1, "too_large")


@pytest.mark.needs("mosquitto")
async def test_row_40_a_limit_that_is_only_told_when_it_is_met(tmp_path: Path) -> None:
    """mosquitto's `message_size_limit` is not in CONNACK: a PUBACK says 0x95, and less is sent at a time."""
    lines = ["allow_anonymous true", "message_size_limit 600"]
    async with mosquitto(tmp_path, lines) as peer, platform(peer.port) as seen:
        async with site(tmp_path / "state", peer.port) as here:
            await _all_but_one(here, Record("die01", event=Event("note", 2, {"text": "x" * 1000}, id="E1")))
        values = {name for body in seen.of("data", "die01") for scan in body["scans"] for name in scan["v"]}
        assert values == {f"x_{n}" for n in range(200)} | {"n"}


@pytest.mark.needs("mosquitto")
async def test_row_40_what_is_too_large_for_a_broker_that_cannot_say_so(tmp_path: Path, seed: int) -> None:
    """With MQTT 3.1.1 mosquitto closes the connection, and nothing else tells why."""
    lines = ["allow_anonymous true", "max_packet_size 600"]
    async with mosquitto(tmp_path, lines) as peer, platform(peer.port) as seen:
        async with site(tmp_path / "state", peer.port, pace=HASTY, protocol="3.1.1") as here:
            hurry(here, seed)
            for number in range(20):
                here.sample(number)
            here.outbox.append([Record("die01", [Moment(1, {"text": "x" * 1000}, {})])])
            for number in range(20, 40):
                here.sample(number)
            await here.until(lambda: here.reader.tally.dropped == {"poison": 1}, 30)
            await here.delivered(41)
        assert {value for _, value, _ in seen.samples("die01", "n")} == set(range(40))
        assert [body["data"]["reason"] for body in seen.of("event", "die01")] == ["poison"]


async def test_row_40_a_meta_that_kills_the_connection_is_left_out(tmp_path: Path, seed: int) -> None:
    """No record is blamed for it, and they are all delivered."""
    async with broker(Habits(dies_of=lambda message: message.topic.endswith("/meta"))) as peer:
        async with site(tmp_path, peer.port, pace=HASTY) as here:
            hurry(here, seed)
            for number in range(100):
                here.sample(number)
            await here.delivered(100)
            assert here.told.codes().count("E4014") == 1
            assert "lost E4004" not in here.told.codes(), "no other client is suspected"
            assert here.reader.tally.dropped == {}
        assert set(numbers(peer)) == set(range(100))
        assert peer.deaths <= 5
