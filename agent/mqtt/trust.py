"""TLS with a broker: whom to trust, and in words why not. Blocks, within a deadline."""

import contextlib
import socket
import ssl
from collections.abc import Callable
from datetime import UTC, datetime

from agent.mqtt.certificate import Certificate, Malformed, from_der, from_pem
from agent.mqtt.endpoint import Endpoint, Tls
from agent.mqtt.reach import Deadline
from agent.mqtt.words import Cause, LinkFailed, in_words
from drivers.openssl import UNKNOWN, of_openssl
from drivers.phrase import Phrase, in_chinese

NAMES_SHOWN = 5
_NOT_YET, _EXPIRED, _SELF_SIGNED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 18, 62, 64
_UNKNOWN_ISSUER = (2, 19, 20, 21)
"""OpenSSL's X509_V_ERR_*: openssl/x509_vfy.h."""


def context(tls: Tls) -> ssl.SSLContext:
    """Made anew at each connect: renewed files need no restart. Raises `OSError`, `LinkFailed` for their content."""
    try:
        made = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
    except ssl.SSLError as error:
        raise LinkFailed(_empty(str(tls.ca_file), error), Cause.FILE) from None
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    if tls.cert_file is None:
        return made
    asked: list[bool] = []

    def password() -> str:
        """Without one of our own OpenSSL would ask on the terminal for that of a protected key."""
        asked.append(True)
        return ""

    try:
        made.load_cert_chain(tls.cert_file, tls.key_file, password)
    except ssl.SSLError as error:
        raise LinkFailed(_unusable(tls, error, is_protected=bool(asked)), Cause.FILE) from None
    return made


def _empty(file: str, error: ssl.SSLError) -> Phrase:
    why = of_openssl(error.reason or UNKNOWN)
    return Phrase(f"{file} 中没有 PEM 格式的证书（{why.zh}）", f"{file} holds no certificates in PEM ({why})")


def _unusable(tls: Tls, error: ssl.SSLError, *, is_protected: bool) -> Phrase:
    """What is wrong with the pair of certificate and key."""
    cert, key, why = tls.cert_file, tls.key_file, of_openssl(error.reason or UNKNOWN)
    if is_protected:
        return Phrase(
            f"私钥 {key} 有密码保护，而这里没有人能输入密码",
            f"{key} is protected by a passphrase, and nobody is there to type it",
        )
    if error.reason == "KEY_VALUES_MISMATCH":
        return Phrase(f"{key} 不是证书 {cert} 的私钥", f"{key} is not the key of {cert}")
    return Phrase(
        f"{cert} 和 {key} 中没有 PEM 格式的证书和私钥（{why.zh}）",
        f"{cert} and {key} hold no certificate and key in PEM ({why})",
    )


def own_certificate(tls: Tls | None) -> Certificate | None:
    """The one that we show, as it stands on disk now; None where there is none that can be read."""
    if tls is None or tls.cert_file is None:
        return None
    try:
        return from_pem(tls.cert_file.read_text(encoding="latin-1"))
    except (OSError, Malformed):
        return None


def own_expiry(tls: Tls | None) -> datetime | None:
    """Until when that is valid."""
    own = own_certificate(tls)
    return own.ends if own else None


def secured(sock: socket.socket, host: str, trusting: ssl.SSLContext, deadline: Deadline) -> ssl.SSLSocket:
    """The same connection, encrypted. Raises `ssl.SSLError` and other `OSError`; closes it then."""
    sock.settimeout(deadline.left())
    return trusting.wrap_socket(sock, server_hostname=host)


def shown_to_anyone(sock: socket.socket, host: str, deadline: Deadline) -> Certificate | None:
    """The certificate of a server that is not trusted, to be told about: nothing is sent but the name asked for."""
    curious = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    curious.check_hostname = False
    curious.verify_mode = ssl.CERT_NONE
    # A server that wants our certificate refuses us here with TLS 1.2: then nothing is learned.
    with contextlib.suppress(OSError, Malformed), secured(sock, host, curious, deadline) as shown:
        der = shown.getpeercert(binary_form=True)
        return from_der(der) if der else None
    return None


def distrust(
    error: ssl.SSLCertVerificationError,
    endpoint: Endpoint,
    shown: Certificate | None,
    clock_is_plausible: Callable[[], bool],
) -> Phrase:
    """Why a server's certificate is not accepted, with the dates and names that an operator has to compare."""
    code, now = error.verify_code, datetime.now(UTC)
    if shown is None:
        said = in_words(error, endpoint.place)
        return said if clock_is_plausible() else _followed(said, _implausible(now))
    found = _mismatch(code, endpoint, shown) if code != _NOT_YET else _too_early(shown, now)
    if found is None:
        return in_words(error, endpoint.place)
    of = Phrase(f"{endpoint.place} 的证书{found.zh}", f"certificate of {endpoint.place} {found}")
    if code != _NOT_YET:
        return of
    check = Phrase("；请检查本网关的时钟", "; check the clock of this gateway")
    return _followed(of, check if clock_is_plausible() else _implausible(now))


def _mismatch(code: int, endpoint: Endpoint, shown: Certificate) -> Phrase | None:
    """What is wrong with this certificate; None where nobody knows a better word than OpenSSL."""
    if code == _EXPIRED and shown.ends < datetime.now(UTC):
        ends = f"{shown.ends:%Y-%m-%d %H:%M} UTC"
        return Phrase(f"已于 {ends} 过期", f"expired on {ends}")
    if code == _EXPIRED:
        return Phrase(
            f"由一个自身证书已过期的 CA 签发（{shown.issuer}）",
            f"is signed by an authority whose own certificate has expired ({shown.issuer})",
        )
    if code in (_OTHER_NAME, _OTHER_ADDRESS):
        names, host = _listed(shown.names), endpoint.host
        return Phrase(f"写明的是 {names.zh}，不是 {host}", f"is for {names}, not for {host}")
    absent = _absent(endpoint)
    if code == _SELF_SIGNED:
        return Phrase(f"是自签名的（{shown.subject}），{absent.zh}", f"is self-signed ({shown.subject}) and {absent}")
    if code in _UNKNOWN_ISSUER:
        issuer = f"{shown.issuer!r}"
        return Phrase(f"由 {issuer} 签发，该 CA {absent.zh}", f"is signed by {issuer}, which is {absent}")
    return None


def _too_early(shown: Certificate, now: datetime) -> Phrase:
    """Without minutes of now, so that the reason does not change with each of them."""
    begins = f"{shown.begins:%Y-%m-%d %H:%M} UTC"
    return Phrase(
        f"从 {begins} 起才有效，而本网关现在是 {now:%Y-%m-%d %H} 时（UTC）",
        f"is valid only from {begins}, and here it is {now:%Y-%m-%d %H} h",
    )


def _implausible(now: datetime) -> Phrase:
    today = f"{now:%Y-%m-%d}"
    return Phrase(
        f"；本网关的时钟是 {today}，肯定不对：请校时",
        f"; the clock of this gateway says {today}, which cannot be right: set it",
    )


def _followed(said: Phrase, by: Phrase) -> Phrase:
    return Phrase(said.zh + by.zh, said + by)


def _listed(names: tuple[str, ...]) -> Phrase:
    if not names:
        return Phrase("空名称", "no name")
    more = len(names) - NAMES_SHOWN
    shown = names[:NAMES_SHOWN]
    zh, en = (f" 等 {len(names)} 个名称", f" and {more} more") if more > 0 else ("", "")
    return Phrase("、".join(shown) + zh, ", ".join(shown) + en)


def _absent(endpoint: Endpoint) -> Phrase:
    """From those whom we trust."""
    tls = endpoint.tls
    if tls and tls.ca_file:
        return Phrase(f"不在 ca_file {tls.ca_file.name} 中", f"not in ca_file {tls.ca_file.name}")
    return Phrase("不在系统信任的 CA 列表中；请设置 ca_file", "not in the system's list of authorities; give ca_file")


def blamed(reason: str, own: Certificate | None) -> str:
    """The reason of a broken or refused handshake, with what is known to be wrong on our side."""
    if own is None or datetime.now(UTC) <= own.ends:
        return reason
    ends = f"{own.ends:%Y-%m-%d %H:%M} UTC"
    return Phrase(
        f"本网关的证书已于 {ends} 过期（{in_chinese(reason)}）",
        f"the certificate of this gateway expired on {ends} ({reason})",
    )
