"""Opening a wire, one way for each kind of endpoint. Time-outs are the link's; what fails says why."""

import asyncio
import contextlib
import ssl
import termios
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from drivers.errors import NotConnected
from drivers.modbus.endpoint import Endpoint, Line
from drivers.modbus.lookup import Lookup
from drivers.modbus.wire import Wire
from drivers.modbus.wires import DatagramWire, PortWire, StreamWire
from drivers.openssl import of_openssl
from drivers.phrase import Phrase, of_system

if TYPE_CHECKING:
    from serial import Serial


class Dial(Protocol):
    """Opens wires to one endpoint, one at a time."""

    async def __call__(self) -> Wire:
        """A wire that is ready to be used. Raises `OSError`, or `NotConnected` where it knows the reason."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Files of a TLS connection, absolute; read at every dial, so that renewed ones need no restart."""

    ca_file: Path | None = None
    """Whom to trust; None for the system's own list."""
    cert_file: Path | None = None
    key_file: Path | None = None

    def context(self) -> ssl.SSLContext:
        """Raises `NotConnected` where a file cannot be used."""
        try:
            return self._context()
        except OSError as error:  # ssl.SSLError is one too
            why = of_openssl(error.reason or str(error)) if isinstance(error, ssl.SSLError) else of_system(error)
            raise NotConnected(why, "M2022") from error

    def _context(self) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.ca_file) if self.ca_file else None)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        if self.cert_file is not None:
            # Without a password of our own OpenSSL would ask on the terminal for that of a protected key.
            context.load_cert_chain(self.cert_file, self.key_file, password=lambda: "")
        return context


class StreamDial:
    """TCP, with TLS (Modbus/TCP Security: MBAP inside) or without."""

    def __init__(self, to: Endpoint, timeout_s: float, new: Callable[[], StreamWire], trust: Trust | None) -> None:
        self._lookup = Lookup(to.host, timeout_s)
        self._to = to
        self._new = new
        self._trust = trust

    async def __call__(self) -> Wire:
        """The first of the name's addresses that takes the connection."""
        *others, last = await self._lookup.addresses()
        context = self._trust.context() if self._trust else None
        for address in others:
            with contextlib.suppress(OSError):
                return await self._one(address, context)
        return await self._one(last, context)

    async def _one(self, address: str, context: ssl.SSLContext | None) -> Wire:
        loop = asyncio.get_running_loop()
        name = self._to.host if context is not None else None
        _, wire = await loop.create_connection(self._new, address, self._to.port, ssl=context, server_hostname=name)
        return wire


class DatagramDial:
    """UDP."""

    def __init__(self, to: Endpoint, timeout_s: float, new: Callable[[], DatagramWire]) -> None:
        self._lookup = Lookup(to.host, timeout_s)
        self._port = to.port
        self._new = new

    async def __call__(self) -> Wire:
        """A port of its own each time: what was sent to the one before is not heard any more."""
        first: Sequence[str] = await self._lookup.addresses()
        loop = asyncio.get_running_loop()
        _, wire = await loop.create_datagram_endpoint(self._new, remote_addr=(first[0], self._port))
        return wire


class PortDial:
    """A serial port."""

    def __init__(self, path: str, line: Line, new: Callable[[], PortWire]) -> None:
        self._path = path
        self._line = line
        self._new = new

    async def __call__(self) -> Wire:
        """The port is ours alone while it is open."""
        try:
            port = self._port()
        except termios.error as error:  # pulled out while it was opened
            raise OSError(*error.args) from error
        wire = self._new()
        wire.attach(port)
        return wire

    def _port(self) -> "Serial":
        from serial import Serial  # costs nothing where no line is serial

        line = self._line
        try:
            port = Serial(self._path, line.baud, line.bits, line.parity, line.stop, timeout=0, exclusive=True)
        except ValueError as error:  # a speed that this port does not have
            speed = Phrase(f"串口不支持这个波特率（{line.baud}）", str(error))
            raise NotConnected(speed, "M2023") from error
        if line.parity != "N":
            _check_parity(port.fileno())
        return port


def _check_parity(file: int) -> None:
    """Drop characters with a wrong parity, which pyserial keeps: an ASCII frame has only an LRC of 8 bits beside it."""
    settings = termios.tcgetattr(file)
    settings[0] |= termios.INPCK | termios.IGNPAR
    termios.tcsetattr(file, termios.TCSANOW, settings)
