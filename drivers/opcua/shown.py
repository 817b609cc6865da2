"""What a certificate says of itself: X.509 in DER or PEM, read once, with words for people. Pure.

What a server shows is anybody's bytes: everything that is not understood here is `Malformed`, and nothing else is
raised.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID

from drivers.phrase import Phrase

MAX_BYTES = 64 * 1024
"""Of a chain. Real ones have a few thousand."""
MAX_LENGTH = 6
"""Certificates in a chain: more of them are never needed, and each way through them is tried."""
SAID_MAX = 80
_BROKEN = (
    ValueError,
    TypeError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
_PEM = b"-----BEGIN CERTIFICATE-----"


class Malformed(ValueError):
    """Bytes that are no certificate, or not one that can be understood; `reason` is a phrase."""

    def __init__(self, reason: Phrase) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Shown:
    """One certificate."""

    certificate: x509.Certificate
    extensions: x509.Extensions
    der: bytes
    fingerprint: str
    """SHA-256: `3F:A2:...`, 32 bytes."""
    subject: str
    """Common name, else the whole name."""
    issuer: str
    uri: str
    """Of the application; empty where it names none, as an authority does."""
    hosts: tuple[str, ...]
    begins: datetime
    ends: datetime
    """UTC, aware."""

    @property
    def is_self_issued(self) -> bool:
        return self.certificate.subject == self.certificate.issuer


def one(der: bytes) -> Shown:
    """Raises `Malformed`."""
    try:
        certificate = x509.load_der_x509_certificate(der)
        certificate.public_key()
        extensions = certificate.extensions
        names = _alternative_names(extensions)
        uris = names.get_values_for_type(x509.UniformResourceIdentifier) if names else []
        return Shown(
            certificate,
            extensions,
            der,
            fingerprint(der),
            said(certificate.subject),
            said(certificate.issuer),
            uris[0] if uris else "",
            tuple(_hosts(names)) if names else (),
            certificate.not_valid_before_utc,
            certificate.not_valid_after_utc,
        )
    except _BROKEN as error:
        raise Malformed(undecoded(error)) from None


def chain(data: bytes) -> list[Shown]:
    """Certificates one behind the other, as a server sends them (OPC 10000-6, 6.2.6): its own first.

    Raises `Malformed`.
    """
    if len(data) > MAX_BYTES:
        raise Malformed(Phrase("太长", "too long"))
    found: list[Shown] = []
    while data:
        if len(found) == MAX_LENGTH:
            raise Malformed(Phrase("证书太多", "too many certificates"))
        size = _size(data)
        found.append(one(data[:size]))
        data = data[size:]
    if not found:
        raise Malformed(Phrase("没有证书", "no certificate"))
    return found


def from_file(content: bytes) -> Shown:
    """The first certificate of a file, DER or PEM. Raises `Malformed`."""
    if _PEM not in content:
        return one(content)
    try:
        loaded = x509.load_pem_x509_certificate(content[content.index(_PEM) :])
    except _BROKEN as error:
        raise Malformed(undecoded(error)) from None
    return one(loaded.public_bytes(Encoding.DER))


def fingerprint(der: bytes) -> str:
    return hashlib.sha256(der).digest().hex(":").upper()


def said(name: x509.Name) -> str:
    """A distinguished name as people speak of it."""
    common = name.get_attributes_for_oid(NameOID.COMMON_NAME)
    return harmless(str(common[0].value) if common else name.rfc4514_string())


def harmless(text: str) -> str:
    """What a stranger wrote, on a line of a log: it cannot forge another line, nor push out what else is said."""
    text = "".join(character if character.isprintable() else "?" for character in text[: SAID_MAX + 1])
    return text if len(text) <= SAID_MAX else text[: SAID_MAX - 1] + "…"


def undecoded(error: Exception) -> Phrase:
    """What the library says of bytes that it cannot read, on one line."""
    why = (str(error) or type(error).__name__).splitlines()[0]
    return Phrase(f"无法解读（{why}）", why)


def _alternative_names(extensions: x509.Extensions) -> x509.SubjectAlternativeName | None:
    try:
        return extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return None


def _hosts(names: x509.SubjectAlternativeName) -> Sequence[str]:
    return [
        *names.get_values_for_type(x509.DNSName),
        *map(str, names.get_values_for_type(x509.IPAddress)),
    ]


def _size(data: bytes) -> int:
    """Of the first element (X.690, 8.1.3): a tag, a length in definite form, the content."""
    if len(data) < 2 or data[0] != 0x30:
        raise Malformed(Phrase("不是 DER 格式", "not DER"))
    of_length = data[1] & 0x7F if data[1] & 0x80 else 0
    if of_length > 4:
        raise Malformed(Phrase("不是 DER 格式", "not DER"))
    start = 2 + of_length
    size = start + (int.from_bytes(data[2:start], "big") if of_length else data[1])
    if size > len(data):
        raise Malformed(Phrase("不完整", "cut off"))
    return size
