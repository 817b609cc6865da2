"""Why there is no conversation: what the server or the system said becomes the message that helps."""

import socket

import pytest
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors._base import UaStatusCodeError

from drivers.opcua.messages import MESSAGES
from drivers.opcua.reason import reason

URL = "opc.tcp://127.0.0.1:4840"


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("BadTooManySessions", "U2110"),
        ("BadIdentityTokenRejected", "U2111"),
        ("BadCertificateUntrusted", "U2112"),
        ("BadCertificateTimeInvalid", "U2112"),
        ("BadCertificateRevoked", "U2112"),
        ("BadCertificateUseNotAllowed", "U2112"),
        ("BadCertificateUriInvalid", "U2112"),
        ("BadSecurityPolicyRejected", "U2113"),
        ("BadOutOfMemory", None),
    ],
)
def test_what_the_server_says_has_its_message(status: str, code: str | None) -> None:
    found = reason(UaStatusCodeError(getattr(StatusCodes, status)), URL)
    assert (found.code, status in found.reason) == (code, True)
    assert code is None or code in MESSAGES


def test_a_clock_that_is_wrong_over_there_is_named() -> None:
    assert "clock" in reason(UaStatusCodeError(StatusCodes.BadCertificateTimeInvalid), URL).reason


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (TimeoutError(), "no answer in time"),
        (socket.gaierror(), "cannot be looked up"),
        (ConnectionRefusedError(), "nothing listens there"),
        (OSError(113, "No route to host"), "No route to host"),
        (ValueError(), "ValueError"),
    ],
)
def test_what_the_system_says_is_in_words(error: Exception, said: str) -> None:
    assert said in reason(error, URL).reason
