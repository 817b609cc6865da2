"""Deliveries against a broker that misbehaves as told: nothing lost, nothing said twice."""

import asyncio
import contextlib
import random
import struct
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Literal

import orjson

from agent.formats.contract import Meta, Snapshot
from agent.formats.native import Native
from agent.mqtt import Connector, Endpoint
from agent.outbox import Backfill, open_outbox
from agent.outbox.contract import Outbox, Reader
from agent.publish import Delivery, Pace
from agent.record import Event, Moment, Record
from tests.fakes import broker as fake
from tests.fakes.broker import Broker, Habits, Published, broker
from tests.fakes.mosquitto import free_port
from tests.fakes.told import Told

QUICK = Pace(probe_first_s=0.02, probe_most_s=0.1, drain_s=0.5, farewell_s=0.4, tick_s=0.05)
PATIENT = replace(QUICK, probe_first_s=60.0, probe_most_s=60.0)
"""A refused topic is not tried again on the same connection."""
DATA = "lineside/v1/f/l2/die01/data"
EVENT = "lineside/v1/f/l2/die01/event"


class Site:
    """An outbox, one delivery, and what it told."""

    delivery: Delivery[None]

    def __init__(self, outbox: Outbox, told: Told, stop: asyncio.Event) -> None:
        self.outbox = outbox
        self.told = told
        self.stop = stop
        self.metas: Mapping[str, Meta] = {"die01": Meta(7, {"gw": "gw", "dev": "die01", "tags": {}})}

    def snapshot(self) -> Snapshot:
        return Snapshot(9000, self.outbox.boot, metas=self.metas, previous=self.outbox.previous, version="1")

    @property
    def reader(self) -> Reader:
        return self.outbox.reader("county")

    def sample(self, number: int, device: str = "die01") -> None:
        self.outbox.append([Record(device, [Moment(1000 + number, {"n": number}, {})])])

    async def until(self, is_true: Callable[[], bool], within_s: float = 10.0) -> None:
        async with asyncio.timeout(within_s):
            while not is_true():  # noqa: ASYNC110  # counters, which no event announces
                await asyncio.sleep(0.005)

    async def delivered(self, count: int) -> None:
        await self.until(lambda: self.reader.tally.delivered == count)

    def is_conserved(self) -> bool:
        tally = self.reader.tally
        return tally.accepted == tally.delivered + tally.queued + sum(tally.dropped.values())


@contextlib.asynccontextmanager
async def site(
    state: Path,
    port: int,
    *,
    pace: Pace = QUICK,
    ack_timeout_s: float = 30.0,
    seed: int = 1,
    host: str = "127.0.0.1",
    protocol: Literal["auto", "5", "3.1.1"] = "auto",
    canary: str | None = None,
    rate: float = 50.0,
) -> AsyncIterator[Site]:
    """`rate` is that of the backlog, in records a second."""
    told = Told()
    stop = asyncio.Event()
    endpoint = Endpoint(host, port, "gw-1", protocol=protocol, ack_timeout_s=ack_timeout_s, connect_timeout_s=1)
    backfill = {"county": Backfill(rate)}
    async with open_outbox(
        state, ["county"], 1 << 20, max_age_s=3600, backfill=backfill, now=lambda: (5000, None), journal=told
    ) as outbox:
        here = Site(outbox, told, stop)
        here.delivery = Delivery(
            "county",
            outbox.reader("county"),
            Native("gw", {"site": "f"}, {"die01": {"line": "l2"}, "die02": {"line": "l2"}}),
            None,
            Connector(endpoint),
            "gw-1",
            snapshot=here.snapshot,
            report=lambda: {"clock": {}},
            journal=told,
            pace=pace,
            canary=canary,
            chance=random.Random(seed),
        )
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(here.delivery.look_after(stop))
            try:
                yield here
            finally:
                stop.set()
        assert here.is_conserved()


def numbers(peer: Broker, topic: str = DATA) -> list[int]:
    scans = [orjson.loads(message.payload)["scans"][0] for message in peer.published if message.topic == topic]
    return [scan["v"]["n"] for scan in scans]


async def test_begins_delivers_and_says_goodbye(tmp_path: Path) -> None:
    async with broker() as peer:
        async with site(tmp_path, peer.port) as here:
            here.sample(1)
            here.outbox.append([Record("die01", event=Event("comm", 2000, {"state": "up"}, id="E1"))])
            await here.delivered(2)
            assert here.delivery.report()["state"] == "up"
        kinds = [message.topic.rsplit("/", 1)[1] for message in peer.published]
        assert kinds[:2] == ["state", "meta"]
        assert sorted(kinds[2:]) == ["data", "event", "health", "state"]
        first, last = (orjson.loads(peer.published[place].payload) for place in (0, -1))
        assert (first["online"], last["online"], last["clean"]) == (True, False, True)
        assert peer.published[0].retain
        assert peer.goodbyes == 1
        assert here.told.lines == []


async def test_a_broker_that_comes_late_gets_everything_and_two_lines_are_said(tmp_path: Path) -> None:
    port = free_port()
    async with site(tmp_path, port) as here:
        here.sample(1)
        await here.until(lambda: bool(here.told.lines))
        async with broker(port=port) as peer:
            await here.delivered(1)
            assert here.told.codes() == ["lost E4001", "back E4001"]
            assert "refused" in str(here.told.facts[0]["reason"])
            assert here.told.facts[0]["cause"] == "refused"
            sent = [orjson.loads(message.payload) for message in peer.published if message.topic == DATA]
            assert sent[0]["hist"] is True


async def test_row_25_no_acknowledgements_means_reconnecting_and_nothing_is_lost(tmp_path: Path) -> None:
    async with broker(Habits(acks=False)) as peer, site(tmp_path, peer.port, ack_timeout_s=0.1) as here:
        for number in range(5):
            here.sample(number)
        await peer.until(lambda: len(peer.connects) >= 2)
        peer.habits.acks = True
        await here.delivered(5)
        assert sorted(set(numbers(peer))) == [0, 1, 2, 3, 4]
        assert here.told.codes()[0] == "lost E4001"
        assert here.told.facts[0] == {"reason": "no acknowledgement for 0.1 s", "cause": "unacknowledged"}


async def test_a_refused_topic_waits_is_said_once_and_holds_up_nothing(tmp_path: Path) -> None:
    def only_events(message: Published) -> int:
        return 0x87 if message.topic == DATA else 0

    async with broker(Habits(reason=only_events)) as peer, site(tmp_path, peer.port) as here:
        for number in range(100):
            here.sample(number)
        here.outbox.append([Record("die01", event=Event("comm", 2000, {}, id="E1"))])
        await here.delivered(1)
        await here.until(lambda: len(numbers(peer)) >= 35)
        assert here.delivery.report()["refused"] == {DATA: "Not authorized"}
        assert here.reader.tally.queued == 100
        tried = len(numbers(peer))
        assert tried < 80, "every record was tried, not one now and then"
        peer.habits.reason = lambda _: 0
        await here.delivered(101)
        assert here.told.codes() == ["lost E4010", "back E4010"]
        assert set(numbers(peer)) == set(range(100))


async def test_a_record_that_the_broker_finds_malformed_waits_alone(tmp_path: Path) -> None:
    def not_seven(message: Published) -> int:
        return 0x99 if message.topic == DATA and b'"n":7}' in message.payload else 0

    async with broker(Habits(reason=not_seven)) as peer, site(tmp_path, peer.port) as here:
        for number in range(20):
            here.sample(number)
        await here.delivered(19)
        assert here.reader.tally.queued == 1
        await here.until(lambda: numbers(peer).count(7) >= 3)
        assert here.told.codes() == ["lost E4010"], "the others say nothing of it"
        peer.habits.reason = lambda _: 0
        await here.delivered(20)
        assert here.told.codes() == ["lost E4010", "back E4010"]


async def test_a_topic_that_is_taken_after_a_reconnect_is_told_to_be_back(tmp_path: Path) -> None:
    """Its refusal was told on a connection that is gone."""

    def not_data(message: Published) -> int:
        return 0x87 if message.topic == DATA else 0

    async with broker(Habits(reason=not_data)) as peer, site(tmp_path, peer.port, pace=PATIENT) as here:
        here.sample(0)
        await here.until(lambda: here.told.codes() == ["lost E4010"])
        peer.habits.reason = lambda _: 0
        peer.cut()
        await here.delivered(1)
        await here.until(lambda: "back E4001" in here.told.codes())
        assert here.told.codes().count("lost E4010") == 1
        assert here.told.codes().count("back E4010") == 1


async def test_what_never_fits_is_dropped_counted_and_announced(tmp_path: Path) -> None:
    habits = Habits(properties=((fake.MAXIMUM_PACKET_SIZE, struct.pack("!I", 400)),))
    async with broker(habits) as peer, site(tmp_path, peer.port) as here:
        here.outbox.append([Record("die01", [Moment(1, {"job": "x" * 1000}, {})])])
        here.sample(2)
        await here.until(lambda: here.reader.tally.dropped == {"too_large": 1})
        await here.delivered(1)
        assert here.told.codes() == ["lost E4011"]
        assert here.is_conserved()


async def test_a_record_larger_than_a_packet_goes_out_in_parts(tmp_path: Path) -> None:
    habits = Habits(properties=((fake.MAXIMUM_PACKET_SIZE, struct.pack("!I", 400)),))
    async with broker(habits) as peer, site(tmp_path, peer.port) as here:
        here.outbox.append([Record("die01", [Moment(1, {f"x_{n}": n for n in range(100)}, {})])])
        await here.delivered(1)
        parts = [orjson.loads(message.payload) for message in peer.published if message.topic == DATA]
        assert [part["part"] for part in parts] == [[n, len(parts)] for n in range(1, len(parts) + 1)]
        assert len(parts) > 1


async def test_a_record_that_the_format_cannot_say_is_dropped_and_the_rest_goes_on(tmp_path: Path) -> None:
    async with broker() as peer, site(tmp_path, peer.port) as here:
        here.outbox.append([Record("unknown", [Moment(1, {"a": 1}, {})])])
        here.sample(2)
        await here.delivered(1)
        assert here.reader.tally.dropped == {"encode": 1}


async def test_two_clients_of_one_id_are_recognised(tmp_path: Path) -> None:
    pace = Pace(rest_s=0.5, tick_s=0.05)
    async with broker(Habits(drops_after_connack=True)) as peer, site(tmp_path, peer.port, pace=pace) as here:
        await here.until(lambda: "lost E4004" in here.told.codes())
        assert len(peer.connects) == 3
        assert here.told.facts[here.told.codes().index("lost E4004")] == {"client_id": "gw-1"}
        before = time.monotonic()
        await peer.until(lambda: len(peer.connects) == 4)
        assert time.monotonic() - before > 0.35
        assert here.told.codes() == ["lost E4001", "lost E4004"]


async def test_a_takeover_that_ends_is_told_as_over(tmp_path: Path) -> None:
    pace = Pace(rest_s=0.1, crowded_s=0.5, tick_s=0.02, cut_offs=2)
    async with broker(Habits(takes_over=True)) as peer, site(tmp_path, peer.port, pace=pace) as here:
        await here.until(lambda: "lost E4004" in here.told.codes())
        peer.habits.takes_over = False
        await here.until(lambda: "back E4004" in here.told.codes())
        assert "Session taken over" in str(here.told.facts[0]["reason"])


async def test_the_first_health_message_tells_of_this_connection(tmp_path: Path) -> None:
    port = free_port()
    async with site(tmp_path, port) as here:
        here.delivery._ways.report = here.delivery.report
        await here.until(lambda: here.delivery.report()["state"] == "down")
        async with broker(port=port) as peer:
            await peer.until(lambda: any(message.topic.endswith("/health") for message in peer.published))
            first = next(message for message in peer.published if message.topic.endswith("/health"))
            said = orjson.loads(first.payload)
            assert (said["state"], said["reason"], said["protocol"]) == ("up", "", "5")


async def test_health_is_sent_where_nothing_is_acknowledged(tmp_path: Path) -> None:
    pace = Pace(health_every_s=0.05, tick_s=0.05)
    async with broker(Habits(acks=False)) as peer, site(tmp_path, peer.port, pace=pace):
        await peer.until(lambda: any(message.topic.endswith("/health") for message in peer.published))


async def test_row_37_a_connection_that_held_and_was_taken_over_tells_at_once(tmp_path: Path) -> None:
    pace = Pace(quick_s=0.1, crowded_s=0.2, rest_s=0.1, tick_s=0.02)
    async with broker() as peer, site(tmp_path, peer.port, pace=pace) as here:
        await here.until(lambda: here.delivery.report()["state"] == "up")
        up_s = time.monotonic()
        await here.until(lambda: time.monotonic() - up_s > 0.2)
        peer.take_over()
        await here.until(lambda: here.delivery.report()["losses"] == 1)
        assert here.told.codes() == ["lost E4001", "lost E4004"]
        assert here.told.facts[0]["cause"] == "taken_over"
        await here.until(lambda: "back E4004" in here.told.codes())


async def test_one_takeover_soon_after_connecting_may_be_a_late_connect_of_our_own(tmp_path: Path) -> None:
    async with broker() as peer, site(tmp_path, peer.port) as here:
        await here.until(lambda: here.delivery.report()["state"] == "up")
        peer.take_over()
        await here.until(lambda: here.delivery.report()["losses"] == 1)
        here.sample(1)
        await here.delivered(1)
        assert here.told.codes() == ["lost E4001", "back E4001"]


async def test_an_old_broker_is_noted_once(tmp_path: Path) -> None:
    async with broker(Habits(knows_5=False)) as peer, site(tmp_path, peer.port) as here:
        here.sample(1)
        await here.delivered(1)
        assert here.told.codes() == ["W4003"]
        assert here.delivery.report()["protocol"] == "3.1.1"


async def test_a_stop_drains(tmp_path: Path) -> None:
    async with broker() as peer:
        async with site(tmp_path, peer.port) as here:
            await here.until(lambda: here.delivery.report()["state"] == "up")
            for number in range(200):
                here.sample(number)
        assert numbers(peer) == list(range(200))


async def test_a_stop_is_short_when_the_broker_is_mute(tmp_path: Path) -> None:
    async with broker() as peer:
        async with site(tmp_path, peer.port, pace=Pace()) as here:
            await here.until(lambda: here.delivery.report()["state"] == "up")
            peer.habits.acks = False
            here.sample(1)
            before = time.monotonic()
        assert time.monotonic() - before < 2.2
        assert "lost E4001" not in here.told.codes()


async def test_a_stop_is_short_when_there_is_no_broker(tmp_path: Path) -> None:
    async with site(tmp_path, free_port()) as here:
        await here.until(lambda: here.delivery.report()["state"] == "down")
        before = time.monotonic()
    assert time.monotonic() - before < 1.0


async def test_a_defect_does_not_end_the_delivery(tmp_path: Path) -> None:
    async with broker() as peer, site(tmp_path, peer.port) as here:
        await here.until(lambda: here.delivery.report()["state"] == "up")
        broken = iter([True])

        def report() -> dict[str, object]:
            if next(broken, False):
                raise ZeroDivisionError("division by zero")
            return {}

        here.delivery._ways.report = report
        peer.habits.acks = True
        for writer in list(peer.writers):
            writer.transport.abort()
        await here.until(lambda: "lost E4900" in here.told.codes())
        here.sample(1)
        await here.delivered(1)
        assert "back E4900" in here.told.codes()
        assert "ZeroDivisionError" in str(here.told.facts[here.told.codes().index("lost E4900")]["error"])


async def test_turns_go_on_while_it_waits(tmp_path: Path) -> None:
    pace = Pace(tick_s=0.02)
    async with site(tmp_path, free_port(), pace=pace) as here:
        await here.until(lambda: here.delivery.report()["state"] == "down")
        before = here.delivery.turned_s
        await here.until(lambda: here.delivery.turned_s > before)


async def test_only_an_acknowledgement_makes_the_next_outage_young_again(tmp_path: Path) -> None:
    resets: list[int] = []
    async with broker(Habits(acks=False)) as peer, site(tmp_path, peer.port, ack_timeout_s=0.1) as here:
        here.delivery._backoff.reset = lambda: resets.append(len(peer.connects))  # type: ignore[method-assign]  # counted instead
        await peer.until(lambda: len(peer.connects) >= 2)
        assert resets == []
        peer.habits.acks = True
        await here.until(lambda: bool(resets))
        assert resets[0] >= 2
