"""Kinds of wire: what each transport of asyncio, and a serial port, is to a `Wire`."""

import asyncio
import os
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, cast

from drivers.modbus.wire import Wire

if TYPE_CHECKING:
    from serial import Serial

_LINGER_NOT = struct.pack("ii", 1, 0)
_KEEPALIVE = ((socket.TCP_KEEPIDLE, 10), (socket.TCP_KEEPINTVL, 5), (socket.TCP_KEEPCNT, 3))
"""Finds a dead peer between reads that are minutes apart; within a read the time-outs are faster."""

_BUFFER_SIZE = 16 * 1024
"""Asyncio's own buffer is 256 KiB, newly allocated for every answer of 260 bytes."""


class StreamWire(Wire, asyncio.BufferedProtocol):
    """TCP, with TLS or without."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._buffer = memoryview(bytearray(_BUFFER_SIZE))
        self._socket: socket.socket = transport.get_extra_info("socket")
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for option, value in _KEEPALIVE:
            self._socket.setsockopt(socket.IPPROTO_TCP, option, value)
        self.begin(cast("asyncio.Transport", transport))

    def eof_received(self) -> None:
        self.is_sound = False

    def connection_lost(self, exc: Exception | None) -> None:
        self.error = exc
        self.ended()

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._buffer

    def buffer_updated(self, nbytes: int) -> None:
        self.arrived(self._buffer[:nbytes].tobytes())

    def linger_not(self) -> None:
        """Under TLS the socket may be closed before we are told."""
        if self._socket.fileno() >= 0:
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _LINGER_NOT)


class DatagramWire(Wire, asyncio.DatagramProtocol):
    """UDP: a port of our own that hears one peer."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.begin(_Datagrams(cast("asyncio.DatagramTransport", transport)))

    def datagram_received(self, data: bytes, addr: object) -> None:
        self.arrived(data)

    def error_received(self, exc: Exception) -> None:
        """Nobody listens there (ICMP). The request times out, as it would where nobody says so."""

    def connection_lost(self, exc: Exception | None) -> None:
        self.ended()


class _Datagrams:
    """A datagram for each request, where requests may be written together."""

    def __init__(self, transport: asyncio.DatagramTransport) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        while data:
            size = 6 + int.from_bytes(data[4:6], "big")
            self._transport.sendto(data[:size])
            data = data[size:]

    def abort(self) -> None:
        self._transport.abort()


class PortWire(Wire):
    """A serial port, read and written by the loop."""

    def attach(self, port: "Serial") -> None:
        """Take over an open port that does not block."""
        self._port = port
        self._file = port.fileno()
        self._unwritten: deque[bytes] = deque()
        self._is_full = False
        self._loop.add_reader(self._file, self._readable)
        self.begin(self)

    def write(self, data: bytes) -> None:
        self._unwritten.append(data)
        if len(self._unwritten) == 1:
            self._writable()

    def abort(self) -> None:
        self.is_sound = False
        if self._port.is_open:
            self._loop.remove_reader(self._file)
            self._loop.remove_writer(self._file)
            self._port.close()
            self._loop.call_soon(self.ended)

    def _readable(self) -> None:
        try:
            data = os.read(self._file, _BUFFER_SIZE)
        except BlockingIOError:
            return
        except OSError:  # unplugged
            data = b""
        if data:
            self.arrived(data)
        else:
            self.abort()

    def _writable(self) -> None:
        try:
            while self._unwritten:
                written = os.write(self._file, self._unwritten[0])
                rest = self._unwritten.popleft()[written:]
                if rest:
                    self._unwritten.appendleft(rest)
        except BlockingIOError:
            self._is_full = True
            self._loop.add_writer(self._file, self._writable)
        except OSError:
            self.abort()
        else:
            if self._is_full:
                self._is_full = False
                self._loop.remove_writer(self._file)
