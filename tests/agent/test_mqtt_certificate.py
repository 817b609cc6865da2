"""The fields of a certificate, held against what `cryptography` says of it."""

import datetime
import ipaddress
from collections.abc import Sequence

import pytest
import trustme
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from agent.mqtt.certificate import Certificate, Malformed, from_der, from_pem

CA = trustme.CA(organization_name="Lineside tests")
KEY = ec.generate_private_key(ec.SECP256R1())
BEGINS = datetime.datetime(2024, 2, 29, 12, 30, 59, tzinfo=datetime.UTC)


def name(*attributes: tuple[x509.ObjectIdentifier, str]) -> x509.Name:
    return x509.Name([x509.NameAttribute(oid, value) for oid, value in attributes])


def made(
    subject: x509.Name,
    issuer: x509.Name,
    begins: datetime.datetime = BEGINS,
    ends: datetime.datetime = datetime.datetime(2049, 12, 31, tzinfo=datetime.UTC),
    hosts: Sequence[x509.GeneralName] = (),
) -> bytes:
    builder = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(KEY.public_key())
    builder = builder.serial_number(x509.random_serial_number()).not_valid_before(begins).not_valid_after(ends)
    builder = builder.add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName(hosts), critical=False)
    return builder.sign(KEY, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


COMMON = name((NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, "平阳印刷"), (NameOID.COMMON_NAME, "网关 7"))
ORGANISATION = name((NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, "County CA"))


def test_what_stands_in_it() -> None:
    hosts = [
        x509.DNSName("broker.example"),
        x509.RFC822Name("a@b.example"),
        x509.IPAddress(ipaddress.ip_address("10.0.0.1")),
        x509.IPAddress(ipaddress.ip_address("2001:db8::1")),
    ]
    assert from_der(made(COMMON, ORGANISATION, hosts=hosts)) == Certificate(
        "网关 7",
        "County CA",
        ("broker.example", "10.0.0.1", "2001:db8::1"),
        BEGINS,
        datetime.datetime(2049, 12, 31, tzinfo=datetime.UTC),
    )


def test_without_alternative_names_it_is_for_its_subject() -> None:
    assert from_der(made(COMMON, ORGANISATION)).names == ("网关 7",)
    assert from_der(made(name(), ORGANISATION)).names == ()


@given(
    st.datetimes(datetime.datetime(1950, 1, 1), datetime.datetime(2400, 1, 1)),  # noqa: DTZ001  # made aware below
    st.timedeltas(datetime.timedelta(0), datetime.timedelta(days=100_000)),
)
def test_dates_before_and_after_2050(begins: datetime.datetime, lasts: datetime.timedelta) -> None:
    """UTCTime until 2049, GeneralizedTime after it."""
    begins = begins.replace(microsecond=0, tzinfo=datetime.UTC)
    lasts -= datetime.timedelta(microseconds=lasts.microseconds)
    certificate = from_der(made(COMMON, COMMON, begins, begins + lasts))
    assert (certificate.begins, certificate.ends) == (begins, begins + lasts)


def test_a_real_pair_of_files() -> None:
    issued = CA.issue_cert("broker.example", "127.0.0.1")
    text = "# a comment\n" + b"".join(blob.bytes() for blob in issued.cert_chain_pems).decode()
    known = x509.load_pem_x509_certificate(issued.cert_chain_pems[0].bytes())
    read = from_pem(text)
    assert (read.begins, read.ends) == (known.not_valid_before_utc, known.not_valid_after_utc)
    assert read.names == ("broker.example", "127.0.0.1")
    assert read.issuer == "Lineside tests"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-----BEGIN CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nA\n-----END CERTIFICATE-----\n",
        "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n",
        "-----END CERTIFICATE----- -----BEGIN CERTIFICATE-----",
    ],
)
def test_what_is_no_pem(text: str) -> None:
    with pytest.raises(Malformed):
        from_pem(text)


GOOD = made(COMMON, ORGANISATION, hosts=[x509.DNSName("broker.example")])


@given(st.integers(0, len(GOOD) - 1), st.integers(0, 255))
def test_one_wrong_byte_is_another_certificate_or_malformed(place: int, byte: int) -> None:
    try:
        read = from_der(GOOD[:place] + bytes([byte]) + GOOD[place + 1 :])
    except Malformed:
        return
    assert isinstance(read, Certificate)


@given(st.integers(0, len(GOOD) - 1))
def test_what_is_cut_off_is_malformed(place: int) -> None:
    with pytest.raises(Malformed):
        from_der(GOOD[:place])


@given(st.binary(max_size=100))
def test_any_bytes_are_a_certificate_or_malformed(data: bytes) -> None:
    with pytest.raises(Malformed):
        from_der(data)
