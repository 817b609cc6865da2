"""Why a connection could not be opened, in words that an electrician can act on."""

import errno
import ssl

from drivers.errors import NotConnected

_REASONS = {
    errno.ECONNREFUSED: ("connection refused", "M2010"),
    errno.ECONNRESET: ("connection reset by the device", None),
    errno.EHOSTUNREACH: ("host unreachable", "M2012"),
    errno.ENETUNREACH: ("network unreachable", "M2012"),
    errno.ETIMEDOUT: ("no answer to the connection request", "M2011"),
    errno.ENOENT: ("no such device", "M2015"),
    errno.ENODEV: ("no such device", "M2015"),
    errno.ENXIO: ("no such device", "M2015"),
    errno.EIO: ("no such device", "M2015"),
    errno.EACCES: ("permission denied", "M2016"),
    errno.EPERM: ("permission denied", "M2016"),
    errno.EBUSY: ("in use by another program", "M2017"),
    errno.EAGAIN: ("in use by another program", "M2017"),
    errno.EADDRINUSE: ("the port is in use by another program", "M2020"),
    errno.EADDRNOTAVAIL: ("this machine has no such address", "M2021"),
}


def not_opened(error: OSError) -> NotConnected:
    """The refusal for the operator, without addresses and numbers that change from try to try."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotConnected(f"certificate not accepted: {error.verify_message}", "M2018")
    if isinstance(error, ssl.SSLError):
        return NotConnected(f"TLS failed: {(error.reason or str(error)).replace('_', ' ').lower()}", "M2019")
    if isinstance(error, ConnectionError) and error.errno is None:  # asyncio's own, of a handshake that breaks off
        return NotConnected("TLS failed: the device closed the connection", "M2019")
    reason, code = _REASONS.get(error.errno or 0, (error.strerror or str(error) or type(error).__name__, None))
    return NotConnected(reason, code)
