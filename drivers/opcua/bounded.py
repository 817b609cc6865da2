"""How much of one message is held in memory, whatever a server says or a damaged length promises.

asyncua takes the limits of the Acknowledge for its own, but those are of what the *server* takes (OPC 10000-6,
7.1.2.4), and it waits for as many bytes as a chunk's header names.
"""

from asyncua.client.client import Client
from asyncua.client.ua_client import UASocketProtocol
from asyncua.common.connection import TransportLimits
from asyncua.ua.uaprotocol_hand import Acknowledge

CHUNK = 65_535
"""Bytes of the longest chunk that we accept; the Hello says so."""
SHORTEST = 8192
"""No chunk but the last of a message is shorter (OPC 10000-6, 7.1.2.3)."""


class _Limits(TransportLimits):
    """Ours for what comes, the server's for what we send."""

    def update_client_limits(self, msg: Acknowledge) -> None:
        sizes = (self.max_send_buffer, msg.ReceiveBufferSize, msg.SendBufferSize)
        self.max_send_buffer = min(size for size in sizes if size > 0)


def bounded(url: str, timeout_s: float, message_bytes: int) -> Client:
    """A client that ends the conversation over a message or a chunk that is longer.

    Requests under way fail with BadRequestTooLarge then, or because the connection is closed.
    """
    client = Client(url, timeout=timeout_s)
    client.max_messagesize, client.max_chunkcount = message_bytes, -(-message_bytes // SHORTEST) + 1
    make = client.uaclient._make_protocol  # the one place where a connection is made

    def made() -> UASocketProtocol:
        protocol = make()
        protocol._connection._limits = _Limits(CHUNK, CHUNK, client.max_chunkcount, client.max_messagesize)
        protocol.data_received = lambda data: _received(protocol, data)  # type: ignore[method-assign]  # of this one
        return protocol

    client.uaclient._make_protocol = made  # type: ignore[method-assign]  # of this one
    return client


def _received(protocol: UASocketProtocol, data: bytes) -> None:
    UASocketProtocol.data_received(protocol, data)
    if protocol.receive_buffer is not None and len(protocol.receive_buffer) > CHUNK:
        protocol.receive_buffer = None
        protocol.disconnect_socket()
