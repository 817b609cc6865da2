"""Certificates as servers, authorities and strangers show them; EC keys, because RSA keys take long to make."""

import datetime
import ipaddress
from collections.abc import Sequence
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

NOW = datetime.datetime(2026, 12, 1, 12, tzinfo=datetime.UTC)
DAY = datetime.timedelta(days=1)
URI, HOST = "urn:plant:packer", "packer"
SERVER, CLIENT = ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH


def name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, common)])


def usage(*, sign: bool, certs: bool) -> x509.KeyUsage:
    return x509.KeyUsage(sign, False, False, False, False, certs, certs, False, False)


class Issued:
    """A certificate with its key, for a year. `by` signs it, itself where nobody does."""

    def __init__(
        self,
        common: str,
        by: "Issued | None" = None,
        *,
        begins: datetime.datetime = NOW - DAY,
        ends: datetime.datetime | None = None,
        key: Any = None,
        subject: x509.Name | None = None,
        issuer: x509.Name | None = None,
        serial: int | None = None,
        algorithm: Any = None,
        extensions: Sequence[tuple[x509.ExtensionType, bool]] = (),
    ) -> None:
        self.key = key or ec.generate_private_key(ec.SECP256R1())
        self.subject = subject or name(common)
        builder = (
            x509.CertificateBuilder()
            .subject_name(self.subject)
            .issuer_name(issuer or (by.subject if by else self.subject))
            .public_key(self.key.public_key())
            .serial_number(serial or x509.random_serial_number())
            .not_valid_before(begins)
            .not_valid_after(ends or begins + 366 * DAY)
        )
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical=critical)
        self.certificate = builder.sign(by.key if by else self.key, algorithm or hashes.SHA256())

    @property
    def der(self) -> bytes:
        return self.certificate.public_bytes(Encoding.DER)

    @property
    def pem(self) -> bytes:
        return self.certificate.public_bytes(Encoding.PEM)

    @property
    def fingerprint(self) -> str:
        return self.certificate.fingerprint(hashes.SHA256()).hex(":").upper()

    def crl(self, *revoked: "Issued", by: "Issued | None" = None) -> bytes:
        builder = x509.CertificateRevocationListBuilder().issuer_name(self.subject)
        builder = builder.last_update(NOW - DAY).next_update(NOW + DAY)
        for one in revoked:
            entry = x509.RevokedCertificateBuilder().serial_number(one.certificate.serial_number)
            builder = builder.add_revoked_certificate(entry.revocation_date(NOW - DAY).build())
        return builder.sign((by or self).key, hashes.SHA256()).public_bytes(Encoding.PEM)


def server(
    common: str = "Packer",
    by: Issued | None = None,
    *,
    uri: str = URI,
    hosts: Sequence[str] = (HOST, "192.168.1.20"),
    purposes: Sequence[x509.ObjectIdentifier] = (SERVER,),
    claims: bool = False,
    **more: Any,
) -> Issued:
    """An OPC UA server's. `claims`: it says of itself that it is an authority, as many self-signed ones do."""
    names: list[x509.GeneralName] = [x509.UniformResourceIdentifier(uri)] if uri else []
    for host in hosts:
        try:
            names.append(x509.IPAddress(ipaddress.ip_address(host)))
        except ValueError:
            names.append(x509.DNSName(host))
    extensions: list[tuple[x509.ExtensionType, bool]] = [
        (x509.BasicConstraints(ca=claims, path_length=None), True),
        (usage(sign=True, certs=claims or by is None), True),
        (x509.ExtendedKeyUsage(list(purposes)), False),
        *more.pop("more", []),
    ]
    if names:
        extensions.append((x509.SubjectAlternativeName(names), False))
    return Issued(common, by, extensions=extensions, **more)


def authority(common: str = "Plant CA", by: Issued | None = None, *, longest: int | None = None, **more: Any) -> Issued:
    extensions = [
        (x509.BasicConstraints(ca=True, path_length=longest), True),
        (usage(sign=False, certs=True), True),
        *more.pop("more", []),
    ]
    return Issued(common, by, extensions=extensions, **more)


RSA_WITH = bytes.fromhex("2A864886F70D0101")
"""1.2.840.113549.1.1, before what the hash is: 11 SHA-256, 5 SHA-1."""


def long_ago(issued: Issued, by: Issued) -> Issued:
    """The same certificate, signed again with SHA-1; both keys are RSA. `cryptography` only signs better ones."""
    old, new = RSA_WITH + b"\x0b", RSA_WITH + b"\x05"
    certificate = issued.certificate
    signed = certificate.tbs_certificate_bytes
    signature = by.key.sign(signed.replace(old, new), padding.PKCS1v15(), hashes.SHA1())
    der = issued.der.replace(signed, signed.replace(old, new)).replace(certificate.signature, signature)
    issued.certificate = x509.load_der_x509_certificate(der.replace(old, new))
    return issued


def crl_long_ago(by: Issued, *revoked: Issued, key: rsa.RSAPrivateKey | None = None) -> bytes:
    """A list that is signed with SHA-1, by another key if one is given."""
    old, new = RSA_WITH + b"\x0b", RSA_WITH + b"\x05"
    crl = x509.load_pem_x509_crl(by.crl(*revoked))
    signed = crl.tbs_certlist_bytes
    signature = (key or by.key).sign(signed.replace(old, new), padding.PKCS1v15(), hashes.SHA1())
    der = crl.public_bytes(Encoding.DER).replace(signed, signed.replace(old, new)).replace(crl.signature, signature)
    return der.replace(old, new)


def strong_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def weak_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=1024)
