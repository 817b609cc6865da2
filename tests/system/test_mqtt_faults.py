"""A delivery and a real mosquitto: restarts, silence, access lists, passwords, certificates."""

import asyncio
import base64
import datetime
import hashlib
from contextlib import aclosing
from dataclasses import replace
from pathlib import Path

import orjson
import pytest
from cryptography.hazmat.primitives import serialization

from agent.mqtt import Connector, Endpoint, LinkFailed, Refusal, Tls, subscribe
from tests.agent.test_mqtt import published
from tests.agent.test_publish import DATA, EVENT, QUICK, site
from tests.fakes.authority import Authority
from tests.fakes.mosquitto import Mosquitto, mosquitto

pytestmark = pytest.mark.needs("mosquitto")

BACK_S = 10.0
"""After the return of the broker everything is delivered."""


def as_viewer(broker: Mosquitto) -> Endpoint:
    return Endpoint("127.0.0.1", broker.port, "viewer", connect_timeout_s=5)


async def seen(broker: Mosquitto, topic: str, count: int) -> list[dict[str, object]]:
    """The payloads of the next messages on a topic."""
    found: list[dict[str, object]] = []
    async with asyncio.timeout(20), aclosing(subscribe(as_viewer(broker), [topic])) as messages:
        async for message in messages:
            found.append(orjson.loads(message.payload))
            if len(found) == count:
                break
    return found


async def test_samples_arrive_and_the_state_is_kept_for_who_comes_late(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, site(tmp_path / "state", broker.port) as here:
        await here.until(lambda: here.delivery.report()["state"] == "up")
        async with asyncio.timeout(20), aclosing(subscribe(as_viewer(broker), ["lineside/#"])) as messages:
            state = await anext(messages)
            assert (state.topic, state.retain) == ("lineside/v1/f/gateways/gw/state", True)
            assert orjson.loads(state.payload)["online"] is True
            for number in range(3):
                here.sample(number)
            arrived = [await anext(messages) for _ in range(4)]
        data = [orjson.loads(message.payload)["seq"] for message in arrived if message.topic == DATA]
        assert data == [0, 1, 2]


async def test_a_killed_agent_is_told_offline_by_the_broker(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        will = ("a/state", b'{"online":false}', 1, True)
        link = await Connector(replace(as_viewer(broker), client_id="gw")).open(will)
        link.close()
        (state,) = await seen(broker, "a/state", 1)
        assert state == {"online": False}


async def test_t7_a_broker_that_restarts_loses_nothing_and_takes_two_lines(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, site(tmp_path / "state", broker.port) as here:
        here.sample(0)
        await here.delivered(1)
        broker.stop()
        for number in range(1, 50):
            here.sample(number)
        await here.until(lambda: here.delivery.report()["state"] == "down")
        await broker.start()
        async with asyncio.timeout(BACK_S):
            await here.delivered(50)
        assert here.told.codes() == ["lost E4001", "back E4001"]


async def test_row_25_a_frozen_broker_is_noticed_by_its_missing_acknowledgements(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, site(tmp_path / "state", broker.port, ack_timeout_s=0.5) as here:
        here.sample(0)
        await here.delivered(1)
        broker.freeze()
        here.sample(1)
        await here.until(lambda: here.delivery.report()["state"] == "down")
        broker.thaw()
        async with asyncio.timeout(BACK_S):
            await here.delivered(2)


async def test_a_frozen_broker_is_noticed_when_nothing_is_sent(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        link = await Connector(replace(as_viewer(broker), keepalive_s=1)).open()
        broker.freeze()
        await asyncio.wait((link.lost,), timeout=10)
        assert link.lost.result() == "Keep alive timeout"


async def test_a_topic_that_is_not_allowed_waits_and_the_rest_goes_on(tmp_path: Path) -> None:
    access = tmp_path / "acl"
    access.write_text(
        f"topic write lineside/v1/f/gateways/#\ntopic write lineside/v1/f/l2/die01/meta\ntopic write {EVENT}\n"
    )
    lines = ["allow_anonymous true", f"acl_file {access}"]
    async with mosquitto(tmp_path, lines) as broker, site(tmp_path / "state", broker.port) as here:
        here.sample(0)
        await here.until(lambda: here.delivery.report()["refused"] == {DATA: "Not authorized"})
        assert here.reader.tally.queued == 1
        assert here.told.codes() == ["lost E4010"]
        assert here.told.facts[0] == {"topic": DATA, "reason": "Not authorized", "cause": "0x87"}


async def test_with_3_1_1_a_topic_that_is_not_allowed_cannot_be_seen(tmp_path: Path) -> None:
    access = tmp_path / "acl"
    access.write_text("topic write b\n")
    lines = ["allow_anonymous true", f"acl_file {access}"]
    async with mosquitto(tmp_path, lines) as broker:
        new = await Connector(as_viewer(broker)).open()
        assert await published(new, "a") == Refusal(0x87, "Not authorized")
        new.close()
        old = await Connector(replace(as_viewer(broker), protocol="3.1.1")).open()
        assert await published(old, "a") is None
        old.close()


async def test_a_wrong_password_is_said_and_a_right_one_connects(tmp_path: Path) -> None:
    # mosquitto's own format ($7$: PBKDF2-SHA512) of "secret", so that mosquitto_passwd is not needed.
    passwords = tmp_path / "passwords"
    passwords.write_text(f"gw:{hashed('secret')}\n")
    passwords.chmod(0o644)
    lines = ["allow_anonymous false", f"password_file {passwords}"]
    async with mosquitto(tmp_path, lines) as broker:
        with pytest.raises(LinkFailed, match="refuses the connection: Not authorized") as failed:
            await Connector(replace(as_viewer(broker), username="gw", password="wrong")).open()
        assert failed.value.cause == "login"
        link = await Connector(replace(as_viewer(broker), username="gw", password="secret")).open()
        assert await published(link) is None
        link.close()


def hashed(password: str) -> str:
    salt = b"0123456789ab"
    digest = hashlib.pbkdf2_hmac("sha512", password.encode(), salt, 101)
    return f"$7$101${base64.b64encode(salt).decode()}${base64.b64encode(digest).decode()}"


async def test_tls_with_a_certificate_for_the_right_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with authority.broker(authority.ca.issue_cert("127.0.0.1")) as broker:
        link = await Connector(replace(as_viewer(broker), tls=Tls(authority.ca_file))).open()
        for _ in range(100):
            assert await published(link, payload=b"x" * 5000) is None
        await link.disconnect(1)


async def test_tls_failures_say_what_is_wrong(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    wrong_name = authority.ca.issue_cert("other.example")
    async with authority.broker(wrong_name) as broker:
        with pytest.raises(LinkFailed, match=r"is for other.example, not for 127.0.0.1"):
            await Connector(replace(as_viewer(broker), tls=Tls(authority.ca_file))).open()
        with pytest.raises(LinkFailed, match=r"is signed by .*, which is not in the system's list"):
            await Connector(replace(as_viewer(broker), tls=Tls())).open()


async def test_an_expired_certificate_is_said(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    expired = authority.ca.issue_cert("127.0.0.1", not_after=datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC))
    async with authority.broker(expired) as broker:
        with pytest.raises(LinkFailed, match="expired on 2020-01-01 00:00 UTC") as failed:
            await Connector(replace(as_viewer(broker), tls=Tls(authority.ca_file))).open()
        assert failed.value.cause == "certificate"


async def test_mutual_tls_and_its_absence(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    mine = authority.pair("gw", authority.ca.issue_cert("gw-0007"))
    async with authority.broker(authority.ca.issue_cert("127.0.0.1"), ["require_certificate true"]) as broker:
        connector = Connector(replace(as_viewer(broker), tls=Tls(authority.ca_file, *mine)))
        link = await connector.open()
        assert await published(link) is None
        link.close()
        with pytest.raises(LinkFailed, match=r"want.* a client certificate") as failed:
            await Connector(replace(as_viewer(broker), tls=Tls(authority.ca_file))).open()
        assert failed.value.cause == "tls"


async def test_renewed_files_are_used_at_the_next_connect(tmp_path: Path) -> None:
    authority, other = Authority(tmp_path), Authority(tmp_path)
    trust = tmp_path / "trust.pem"
    other.ca.cert_pem.write_to_path(trust)
    async with authority.broker(authority.ca.issue_cert("127.0.0.1")) as broker:
        connector = Connector(replace(as_viewer(broker), tls=Tls(trust)))
        with pytest.raises(LinkFailed):
            await connector.open()
        authority.ca.cert_pem.write_to_path(trust)
        (await connector.open()).close()


async def test_a_key_with_a_passphrase_is_an_error_and_no_question(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    issued = authority.ca.issue_cert("gw")
    certificate, key = authority.pair("gw", issued)
    private = serialization.load_pem_private_key(issued.private_key_pem.bytes(), None)
    secret = serialization.BestAvailableEncryption(b"x")
    key.write_bytes(private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret))
    with pytest.raises(LinkFailed, match=r"gw.key is protected by a passphrase"):
        await Connector(Endpoint("127.0.0.1", 1, "gw", tls=Tls(authority.ca_file, certificate, key))).open()


async def test_speaking_tls_to_a_broker_in_clear_is_said(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        with pytest.raises(LinkFailed):
            await Connector(replace(as_viewer(broker), tls=Tls(), connect_timeout_s=2)).open()


async def test_row_37_two_agents_of_one_id_are_told(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, site(tmp_path / "one", broker.port) as one:
        await one.until(lambda: one.delivery.report()["state"] == "up")
        async with site(tmp_path / "two", broker.port, seed=2) as two:
            await two.until(lambda: "lost E4004" in one.told.codes() + two.told.codes(), 30)
        lines = one.told.codes() + two.told.codes()
        assert len(lines) <= 20


async def test_row_37_both_agents_of_one_id_are_told(tmp_path: Path) -> None:
    pace = replace(QUICK, rest_s=0.3)
    async with mosquitto(tmp_path) as broker, site(tmp_path / "one", broker.port, pace=pace) as one:
        await one.until(lambda: one.delivery.report()["state"] == "up")
        async with site(tmp_path / "two", broker.port, seed=2, pace=pace) as two:
            await one.until(lambda: "lost E4004" in one.told.codes(), 30)
            await two.until(lambda: "lost E4004" in two.told.codes(), 30)


async def test_a_connection_that_is_taken_over_at_once_may_be_our_own(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, site(tmp_path / "one", broker.port) as one:
        await one.until(lambda: one.delivery.report()["state"] == "up")
        late = await Connector(replace(as_viewer(broker), client_id="gw-1")).open()
        await asyncio.wait((late.lost,), timeout=10)
        one.sample(1)
        await one.delivered(1)
        assert one.told.codes() == ["lost E4001", "back E4001"]


async def test_the_first_health_message_is_true(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker, site(tmp_path / "one", broker.port) as one:
        one.delivery._ways.report = lambda: {"county": one.delivery.report()}
        await one.until(lambda: one.delivery.report()["state"] == "up")
        broker.stop()
        await one.until(lambda: one.delivery.report()["state"] == "down")
        await broker.start()
        (health,) = await seen(broker, "lineside/v1/f/gateways/gw/health", 1)
        assert isinstance(health["county"], dict)
        assert (health["county"]["state"], health["county"]["reason"], health["county"]["losses"]) == ("up", "", 1)


async def test_a_filter_that_is_heard_brings_what_is_kept(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        link = await Connector(replace(as_viewer(broker), client_id="gw")).open()
        link.publish("a/kept", b"1", 1, True, lambda _: None)
        assert await published(link, "a/now") is None
        async with asyncio.timeout(5), aclosing(subscribe(as_viewer(broker), ["a/#"])) as messages:
            first = await anext(messages)
            link.publish("a/now", b"2", 1, False, lambda _: None)
            second = await anext(messages)
        assert (first.topic, first.retain, second.payload, second.retain) == ("a/kept", True, b"2", False)
        link.close()


async def test_a_viewer_is_told_when_the_broker_goes(tmp_path: Path) -> None:
    async with mosquitto(tmp_path) as broker:
        link = await Connector(replace(as_viewer(broker), client_id="gw")).open()
        link.publish("a", b"", 1, True, lambda _: None)
        link.publish("a", b"kept", 1, True, lambda _: None)
        assert await published(link) is None
        async with aclosing(subscribe(as_viewer(broker), ["a"])) as messages:
            assert (await anext(messages)).payload == b"kept"
            broker.stop()
            with pytest.raises(LinkFailed, match="connection closed"):
                await anext(messages)
        link.close()
