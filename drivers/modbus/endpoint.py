"""Where a Modbus connection goes: `tcp://host:port`, `rtu:///dev/ttyS1?baud=9600&parity=E` and their kind. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, TypeVar
from urllib.parse import SplitResult, parse_qsl, unquote, urlsplit

Parity = Literal["N", "E", "O"]
Framing = Literal["mbap", "rtu", "ascii"]
_T = TypeVar("_T")

TCP_PORT, TLS_PORT = 502, 802
"""IANA: `mbap` and `mbap-s`."""

_RTU_SILENCE_CHARS = 3.5
_RTU_SILENCE_FAST_S = 0.00175
"""Silence between RTU frames, fixed above 19200 baud (MODBUS over Serial Line V1.02, section 2.5.1.1)."""

BAUDS = (300, 600, 1200, 2400, 4800, 9600, 14400, 19200, 38400, 57600, 76800, 115200, 187500, 230400, 460800, 921600)


class EndpointError(ValueError):
    """What is written is no endpoint: a code of `messages` and its facts."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(f"{code}: {facts}")
        self.code = code
        self.facts = facts


@dataclass(frozen=True, slots=True)
class Line:
    """A serial line: how long things take on it. What is not written is what most devices are shipped with."""

    baud: int = 9600
    bits: int = 8
    parity: Parity = "N"
    stop: int = 1

    @property
    def char_s(self) -> float:
        """One character with its start bit, parity and stop bits, in seconds."""
        return (1 + self.bits + (self.parity != "N") + self.stop) / self.baud

    @property
    def silence_s(self) -> float:
        """The least silence between two RTU frames, in seconds."""
        return _RTU_SILENCE_CHARS * self.char_s if self.baud <= 19200 else _RTU_SILENCE_FAST_S

    def transmission_s(self, size: int) -> float:
        """How long `size` bytes are on the line, in seconds."""
        return size * self.char_s


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of the wire, all resolved."""

    scheme: str
    framing: Framing
    host: str = ""
    """Name or address, an IPv6 address without its brackets; of `listen`, the address to listen at."""
    port: int = 0
    path: str = ""
    """Of a serial device."""
    line: Line | None = None
    """The serial line, or the one behind a gateway where its speed is written."""
    hello: bytes = b""
    """What a modem that dials in says first."""

    @property
    def place(self) -> str:
        """How logs name it."""
        if self.path:
            return self.path
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class _Scheme:
    """What may stand in a URL of one kind."""

    framing: Framing
    port: int | None
    """The one that is meant where none is written; None where there must be one."""
    options: tuple[str, ...] = ()
    example: str = ""


_SERIAL = ("baud", "bits", "parity", "stop")
SCHEMES: Mapping[str, _Scheme] = MappingProxyType(
    {
        "tcp": _Scheme("mbap", TCP_PORT, (), "tcp://192.168.1.10:502"),
        "rtu+tcp": _Scheme("rtu", None, _SERIAL, "rtu+tcp://192.168.1.10:4001"),
        "ascii+tcp": _Scheme("ascii", None, _SERIAL, "ascii+tcp://192.168.1.10:4001"),
        "udp": _Scheme("mbap", TCP_PORT, (), "udp://192.168.1.10:502"),
        "tls": _Scheme("mbap", TLS_PORT, (), "tls://192.168.1.10:802"),
        "listen": _Scheme("rtu", None, ("framing", "hello", *_SERIAL), "listen://0.0.0.0:5020?framing=rtu"),
        "rtu": _Scheme("rtu", None, _SERIAL, "rtu:///dev/serial/by-id/usb-FTDI-if00-port0?baud=9600&parity=E"),
        "ascii": _Scheme("ascii", None, _SERIAL, "ascii:///dev/ttyS1?baud=9600&bits=7&parity=E"),
    }
)
_ON_A_PORT = ("rtu", "ascii")
_FRAMINGS: Mapping[str, Framing] = MappingProxyType({"rtu": "rtu", "ascii": "ascii", "tcp": "mbap"})


def endpoint(url: str) -> Endpoint:
    """The endpoint that is meant. Raises `EndpointError`, and nothing else, for any text."""
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _no_url(url) from None
    scheme = SCHEMES.get(parts.scheme)
    if scheme is None or parts.fragment or parts.username is not None or re.search(r"[\s\x00-\x1f]", url):
        raise _no_url(url)
    options = _options(url, parts, scheme)
    if parts.scheme in _ON_A_PORT:
        return _device(url, parts, scheme, options)
    return _socket(url, parts, port, scheme, options)


def _no_url(url: str) -> EndpointError:
    scheme = SCHEMES.get(url.partition(":")[0])
    examples = (scheme,) if scheme else SCHEMES.values()
    return EndpointError("M1001", given=url, examples=" ".join(one.example for one in examples))


def _options(url: str, parts: SplitResult, scheme: _Scheme) -> dict[str, str]:
    """What stands behind the question mark."""
    found: dict[str, str] = {}
    for name, written in parse_qsl(parts.query, keep_blank_values=True):
        if name not in scheme.options or name in found:
            known = " ".join(scheme.options) or "-"
            raise EndpointError("M1041", given=url, option=name, known=known)
        found[name] = written
    return found


def _device(url: str, parts: SplitResult, scheme: _Scheme, options: Mapping[str, str]) -> Endpoint:
    path = unquote(parts.path)
    if parts.netloc or not path.startswith("/") or path.endswith("/"):
        raise _no_url(url)
    return Endpoint(parts.scheme, scheme.framing, path=path, line=_line(url, options, scheme.framing))


def _socket(url: str, parts: SplitResult, port: int | None, scheme: _Scheme, options: Mapping[str, str]) -> Endpoint:
    found = scheme.port if port is None else port
    if not parts.hostname or not found or parts.path not in ("", "/"):
        raise _no_url(url)
    framing = _choice(url, options, "framing", _FRAMINGS, scheme.framing)
    line = _line(url, options, framing) if options.keys() & set(_SERIAL) else None
    return Endpoint(parts.scheme, framing, parts.hostname, found, line=line, hello=_hello(url, options))


def _hello(url: str, options: Mapping[str, str]) -> bytes:
    """`hello=ID0042` as it stands, `hello=0x4944` in hexadecimal digits."""
    written = options.get("hello", "")
    if not written.lower().startswith("0x"):
        return written.encode()
    try:
        return bytes.fromhex(written[2:])
    except ValueError:
        raise EndpointError("M1042", given=url, option="hello", value=written, known="ID0042 0x49443432") from None


def _line(url: str, options: Mapping[str, str], framing: Framing) -> Line:
    bauds = {str(baud): baud for baud in BAUDS}
    usual = Line(bits=7 if framing == "ascii" else 8, parity="E" if framing == "ascii" else "N")
    parities: dict[str, Parity] = {"N": "N", "E": "E", "O": "O", "n": "N", "e": "E", "o": "O"}
    return Line(
        _choice(url, options, "baud", bauds, usual.baud),
        _choice(url, options, "bits", {"7": 7, "8": 8} if framing == "ascii" else {"8": 8}, usual.bits),
        _choice(url, options, "parity", parities, usual.parity),
        _choice(url, options, "stop", {"1": 1, "2": 2}, usual.stop),
    )


def _choice(url: str, options: Mapping[str, str], name: str, words: Mapping[str, _T], usual: _T) -> _T:
    if name not in options:
        return usual
    if options[name] not in words:
        known = " ".join(word for word in words if not word.islower() or name == "framing")
        raise EndpointError("M1042", given=url, option=name, value=options[name], known=known)
    return words[options[name]]
