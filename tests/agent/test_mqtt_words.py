"""Kinds of reasons why there is no broker."""

import errno
import socket
import ssl

import pytest

from agent.mqtt.words import Cause, cause_of, cause_of_connack, cause_of_disconnect


@pytest.mark.parametrize(
    ("error", "cause"),
    [
        (ssl.SSLCertVerificationError(1, "x"), Cause.CERTIFICATE),
        (ssl.SSLError(1, "x"), Cause.TLS),
        (socket.gaierror(-2, "x"), Cause.NAME),
        (TimeoutError(), Cause.SILENT),
        (ConnectionRefusedError(), Cause.REFUSED),
        (ConnectionResetError(), Cause.CLOSED),
        (FileNotFoundError(errno.ENOENT, "x", "ca.pem"), Cause.FILE),
        (OSError(errno.EHOSTUNREACH, "x"), Cause.UNREACHABLE),
        (ValueError("x"), Cause.UNKNOWN),
    ],
)
def test_errors(error: Exception, cause: Cause) -> None:
    assert cause_of(error) == cause


@pytest.mark.parametrize(("code", "cause"), [(0x86, Cause.LOGIN), (0x87, Cause.LOGIN), (0x88, Cause.DECLINED)])
def test_refusals(code: int, cause: Cause) -> None:
    assert cause_of_connack(code) == cause


@pytest.mark.parametrize(
    ("code", "by_broker", "cause"),
    [
        (0x8E, True, Cause.TAKEN_OVER),
        (0x8B, True, Cause.CLOSED),
        (0x87, True, Cause.LOGIN),
        (0x97, True, Cause.DECLINED),
        (0x8D, False, Cause.UNACKNOWLEDGED),
        (0x80, False, Cause.CLOSED),
    ],
)
def test_ends(code: int, by_broker: bool, cause: Cause) -> None:
    assert cause_of_disconnect(code, by_broker) == cause
