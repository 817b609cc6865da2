"""Why a connection could not be opened, in words that an electrician can act on."""

import errno
import ssl

from drivers.errors import NotConnected
from drivers.openssl import of_openssl, unverified
from drivers.phrase import Phrase, of_system

CLOSED = Phrase("连接已关闭", "the connection was closed")

_REASONS = {
    errno.ECONNREFUSED: (Phrase("连接被拒绝", "connection refused"), "M2010"),
    errno.ECONNRESET: (Phrase("设备重置了连接", "connection reset by the device"), None),
    errno.EHOSTUNREACH: (Phrase("主机不可达", "host unreachable"), "M2012"),
    errno.ENETUNREACH: (Phrase("网络不可达", "network unreachable"), "M2012"),
    errno.ETIMEDOUT: (Phrase("连接请求没有应答", "no answer to the connection request"), "M2011"),
    errno.ENOENT: (Phrase("没有这个设备", "no such device"), "M2015"),
    errno.ENODEV: (Phrase("没有这个设备", "no such device"), "M2015"),
    errno.ENXIO: (Phrase("没有这个设备", "no such device"), "M2015"),
    errno.EIO: (Phrase("没有这个设备", "no such device"), "M2015"),
    errno.EACCES: (Phrase("没有权限", "permission denied"), "M2016"),
    errno.EPERM: (Phrase("没有权限", "permission denied"), "M2016"),
    errno.EBUSY: (Phrase("被其他程序占用", "in use by another program"), "M2017"),
    errno.EAGAIN: (Phrase("被其他程序占用", "in use by another program"), "M2017"),
    errno.EADDRINUSE: (Phrase("端口被其他程序占用", "the port is in use by another program"), "M2020"),
    errno.EADDRNOTAVAIL: (Phrase("本机没有这个地址", "this machine has no such address"), "M2021"),
}


def not_opened(error: OSError) -> NotConnected:
    """The refusal for the operator, without addresses and numbers that change from try to try."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotConnected(unverified(error), "M2018")
    if isinstance(error, ssl.SSLError):
        return NotConnected(of_openssl(error.reason or str(error)), "M2019")
    if isinstance(error, ConnectionError) and error.errno is None:  # asyncio's own, of a handshake that breaks off
        return NotConnected(Phrase("设备关闭了连接", "the device closed the connection"), "M2019")
    reason, code = _REASONS.get(error.errno or 0, (of_system(error), None))
    return NotConnected(reason, code)
