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
            return f"TLS with {place} failed: {(error.reason or str(error)).replace('_', ' ').lower()}"
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
