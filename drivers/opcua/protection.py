"""How a conversation is protected, and as whom we come.

Where the person did not choose, the strongest is taken that the server offers. The server's certificate is looked at
before anything is sent to it, at each connect anew: what was trusted meanwhile holds.
"""

import asyncio
import os
import socket
import stat
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto import security_policies
from asyncua.crypto.uacrypto import CertProperties
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from drivers.contract import Journal
from drivers.errors import NotConnected
from drivers.opcua import certificate
from drivers.opcua.config import Connection
from drivers.opcua.messages_trust import said_in_both
from drivers.opcua.trusting import trust_list
from drivers.phrase import Phrase, in_chinese, of_system

_UNPROTECTED = Phrase("连接没有加密，不能出示用户证书", "there is no protection to show a user's certificate under")
_POLICIES: Sequence[tuple[str, Any]] = (
    ("Aes256_Sha256_RsaPss", security_policies.SecurityPolicyAes256Sha256RsaPss),
    ("Aes128_Sha256_RsaOaep", security_policies.SecurityPolicyAes128Sha256RsaOaep),
    ("Basic256Sha256", security_policies.SecurityPolicyBasic256Sha256),
)
"""The strongest first."""
_MODES = (
    ("SignAndEncrypt", ua.MessageSecurityMode.SignAndEncrypt),
    ("Sign", ua.MessageSecurityMode.Sign),
)


class Protection:
    """For one connection. `prepare` comes before the channel is opened, `activate` when the session is there."""

    def __init__(
        self, settings: Connection, journal: Journal, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._settings = settings
        self._journal = journal
        self._now = now
        self._told: set[object] = set()
        self._shown = b""
        """The certificate with which the server was spoken to last; empty without protection."""

    async def prepare(self, client: Client) -> None:
        """Choose the endpoint and look at its certificate. Raises `NotConnected` where there is none, or no trust."""
        self._shown = b""
        wanted = self._settings.security
        if wanted.policy == "None":
            return
        offered = await client.connect_and_get_server_endpoints()
        found = self._strongest(offered)
        if found is None:
            self._without(offered)
            return
        policy, mode, endpoint = found
        shown = bytes(endpoint.ServerCertificate or b"")
        refusal = await asyncio.to_thread(
            trust_list(self._settings).judge,
            shown,
            self._now(),
            self._settings.host,
            str(endpoint.Server.ApplicationUri or ""),
        )
        if refusal is not None:
            raise NotConnected(refusal.reason, refusal.code, refusal.facts)
        ours = await self._own()
        self._shown = shown
        client.application_uri = ours.uri
        await client.set_security(
            policy,
            CertProperties(ours.certificate, "der"),
            CertProperties(ours.key, "der"),
            server_certificate=CertProperties(_first(shown), "der"),
            mode=mode,
        )

    async def is_renewed(self, client: Client) -> bool:
        """Whether the server has another certificate than that of the old channel. `client` is a new one."""
        if not self._shown:
            return False
        offered = await client.connect_and_get_server_endpoints()
        return all(bytes(one.ServerCertificate or b"") != self._shown for one in offered)

    def _strongest(
        self, offered: Iterable[ua.EndpointDescription]
    ) -> tuple[Any, ua.MessageSecurityMode, ua.EndpointDescription] | None:
        wanted = self._settings.security
        known = {(one.SecurityPolicyUri, one.SecurityMode): one for one in offered}
        for name, policy in _POLICIES:
            for word, mode in _MODES:
                endpoint = known.get((policy.URI, mode))
                if endpoint is not None and wanted.policy in (name, "auto") and wanted.mode in (word, "auto"):
                    return policy, mode, endpoint
        return None

    def _without(self, offered: Iterable[ua.EndpointDescription]) -> None:
        """Only what is allowed in so many words goes on unprotected."""
        said = sorted(
            {f"{one.SecurityPolicyUri.rpartition('#')[2]}/{one.SecurityMode.name.rstrip('_')}" for one in offered}
        )
        offers = Phrase(f"它只提供 {', '.join(said)}", f"it offers {', '.join(said)}")
        wanted = self._settings.security
        if wanted.policy != "auto" or wanted.mode != "auto":
            raise NotConnected(offers, "U2113")
        if not self._settings.insecure:
            raise NotConnected(offers, "U2115")
        if "insecure" not in self._told:
            self._told.add("insecure")
            self._journal.note("U1021", self._settings.url, url=self._settings.url)

    async def _own(self) -> certificate.Own:
        settings = self._settings
        files = settings.security.cert_file, settings.security.key_file
        given = (Path(files[0]), Path(files[1])) if files[0] is not None and files[1] is not None else None
        make = partial(certificate.own, settings.place.state, socket.gethostname(), self._now(), given)
        ours = await asyncio.to_thread(_usable, make)
        for note in ours.notes:
            self._tell(note.code, note.code, note.facts)
        expiring = certificate.expiring(ours, self._now())
        if expiring is not None:
            self._tell((expiring.code, expiring.threshold), expiring.code, expiring.facts)
        return ours

    def _tell(self, once: object, code: str, facts: dict[str, object]) -> None:
        if once not in self._told:
            self._told.add(once)
            self._journal.note(code, self._settings.url, **facts)

    async def activate(self, client: Client) -> None:
        """Say who we are. Raises what asyncua raises."""
        if self._settings.user_cert_file is not None:
            await self._with_certificate(client)
        await client.activate_session(self._settings.user, self._password(), client.user_certificate)

    async def _with_certificate(self, client: Client) -> None:
        """Read at each connect: it may be renewed while the agent runs."""
        if not self._shown:
            raise NotConnected(_UNPROTECTED, "U2117")
        files = Path(str(self._settings.user_cert_file)), Path(str(self._settings.user_key_file))
        user = await asyncio.to_thread(_usable, partial(certificate.user, *files))
        client.user_certificate = x509.load_der_x509_certificate(user.certificate)
        client.user_private_key = serialization.load_der_private_key(user.key, None)

    def _password(self) -> str | None:
        """Read at each connect: it may be changed while the agent runs."""
        if self._settings.password_file is None:
            return None
        path = Path(self._settings.password_file)
        try:
            if stat.S_IMODE(os.stat(path).st_mode) & 0o077:
                raise NotConnected(Phrase(f"{path} 可被其他用户读取", f"others may read {path}"), "U2114")
            return path.read_text("utf-8").rstrip("\r\n")
        except OSError as error:
            why = of_system(error)
            raise NotConnected(
                Phrase(f"读不出 {path}：{in_chinese(why)}", f"{path} cannot be read: {why}"), "U2114"
            ) from None
        except UnicodeDecodeError:
            raise NotConnected(Phrase(f"{path} 不是 UTF-8 文本", f"{path} is no text in UTF-8"), "U2114") from None


def _usable(read: Callable[[], certificate.Own]) -> certificate.Own:
    try:
        return read()
    except certificate.Unusable as unusable:
        said = said_in_both(unusable.code, unusable.facts)
        raise NotConnected(said, unusable.code, unusable.facts) from None


def _first(chain: bytes) -> bytes:
    """The certificate at the beginning of a chain: a DER sequence says how long it is (X.690, 8.1.3)."""
    size = chain[1]
    if size < 0x80:
        return chain[: 2 + size]
    count = size & 0x7F
    return chain[: 2 + count + int.from_bytes(chain[2 : 2 + count], "big")]
