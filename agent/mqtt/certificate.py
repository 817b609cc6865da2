"""What a certificate says of itself: for whom, by whom, from when until when. Pure; verifying is OpenSSL's business.

The standard library decodes only a certificate that it has verified, and a bad one is what an operator asks about. So
the few fields that a log line needs are found in the DER: RFC 5280 sections 4.1 and 4.2.1.6, X.690 section 8.1.
"""

import ipaddress
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import NamedTuple

_SEQUENCE, _OID, _OCTETS = 0x30, 0x06, 0x04
_VERSION, _EXTENSIONS = 0xA0, 0xA3
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_DNS_NAME, _IP_ADDRESS = 0x82, 0x87
_COMMON_NAME, _ORGANISATION = b"\x55\x04\x03", b"\x55\x04\x0a"
_ALTERNATIVE_NAMES = b"\x55\x1d\x11"
_ENCODINGS = {0x1E: "utf-16-be", 0x1C: "utf-32-be", 0x14: "latin-1"}
"""BMPString, UniversalString, TeletexString; all others are UTF-8 or a part of it."""


class Malformed(ValueError):
    """Bytes that are no certificate."""


class Certificate(NamedTuple):
    """One X.509 certificate."""

    subject: str
    """Common name, else organisation, else empty."""
    issuer: str
    names: tuple[str, ...]
    """Hosts and addresses for which it stands; the subject where it names none."""
    begins: datetime
    ends: datetime
    """UTC."""


class _Element(NamedTuple):
    tag: int
    content: bytes


def from_pem(text: str) -> Certificate:
    """The first certificate of a PEM file: with a chain, that of its owner. Raises `Malformed`."""
    start = text.find(ssl.PEM_HEADER)
    end = text.find(ssl.PEM_FOOTER, start)
    if start < 0 or end < 0:
        raise Malformed("no certificate in PEM")
    try:
        return from_der(ssl.PEM_cert_to_DER_cert(text[start : end + len(ssl.PEM_FOOTER)]))
    except ValueError as error:  # of base64 too
        raise Malformed(str(error)) from None


def from_der(der: bytes) -> Certificate:
    """Raises `Malformed`."""
    certificate = next(_elements(der), None)
    signed = next(_elements(certificate.content), None) if certificate else None
    parts = list(_elements(signed.content)) if signed else []
    if parts and parts[0].tag == _VERSION:
        parts = parts[1:]
    if len(parts) < 6:  # serial number, algorithm, issuer, validity, subject, key
        raise Malformed("no certificate")
    times = [_time(element) for element in _elements(parts[3].content)]
    if len(times) != 2:
        raise Malformed("no validity")
    issuer, subject = _name(parts[2].content), _name(parts[4].content)
    extensions = next((part.content for part in parts if part.tag == _EXTENSIONS), b"")
    names = tuple(_alternative_names(extensions)) or ((subject,) if subject else ())
    return Certificate(subject, issuer, names, *times)


def _elements(data: bytes) -> Iterator[_Element]:
    """What stands one after the other: a tag and its content, of definite length."""
    at = 0
    while at < len(data):
        head = data[at : at + 2]
        if len(head) < 2 or head[0] & 0x1F == 0x1F or head[1] == 0x80:
            raise Malformed("not DER")
        start = at + 2 + (head[1] & 0x7F if head[1] & 0x80 else 0)
        size = int.from_bytes(data[at + 2 : start], "big") if head[1] & 0x80 else head[1]
        at = start + size
        if at > len(data):
            raise Malformed("cut off")
        yield _Element(head[0], data[start:at])


def _time(element: _Element) -> datetime:
    """RFC 5280 section 4.1.2.5: always with seconds, always UTC."""
    text = element.content.decode("ascii", "replace")
    if element.tag == _UTC_TIME:
        text = ("19" if text[:2] >= "50" else "20") + text
    elif element.tag != _GENERALIZED_TIME:
        raise Malformed("not a time")
    try:
        return datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise Malformed("not a time") from None


def _name(content: bytes) -> str:
    """A distinguished name as people speak of it."""
    said: dict[bytes, str] = {}
    for group in _elements(content):
        for attribute in _elements(group.content):
            kind, value = _pair(attribute)
            said[kind.content] = value.content.decode(_ENCODINGS.get(value.tag, "utf-8"), "replace")
    return said.get(_COMMON_NAME) or said.get(_ORGANISATION) or ""


def _pair(element: _Element) -> tuple[_Element, _Element]:
    """An object identifier and the last thing said of it (between them may stand whether it is critical)."""
    parts = list(_elements(element.content))
    if len(parts) < 2 or parts[0].tag != _OID:
        raise Malformed("not an attribute")
    return parts[0], parts[-1]


def _alternative_names(extensions: bytes) -> Iterator[str]:
    for sequence in _elements(extensions):
        for extension in _elements(sequence.content):
            kind, value = _pair(extension)
            if kind.content == _ALTERNATIVE_NAMES and value.tag == _OCTETS:
                for names in _elements(value.content):
                    yield from _hosts(names.content)


def _hosts(names: bytes) -> Iterator[str]:
    for name in _elements(names):
        if name.tag == _DNS_NAME:
            yield name.content.decode("ascii", "replace")
        elif name.tag == _IP_ADDRESS and len(name.content) in (4, 16):
            yield str(ipaddress.ip_address(name.content))
