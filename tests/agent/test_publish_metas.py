"""Metas that change while a connection lives, as when a machine says who it is."""

from pathlib import Path

import orjson

from agent.formats.contract import Meta
from agent.record import Moment, Record
from tests.agent.test_publish import site
from tests.fakes.broker import Broker, broker


def revs(peer: Broker) -> list[int]:
    return [orjson.loads(message.payload)["rev"] for message in peer.published if message.topic.endswith("/meta")]


async def test_a_meta_that_changes_comes_before_the_records_that_name_it(tmp_path: Path) -> None:
    async with broker() as peer, site(tmp_path, peer.port) as here:
        here.sample(1)
        await here.delivered(1)
        here.metas = {"die01": Meta(8, {"gw": "gw", "dev": "die01", "labels": {"model": "X"}})}
        here.outbox.append([Record("die01", [Moment(1002, {"n": 2}, {})], rev=8)])
        here.sample(3)
        await here.delivered(3)
        about = [message for message in peer.published if message.topic.endswith(("/meta", "/data"))]
        assert revs(peer) == [7, 8], "told once each"
        assert [message.topic.rsplit("/", 1)[1] for message in about] == ["meta", "data", "meta", "data", "data"]


async def test_a_meta_that_changes_is_told_though_no_record_comes(tmp_path: Path) -> None:
    async with broker() as peer, site(tmp_path, peer.port) as here:
        await here.until(lambda: revs(peer) == [7])
        here.metas = {"die01": Meta(8, {"gw": "gw", "dev": "die01", "labels": {"model": "X"}})}
        await here.until(lambda: revs(peer) == [7, 8])
