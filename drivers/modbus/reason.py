"""Why a connection could not be opened, in words that an electrician can act on."""

import errno

from drivers.errors import NotConnected

_REASONS = {
    errno.ECONNREFUSED: ("connection refused", "M2010"),
    errno.ECONNRESET: ("connection reset by the device", None),
    errno.EHOSTUNREACH: ("host unreachable", "M2012"),
    errno.ENETUNREACH: ("network unreachable", "M2012"),
    errno.ETIMEDOUT: ("no answer to the connection request", "M2011"),
}


def not_opened(error: OSError) -> NotConnected:
    """The refusal for the operator, without addresses and numbers that change from try to try."""
    reason, code = _REASONS.get(error.errno or 0, (error.strerror or str(error) or type(error).__name__, None))
    return NotConnected(reason, code)
