"""Why a connection could not be opened, in words that an electrician can act on."""

import errno
import socket

_REASONS = {
    errno.ECONNREFUSED: "connection refused: nothing listens on this port, or all its connections are taken",
    errno.ECONNRESET: "connection reset by the device",
    errno.EHOSTUNREACH: "host unreachable",
    errno.ENETUNREACH: "network unreachable",
    errno.ETIMEDOUT: "no answer to the connection request",
    errno.EMFILE: "too many open files",
}


def reason_of(error: OSError) -> str:
    """One line for the operator's log, without addresses and numbers that change from try to try."""
    if isinstance(error, socket.gaierror):
        return "host name cannot be resolved"
    return _REASONS.get(error.errno or 0) or (error.strerror or str(error) or type(error).__name__)
