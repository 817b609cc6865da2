"""Our certificate and our verdict with a real server: asyncua's, which checks who we are."""

import asyncio
import logging
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.utils import ServiceError
from asyncua.crypto.permission_rules import SimpleRoleRuleset
from asyncua.crypto.security_policies import SecurityPolicyBasic256Sha256
from asyncua.crypto.truststore import TrustStore
from asyncua.crypto.validator import CertificateValidator, CertificateValidatorOptions
from asyncua.server.server import Server
from cryptography.hazmat.primitives import serialization

from drivers.opcua.certificate import Own, own
from drivers.opcua.trust import TrustList
from tests.drivers.opcua.issued import DAY, Issued, server, strong_key
from tests.fakes.mosquitto import free_port

URI = "urn:plant:packer"
NOW = datetime.now(UTC)
"""The server has its own clock."""


class Peer:
    """A server that takes only encrypted connections of clients in its trust list."""

    def __init__(self, folder: Path) -> None:
        self.clients = folder / "clients"
        self.clients.mkdir()
        self.issued: Issued = server(key=strong_key(), hosts=["127.0.0.1"], begins=NOW - DAY)
        self.url = f"opc.tcp://127.0.0.1:{free_port()}/"

    async def serve(self) -> Server:
        peer = Server()
        await peer.init()
        peer.set_endpoint(self.url)
        await peer.set_application_uri(URI)
        peer.set_security_policy(
            [ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt], permission_ruleset=SimpleRoleRuleset()
        )
        await peer.load_certificate(self.issued.der, "der")
        key = self.issued.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        await peer.load_private_key(key, format="pem")
        trusted = TrustStore([self.clients], [])
        await trusted.load()
        options = CertificateValidatorOptions.TRUSTED_VALIDATION | CertificateValidatorOptions.PEER_CLIENT
        peer.set_certificate_validator(CertificateValidator(options, trusted))
        await peer.start()
        return peer


@pytest.fixture
def ours(tmp_path: Path) -> Own:
    return own(tmp_path / "opcua", "gw-0007", NOW)


@pytest.fixture
async def peer(tmp_path: Path, ours: Own) -> AsyncIterator[Peer]:
    logging.getLogger("asyncua").setLevel(logging.CRITICAL + 1)
    peer = Peer(tmp_path)
    (peer.clients / "gw.der").write_bytes(ours.certificate)
    running = await peer.serve()
    yield peer
    await running.stop()
    await asyncio.get_running_loop().shutdown_default_executor()  # asyncua reads its files there


async def test_both_sides_accept_each_other_and_the_server_nobody_else(peer: Peer, ours: Own, tmp_path: Path) -> None:
    client = Client(peer.url, timeout=5)
    client.application_uri = ours.uri
    endpoint, *_ = await client.connect_and_get_server_endpoints()
    trust = TrustList(tmp_path / "servers" / "packer")
    shown, uri = endpoint.ServerCertificate, endpoint.Server.ApplicationUri
    refusal = trust.judge(shown, NOW, "127.0.0.1", uri)
    assert refusal is not None
    assert refusal.code == "U2020"
    trust.add(str(refusal.facts["short"]))
    assert trust.judge(shown, NOW, "127.0.0.1", uri) is None
    await client.set_security(SecurityPolicyBasic256Sha256, ours.certificate, ours.key, server_certificate=shown)
    async with client:
        assert URI in await client.get_namespace_array()

    stranger = own(tmp_path / "other", "gw-0008", NOW)
    client = Client(peer.url, timeout=5)
    client.application_uri = stranger.uri
    await client.set_security(
        SecurityPolicyBasic256Sha256, stranger.certificate, stranger.key, server_certificate=peer.issued.der
    )
    with pytest.raises((ua.UaStatusCodeError, ServiceError, ConnectionError)) as caught:
        await client.connect()
    assert "Untrusted" in str(caught.value) or "Untrusted" in type(caught.value).__name__
