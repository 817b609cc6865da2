"""Why there is no conversation, in words and with the message that helps."""

import socket
import struct

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors._base import UaError, UaStatusCodeError

from drivers.errors import NotConnected

UNREADABLE = (
    UaError,
    struct.error,
    ValueError,
    TypeError,
    KeyError,
    IndexError,
    AttributeError,
    OverflowError,
)
"""What asyncua raises for bytes that are no message."""
LOST = (OSError, TimeoutError, AssertionError, *UNREADABLE)
"""What asyncua's own calls raise where there is no conversation. It asserts things of what a server sends, too."""

_CODES = {
    StatusCodes.BadTooManySessions: ("U2110", "the server has no session left"),
    StatusCodes.BadIdentityTokenRejected: ("U2111", "the server refuses the user or the password"),
    StatusCodes.BadIdentityTokenInvalid: ("U2111", "the server refuses the way to say who we are"),
    StatusCodes.BadUserAccessDenied: ("U2111", "the server denies access"),
    StatusCodes.BadCertificateUntrusted: ("U2112", "the server does not trust our certificate"),
    StatusCodes.BadSecurityChecksFailed: ("U2112", "the server does not accept our certificate"),
    StatusCodes.BadCertificateInvalid: ("U2112", "the server calls our certificate invalid"),
    StatusCodes.BadCertificateTimeInvalid: ("U2112", "by the server's clock our certificate is not valid"),
    StatusCodes.BadCertificateRevoked: ("U2112", "the server calls our certificate revoked"),
    StatusCodes.BadCertificateUseNotAllowed: ("U2112", "the server does not accept what our certificate is for"),
    StatusCodes.BadCertificateUriInvalid: ("U2112", "the server expects another application URI in our certificate"),
    StatusCodes.BadSecurityPolicyRejected: ("U2113", "the server does not offer this security"),
    StatusCodes.BadSecurityModeRejected: ("U2113", "the server does not offer this security"),
}


def reason(error: Exception, url: str) -> NotConnected:
    """What the agent is told."""
    if isinstance(error, UaStatusCodeError):
        name = ua.StatusCode(error.code).name
        code, said = _CODES.get(error.code, (None, "the server refused"))
        return NotConnected(f"{said} ({name})", code)
    if isinstance(error, TimeoutError):
        return NotConnected("no answer in time")
    if isinstance(error, socket.gaierror):
        return NotConnected("the name of the server cannot be looked up")
    if isinstance(error, ConnectionRefusedError):
        return NotConnected("connection refused: nothing listens there")
    if isinstance(error, ConnectionError) and error.errno is None:
        return NotConnected("the server closed the connection")
    if isinstance(error, OSError):
        return NotConnected(error.strerror or str(error) or type(error).__name__)
    return unreadable(error)


def unreadable(error: Exception) -> NotConnected:
    """Bytes came that are no answer of an OPC UA server, or a damaged one."""
    return NotConnected(f"an answer of the server cannot be read ({type(error).__name__})")
