"""What a delivery tells in the Chinese log, while what is published stays English."""

import struct
from dataclasses import replace
from pathlib import Path

import pytest

from agent.messages import Catalogue
from agent.record import Moment, Record
from tests.agent.test_publish import DATA, QUICK, Site, site
from tests.fakes import broker as fake
from tests.fakes.broker import Habits, broker
from tests.fakes.chinese import english
from tests.fakes.mosquitto import free_port

CANARY = "lineside/v1/canary"


def lines(here: Site, code: str) -> list[str]:
    """What was told of this code, as a Chinese operator reads it."""
    told = zip(here.told.lines, here.told.facts, strict=True)
    return [Catalogue("zh").text(code, facts) for (said, _), facts in told if said.split()[-1] == code]


async def test_a_topic_that_is_refused(tmp_path: Path) -> None:
    habits = Habits(reason=lambda message: 0x87 if message.topic == DATA else 0)
    async with broker(habits) as peer, site(tmp_path, peer.port) as here:
        here.sample(1)
        await here.until(lambda: "lost E4010" in here.told.codes())
        assert here.delivery.report()["refused"] == {DATA: "Not authorized"}
        (line,) = lines(here, "E4010")
        assert f"{DATA}：没有权限" in line
        assert not english(line)


async def test_a_record_that_is_too_large(tmp_path: Path) -> None:
    habits = Habits(properties=((fake.MAXIMUM_PACKET_SIZE, struct.pack("!I", 400)),))
    async with broker(habits) as peer, site(tmp_path, peer.port) as here:
        here.outbox.append([Record("die01", [Moment(1, {"job": "x" * 1000}, {})])])
        await here.until(lambda: "lost E4011" in here.told.codes())
        assert not english(lines(here, "E4011")[0], "die", "gap")


async def test_no_broker(tmp_path: Path) -> None:
    async with site(tmp_path, free_port()) as here:
        await here.until(lambda: "lost E4001" in here.told.codes())
        assert str(here.delivery.report()["reason"]).startswith("connection refused by 127.0.0.1")
        assert not english(lines(here, "E4001")[0])


@pytest.mark.parametrize(("habits", "zh"), [(Habits(suback=0x80), "被拒绝：未说明的错误"), (Habits(), "秒内没有收到")])
async def test_a_canary_that_is_not_heard(tmp_path: Path, habits: Habits, zh: str) -> None:
    async with broker(habits) as peer:
        pace = replace(QUICK, canary_s=0.1)
        async with site(tmp_path, peer.port, pace=pace, protocol="3.1.1", canary=CANARY) as here:
            await here.until(lambda: "lost E4013" in here.told.codes())
            assert zh in lines(here, "E4013")[0]
            assert not english(lines(here, "E4013")[0])
