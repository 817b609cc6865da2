"""Why there is no conversation, in words and with the message that helps."""

import socket
import struct

from asyncua import ua
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors._base import UaError, UaStatusCodeError

from drivers.errors import NotConnected
from drivers.phrase import Phrase, of_system

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

CLOSED = Phrase("服务器关闭了连接", "the server closed the connection")
_REFUSED = ("服务器拒绝了请求", "the server refused")
_CODES = {
    StatusCodes.BadTooManySessions: ("U2110", "服务器没有空闲会话", "the server has no session left"),
    StatusCodes.BadIdentityTokenRejected: (
        "U2111",
        "服务器不接受用户名或密码",
        "the server refuses the user or the password",
    ),
    StatusCodes.BadIdentityTokenInvalid: (
        "U2111",
        "服务器不接受这种登录方式",
        "the server refuses the way to say who we are",
    ),
    StatusCodes.BadUserAccessDenied: ("U2111", "服务器拒绝访问", "the server denies access"),
    StatusCodes.BadCertificateUntrusted: ("U2112", "服务器不信任本机证书", "the server does not trust our certificate"),
    StatusCodes.BadSecurityChecksFailed: (
        "U2112",
        "服务器不接受本机证书",
        "the server does not accept our certificate",
    ),
    StatusCodes.BadCertificateInvalid: ("U2112", "服务器认为本机证书无效", "the server calls our certificate invalid"),
    StatusCodes.BadCertificateTimeInvalid: (
        "U2112",
        "按服务器的时钟，本机证书不在有效期内",
        "by the server's clock our certificate is not valid",
    ),
    StatusCodes.BadCertificateRevoked: (
        "U2112",
        "服务器认为本机证书已吊销",
        "the server calls our certificate revoked",
    ),
    StatusCodes.BadCertificateUseNotAllowed: (
        "U2112",
        "服务器不接受本机证书的用途",
        "the server does not accept what our certificate is for",
    ),
    StatusCodes.BadCertificateUriInvalid: (
        "U2112",
        "服务器要求本机证书中是另一个应用 URI",
        "the server expects another application URI in our certificate",
    ),
    StatusCodes.BadSecurityPolicyRejected: (
        "U2113",
        "服务器不提供这种安全设置",
        "the server does not offer this security",
    ),
    StatusCodes.BadSecurityModeRejected: (
        "U2113",
        "服务器不提供这种安全设置",
        "the server does not offer this security",
    ),
}


def reason(error: Exception, url: str) -> NotConnected:
    """What the agent is told."""
    if isinstance(error, UaStatusCodeError):
        name = ua.StatusCode(error.code).name
        code, zh, en = _CODES.get(error.code, (None, *_REFUSED))
        return NotConnected(Phrase(f"{zh}（{name}）", f"{en} ({name})"), code)
    if isinstance(error, TimeoutError):
        return NotConnected(Phrase("没有及时应答", "no answer in time"))
    if isinstance(error, socket.gaierror):
        return NotConnected(Phrase("服务器的名称无法解析", "the name of the server cannot be looked up"))
    if isinstance(error, ConnectionRefusedError):
        return NotConnected(Phrase("连接被拒绝：该端口没有程序在监听", "connection refused: nothing listens there"))
    if isinstance(error, ConnectionError) and error.errno is None:
        return NotConnected(CLOSED)
    if isinstance(error, OSError):
        return NotConnected(of_system(error))
    return unreadable(error)


def refused(error: UaStatusCodeError) -> Phrase:
    """A request that the server answers with a status of its own."""
    name = ua.StatusCode(error.code).name
    zh, en = _REFUSED
    return Phrase(f"{zh}（{name}）", f"{en} ({name})")


def unreadable(error: Exception) -> NotConnected:
    """Bytes came that are no answer of an OPC UA server, or a damaged one."""
    what = type(error).__name__
    return NotConnected(Phrase(f"服务器的应答无法解读（{what}）", f"an answer of the server cannot be read ({what})"))
