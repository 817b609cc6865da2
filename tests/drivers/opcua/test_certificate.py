"""Our own certificate: what is in it, when it is made, and that nothing but a person replaces it."""

import shutil
import stat
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from drivers.opcua import certificate
from drivers.opcua.certificate import Own, Unusable, days_left, expiring, own, shown
from tests.drivers.opcua.issued import DAY, NOW, Issued, server, strong_key

PEM, PKCS8 = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Own]:
    folder = tmp_path_factory.mktemp("state") / "drivers" / "opcua"
    return folder, own(folder, "gw-0007", NOW)


@pytest.fixture
def made(made_once: tuple[Path, Own], tmp_path: Path) -> tuple[Path, Own]:
    """Keys take long to make: a copy for each test that spoils it."""
    folder = tmp_path / "opcua"
    shutil.copytree(made_once[0], folder)
    return folder, made_once[1]


def key_of(ours: Own) -> rsa.RSAPrivateKey:
    key = serialization.load_der_private_key(ours.key, None)
    assert isinstance(key, rsa.RSAPrivateKey)
    return key


def test_what_is_in_it(made_once: tuple[Path, Own]) -> None:
    folder, ours = made_once
    loaded = x509.load_der_x509_certificate(ours.certificate)
    loaded.verify_directly_issued_by(loaded)
    assert isinstance(loaded.signature_hash_algorithm, hashes.SHA256)
    assert key_of(ours).key_size == 2048
    assert key_of(ours).public_key() == loaded.public_key()
    said = {attribute.oid: attribute.value for attribute in loaded.subject}
    assert said == {NameOID.COMMON_NAME: "Lineside gw-0007", NameOID.ORGANIZATION_NAME: "Lineside"}
    names = loaded.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.UniformResourceIdentifier) == ["urn:lineside:gw-0007"] == [ours.uri]
    assert names.get_values_for_type(x509.DNSName) == ["gw-0007"]
    usage = loaded.extensions.get_extension_for_class(x509.KeyUsage).value
    assert (usage.digital_signature, usage.content_commitment, usage.key_encipherment) == (True, True, True)
    assert (usage.data_encipherment, usage.key_cert_sign, usage.crl_sign, usage.key_agreement) == (
        True,
        True,
        False,
        False,
    )
    extended = loaded.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(extended) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not loaded.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert (ours.begins, ours.ends) == (NOW - DAY, NOW + 3 * 365 * DAY)
    assert ours.fingerprint == loaded.fingerprint(hashes.SHA256()).hex(":").upper()
    assert ours.path == folder / "own" / "certificate.der"
    assert ours.path.read_bytes() == ours.certificate
    ((code, facts),) = ours.notes
    assert (code, facts["fingerprint"]) == ("U2001", ours.fingerprint)
    assert "key" not in repr(ours).replace("key.pem", "")


def test_files_are_private_and_nothing_else_is_left(made_once: tuple[Path, Own]) -> None:
    folder, _ = made_once
    assert [path.name for path in folder.iterdir()] == ["own"]
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (folder, *folder.rglob("*"))}
    assert modes == {"opcua": 0o700, "own": 0o700, "certificate.der": 0o600, "key.pem": 0o600}


def test_it_stays_whatever_the_name_and_the_clock_are(made: tuple[Path, Own]) -> None:
    folder, ours = made
    for now in (NOW, NOW + 4000 * DAY, datetime(1970, 1, 1, tzinfo=UTC)):
        again = own(folder, "renamed", now)
        assert again.certificate == ours.certificate
        assert again.key == ours.key
        assert again.notes == ()


@pytest.mark.parametrize(
    ("host", "uri", "dns"),
    [
        ("包装线 1", "urn:lineside:%E5%8C%85%E8%A3%85%E7%BA%BF%201", "1"),
        ("包装" * 40, "urn:lineside:" + "%E5%8C%85%E8%A3%85" * 40, "localhost"),
        ("10.0.0.7", "urn:lineside:10.0.0.7", None),
    ],
)
def test_names_that_are_no_dns_names(
    host: str, uri: str, dns: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    key = strong_key()
    monkeypatch.setattr(rsa, "generate_private_key", lambda **_: key)
    ours = own(tmp_path, host, NOW)
    assert ours.uri == uri
    names = x509.load_der_x509_certificate(ours.certificate).extensions.get_extension_for_class(
        x509.SubjectAlternativeName
    )
    assert names.value.get_values_for_type(x509.DNSName) == ([dns] if dns else [])


def test_a_clock_that_is_wrong_at_the_first_start_makes_no_certificate_of_1970(tmp_path: Path) -> None:
    ours = own(tmp_path, "gw", datetime(1970, 1, 1, tzinfo=UTC))
    assert ours.begins < certificate.NEVER_BEFORE < NOW < ours.ends


def spoil(path: Path, how: str) -> None:
    match how:
        case "gone":
            path.unlink()
        case "empty":
            path.write_bytes(b"")
        case "cut":
            path.write_bytes(path.read_bytes()[:-40])
        case "other":
            other = server()
            whole = other.key.private_bytes(PEM, PKCS8, serialization.NoEncryption())
            path.write_bytes(whole if path.name == "key.pem" else other.der)


@pytest.mark.parametrize("how", ["gone", "empty", "cut", "other"])
@pytest.mark.parametrize("name", ["certificate.der", "key.pem"])
def test_a_damaged_pair_is_said_and_set_aside(made: tuple[Path, Own], name: str, how: str) -> None:
    folder, ours = made
    spoil(folder / "own" / name, how)
    left = {path.name: path.read_bytes() for path in (folder / "own").iterdir()}
    again = own(folder, "gw-0007", NOW)
    assert again.certificate != ours.certificate
    damage, new = again.notes
    assert (damage.code, new.code) == ("U2002", "U2001")
    aside = folder / "own.damaged-20261201T120000"
    assert damage.facts["aside"] == aside
    assert {path.name: path.read_bytes() for path in aside.iterdir()} == left
    assert own(folder, "gw-0007", NOW).notes == ()
    assert own(folder, "gw-0007", NOW).certificate == again.certificate


def test_what_is_set_aside_twice_in_a_second_is_all_there(made: tuple[Path, Own]) -> None:
    folder, _ = made
    for _ in range(2):
        spoil(folder / "own" / "key.pem", "gone")
        own(folder, "gw", NOW)
    assert len([path for path in folder.iterdir() if "damaged" in path.name]) == 2


def test_a_start_that_was_cut_off_leaves_nothing_that_counts(tmp_path: Path) -> None:
    (tmp_path / "own.part").mkdir()
    (tmp_path / "own.part" / "key.pem").write_text("half")
    assert [note.code for note in own(tmp_path, "gw", NOW).notes] == ["U2001"]
    assert [path.name for path in tmp_path.iterdir()] == ["own"]


def test_two_connections_that_start_together_have_one_pair(tmp_path: Path) -> None:
    found: list[Own] = []
    threads = [threading.Thread(target=lambda: found.append(own(tmp_path, "gw", NOW))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({ours.fingerprint for ours in found}) == 1
    assert sorted(len(ours.notes) for ours in found) == [0, 0, 1]


def test_a_key_of_ours_that_others_can_read_is_refused(made: tuple[Path, Own]) -> None:
    folder, _ = made
    (folder / "own" / "key.pem").chmod(0o640)
    with pytest.raises(Unusable) as caught:
        own(folder, "gw", NOW)
    assert (caught.value.code, caught.value.facts["mode"]) == ("U2004", "0640")
    assert (folder / "own" / "key.pem").exists(), "a person decides"


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("in the way")
    with pytest.raises(Unusable) as caught:
        own(tmp_path / "state" / "opcua", "gw", NOW)
    assert caught.value.code == "U2003"
    assert str(tmp_path / "state") in str(caught.value.facts["reason"])


def test_days(made_once: tuple[Path, Own]) -> None:
    _, ours = made_once

    def said(left: timedelta) -> tuple[int, str, object] | None:
        found = expiring(ours, ours.ends - left)
        return found and (found.threshold, found.code, found.facts.get("days"))

    assert said(31 * DAY) is None
    assert said(30 * DAY) == (30, "U2008", 30)
    assert said(7 * DAY + timedelta(seconds=1)) == (30, "U2008", 8)
    assert said(7 * DAY) == (7, "U2008", 7)
    assert said(timedelta(hours=5)) == (1, "U2008", 1)
    assert said(timedelta()) == (0, "U2009", None)
    assert expiring(ours, ours.begins - DAY) is not None
    assert expiring(ours, ours.begins - DAY).code == "U2010"
    assert days_left(ours, NOW) == 3 * 365
    assert days_left(ours, ours.ends + timedelta(hours=1)) == -1


class Site:
    """Files of the site's own."""

    def __init__(self, folder: Path) -> None:
        self.certificate, self.key = folder / "gw.pem", folder / "gw.key"
        self.private = strong_key()

    def write(self, issued: Issued | None = None, password: bytes | None = None, mode: int = 0o600) -> None:
        issued = issued or server("gw", uri="urn:plant:gw", key=self.private)
        hidden = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
        self.certificate.write_bytes(issued.pem)
        self.key.write_bytes(self.private.private_bytes(PEM, PKCS8, hidden))
        self.key.chmod(mode)

    def own(self, tmp_path: Path) -> Own:
        return own(tmp_path / "unused", "gw", NOW, (self.certificate, self.key))

    def refused(self, tmp_path: Path) -> Unusable:
        with pytest.raises(Unusable) as caught:
            self.own(tmp_path)
        return caught.value


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def test_files_of_the_site_are_used_and_nothing_is_made(site: Site, tmp_path: Path) -> None:
    site.write()
    ours = site.own(tmp_path)
    assert (ours.uri, ours.path, ours.notes) == ("urn:plant:gw", site.certificate, ())
    assert key_of(ours).private_numbers() == site.private.private_numbers()
    der = server("gw", uri="urn:plant:gw", key=site.private).der
    site.certificate.write_bytes(der)
    plain = site.private.private_bytes(serialization.Encoding.DER, PKCS8, serialization.NoEncryption())
    site.key.write_bytes(plain)
    assert site.own(tmp_path).certificate == der
    assert not (tmp_path / "unused").exists()


def test_a_key_that_others_can_read_is_refused(site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site.write(mode=0o644)
    assert site.refused(tmp_path).code == "U2004"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert site.own(tmp_path).uri == "urn:plant:gw"


def test_files_that_cannot_be_used(site: Site, tmp_path: Path) -> None:
    assert site.refused(tmp_path).code == "U2005"
    site.write(password=b"secret")
    assert site.refused(tmp_path).code == "U2005"
    site.write(server("gw", uri="urn:plant:gw"))
    assert site.refused(tmp_path).code == "U2006"
    site.write(server("gw", uri="", key=site.private))
    assert site.refused(tmp_path).code == "U2007"
    site.write()
    site.certificate.write_text("nonsense")
    assert site.refused(tmp_path).code == "U2005"
    site.write()
    site.key.write_bytes(server().key.private_bytes(PEM, PKCS8, serialization.NoEncryption()))
    assert "not an RSA key" in str(site.refused(tmp_path).facts["reason"])


def test_in_a_list(made: tuple[Path, Own], tmp_path: Path) -> None:
    folder, ours = made
    entry = shown(folder)
    assert entry is not None
    assert (entry.standing, entry.fingerprint, entry.uri, entry.ends) == ("own", ours.fingerprint, ours.uri, ours.ends)
    assert shown(tmp_path / "nothing") is None
