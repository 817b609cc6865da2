"""Protected conversations: what is chosen, who is trusted, and what happens when a certificate is renewed (row 19)."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asyncua import ua
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from drivers.errors import NotConnected
from drivers.opcua import PLUGIN
from drivers.opcua.trust import TrustList
from drivers.opcua.trusting import trust_list
from tests.drivers.opcua.issued import DAY, Issued, authority, strong_key
from tests.drivers.opcua.issued import server as issue
from tests.drivers.opcua.listener import Listener
from tests.fakes.application import SERVER_URI, Application, application
from tests.fakes.opcua import NAMESPACE, OpcUaServer, Spec, opcua_server

NOW = datetime.now(UTC)
"""Servers have clocks of their own."""
TAGS = {"speed": f"nsu={NAMESPACE};s=Press.Speed"}
NONE, PROTECTED = ua.SecurityPolicyType.NoSecurity, ua.SecurityPolicyType


class Secured(Listener):
    """With a state directory, as the agent gives one."""

    def __init__(self, url: str, state: Path, **more: object) -> None:
        super().__init__({"url": url, "timeout": "2s", "keep_alive": "500ms", "insecure": True}, TAGS)
        keys = {"url": url, "timeout": "2s", "keep_alive": "500ms", **more}
        context = {"folder": state, "file": Path("lineside.yaml"), "state": state / "drivers" / "opcua"}
        self.settings = PLUGIN.connection.model_validate(keys, context=context)
        driver = PLUGIN.open(self.settings, [self.group], self.notes)
        self.driver = driver  # type: ignore[assignment]  # the plug-in subscribes

    @property
    def trusted(self) -> TrustList:
        return trust_list(self.settings)

    async def refusal(self) -> NotConnected:
        """What the next connect says."""
        with pytest.raises(NotConnected) as caught:
            await self.driver.connect()
        await self.driver.close()
        return caught.value


@asynccontextmanager
async def secured(spec: Spec) -> AsyncIterator[OpcUaServer]:
    async with opcua_server({"Press.Speed": 1.5}, spec) as server:
        yield server


@pytest.fixture
def ours(tmp_path: Path) -> Application:
    return application(tmp_path, "server")


async def read(it: Secured) -> Mapping[str, object]:
    task = asyncio.create_task(it.listen())
    try:
        await it.until(lambda: len(it.known) == len(TAGS) or bool(it.lost))
    finally:
        task.cancel()
        await asyncio.wait((task,))
    return it.known


@pytest.mark.parametrize(
    "policy",
    [
        PROTECTED.Basic256Sha256_Sign,
        PROTECTED.Basic256Sha256_SignAndEncrypt,
        PROTECTED.Aes128Sha256RsaOaep_SignAndEncrypt,
        PROTECTED.Aes256Sha256RsaPss_SignAndEncrypt,
    ],
)
async def test_each_policy_with_a_user(tmp_path: Path, ours: Application, policy: ua.SecurityPolicyType) -> None:
    password = tmp_path / "password"
    password.write_text("s3cret 密码\n", "utf-8")
    password.chmod(0o600)
    spec = Spec(application=ours, policies=[policy], users={"lineside": "s3cret 密码"})
    async with secured(spec) as server:
        it = Secured(server.url, tmp_path, user="lineside", password_file="password")
        it.trusted.add(ours.der)
        assert await read(it) == {"speed": 1.5}, it.lost


async def test_a_server_that_nobody_trusts_is_refused_until_somebody_does(tmp_path: Path, ours: Application) -> None:
    async with secured(Spec(application=ours)) as server:
        it = Secured(server.url, tmp_path)
        refusal = await it.refusal()
        (rejected,) = it.trusted.entries()
        assert rejected.standing == "rejected"
        assert rejected.fingerprint in refusal.reason
        said = PLUGIN.messages[str(refusal.code)]
        hint = said.hint_en.format(lineside="lineside", url=server.url, reason=refusal.reason, **refusal.facts)
        assert "lineside trust" in hint
        assert server.created == [], "nobody spoke to it"
        it.trusted.add(rejected.fingerprint)
        assert await read(it) == {"speed": 1.5}


async def test_row_19_a_renewed_certificate_is_refused_with_both_fingerprints(
    tmp_path: Path, ours: Application
) -> None:
    async with secured(Spec(application=ours)) as server:
        it = Secured(server.url, tmp_path)
        it.trusted.add(ours.der)
        (old,) = it.trusted.entries()
        assert await read(it) == {"speed": 1.5}
        (tmp_path / "new").mkdir()
        server.spec.application = application(tmp_path / "new", "server")
        await server.restart()
        refusal = await it.refusal()
        new = next(one for one in it.trusted.entries() if one.standing == "rejected")
        assert old.fingerprint in refusal.reason
        assert new.fingerprint in refusal.reason
        it.trusted.add(new.fingerprint)
        it.lost.clear()
        it.known.clear()
        assert await read(it) == {"speed": 1.5}


def signed(directory: Path, by: Issued) -> Application:
    """A server's new pair."""
    made = issue(by=by, uri=SERVER_URI, hosts=["127.0.0.1"], key=strong_key(), begins=NOW - DAY)
    pair = Application(directory / f"{made.fingerprint[:8]}.der", directory / f"{made.fingerprint[:8]}.pem")
    pair.certificate.write_bytes(made.der)
    pair.key.write_bytes(made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pair


async def test_row_19_renewed_under_the_same_authority_it_goes_on_without_a_person(tmp_path: Path) -> None:
    ca = authority(begins=NOW - DAY)
    async with secured(Spec(application=signed(tmp_path, ca))) as server:
        it = Secured(server.url, tmp_path)
        it.trusted.add(ca.pem)
        revoked = it.trusted.folder / "crl" / "ca.pem"
        revoked.parent.mkdir()
        revoked.write_bytes(ca.crl())
        task = asyncio.create_task(it.listen())
        try:
            await it.until(lambda: it.known.get("speed") == 1.5)
            server.spec.application = signed(tmp_path, ca)
            await server.restart()
            await server.set("Press.Speed", 2.5)
            assert await it.until(lambda: it.known["speed"] == 2.5) < 10
        finally:
            task.cancel()
            await asyncio.wait((task,))
        assert it.trusted.entries()[-1].is_authority, "nobody was turned away, nobody was let in"
        assert len(it.trusted.entries()) == 1


async def test_row_19_a_certificate_that_its_authority_has_revoked(tmp_path: Path) -> None:
    ca = authority(begins=NOW - DAY)
    stolen = signed(tmp_path, ca)
    async with secured(Spec(application=stolen)) as server:
        it = Secured(server.url, tmp_path)
        it.trusted.add(ca.pem)
        assert await read(it) == {"speed": 1.5}
        (it.trusted.folder / "crl").mkdir()
        (it.trusted.folder / "crl" / "ca.pem").write_bytes(revoking(ca, stolen))
        assert (await it.refusal()).code == "U2028"
        server.spec.application = signed(tmp_path, ca)
        await server.restart()
        it.lost.clear()
        it.known.clear()
        assert await read(it) == {"speed": 1.5}, it.lost


def revoking(ca: Issued, pair: Application) -> bytes:
    it = x509.load_der_x509_certificate(pair.der)
    entry = x509.RevokedCertificateBuilder().serial_number(it.serial_number).revocation_date(NOW - DAY).build()
    builder = x509.CertificateRevocationListBuilder().issuer_name(ca.subject).add_revoked_certificate(entry)
    signed_by = builder.last_update(NOW - DAY).next_update(NOW + DAY).sign(ca.key, hashes.SHA256())
    return signed_by.public_bytes(Encoding.PEM)


async def test_row_19_renewed_by_an_unknown_issuer_is_refused_with_both_fingerprints(tmp_path: Path) -> None:
    ca = authority(begins=NOW - DAY)
    async with secured(Spec(application=signed(tmp_path, ca))) as server:
        it = Secured(server.url, tmp_path)
        it.trusted.add(ca.pem)
        assert await read(it) == {"speed": 1.5}
        server.spec.application = new = signed(tmp_path, authority("Somebody", begins=NOW - DAY))
        await server.restart()
        refusal = await it.refusal()
        assert refusal.code == "U2035"
        (rejected,) = [one for one in it.trusted.entries() if one.standing == "rejected"]
        assert rejected.fingerprint in refusal.reason
        assert ca.fingerprint in refusal.reason
        hint = PLUGIN.messages["U2035"].hint_en.format(lineside="lineside", url=server.url, reason="", **refusal.facts)
        assert f"add {rejected.fingerprint[:23]}" in hint
        it.trusted.add(rejected.fingerprint)
        it.lost.clear()
        it.known.clear()
        assert await read(it) == {"speed": 1.5}, new


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({}, "U2115"),
        ({"security": {"policy": "Basic256Sha256"}}, "U2113"),
        ({"security": {"mode": "Sign"}, "insecure": True}, "U2113"),
    ],
)
async def test_no_protection_is_never_taken_by_itself(tmp_path: Path, more: dict[str, object], code: str) -> None:
    async with secured(Spec()) as server:
        assert (await Secured(server.url, tmp_path, **more).refusal()).code == code


async def test_no_protection_that_is_allowed_is_said_once(tmp_path: Path) -> None:
    async with secured(Spec()) as server:
        it = Secured(server.url, tmp_path, insecure=True)
        assert await read(it) == {"speed": 1.5}
        await it.driver.connect()
        await it.driver.close()
        assert [code for _, code, _ in it.notes.said] == ["U1021"]


async def test_the_strongest_is_taken(tmp_path: Path, ours: Application) -> None:
    async with secured(Spec(application=ours)) as server:
        it = Secured(server.url, tmp_path, insecure=True)
        it.trusted.add(ours.der)
        assert await read(it) == {"speed": 1.5}
        assert "U1021" not in [code for _, code, _ in it.notes.said], "allowed is not taken"


async def test_a_wrong_password_and_an_open_file_are_said(tmp_path: Path, ours: Application) -> None:
    password = tmp_path / "password"
    password.write_text("wrong")
    password.chmod(0o600)
    async with secured(Spec(application=ours, users={"lineside": "right"})) as server:
        it = Secured(server.url, tmp_path, user="lineside", password_file="password")
        it.trusted.add(ours.der)
        assert (await it.refusal()).code == "U2111"
        password.chmod(0o644)
        assert (await it.refusal()).code == "U2114"
        password.chmod(0o600)
        password.write_text("right\n")
        assert await read(it) == {"speed": 1.5}


async def test_a_server_that_does_not_trust_us(tmp_path: Path, ours: Application) -> None:
    async with secured(Spec(application=ours, trusted=[])) as server:
        it = Secured(server.url, tmp_path)
        it.trusted.add(ours.der)
        assert (await it.refusal()).code == "U2112"
