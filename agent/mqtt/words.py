"""Why a connection failed, in words of an operator's log."""

import errno
import socket
import ssl
from enum import StrEnum
from typing import NamedTuple

from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.reasoncodes import ReasonCode

from agent.mqtt import foreign
from drivers import openssl
from drivers.phrase import Phrase, in_chinese, of_system


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
    """No connection, or not any more. `reason` is one line, a `drivers.phrase.Phrase` where it stands in a log."""

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


def puback_reason(code: int) -> Phrase:
    """What a PUBACK's reason code says."""
    # By the standard a PUBACK cannot say that a packet is too large, a CONNACK can.
    packet = PacketTypes.CONNACK if code == PACKET_TOO_LARGE else PacketTypes.PUBACK
    return foreign.named(ReasonCode(packet, identifier=code))


def in_words(error: Exception, place: str) -> Phrase:
    """The reason of an `OSError`, `ValueError` or library error met while connecting to `place` (host:port)."""
    match error:
        case ssl.SSLCertVerificationError():
            why = openssl.unverified(error)
            return because(f"不接受 {place} 的证书", f"certificate of {place} not accepted", why)
        case ssl.SSLError():
            return tls_in_words(error, place)
        case socket.gaierror():
            return unresolved(place, foreign.unnamed(error))
        case TimeoutError():
            return unanswered(place)
        case ConnectionRefusedError():
            return Phrase(f"{place} 拒绝连接", f"connection refused by {place}")
        case OSError() if error.filename is not None:
            return because(f"无法读取 {error.filename}", f"cannot read {error.filename}", of_system(error))
        case _:
            return because(place, place, foreign.of_error(error))


def because(zh: str, en: str, why: str) -> Phrase:
    """A sentence, a colon and its reason."""
    return Phrase(f"{zh}：{in_chinese(why)}", f"{en}: {why}")


def unresolved(place: str, why: str) -> Phrase:
    """The host of a place has no address."""
    return because(f"无法解析 {place} 的主机名", f"name of {place} cannot be resolved", why)


def unanswered(place: str) -> Phrase:
    return Phrase(f"{place} 没有应答", f"no answer from {place}")


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


_UNLIKED = Phrase("它不接受本网关的证书", "it does not accept the certificate of this gateway")
_OLD = Phrase("它不支持 TLS 1.2 或更高版本", "it speaks no TLS 1.2 or newer")
_NO_TLS = Phrase("对方不是 TLS；端口是否正确？", "what answers there does not speak TLS; is it the right port?")
_ALERTS = {
    "CERTIFICATE_REQUIRED": Phrase(
        "它要求客户端证书（tls.cert_file）", "it wants a client certificate (tls.cert_file)"
    ),
    "CERTIFICATE_EXPIRED": Phrase(f"{_UNLIKED.zh}：已过期", f"{_UNLIKED}: expired"),
    "CERTIFICATE_REVOKED": Phrase(f"{_UNLIKED.zh}：已吊销", f"{_UNLIKED}: revoked"),
    "UNKNOWN_CA": Phrase(
        "它不认识签发本网关证书的 CA", "it does not know the authority that signed the certificate of this gateway"
    ),
    "BAD_CERTIFICATE": _UNLIKED,
    "CERTIFICATE_UNKNOWN": _UNLIKED,
    "UNSUPPORTED_CERTIFICATE": Phrase(f"{_UNLIKED.zh}：不支持这种证书", f"{_UNLIKED}: unsupported kind"),
    "ACCESS_DENIED": Phrase(f"{_UNLIKED.zh}：没有权限", f"{_UNLIKED}: access denied"),
    "HANDSHAKE_FAILURE": Phrase(
        "没有共同的加密方式，或者它要求客户端证书（tls.cert_file）",
        "no common way of encryption, or it wants a client certificate (tls.cert_file)",
    ),
    "UNRECOGNIZED_NAME": Phrase("它不认识这个主机名", "it does not know this host name"),
    "PROTOCOL_VERSION": _OLD,
    "UNSUPPORTED_PROTOCOL": _OLD,
    "WRONG_VERSION_NUMBER": _NO_TLS,
    "RECORD_LAYER_FAILURE": _NO_TLS,
    "HTTP_REQUEST": _NO_TLS,
    "UNEXPECTED_EOF_WHILE_READING": Phrase("它关闭了连接", "it closed the connection"),
}
"""How OpenSSL's reasons end (openssl/sslerr.h; alerts are those of RFC 8446 section 6), and what that means here."""


def tls_in_words(error: ssl.SSLError, place: str) -> Phrase:
    """The reason of a broken TLS connection; the broker's alerts arrive here, with TLS 1.3 after the handshake."""
    reason = error.reason or str(error)
    known = next((words for ending, words in _ALERTS.items() if reason.endswith(ending)), None)
    return because(f"与 {place} 的 TLS 连接失败", f"TLS with {place} failed", known or openssl.of_openssl(reason))
