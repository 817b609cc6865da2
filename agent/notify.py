"""Tell systemd how the service stands (sd_notify, the protocol of `systemd.notify(3)`)."""

import os
import socket


def notify(state: str) -> bool:
    """Send a state such as `READY=1`; False where nobody asked to be told or listens."""
    address = os.environ.get("NOTIFY_SOCKET")
    if not address:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
        try:
            sender.connect("\0" + address[1:] if address.startswith("@") else address)
            sender.sendall(state.encode())
        except OSError:
            return False
    return True
