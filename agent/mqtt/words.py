"""Why a connection failed, in words of an operator's log."""

import errno
import socket
import ssl
from enum import StrEnum
from typing import NamedTuple

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode


class Cause(StrEnum):
    """Kinds of reasons: each wants something else done (`agent.messages.hints`)."""

    UNKNOWN = ""
    REFUSED = "refused"
    NAME = "name"
    UNREACHABLE = "unreachable"
    SILENT = "silent"
    NOT_MQTT = "not_mqtt"
    CERTIFICATE = "certificate"
    TLS = "tls"
    FILE = "file"
    LOGIN = "login"
    DECLINED = "declined"
    UNACKNOWLEDGED = "unacknowledged"
    CLOSED = "closed"
    TAKEN_OVER = "taken_over"


class LinkFailed(Exception):
    """No connection, or not any more. `reason` is plain English on one line."""

    def __init__(self, reason: str, cause: Cause = Cause.UNKNOWN) -> None:
        super().__init__(reason)
        self.reason = reason
        self.cause = cause


class Refusal(NamedTuple):
    """A message that the broker, or the protocol, does not take."""

    code: int
    """MQTT 5 reason code (OASIS MQTT 5.0, table 2-6), 0x80 or above."""
    reason: str
    is_asked: bool = True
    """The broker said so; False where it was not even asked."""


TOPIC_NAME_INVALID = 0x90
PACKET_TOO_LARGE = 0x95
PAYLOAD_FORMAT_INVALID = 0x99


def puback_reason(code: int) -> str:
    """What a PUBACK's reason code says."""
    # By the standard a PUBACK cannot say that a packet is too large, a CONNACK can.
    packet = PacketTypes.CONNACK if code == PACKET_TOO_LARGE else PacketTypes.PUBACK
    return str(ReasonCode(packet, identifier=code))


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


def cause_of(error: Exception) -> Cause:
    """The kind of reason of what `in_words` tells."""
    match error:
        case ssl.SSLCertVerificationError():
            return Cause.CERTIFICATE
        case ssl.SSLError():
            return Cause.TLS
        case socket.gaierror():
            return Cause.NAME
        case TimeoutError():
            return Cause.SILENT
        case ConnectionRefusedError():
            return Cause.REFUSED
        case ConnectionError():
            return Cause.CLOSED
        case OSError() if error.filename is not None:
            return Cause.FILE
        case OSError() if error.errno in (errno.EHOSTUNREACH, errno.ENETUNREACH, errno.ENETDOWN, errno.EHOSTDOWN):
            return Cause.UNREACHABLE
        case _:
            return Cause.UNKNOWN


_LOGIN = frozenset((0x85, 0x86, 0x87, 0x8A, 0x8C))
_ENDED = frozenset((0x00, 0x04, 0x8B, 0x8D, 0x98, 0x9C, 0x9D))


def cause_of_connack(code: int) -> Cause:
    """Client id, user name, password, permission, ban: whoever runs the broker must be asked about these."""
    return Cause.LOGIN if code in _LOGIN else Cause.DECLINED


def cause_of_disconnect(code: int, by_broker: bool) -> Cause:
    """Why a connection ended that was there; codes are those of DISCONNECT (OASIS MQTT 5.0, table 3-13)."""
    if not by_broker:
        return Cause.UNACKNOWLEDGED if code == 0x8D else Cause.CLOSED
    if code == 0x8E:
        return Cause.TAKEN_OVER
    return Cause.CLOSED if code in _ENDED else Cause.LOGIN if code in _LOGIN else Cause.DECLINED


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
