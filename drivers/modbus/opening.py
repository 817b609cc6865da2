"""From what a person wrote about a connection to the way that leads there. Nothing is opened yet."""

import random
from collections.abc import Callable
from functools import partial
from pathlib import Path

from drivers.modbus.config import Connection
from drivers.modbus.counts import Counts
from drivers.modbus.dial import DatagramDial, Dial, PortDial, StreamDial, Trust
from drivers.modbus.endpoint import Endpoint, Line
from drivers.modbus.exchange import DatagramExchange, Exchange, MbapExchange
from drivers.modbus.frames import Ascii, Framing, Rtu
from drivers.modbus.link import Link, Way
from drivers.modbus.listening import ListeningLink
from drivers.modbus.serial_exchange import Debts, Manner, SerialExchange
from drivers.modbus.wires import DatagramWire, PortWire, StreamWire

_FRAMINGS: dict[str, Framing] = {"rtu": Rtu(), "ascii": Ascii()}


def way(connection: Connection, counts: Counts) -> Way:
    """The way to a connection's endpoint, closed."""
    to = connection.endpoint
    debts: Debts | None = {} if to.framing != "mbap" else None
    new = _exchanges(connection, to, counts, debts)
    pause_s = max(connection.limits.pause, _silence_s(to))
    if to.scheme == "listen":
        return ListeningLink(to, pause_s, counts, new, debts)
    return Link(to.place, _dial(connection, to, new, pause_s), connection.timeout, counts, debts)


def _silence_s(to: Endpoint) -> float:
    """Between RTU frames there is silence; behind a gateway keeping it is the gateway's."""
    return to.line.silence_s if to.line is not None and to.framing == "rtu" and to.path else 0.0


def _exchanges(connection: Connection, to: Endpoint, counts: Counts, debts: Debts | None) -> Callable[[], Exchange]:
    """What makes an exchange for every new wire."""
    limits = connection.limits
    if debts is not None:
        manner = Manner(_FRAMINGS[to.framing], to.line, connection.timeout, limits.max_late, is_replaced=not to.path)
        return partial(SerialExchange, manner, debts, counts)
    kind = DatagramExchange if to.scheme == "udp" else MbapExchange

    def exchange() -> Exchange:
        return kind(random.randrange(1, 0x10000), connection.timeout, limits.pipeline, counts)

    return exchange


def _dial(connection: Connection, to: Endpoint, new: Callable[[], Exchange], pause_s: float) -> Dial:
    if to.path:
        return PortDial(to.path, to.line or Line(), lambda: PortWire(new(), pause_s))
    if to.scheme == "udp":
        return DatagramDial(to, connection.timeout, lambda: DatagramWire(new(), pause_s))
    trust = _trust(connection) if to.scheme == "tls" else None
    return StreamDial(to, connection.timeout, lambda: StreamWire(new(), pause_s), trust)


def _trust(connection: Connection) -> Trust:
    tls = connection.tls
    if tls is None:
        return Trust()
    files = (Path(file) if file else None for file in (tls.ca_file, tls.cert_file, tls.key_file))
    return Trust(*files)
