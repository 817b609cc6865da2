"""Why there is no broker, as the Chinese log says it: without an English sentence."""

import asyncio
import errno
import os
import socket
import ssl
import struct
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from agent.mqtt import Cause, Connector, Endpoint, LinkFailed, Proxy, Tls
from agent.mqtt.certificate import Certificate
from agent.mqtt.foreign import REASONS
from agent.mqtt.reach import Address, Names
from agent.mqtt.trust import blamed, distrust
from agent.mqtt.words import PACKET_TOO_LARGE, cause_of, in_words, puback_reason, tls_in_words
from drivers.phrase import Phrase, in_chinese
from tests.agent.test_mqtt import endpoint, published
from tests.agent.test_mqtt_reach import connect
from tests.agent.test_mqtt_tunnel import behind, server
from tests.fakes import broker as fake
from tests.fakes.broker import Habits, broker
from tests.fakes.chinese import english, in_log
from tests.fakes.http_proxy import HttpProxy, http_proxy
from tests.fakes.mosquitto import free_port
from tests.fakes.resolver import Resolver, resolver

__all__ = ["resolver"]

PLACE = "broker.example:8883"
NOW = datetime.now(UTC)
DAY = timedelta(days=1)


def system(number: int, *file: str) -> OSError:
    return OSError(number, os.strerror(number), *file)


def unverified(code: int, message: str) -> ssl.SSLCertVerificationError:
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_code, error.verify_message = code, message
    return error


def broken(reason: str) -> ssl.SSLError:
    error = ssl.SSLError(1, reason)
    error.reason = reason
    return error


@pytest.mark.parametrize(
    ("error", "en", "zh"),
    [
        (
            unverified(10, "certificate has expired"),
            f"certificate of {PLACE} not accepted: certificate has expired",
            f"不接受 {PLACE} 的证书：证书已过期",
        ),
        (
            unverified(62, f"Hostname mismatch, certificate is not valid for '{PLACE}'."),
            f"certificate of {PLACE} not accepted: Hostname mismatch, certificate is not valid for '{PLACE}'.",
            f"不接受 {PLACE} 的证书：主机名与证书不符",
        ),
        (
            broken("TLSV13_ALERT_CERTIFICATE_REQUIRED"),
            f"TLS with {PLACE} failed: it wants a client certificate (tls.cert_file)",
            f"与 {PLACE} 的 TLS 连接失败：它要求客户端证书（tls.cert_file）",
        ),
        (
            socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
            f"name of {PLACE} cannot be resolved: Temporary failure in name resolution",
            f"无法解析 {PLACE} 的主机名：名称服务器（DNS）暂时没有应答",
        ),
        (TimeoutError(), f"no answer from {PLACE}", f"{PLACE} 没有应答"),
        (system(errno.ECONNREFUSED), f"connection refused by {PLACE}", f"{PLACE} 拒绝连接"),
        (
            system(errno.ENOENT, "/etc/ca.pem"),
            "cannot read /etc/ca.pem: No such file or directory",
            "无法读取 /etc/ca.pem：文件或目录不存在",
        ),
        (system(errno.EHOSTUNREACH), f"{PLACE}: No route to host", f"{PLACE}：主机不可达"),
        (system(errno.ECONNRESET), f"{PLACE}: Connection reset by peer", f"{PLACE}：连接被对方重置"),
        (OSError(Phrase("没有地址", "no address")), f"{PLACE}: no address", f"{PLACE}：没有地址"),
    ],
)
def test_what_a_library_says(error: Exception, en: str, zh: str) -> None:
    reason = in_words(error, PLACE)
    assert (reason, reason.zh) == (en, zh)
    assert not english(in_log(reason, cause=cause_of(error)))


def test_what_nobody_has_put_into_chinese_stays_english_in_a_chinese_sentence() -> None:
    assert in_words(unverified(46, "odd thing"), PLACE).zh == f"不接受 {PLACE} 的证书：odd thing"
    assert tls_in_words(broken("ODD_THING"), PLACE).zh == f"与 {PLACE} 的 TLS 连接失败：odd thing"
    assert in_words(ValueError("odd thing"), PLACE).zh == f"{PLACE}：odd thing"


@pytest.mark.parametrize("code", [2, 7, 9, 10, 18, 19, 20, 21, 22, 23, 26, 27, 28, 62, 64, 66, 67, 68, 79])
def test_what_openssl_finds_wrong_with_a_certificate(code: int) -> None:
    assert not english(in_log(in_words(unverified(code, "odd thing"), PLACE), cause=Cause.CERTIFICATE))


@pytest.mark.parametrize(
    "reason",
    [
        "TLSV1_ALERT_UNKNOWN_CA",
        "SSLV3_ALERT_CERTIFICATE_EXPIRED",
        "SSLV3_ALERT_CERTIFICATE_REVOKED",
        "SSLV3_ALERT_BAD_CERTIFICATE",
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE",
        "TLSV1_ALERT_ACCESS_DENIED",
        "SSLV3_ALERT_HANDSHAKE_FAILURE",
        "TLSV1_UNRECOGNIZED_NAME",
        "UNSUPPORTED_PROTOCOL",
        "WRONG_VERSION_NUMBER",
        "UNEXPECTED_EOF_WHILE_READING",
        "TLSV1_ALERT_INTERNAL_ERROR",
    ],
)
def test_why_tls_fails(reason: str) -> None:
    assert not english(in_log(tls_in_words(broken(reason), PLACE), cause=Cause.TLS))


def shown(begins: datetime = NOW - DAY, ends: datetime = NOW + DAY, *names: str) -> Certificate:
    return Certificate("测试", "某 CA", names, begins, ends)


@pytest.mark.parametrize("plausible", [True, False])
@pytest.mark.parametrize("tls", [Tls(), Tls(Path("ca.pem"))])
@pytest.mark.parametrize(
    ("code", "certificate"),
    [
        (10, shown(ends=NOW - DAY)),
        (10, shown()),
        (9, shown(NOW + DAY)),
        (62, shown(NOW, NOW, "a.example")),
        (62, shown(NOW, NOW, *(f"{name}.example" for name in "abcdefgh"))),
        (62, shown()),
        (18, shown()),
        (20, shown()),
        (23, shown()),
        (9, None),
        (20, None),
    ],
)
def test_why_a_certificate_is_not_trusted(
    code: int, certificate: Certificate | None, tls: Tls, plausible: bool
) -> None:
    there = Endpoint("broker.example", 8883, "gw", tls)
    reason = distrust(unverified(code, "odd thing"), there, certificate, lambda: plausible)
    assert not english(in_log(reason, cause=Cause.CERTIFICATE))
    assert ("校时" in reason.zh) == ("set it" in reason) == (not plausible and (code == 9 or certificate is None))


def test_what_is_wrong_with_our_own_certificate_stands_around_the_reason() -> None:
    reason = blamed(tls_in_words(broken("TLSV1_ALERT_UNKNOWN_CA"), PLACE), shown(ends=NOW - DAY))
    assert reason.startswith("the certificate of this gateway expired on ")
    assert in_chinese(reason).startswith("本网关的证书已于 ")
    assert in_chinese(reason).endswith(f" 过期（与 {PLACE} 的 TLS 连接失败：它不认识签发本网关证书的 CA）")
    assert not english(in_log(reason, cause=Cause.TLS))


def test_every_reason_of_the_standard_has_its_chinese() -> None:
    names = ReasonCode(PacketTypes.CONNACK).names
    assert set(REASONS) == {name for packets in names.values() for name in packets}
    assert not [english(zh, "client_id") for zh in REASONS.values() if english(zh, "client_id")]


@pytest.mark.parametrize("code", [0x80, 0x83, 0x87, 0x90, 0x91, 0x95, 0x97, 0x99])
def test_why_a_message_is_refused(code: int) -> None:
    line = in_log(puback_reason(code), "E4010", topic="a/b", cause=f"{code:#04x}")
    assert not english(line, "Lineside", "schema", "topics")


async def refused(there: Endpoint) -> LinkFailed:
    with pytest.raises(LinkFailed) as failed:
        await Connector(there).open()
    for code in ("E4001", "W4002", "E8002"):
        line = in_log(failed.value.reason, code, place=there.place, cause=failed.value.cause)
        assert not english(line), line
    return failed.value


@pytest.mark.parametrize(
    ("habits", "zh"),
    [
        (Habits(connack=0x86), "拒绝连接：用户名或密码错误"),
        (Habits(connack=0x89), "拒绝连接：消息服务器忙"),
        (Habits(mute=True), "对 CONNECT 没有应答"),
        (Habits(knows_5=False), "不支持 MQTT 5"),
        (Habits(drops_connect=lambda _: True), "连接断开"),
        (Habits(properties=((fake.MAXIMUM_QOS, b"\0"),)), "不接受 QoS 1，无法确认送达"),
    ],
)
async def test_a_broker_that_does_not_take_us(habits: Habits, zh: str) -> None:
    async with broker(habits) as peer:
        failed = await refused(endpoint(peer.port, protocol="5", connect_timeout_s=0.3))
        assert in_chinese(failed.reason).endswith(zh)


@pytest.mark.parametrize(
    ("habits", "zh"),
    [
        (Habits(takes_over=True), "消息服务器说：会话被另一个客户端接管"),
        (Habits(acks=False), "0.2 秒没有收到确认"),
        (Habits(drops_after_connack=True), "连接断开"),
    ],
)
async def test_a_connection_that_ends(habits: Habits, zh: str) -> None:
    async with broker(habits) as peer:
        link = await Connector(endpoint(peer.port, ack_timeout_s=0.2)).open()
        link.publish("a", b"", 1, False, lambda _: None)
        await asyncio.wait((link.lost,), timeout=5)
        assert in_chinese(link.lost.result()) == zh
        assert in_log(link.lost.result(), "W8008") == f"本程序与消息服务器的连接断开：{zh}；正在重连"


async def test_what_is_no_mqtt() -> None:
    async with broker(Habits(garbage=b"\x40\x01\x00")) as peer:
        link = await Connector(endpoint(peer.port)).open()
        await asyncio.wait((link.lost,), timeout=5)
        assert in_chinese(link.lost.result()) == f"127.0.0.1:{peer.port} 发来的不是 MQTT（Malformed）"


async def test_what_is_refused_unasked_and_a_subscription() -> None:
    size = ((fake.MAXIMUM_PACKET_SIZE, struct.pack("!I", 100)),)
    async with broker(Habits(suback=0x87, properties=size)) as peer:
        link = await Connector(endpoint(peer.port)).open()
        large, wild = await published(link, payload=b"x" * 100), await published(link, topic="a/#")
        assert large is not None
        assert wild is not None
        assert (large.code, in_chinese(large.reason)) == (PACKET_TOO_LARGE, "超过消息服务器的最大报文长度（100 字节）")
        assert in_chinese(wild.reason) == "不能作为主题：'a/#'"
        with pytest.raises(LinkFailed) as failed:
            await link.subscribe(["a/b"])
        assert in_chinese(failed.value.reason) == "订阅 a/b 被拒绝：没有权限"
        link.close()
        assert in_chinese(link.lost.result()) == "已关闭"


@pytest.mark.parametrize(
    ("answer", "zh"),
    [
        (b"HTTP/1.1 403 Forbidden\r\n\r\n", "没有接通 127.0.0.1:1883：403 Forbidden"),
        (b"HTTP/1.1 407\r\n\r\n", "要求用户名和密码（407）"),
        (b"", "的应答不是 HTTP"),
        (b"HTTP/1.1 200 OK\r\n\r\nhello", "应答之后又发来多余的内容"),
    ],
)
async def test_a_proxy_that_does_not_connect(answer: bytes, zh: str) -> None:
    async with http_proxy(HttpProxy(answer=answer)) as proxy:
        with pytest.raises(LinkFailed) as failed:
            await Connector(behind(proxy, 1883)).open()
        said = in_chinese(failed.value.reason)
        assert said.startswith(f"代理服务器：127.0.0.1:{proxy.port} ")
        assert said.endswith(zh)
        assert not english(in_log(failed.value.reason, cause=failed.value.cause), "Forbidden")


async def test_no_proxy() -> None:
    port = free_port()
    failed = await refused(endpoint(1883, proxy=Proxy("127.0.0.1", port)))
    assert in_chinese(failed.reason) == f"代理服务器：127.0.0.1:{port} 拒绝连接"


@pytest.mark.parametrize(
    ("head", "zh"),
    [
        (b"HTTP/1.1 404\r\n\r\n", "404"),
        (b"HTTP/1.1 101\r\n\r\n", "它没有切换到 websocket"),
        (b"HTTP/1.1 101\r\nUpgrade: websocket\r\n\r\n", "Sec-WebSocket-Accept 与本次请求不符"),
    ],
)
async def test_a_server_without_a_websocket(head: bytes, zh: str) -> None:
    async with server(head) as (port, _):
        failed = await refused(endpoint(port, path="/mqtt"))
        assert in_chinese(failed.reason) == f"127.0.0.1:{port} 没有在 /mqtt 打开 websocket：{zh}"


def test_a_name_that_fails_and_the_last_address_too(resolver: Resolver) -> None:
    names = Names("broker.example", 1883)
    names.remember(Address(socket.AF_INET, ("127.0.0.1", free_port())))
    resolver.fails = True
    with pytest.raises(LinkFailed) as failed:
        connect(names)
    assert "；上次的地址 127.0.0.1：broker.example:1883 拒绝连接" in in_chinese(failed.value.reason)
    assert not english(in_log(failed.value.reason, cause=Cause.NAME))


def test_a_name_that_nobody_can_write(resolver: Resolver) -> None:
    resolver.error = UnicodeError("label too long")
    with pytest.raises(LinkFailed, match="label too long") as failed:
        connect(Names("broker.example", 1883))
    assert not english(in_log(failed.value.reason, cause=Cause.NAME))


async def test_files_of_tls(tmp_path: Path) -> None:
    nothing, missing = tmp_path / "nothing.pem", tmp_path / "missing.pem"
    nothing.write_text("-----BEGIN-----\n")
    for tls in (Tls(nothing), Tls(missing), Tls(None, nothing, nothing), Tls(None, nothing, missing)):
        failed = await refused(endpoint(1, tls=tls))
        assert in_chinese(failed.reason).endswith(("（文件里没有证书）", "（原因不明）", "：文件或目录不存在"))
