"""Why a connection failed, in words of an operator's log."""

import socket
import ssl
from typing import NamedTuple

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode


class LinkFailed(Exception):
    """No connection, or not any more. `reason` is plain English on one line."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Refusal(NamedTuple):
    """A message that the broker, or the protocol, does not take."""

    code: int
    """MQTT 5 reason code (OASIS MQTT 5.0, table 2-6), 0x80 or above."""
    reason: str


TOPIC_NAME_INVALID = 0x90
PACKET_TOO_LARGE = 0x95
PAYLOAD_FORMAT_INVALID = 0x99


def puback_reason(code: int) -> str:
    """What a PUBACK's reason code says."""
    return str(ReasonCode(PacketTypes.PUBACK, identifier=code))


def in_words(error: Exception, place: str) -> str:
    """The reason of an `OSError`, `ValueError` or library error met while connecting to `place` (host:port)."""
    match error:
        case ssl.SSLCertVerificationError():
            return f"certificate of {place} not accepted: {error.verify_message}"
        case ssl.SSLError():
            return tls_in_words(error, place)
        case socket.gaierror():
            return f"name of {place} cannot be resolved: {error.strerror}"
        case TimeoutError():
            return f"no answer from {place}"
        case ConnectionRefusedError():
            return f"connection refused by {place}"
        case OSError() if error.filename is not None:
            return f"cannot read {error.filename}: {error.strerror}"
        case OSError():
            return f"{place}: {error.strerror or error}"
        case _:
            return f"{place}: {error or type(error).__name__}"


_ALERTS = {
    "CERTIFICATE_REQUIRED": "it wants a client certificate (tls.cert_file)",
    "CERTIFICATE_EXPIRED": "it does not accept the certificate of this gateway: expired",
    "CERTIFICATE_REVOKED": "it does not accept the certificate of this gateway: revoked",
    "UNKNOWN_CA": "it does not know the authority that signed the certificate of this gateway",
    "BAD_CERTIFICATE": "it does not accept the certificate of this gateway",
    "CERTIFICATE_UNKNOWN": "it does not accept the certificate of this gateway",
    "UNSUPPORTED_CERTIFICATE": "it does not accept the certificate of this gateway: unsupported kind",
    "ACCESS_DENIED": "it does not accept the certificate of this gateway: access denied",
    "HANDSHAKE_FAILURE": "no common way of encryption, or it wants a client certificate (tls.cert_file)",
    "UNRECOGNIZED_NAME": "it does not know this host name",
    "PROTOCOL_VERSION": "it speaks no TLS 1.2 or newer",
    "UNSUPPORTED_PROTOCOL": "it speaks no TLS 1.2 or newer",
    "WRONG_VERSION_NUMBER": "what answers there does not speak TLS; is it the right port?",
    "RECORD_LAYER_FAILURE": "what answers there does not speak TLS; is it the right port?",
    "HTTP_REQUEST": "what answers there does not speak TLS; is it the right port?",
    "UNEXPECTED_EOF_WHILE_READING": "it closed the connection",
}
"""How OpenSSL's reasons end (openssl/sslerr.h; alerts are those of RFC 8446 section 6), and what that means here."""


def tls_in_words(error: ssl.SSLError, place: str) -> str:
    """The reason of a broken TLS connection; the broker's alerts arrive here, with TLS 1.3 after the handshake."""
    reason = error.reason or str(error)
    known = next((words for ending, words in _ALERTS.items() if reason.endswith(ending)), None)
    return f"TLS with {place} failed: {known or reason.replace('_', ' ').lower()}"
