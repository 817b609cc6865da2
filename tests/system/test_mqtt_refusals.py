"""Rows 26 and 27: what a real broker does not allow, in the version that says so and in the one that does not."""

from dataclasses import replace
from pathlib import Path

import pytest

from agent.log import Log
from agent.messages import Catalogue
from tests.agent.test_publish import DATA, QUICK, site
from tests.fakes.agent import agent, platform
from tests.fakes.agent import site as configured
from tests.fakes.broker import Broker, Habits, broker
from tests.fakes.mosquitto import mosquitto

pytestmark = pytest.mark.needs("mosquitto")

ALL = "topic readwrite #\n"
"""An access list of mosquitto."""
OTHER = DATA.replace("die01", "die02")
NOT_DATA = f"topic deny {DATA}\ntopic readwrite #\n"
CANARY = "lineside/v1/f/gateways/gw/canary"
ONLY_STATE = f"topic read #\ntopic write {CANARY.removesuffix('canary')}state\n"
IMPATIENT = replace(QUICK, health_every_s=0.1, canary_s=0.3)


def access(directory: Path, content: str) -> list[str]:
    """Configuration of a broker with this access list; `Mosquitto.reload` reads the file again."""
    (directory / "acl").write_text(content)
    return ["allow_anonymous true", f"acl_file {directory / 'acl'}"]


async def test_row_26_the_topic_of_one_device_is_denied(tmp_path: Path) -> None:
    """Its records wait, the other device goes on, it is said once; when it is allowed, everything arrives in order."""
    async with mosquitto(tmp_path, access(tmp_path, NOT_DATA)) as peer, platform(peer.port) as seen:
        async with site(tmp_path / "state", peer.port, protocol="5") as here:
            for number in range(50):
                here.sample(number)
                here.sample(number, "die02")
            await seen.sees("die02", "n", times=50)
            await here.until(lambda: here.reader.tally.delivered == 50)
            assert here.delivery.report()["refused"] == {DATA: "Not authorized"}
            assert here.reader.tally.dropped == {}
            assert here.told.lines == [("lost E4010", f"county {DATA}")]
            access(tmp_path, ALL)
            peer.reload()
            await here.delivered(100)
            assert here.told.codes() == ["lost E4010", "back E4010"]
        assert sorted(value for _, value, _ in seen.samples("die01", "n")) == list(range(50))
        assert here.delivery.report()["losses"] == 0


async def test_row_26_the_line_in_the_log_names_topic_reason_and_what_to_do() -> None:
    lines: list[str] = []
    log = Log(Catalogue("zh"), lambda: 0.0, lines.append, to_journald=False)
    for code, reason in (("0x87", "Not authorized"), ("0x97", "Quota exceeded"), ("0x99", "Payload format invalid")):
        log.lost("E4010", f"county {code}", topic=DATA, reason=reason, cause=code)
    assert [all(word in line for word in (DATA, "慢速重试")) for line in lines] == [True] * 3
    assert ["ACL" in lines[0], "配额" in lines[1], "内容校验" in lines[2]] == [True] * 3


@pytest.mark.parametrize("code", [0x80, 0x83, 0x87, 0x91, 0x97, 0x99])
async def test_row_26_every_refusal_keeps_the_record(tmp_path: Path, code: int) -> None:
    habits = Habits(reason=lambda message: code if message.topic == DATA else 0)
    pace = replace(QUICK, probe_most_s=0.1)
    async with broker(habits) as peer, site(tmp_path, peer.port, pace=pace) as here:
        for number in range(10):
            here.sample(number)
            here.sample(number, "die02")
        await here.delivered(10)
        assert here.reader.tally.dropped == {}
        assert here.told.lines[0][0] == "lost E4010"
        assert len(here.told.lines) == 1
        habits.reason = lambda _: 0
        await here.delivered(20)
        await here.until(lambda: here.told.codes() == ["lost E4010", "back E4010"])


async def test_row_27_a_denied_topic_is_only_seen_with_mqtt_5(tmp_path: Path) -> None:
    """By default 5 is spoken; 3.1.1 counts as delivered what the broker threw away, and says so beforehand."""
    async with mosquitto(tmp_path, access(tmp_path, NOT_DATA)) as peer, platform(peer.port) as seen:
        async with site(tmp_path / "new", peer.port) as here:
            here.sample(0)
            await here.until(lambda: here.told.codes() == ["lost E4010"])
            assert here.delivery.report()["protocol"] == "5"
            assert here.reader.tally.delivered == 0
        async with site(tmp_path / "old", peer.port, protocol="3.1.1") as here:
            here.sample(0)
            await here.delivered(1)
            assert here.told.codes() == ["W4003"]
        assert seen.samples("die01", "n") == []


async def test_row_27_the_canary_finds_out_and_tells_when_it_is_over(tmp_path: Path) -> None:
    lines = access(tmp_path, ONLY_STATE)
    async with mosquitto(tmp_path, lines) as peer, platform(peer.port) as seen:
        old = site(tmp_path / "state", peer.port, pace=IMPATIENT, protocol="3.1.1", canary=CANARY)
        async with old as here:
            await here.until(lambda: "lost E4013" in here.told.codes())
            facts = here.told.facts[here.told.codes().index("lost E4013")]
            assert facts == {"topic": CANARY, "reason": "nothing in 0.3 s"}
            access(tmp_path, ALL)
            peer.reload()
            await here.until(lambda: "back E4013" in here.told.codes())
            assert sorted(here.told.codes()) == ["W4003", "back E4013", "lost E4013"]
            async with platform(peer.port) as late:
                await late.until(lambda: len(late.of("health")) >= 3)
            assert CANARY in {message.topic for message in seen.messages}
            assert CANARY not in {message.topic for message in late.messages if message.retain}, "nothing of it stays"
            access(tmp_path, ONLY_STATE)
            peer.reload()
            await here.until(lambda: here.told.codes().count("lost E4013") == 2)


async def test_row_27_a_canary_that_may_not_listen_says_so_and_holds_up_nothing(tmp_path: Path) -> None:
    async with broker(Habits(suback=0x80)) as peer:
        old = site(tmp_path / "state", peer.port, pace=IMPATIENT, protocol="3.1.1", canary=CANARY)
        async with old as here:
            await here.until(lambda: "lost E4013" in here.told.codes())
            reason = str(here.told.facts[here.told.codes().index("lost E4013")]["reason"])
            assert reason.startswith(f"subscribing to {CANARY} refused")
            here.sample(1)
            await here.delivered(1)
            assert here.delivery.report()["losses"] == 0


@pytest.mark.parametrize(("protocol", "canary"), [("3.1.1", None), ("5", None), ("5", CANARY)])
async def test_row_27_nothing_is_subscribed_to_without_need(tmp_path: Path, protocol: str, canary: str | None) -> None:
    """Not without the canary, and not where the broker can refuse."""

    def healths(peer: Broker) -> int:
        return sum(message.topic.endswith("/health") for message in peer.published)

    async with broker() as peer:
        async with site(tmp_path, peer.port, pace=IMPATIENT, protocol=protocol, canary=canary) as here:  # type: ignore[arg-type]  # a parameter is plain text for mypy
            here.sample(1)
            await here.delivered(1)
            await peer.until(lambda: healths(peer) >= 3)
        assert peer.subscribes == 0
        assert not [message for message in peer.published if message.topic == CANARY]
        async with site(tmp_path / "other", peer.port, pace=IMPATIENT, protocol="3.1.1", canary=CANARY):
            await peer.until(lambda: peer.subscribes > 0)


async def test_row_27_the_canary_of_the_configuration_is_beside_the_state(tmp_path: Path) -> None:
    device = {"name": "press", "connection": "sim", "tags": [{"name": "x_turns", "address": "counter(1ms, 1000)"}]}
    async with mosquitto(tmp_path) as peer, platform(peer.port) as seen:
        where = {"name": "county", "url": f"mqtt://127.0.0.1:{peer.port}", "protocol": "3.1.1", "canary": True}
        file = configured(tmp_path, [{"name": "sim", "driver": "simulated"}], [device], destinations=[where])
        async with agent(file) as running:
            topic = "lineside/v1/factory-a/gateways/gw-test/canary"
            await seen.until(lambda: any(message.topic == topic for message in seen.messages))
            await seen.sees("press", "x_turns")
            assert await running.stop() == 0
        assert running.said("E4013") == []
