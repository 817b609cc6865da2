"""Who we are: the certificate and the key with which this application speaks OPC UA (OPC 10000-6, 6.2.2).

The pair is made at the first start, in a folder that gets its name when both are whole. After that nothing replaces it
but a person: servers know the gateway by it, and a clock that is wrong for a day must not cost every one of them.
"""

import ipaddress
import os
import re
import shutil
import stat
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import quote

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from drivers.contract import Certified
from drivers.errors import DriverError
from drivers.opcua.files import make_folder, sync, write
from drivers.opcua.shown import MAX_BYTES, Malformed, Shown, from_file, undecoded
from drivers.phrase import Phrase, of_file, of_system

PAIR, CERTIFICATE, KEY = "own", "certificate.der", "key.pem"
KEY_BITS = 2048
VALID = timedelta(days=3 * 365)
BEHIND = timedelta(days=1)
"""So much may a server's clock be late."""
NEVER_BEFORE = datetime(2026, 11, 1, tzinfo=UTC)
"""Before that the clock of this computer is wrong."""
THRESHOLDS_DAYS = (1, 7, 30)
_NAME_MAX = 64
"""Bytes. RFC 5280, A.1: ub-common-name."""
_one_at_a_time = threading.Lock()
"""Two connections that start together want the same pair, each in a thread."""


class Unusable(DriverError):
    """There is no certificate to show: `code` of a message and its facts."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(f"{code}: {facts}")
        self.code = code
        self.facts = facts


class Note(NamedTuple):
    """Something to tell once."""

    code: str
    facts: dict[str, object]


@dataclass(frozen=True, slots=True)
class Own:
    """What asyncua is given, and what people are told."""

    certificate: bytes
    """DER."""
    key: bytes = field(repr=False)
    """DER (PKCS#8), without a passphrase."""
    uri: str
    """The application URI; a client must call itself the same."""
    fingerprint: str
    """SHA-256, `3F:A2:...`."""
    begins: datetime
    ends: datetime
    """UTC, aware."""
    path: Path
    """Of the certificate, for who looks after the server."""
    renew: str
    """What to do for another one, in words of a shell."""
    notes: tuple[Note, ...] = ()


class Expiring(NamedTuple):
    """What there is to say about the dates of our own certificate."""

    threshold: int
    """30, 7, 1 days ahead, 0 when it is over, -1 when it has not begun: said again when this has changed."""
    code: str
    facts: dict[str, object]


def own(folder: Path, host: str, now: datetime, given: tuple[Path, Path] | None = None) -> Own:
    """The site's own pair where one is `given` (certificate, key), else that in `folder`, made where there is none.

    `host` names this computer or gateway in a new certificate; `now` is aware. What is in `notes` is to be told.
    Blocks: making a key takes up to seconds on a small computer. Raises `Unusable`.
    """
    if given is not None:
        return _given(*given)
    try:
        with _one_at_a_time:
            return _kept(folder, host, now)
    except OSError as error:
        raise Unusable("U2003", folder=folder, reason=of_file(error)) from None


def user(path: Path, key_path: Path) -> Own:
    """A pair that names a person or an account instead of an application. Blocks. Raises `Unusable`."""
    return _pair(path, key_path)


def shown(folder: Path) -> Certified | None:
    """Our own certificate for a list, without its key; None where there is none that can be read."""
    path = folder / PAIR / CERTIFICATE
    try:
        one = from_file(path.read_bytes())
        seen = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except (OSError, Malformed):
        return None
    return Certified("own", one.fingerprint, one.subject, one.issuer, one.uri, one.ends, seen, path)


def expiring(ours: Own, now: datetime) -> Expiring | None:
    """None while there is nothing to say. Not to be asked while the clock is implausible."""
    facts: dict[str, object] = {"path": ours.path, "renew": ours.renew}
    left = ours.ends - now
    if now < ours.begins:
        return Expiring(-1, "U2010", {**facts, "begins": _day(ours.begins), "today": _day(now)})
    if left <= timedelta():
        return Expiring(0, "U2009", {**facts, "ends": _day(ours.ends)})
    reached = next((days for days in THRESHOLDS_DAYS if left <= timedelta(days=days)), None)
    if reached is None:
        return None
    return Expiring(reached, "U2008", {**facts, "ends": _day(ours.ends), "days": -(-left // timedelta(days=1))})


def days_left(ours: Own, now: datetime) -> int:
    """Whole days; negative when it is over."""
    return (ours.ends - now) // timedelta(days=1)


class _Damaged(Exception):
    """A pair that was whole once; `reason` is a phrase."""

    def __init__(self, reason: Phrase) -> None:
        super().__init__(reason)
        self.reason = reason


def _kept(folder: Path, host: str, now: datetime) -> Own:
    pair = folder / PAIR
    if not pair.is_dir():
        return _told_of(_make(folder, host, now))
    try:
        return _whole(pair)
    except _Damaged as damage:
        aside = _set_aside(pair, now)
        made = _make(folder, host, now)
        facts: dict[str, object] = {"reason": damage.reason, "aside": aside, "folder": pair}
        return replace(_told_of(made), notes=(Note("U2002", facts), *_told_of(made).notes))


def _told_of(made: Own) -> Own:
    facts: dict[str, object] = {
        "path": made.path,
        "fingerprint": made.fingerprint,
        "uri": made.uri,
        "ends": _day(made.ends),
    }
    return replace(made, notes=(Note("U2001", facts),))


def _whole(pair: Path) -> Own:
    """Raises `_Damaged`, `Unusable` and `OSError`."""
    path, key_path = pair / CERTIFICATE, pair / KEY
    try:
        ours, key = _read_certificate(path), _read_key(key_path)
    except FileNotFoundError as error:
        name = Path(error.filename).name
        raise _Damaged(Phrase(f"缺少 {name}", f"{name} is missing")) from None
    except Malformed as error:
        raise _Damaged(error.reason) from None
    if not _belongs(key, ours) or not ours.uri:
        raise _Damaged(Phrase("密钥与证书不配对", "key and certificate do not fit"))
    return _own(ours, key, path, f"mv {pair} {pair}.old && systemctl restart lineside")


def _given(path: Path, key_path: Path) -> Own:
    ours = _pair(path, key_path)
    if not ours.uri:
        raise Unusable("U2007", path=path)
    return ours


def _pair(path: Path, key_path: Path) -> Own:
    try:
        ours = _read_certificate(path)
        key = _read_key(key_path)
    except OSError as error:
        raise Unusable("U2005", path=error.filename or path, reason=of_system(error)) from None
    except Malformed as error:
        raise Unusable("U2005", path=f"{path}, {key_path}", reason=error.reason) from None
    if not _belongs(key, ours):
        raise Unusable("U2006", path=path, key=key_path)
    return _own(ours, key, path, f"replace {path} and {key_path}")


def _own(ours: Shown, key: rsa.RSAPrivateKey, path: Path, renew: str) -> Own:
    secret = key.private_bytes(
        serialization.Encoding.DER, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return Own(ours.der, secret, ours.uri, ours.fingerprint, ours.begins, ours.ends, path, renew)


def _belongs(key: rsa.RSAPrivateKey, ours: Shown) -> bool:
    return key.public_key() == ours.certificate.public_key()


def _read_certificate(path: Path) -> Shown:
    with path.open("rb") as file:
        return from_file(file.read(MAX_BYTES + 1))


def _read_key(path: Path) -> rsa.RSAPrivateKey:
    """Raises `Unusable` where others can read it (decision 13), `Malformed` and `OSError`."""
    with path.open("rb") as file:
        mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
        content = file.read(MAX_BYTES + 1)
    # What systemd hands over as a credential it guards itself.
    if mode & 0o077 and str(path.parent) != os.environ.get("CREDENTIALS_DIRECTORY"):
        raise Unusable("U2004", path=path, mode=f"{mode:04o}")
    is_pem = b"-----BEGIN" in content
    load = serialization.load_pem_private_key if is_pem else serialization.load_der_private_key
    try:
        key = load(content, None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:  # TypeError: it has a passphrase
        why = undecoded(error)
        raise Malformed(Phrase(f"{path.name}：{why.zh}", f"{path.name}: {why}")) from None
    if not isinstance(key, rsa.RSAPrivateKey):
        raise Malformed(Phrase(f"{path.name}：不是 RSA 密钥", f"{path.name}: not an RSA key"))
    return key


def _set_aside(pair: Path, now: datetime) -> Path:
    aside = pair.with_name(f"{PAIR}.damaged-{now:%Y%m%dT%H%M%S}")
    while aside.exists():
        aside = aside.with_name(aside.name + "+")
    pair.rename(aside)
    return aside


def _make(folder: Path, host: str, now: datetime) -> Own:
    """Both files in a folder beside, which then gets its name: there is never one without the other."""
    make_folder(folder)
    part, pair = folder / f"{PAIR}.part", folder / PAIR
    shutil.rmtree(part, ignore_errors=True)
    make_folder(part)
    key = rsa.generate_private_key(public_exponent=65537, key_size=KEY_BITS)
    write(
        part / KEY,
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()),
    )
    write(part / CERTIFICATE, _self_signed(key, host, now).public_bytes(serialization.Encoding.DER))
    part.rename(pair)
    sync(folder)
    return _whole(pair)


def _self_signed(key: rsa.RSAPrivateKey, host: str, now: datetime) -> x509.Certificate:
    begins = max(now, NEVER_BEFORE)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COMMON_NAME, _cut(f"Lineside {host}")),
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Lineside"),
        ]
    )
    of_key = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
    names = [x509.UniformResourceIdentifier(f"urn:lineside:{quote(host, safe='')}"), _name_of(host)]
    builder = (
        x509.CertificateBuilder(issuer_name=name, subject_name=name, public_key=key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins - BEHIND)
        .not_valid_after(begins + VALID)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(_USAGE, critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH]), critical=False)
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(of_key, critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(of_key), critical=False)
    )
    return builder.sign(key, hashes.SHA256())


_USAGE = x509.KeyUsage(
    digital_signature=True,
    content_commitment=True,  # nonRepudiation, as it was called
    key_encipherment=True,
    data_encipherment=True,
    key_agreement=False,
    key_cert_sign=True,  # it signed itself
    crl_sign=False,
    encipher_only=False,
    decipher_only=False,
)


def _name_of(host: str) -> x509.GeneralName:
    """A DNS name is ASCII; a gateway may have a Chinese name, or an address."""
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        plain = re.sub(r"[^A-Za-z0-9.-]+", "-", host).strip("-.")
        return x509.DNSName(plain or "localhost")


def _cut(name: str) -> str:
    """As much of it as a common name may hold, in whole characters."""
    return name.encode()[:_NAME_MAX].decode(errors="ignore").strip()


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"
