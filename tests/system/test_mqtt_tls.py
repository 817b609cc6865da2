"""Row 28: TLS that fails says why in one line, and works again when files are renewed on disk."""

import asyncio
import contextlib
import datetime
import socket
import ssl
import warnings
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from agent.mqtt import Connector, Endpoint, LinkFailed, Tls
from tests.agent.test_mqtt import published
from tests.fakes.agent import agent, platform, site
from tests.fakes.authority import DAY, NOW, Authority
from tests.fakes.chinese import english, in_log
from tests.fakes.mosquitto import Mosquitto, free_port
from tests.fakes.proxy import FaultProxy

pytestmark = pytest.mark.needs("mosquitto")

WANTS_OURS = ("require_certificate true",)


def at(broker: Mosquitto, authority: Authority, *mine: Path) -> Endpoint:
    return Endpoint("127.0.0.1", broker.port, "gw", Tls(authority.ca_file, *mine), connect_timeout_s=5)


async def reason(endpoint: Endpoint, *, clock_is_plausible: bool = True) -> str:
    with pytest.raises(LinkFailed) as failed:
        await Connector(endpoint, clock_is_plausible=lambda: clock_is_plausible).open()
    assert "\n" not in failed.value.reason
    assert not english(in_log(failed.value.reason, cause=failed.value.cause), "trustme")
    return failed.value.reason


def dated(authority: Authority, name: str, begins: datetime.datetime, ends: datetime.datetime) -> trustme.LeafCert:
    return authority.ca.issue_cert(name, not_before=begins, not_after=ends)


async def test_row_28_an_expired_certificate_with_its_date(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    async with authority.broker(dated(authority, "127.0.0.1", NOW - 9 * DAY, NOW - 2 * DAY)) as broker:
        said = await reason(at(broker, authority))
        assert said == f"certificate of 127.0.0.1:{broker.port} expired on {NOW - 2 * DAY:%Y-%m-%d %H:%M} UTC"


@pytest.mark.parametrize("plausible", [True, False])
async def test_row_28_a_certificate_that_is_not_valid_yet_and_the_clock(tmp_path: Path, plausible: bool) -> None:
    authority = Authority(tmp_path)
    async with authority.broker(dated(authority, "127.0.0.1", NOW + 2 * DAY, NOW + 9 * DAY)) as broker:
        said = await reason(at(broker, authority), clock_is_plausible=plausible)
        assert f"is valid only from {NOW + 2 * DAY:%Y-%m-%d %H:%M} UTC" in said
        hint = "check the clock of this gateway" if plausible else "which cannot be right: set it"
        assert hint in said


async def test_row_28_a_wrong_name_with_the_names_it_is_for(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    names = ("a.example", "b.example", "10.0.0.1", *(f"{n}.example" for n in range(4)))
    async with authority.broker(authority.ca.issue_cert(*names)) as broker:
        said = await reason(at(broker, authority))
        assert said.endswith(
            "is for a.example, b.example, 10.0.0.1, 0.example, 1.example and 2 more, not for 127.0.0.1"
        )


async def test_row_28_an_authority_that_is_not_trusted_by_name(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    other = tmp_path / "other.pem"
    trustme.CA(organization_name="Another").cert_pem.write_to_path(other)
    async with authority.broker(authority.ca.issue_cert("127.0.0.1")) as broker:
        endpoint = at(broker, authority)
        assert "is signed by 'trustme v" in (said := await reason(replace(endpoint, tls=Tls(other))))
        assert said.endswith("which is not in ca_file other.pem")
        assert (await reason(replace(endpoint, tls=Tls()))).endswith("the system's list of authorities; give ca_file")


async def test_row_28_a_self_signed_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(NOW - DAY).not_valid_after(NOW + DAY)
    der = builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    async with authority.broker(trustme.LeafCert(private, der, [])) as broker:
        assert (await reason(at(broker, authority))).endswith("is self-signed (127.0.0.1) and not in ca_file ca.pem")


@contextlib.asynccontextmanager
async def server(context: ssl.SSLContext) -> AsyncIterator[int]:
    """Handshakes one connection after the other in a thread, as OpenSSL does it, and closes it then."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                with contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True) as secured:
                    secured.recv(1)

        serving = asyncio.create_task(asyncio.to_thread(serve), name="TLS server")
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            await serving


async def refusals(authority: Authority, port: int) -> None:
    """What is said when our certificate is missing, expired, or signed by somebody else; often, since alerts race."""
    ends = NOW - DAY
    expired = authority.pair("expired", dated(authority, "gw", NOW - 9 * DAY, ends))
    foreign = authority.pair("foreign", trustme.CA(organization_name="Another").issue_cert("gw"))
    endpoint = Endpoint("127.0.0.1", port, "gw", Tls(authority.ca_file), connect_timeout_s=5)
    for _ in range(10):
        assert "client certificate" in await reason(endpoint)
        said = await reason(replace(endpoint, tls=Tls(authority.ca_file, *expired)))
        assert f"the certificate of this gateway expired on {ends:%Y-%m-%d %H:%M} UTC" in said
        assert "the certificate of this gateway" in await reason(
            replace(endpoint, tls=Tls(authority.ca_file, *foreign))
        )


async def test_row_28_our_certificate_missing_foreign_or_expired(tmp_path: Path) -> None:
    """With TLS 1.3 the broker says so after the handshake, when CONNECT is on its way already."""
    authority = Authority(tmp_path)
    good = authority.pair("good", authority.ca.issue_cert("gw"))
    async with authority.broker(authority.ca.issue_cert("127.0.0.1"), WANTS_OURS) as broker:
        await refusals(authority, broker.port)
        link = await Connector(at(broker, authority, *good)).open()
        assert await published(link) is None
        link.close()


async def test_row_28_our_certificate_is_refused_with_tls_1_2(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.ca.issue_cert("127.0.0.1").configure_cert(context)
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.load_verify_locations(authority.ca_file)
    context.verify_mode = ssl.CERT_REQUIRED
    async with server(context) as port:
        await refusals(authority, port)


async def test_row_28_a_server_whose_tls_is_too_old(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.ca.issue_cert("127.0.0.1").configure_cert(context)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = ssl.TLSVersion.TLSv1_1
    async with server(context) as port:
        said = await reason(Endpoint("127.0.0.1", port, "gw", Tls(authority.ca_file), connect_timeout_s=5))
        assert said == f"TLS with 127.0.0.1:{port} failed: it speaks no TLS 1.2 or newer"


async def test_a_second_look_sends_nothing_but_the_name(tmp_path: Path) -> None:
    """Our certificate, user name and password stay here while the broker is not trusted."""
    authority = Authority(tmp_path)
    mine = authority.pair("gw", authority.ca.issue_cert("gw"))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    trustme.CA(organization_name="Another").issue_cert("127.0.0.1").configure_cert(context)
    context.load_verify_locations(authority.ca_file)
    context.verify_mode = ssl.CERT_OPTIONAL
    seen: list[tuple[object, bytes]] = []
    met = asyncio.Event()

    async def accepted(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        certificate = writer.get_extra_info("ssl_object").getpeercert()
        with contextlib.suppress(OSError):
            seen.append((certificate, await reader.read(1000)))
        writer.close()
        met.set()

    async with await asyncio.start_server(accepted, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        tls = Tls(authority.ca_file, *mine)
        said = await reason(Endpoint("127.0.0.1", port, "gw", tls, "me", "hunter2", connect_timeout_s=5))
        assert "is signed by 'Another'" in said
        async with asyncio.timeout(5):
            await met.wait()
    assert all(not certificate and sent == b"" for certificate, sent in seen)


async def test_files_that_do_not_belong_together(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    certificate, _ = authority.pair("one", authority.ca.issue_cert("gw"))
    _, key = authority.pair("two", authority.ca.issue_cert("gw"))
    nothing = tmp_path / "nothing.pem"
    nothing.write_text("-----BEGIN-----\n")
    endpoint = Endpoint("127.0.0.1", 1, "gw")
    said = [
        await reason(replace(endpoint, tls=tls))
        for tls in (
            Tls(authority.ca_file, certificate, key),
            Tls(authority.ca_file, certificate, nothing),
            Tls(nothing),
        )
    ]
    assert said[0] == f"{key} is not the key of {certificate}"
    assert said[1].startswith(f"{certificate} and {nothing} hold no certificate and key in PEM")
    assert said[2].startswith(f"{nothing} holds no certificates in PEM")


def destination(port: int, **more: object) -> Mapping[str, object]:
    return {"name": "county", "url": f"mqtts://127.0.0.1:{port}", "client_id": "gw-test", **more}


CONNECTION = {"name": "plc1", "driver": "simulated"}
DEVICE = {
    "name": "press01",
    "connection": "plc1",
    "every": "200ms",
    "tags": [{"name": "speed", "address": "sine(60s, 0, 100)"}],
}


async def test_t11_few_lines_while_tls_fails_and_the_backlog_after_a_renewal_on_disk(tmp_path: Path) -> None:
    """Our certificate has expired; it is renewed on disk; nobody restarts anything and nothing is missing."""
    authority = Authority(tmp_path)
    files = authority.pair("gw", dated(authority, "gw", NOW - 9 * DAY, NOW - DAY))
    plain = free_port()
    lines = [*WANTS_OURS, f"listener {plain} 127.0.0.1"]
    async with (
        authority.broker(authority.ca.issue_cert("127.0.0.1"), lines) as broker,
        FaultProxy(broker.port) as way,
        platform(plain) as seen,
    ):
        files[1].chmod(0o600)
        tls = {"ca_file": str(authority.ca_file), "cert_file": str(files[0]), "key_file": str(files[1])}
        file = site(tmp_path, [CONNECTION], [DEVICE], destinations=[destination(way.port, tls=tls)])
        began = asyncio.get_running_loop().time()
        async with agent(file) as running:
            await running.says("E4001")
            async with asyncio.timeout(60):
                while way.accepted < 10:  # noqa: ASYNC110  # a number, which no event announces
                    await asyncio.sleep(0.05)
            minutes = (asyncio.get_running_loop().time() - began) / 60
            assert len(running.lines) <= 20 * max(minutes, 1)
            assert len(running.said("E4001")) <= 1 + minutes
            assert "the certificate of this gateway expired on" in running.said("E4001")[0]
            assert len(running.said("E4021")) == 1
            authority.pair("gw", dated(authority, "gw", NOW - DAY, NOW + 5 * DAY))
            files[1].chmod(0o600)
            await running.until(lambda: len(running.said("E4001")) == 2 and running.said("W4020"), 30)
            await seen.sees("press01", "speed", times=20)
            (renewed,) = [line for line in running.said("E4021") if "NOTICE" in line]
            assert f"{NOW + 5 * DAY:%Y-%m-%d}" in renewed
            assert await running.stop() == 0
        assert seen.holes("press01") == []
        assert min(body["seq"] for body in seen.of("data", "press01") + seen.of("event", "press01")) == 0


async def test_a_broker_whose_certificate_is_renewed_gets_the_backlog(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    plain = free_port()
    lines = [f"listener {plain} 127.0.0.1"]
    expired = dated(authority, "127.0.0.1", NOW - 9 * DAY, NOW - DAY)
    async with authority.broker(expired, lines) as broker, platform(plain) as seen:
        tls = {"ca_file": str(authority.ca_file)}
        file = site(tmp_path, [CONNECTION], [DEVICE], destinations=[destination(broker.port, tls=tls)])
        async with agent(file) as running:
            await running.says("E4001")
            assert f"expired on {NOW - DAY:%Y-%m-%d}" in running.said("E4001")[0]
            authority.pair("broker", authority.ca.issue_cert("127.0.0.1"))
            broker.reload()
            await running.says("E4001", 2)
            await seen.sees("press01", "speed", times=5)
            assert await running.stop() == 0
        assert seen.holes("press01") == []
        assert min(body["seq"] for body in seen.of("data", "press01") + seen.of("event", "press01")) == 0
