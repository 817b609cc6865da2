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

NAMES_SHOWN = 5
_NOT_YET, _EXPIRED, _SELF_SIGNED, _OTHER_NAME, _OTHER_ADDRESS = 9, 10, 18, 62, 64
_UNKNOWN_ISSUER = (2, 19, 20, 21)
"""OpenSSL's X509_V_ERR_*: openssl/x509_vfy.h."""


def context(tls: Tls) -> ssl.SSLContext:
    """Made anew at each connect: renewed files need no restart. Raises `OSError`, `LinkFailed` for their content."""
    try:
        made = ssl.create_default_context(cafile=str(tls.ca_file) if tls.ca_file else None)
    except ssl.SSLError as error:
        raise LinkFailed(f"{tls.ca_file} holds no certificates in PEM ({_told(error)})", Cause.FILE) from None
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


def _unusable(tls: Tls, error: ssl.SSLError, *, is_protected: bool) -> str:
    """What is wrong with the pair of certificate and key."""
    if is_protected:
        return f"{tls.key_file} is protected by a passphrase, and nobody is there to type it"
    if error.reason == "KEY_VALUES_MISMATCH":
        return f"{tls.key_file} is not the key of {tls.cert_file}"
    return f"{tls.cert_file} and {tls.key_file} hold no certificate and key in PEM ({_told(error)})"


def _told(error: ssl.SSLError) -> str:
    return (error.reason or "unknown").replace("_", " ").lower()


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
) -> str:
    """Why a server's certificate is not accepted, with the dates and names that an operator has to compare."""
    of = f"certificate of {endpoint.place}"
    now = datetime.now(UTC)
    if shown is None:
        hint = "" if clock_is_plausible() else _implausible(now)
        return in_words(error, endpoint.place) + hint
    match error.verify_code:
        case code if code == _EXPIRED and shown.ends < now:
            return f"{of} expired on {shown.ends:%Y-%m-%d %H:%M} UTC"
        case code if code == _EXPIRED:
            return f"{of} is signed by an authority whose own certificate has expired ({shown.issuer})"
        case code if code == _NOT_YET:
            hint = "; check the clock of this gateway" if clock_is_plausible() else _implausible(now)
            # Without minutes, so that the reason does not change with each of them.
            return (
                f"{of} is valid only from {shown.begins:%Y-%m-%d %H:%M} UTC, and here it is {now:%Y-%m-%d %H} h{hint}"
            )
        case code if code in (_OTHER_NAME, _OTHER_ADDRESS):
            return f"{of} is for {_listed(shown.names)}, not for {endpoint.host}"
        case code if code == _SELF_SIGNED:
            return f"{of} is self-signed ({shown.subject}) and not in {_trusted(endpoint)}"
        case code if code in _UNKNOWN_ISSUER:
            return f"{of} is signed by {shown.issuer!r}, which is not in {_trusted(endpoint)}"
        case _:
            return in_words(error, endpoint.place)


def _implausible(now: datetime) -> str:
    return f"; the clock of this gateway says {now:%Y-%m-%d}, which cannot be right: set it"


def _listed(names: tuple[str, ...]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "") if names else "no name"


def _trusted(endpoint: Endpoint) -> str:
    tls = endpoint.tls
    return f"ca_file {tls.ca_file.name}" if tls and tls.ca_file else "the system's list of authorities; give ca_file"


def blamed(reason: str, own: Certificate | None) -> str:
    """The reason of a broken or refused handshake, with what is known to be wrong on our side."""
    if own is None or datetime.now(UTC) <= own.ends:
        return reason
    return f"the certificate of this gateway expired on {own.ends:%Y-%m-%d %H:%M} UTC ({reason})"
