"""Is a server the one that we trust? Pure: certificates, a time and names in, a refusal with its reason out.

OPC 10000-4, 6.1.3 (Table 100) says what is looked at; RFC 5280, section 6, what a chain is. Two ways lead to trust:

* The certificate itself is in the list. Somebody compared its fingerprint, so neither its host names nor the strength
  of its signature are asked for; its dates, its application URI and revocation lists are.
* It leads to an authority in the list, by signatures that are verified here. Then any certificate of that authority
  would do, so it must be a server's, for this host, and strong.
"""

import ipaddress
from collections.abc import Iterator, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, ExtensionOID

from drivers.opcua.messages_trust import said_in_both
from drivers.opcua.shown import Shown, harmless
from drivers.phrase import Phrase

MIN_RSA_BITS = 2048
SHORT = 23
"""`3F:A2:0B:11:22:33:44:55`: enough to name a certificate on a command line, not to recognise it."""
_WEAK = (hashes.MD5, hashes.SHA1)
_UNDERSTOOD = frozenset(
    (
        ExtensionOID.BASIC_CONSTRAINTS,
        ExtensionOID.KEY_USAGE,
        ExtensionOID.EXTENDED_KEY_USAGE,
        ExtensionOID.SUBJECT_ALTERNATIVE_NAME,
        ExtensionOID.SUBJECT_KEY_IDENTIFIER,
        ExtensionOID.AUTHORITY_KEY_IDENTIFIER,
        ExtensionOID.CRL_DISTRIBUTION_POINTS,
    )
)


class Refusal(NamedTuple):
    """Why not: code of a message and its facts."""

    code: str
    facts: dict[str, object]

    @property
    def reason(self) -> Phrase:
        """For `NotConnected`."""
        return said_in_both(self.code, self.facts)


class Asked(NamedTuple):
    """The circumstances."""

    now: datetime
    host: str
    """Of the connection's URL."""
    application_uri: str | None
    """What the server calls itself in its endpoint description; None where it has not said so yet."""


Crls = Sequence[x509.CertificateRevocationList]


def judge(chain: Sequence[Shown], trusted: Sequence[Shown], crls: Crls, asked: Asked) -> Refusal | None:
    """None: it is trusted. `chain`: the server's own certificate and those that it sent with it."""
    end = chain[0]
    wrong = _dates(end, asked.now) or _uri(end, asked.application_uri) or _own_signature(end)
    if wrong:
        return wrong
    if any(end.der == one.der for one in trusted):
        issuers = [one for one in (*trusted, *chain[1:]) if _signed(end, one)]
        return _revoked(end, issuers[0] if issuers else None, crls)
    refusals: list[Refusal] = []
    for path in _paths(end, chain[1:], trusted, refusals):
        wrong = _path(path, crls, asked)
        if wrong is None:
            return None
        refusals.append(wrong)
    return refusals[0] if refusals else _unknown(end, trusted)


def short(fingerprint: str) -> str:
    return fingerprint[:SHORT]


def is_authority(one: Shown) -> bool:
    """Whether it may sign others. What names an application is that application's, whatever else it claims:
    self-signed ones often claim to be authorities, and trusting a server is not trusting whom it signs."""
    try:
        constraints = one.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        return False
    usage = _usage(one)
    return constraints.ca and not one.uri and (usage is None or usage.key_cert_sign)


def replaced(end: Shown, trusted: Sequence[Shown]) -> Shown | None:
    """The trusted certificate in whose place this one seems to be: same application, or same name."""
    servers = [one for one in trusted if not is_authority(one)]
    same_uri = [one for one in servers if end.uri and one.uri == end.uri]
    same_name = [one for one in servers if one.certificate.subject == end.certificate.subject]
    return next(iter((*same_uri, *same_name)), None)


def verified_alone(one: Shown) -> bool:
    """Whether the signature is right, as far as that can be seen without anybody else's certificate."""
    return not one.is_self_issued or _signed(one, one)


def _said(one: Shown, **more: object) -> dict[str, object]:
    facts: dict[str, object] = {
        "subject": one.subject,
        "issuer": one.issuer,
        "fingerprint": one.fingerprint,
        "short": short(one.fingerprint),
    }
    return facts | more


def _unknown(end: Shown, trusted: Sequence[Shown]) -> Refusal:
    pinned = replaced(end, trusted)
    authority = next((one for one in trusted if is_authority(one)), None)
    if pinned is None and authority is not None:
        return Refusal("U2035", _said(end, authority=authority.subject, pinned=authority.fingerprint))
    if pinned is None:
        return Refusal("U2020", _said(end))
    facts = {"pinned": pinned.fingerprint, "pinned_short": short(pinned.fingerprint)}
    return Refusal("U2021", _said(end, **facts))


def _dates(one: Shown, now: datetime) -> Refusal | None:
    if now > one.ends:
        return Refusal("U2022", _said(one, ends=_day(one.ends)))
    if now < one.begins:
        return Refusal("U2023", _said(one, begins=_day(one.begins), today=_day(now)))
    return None


def _day(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d}"


def _uri(end: Shown, expected: str | None) -> Refusal | None:
    if expected is None or end.uri == expected:
        return None
    return Refusal("U2024", _said(end, uri=harmless(end.uri) or "-", expected=harmless(expected) or "-"))


def _own_signature(end: Shown) -> Refusal | None:
    return None if verified_alone(end) else Refusal("U2025", _said(end))


def _signed(one: Shown, issuer: Shown) -> bool:
    """Whether it names this issuer and the issuer's key really made its signature."""
    try:
        if isinstance(one.certificate.signature_hash_algorithm, _WEAK):
            return _signed_long_ago(one.certificate, issuer.certificate)
        one.certificate.verify_directly_issued_by(issuer.certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _signed_long_ago(one: x509.Certificate, issuer: x509.Certificate) -> bool:
    """`cryptography` does not know MD5 and SHA-1 in certificates any more; old servers sign themselves so, and one
    that somebody pinned needs no strong signature. In chains they are refused: `_strong`."""
    key, algorithm = issuer.public_key(), one.signature_hash_algorithm
    if one.issuer != issuer.subject or algorithm is None or not isinstance(key, rsa.RSAPublicKey):
        return False
    key.verify(one.signature, one.tbs_certificate_bytes, padding.PKCS1v15(), algorithm)
    return True


def _paths(
    one: Shown, sent: Sequence[Shown], trusted: Sequence[Shown], refusals: list[Refusal]
) -> Iterator[list[Shown]]:
    """Every way from a certificate to one of the list: [it, who signed it, ..., one of the list]."""
    for issuer in (*trusted, *sent):
        if issuer.certificate.subject != one.certificate.issuer or issuer.der == one.der:
            continue
        if not _signed(one, issuer):
            # A server that made itself a new certificate has the name of its old one, too.
            if is_authority(issuer) and not one.is_self_issued:
                refusals.append(Refusal("U2025", _said(one)))
        elif any(issuer.der == anchor.der for anchor in trusted):
            yield [one, issuer]
        else:
            others = [other for other in sent if other.der != issuer.der]
            yield from ([one, *rest] for rest in _paths(issuer, others, trusted, refusals))


def _path(path: Sequence[Shown], crls: Crls, asked: Asked) -> Refusal | None:
    """What is wrong with a chain whose signatures are right, its end first."""
    end, *authorities = path
    checks = [
        *(partial(_authority, one, below) for below, one in enumerate(authorities)),
        *(partial(_dates, one, asked.now) for one in authorities),
        *(partial(_strong, one, is_signature_asked=one is not path[-1]) for one in path),
        *(partial(_revoked, one, issuer, crls) for one, issuer in zip(path, authorities, strict=False)),
        partial(_server, end),
        partial(_host, end, asked.host),
    ]
    return next((wrong for check in checks if (wrong := check())), None)


def _authority(one: Shown, below: int) -> Refusal | None:
    """`below`: how many authorities stand between it and the end."""
    if not is_authority(one):
        return Refusal("U2026", _said(one))
    longest = one.extensions.get_extension_for_class(x509.BasicConstraints).value.path_length
    if longest is not None and below > longest:
        return Refusal("U2026", _said(one))
    return _understood(one)


def _understood(one: Shown) -> Refusal | None:
    strange = [each.oid.dotted_string for each in one.extensions if each.critical and each.oid not in _UNDERSTOOD]
    return Refusal("U2032", _said(one, extension=strange[0])) if strange else None


def _strong(one: Shown, *, is_signature_asked: bool) -> Refusal | None:
    key = one.certificate.public_key()
    if isinstance(key, rsa.RSAPublicKey):
        is_strong = key.key_size >= MIN_RSA_BITS
    else:
        is_strong = isinstance(key, ec.EllipticCurvePublicKey)
    if is_strong and is_signature_asked:
        try:
            is_strong = not isinstance(one.certificate.signature_hash_algorithm, _WEAK)
        except UnsupportedAlgorithm:
            is_strong = False
    return None if is_strong else Refusal("U2031", _said(one))


def _usage(one: Shown) -> x509.KeyUsage | None:
    try:
        return one.extensions.get_extension_for_class(x509.KeyUsage).value
    except x509.ExtensionNotFound:
        return None


def _server(end: Shown) -> Refusal | None:
    """OPC 10000-6, 6.2.2: a server's certificate says so."""
    usage = _usage(end)
    try:
        purposes = set(end.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except x509.ExtensionNotFound:
        purposes = {ExtendedKeyUsageOID.SERVER_AUTH}
    if (usage is not None and not usage.digital_signature) or ExtendedKeyUsageOID.SERVER_AUTH not in purposes:
        return Refusal("U2030", _said(end))
    return _understood(end)


def _host(end: Shown, host: str) -> Refusal | None:
    if _plain(host) in map(_plain, end.hosts):
        return None
    return Refusal("U2029", _said(end, host=host, hosts=harmless(", ".join(end.hosts)) or "-"))


def _plain(host: str) -> str:
    """One spelling for one address; some servers write an address where a name belongs."""
    try:
        return str(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        return host.lower().rstrip(".")


def _revoked(one: Shown, issuer: Shown | None, crls: Crls) -> Refusal | None:
    """Lists of its issuer count unless another key signed them: somebody put them there."""
    for crl in crls:
        if crl.issuer != one.certificate.issuer or (issuer and _is_foreign(crl, issuer)):
            continue
        entry = crl.get_revoked_certificate_by_serial_number(one.certificate.serial_number)
        if entry is not None:
            return Refusal("U2028", _said(one, since=_day(entry.revocation_date_utc)))
    return None


def _is_foreign(crl: x509.CertificateRevocationList, issuer: Shown) -> bool:
    """Where that cannot be said the list counts: revoking too much is the safe mistake."""
    key = issuer.certificate.public_key()
    try:
        algorithm = crl.signature_hash_algorithm
        if isinstance(algorithm, _WEAK) and isinstance(key, rsa.RSAPublicKey):
            # `cryptography` calls these invalid without looking. They are weak, but this only takes trust away.
            key.verify(crl.signature, crl.tbs_certlist_bytes, padding.PKCS1v15(), algorithm)
            return False
        return isinstance(key, rsa.RSAPublicKey | ec.EllipticCurvePublicKey) and not crl.is_signature_valid(key)
    except InvalidSignature:
        return True
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False
