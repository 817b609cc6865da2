"""paho's client with its socket in our hands.

paho keeps the session: CONNECT, keep-alive, SUBSCRIBE, DISCONNECT. It would also take three system calls to read
each PUBACK, build four objects for it, and one system call for each PUBLISH; these two packets go beside it, many in
one call. docs/decisions/0004 has the figures and what it costs: three methods of paho that are not public. The way to
the broker, down to the websocket's frames, is ours as well: docs/decisions/0013.
"""

import socket
import ssl
import time
from typing import Any

import paho.mqtt.client as paho

from agent.mqtt.websocket import Frames, frame
from drivers.phrase import Phrase

READ_BYTES = 65_536
NOT_NOW = (BlockingIOError, ssl.SSLWantReadError, ssl.SSLWantWriteError)


class Client(paho.Client):
    """What paho writes and what is written beside it share one buffer, so packets never mix."""

    def __init__(self, *args: Any, **named: Any) -> None:
        self._outgoing = bytearray()
        self._served = b""
        self._way: socket.socket | None = None
        self._frames: Frames | None = None
        self.broken: OSError | None = None
        """Why sending failed; paho keeps only a text of it."""
        super().__init__(*args, **named)

    def travel(self, way: socket.socket, frames: Frames | None) -> None:
        """Speak over this connection, in websocket frames where there are some; before `connect`."""
        self._way = way
        self._frames = frames

    # ---- what paho calls instead of its own

    def _create_socket(self) -> socket.socket:
        if self._way is None:
            raise ValueError(Phrase("没有可用的连接", "no connection to speak over"))
        return self._way

    def _sock_send(self, buf: bytes | bytearray) -> int:
        """paho's packets are few: they go out at once, since paho closes the socket right after DISCONNECT."""
        self.write(bytes(buf))
        self.flush()
        return len(buf)

    def _sock_recv(self, bufsize: int) -> bytes:
        if not self._served:
            raise BlockingIOError
        taken, self._served = self._served[:bufsize], self._served[bufsize:]
        return taken

    # ---- what the link calls

    def serve(self, packet: bytes) -> None:
        """Let paho deal with one whole packet from the broker."""
        self._served += packet
        self.loop_read()

    def write(self, packet: bytes) -> None:
        """Put a packet behind what is to be sent; `flush` sends it."""
        self._outgoing += frame(packet) if self._frames else packet

    def flush(self) -> bool:
        """Send what can be sent now; whether that was all. Raises `OSError`."""
        sock: Any = self.socket()
        while self._outgoing and sock is not None:
            try:
                sent = sock.send(self._outgoing)
            except NOT_NOW:
                return False
            except OSError as error:
                self.broken = _heard(sock) or error
                raise self.broken from None
            del self._outgoing[:sent]
        return True

    def receive(self) -> bytes | None:
        """What has come, b"" when the broker closed, None when there is nothing now. Raises `OSError`."""
        while True:
            received = self._received()
            if received and self._ping_t:
                # What comes beside paho is life too: a PINGREQ may stand behind a long queue on a slow line.
                self._ping_t = time.monotonic()
            if not received or self._frames is None:
                return received
            carried = self._unframed(received, self._frames)
            if carried:
                return carried

    def _received(self) -> bytes | None:
        sock: Any = self.socket()
        if sock is None:
            return None
        if self._frames is not None and self._frames.closed is not None:
            raise self._frames.closed
        try:
            received: bytes = sock.recv(READ_BYTES)
        except NOT_NOW:
            return None
        return received

    def _unframed(self, received: bytes, frames: Frames) -> bytes:
        carried = frames.feed(received)
        if frames.replies:
            self._outgoing += frames.replies
            frames.replies.clear()
            self.flush()
        return carried

    def new_mid(self) -> int:
        """A packet id from the one sequence that SUBSCRIBE uses too (MQTT 5.0, 2.2.1)."""
        return self._mid_generate()


def _heard(sock: Any) -> OSError | None:
    """The TLS alert that arrived before sending failed: it says why the broker closed."""
    if isinstance(sock, ssl.SSLSocket):
        try:
            sock.recv(1)
        except ssl.SSLError as alert:
            return alert if "ALERT" in (alert.reason or "") else None
        except (OSError, ValueError):
            return None
    return None
