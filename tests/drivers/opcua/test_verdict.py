"""Who is trusted and why not."""

from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from drivers.errors import NothingChanged
from drivers.opcua.shown import Malformed, chain
from drivers.opcua.shown import one as read
from drivers.opcua.verdict import Asked, judge
from tests.drivers.opcua.desk import Desk
from tests.drivers.opcua.issued import (
    CLIENT,
    DAY,
    HOST,
    NOW,
    SERVER,
    URI,
    Issued,
    authority,
    crl_long_ago,
    long_ago,
    server,
    strong_key,
    weak_key,
)


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "drivers" / "opcua" / "servers" / "packer_4840")


def test_a_pinned_one_is_asked_for_its_dates_and_its_uri_but_not_for_hosts_and_strength(desk: Desk) -> None:
    pinned = server(by=authority(key=weak_key()), hosts=(), purposes=[CLIENT])
    desk.trust(pinned)
    assert desk.code(pinned, host="somewhere.else") is None
    assert desk.code(pinned, uri=None) is None
    assert desk.code(pinned, uri="urn:other") == "U2024"
    assert desk.code(pinned, uri="") == "U2024"
    assert desk.code(pinned, now=NOW + 400 * DAY) == "U2022"
    assert desk.code(pinned, now=NOW - 2 * DAY) == "U2023"
    assert desk.rejected() == [], "it is in the list already"


def test_a_bad_signature_of_its_own_is_refused_even_when_somebody_put_it_into_the_list(desk: Desk) -> None:
    good = server()
    forged = bytearray(good.der)
    forged[-1] ^= 1
    (desk.folder / "trusted").mkdir(parents=True)
    (desk.folder / "trusted" / "by-hand.der").write_bytes(forged)
    refusal = desk.list.judge(bytes(forged), NOW, HOST, URI)
    assert refusal is not None
    assert refusal.code == "U2025"
    with pytest.raises(NothingChanged) as caught:
        desk.list.add(bytes(forged))
    assert caught.value.code == "U2025"


def test_renewed_under_the_same_authority_is_accepted(desk: Desk) -> None:
    ca = authority()
    desk.trust(ca)
    assert desk.code(server(by=ca)) is None
    assert desk.code(server(by=ca)) is None
    assert desk.code(server(by=ca), host="192.168.1.20") is None
    assert desk.code(server(by=ca), host="PACKER.") is None


@pytest.mark.parametrize("same", ["uri", "name"])
def test_renewed_and_self_signed_is_refused_with_both_fingerprints(desk: Desk, same: str) -> None:
    old = server()
    new = server("Other") if same == "uri" else server(uri="urn:new")
    desk.trust(server("Neighbour", uri="urn:neighbour"), old)
    refusal = desk.said(new, uri=None)
    assert refusal is not None
    assert refusal.code == "U2021"
    assert (refusal.facts["pinned"], refusal.facts["fingerprint"]) == (old.fingerprint, new.fingerprint)
    assert desk.rejected() == [new.fingerprint]
    desk.list.add(new.fingerprint[:23])
    desk.list.remove(old.fingerprint[:23])
    assert desk.code(new, uri=None) is None
    assert desk.code(old, uri=None) == "U2021"


def test_chains_through_other_authorities(desk: Desk) -> None:
    root = authority("Root")
    middle = authority("Middle", root)
    end = server(by=middle)
    desk.trust(root)
    assert desk.code(end, middle) is None
    assert desk.code(end, authority("Unrelated"), middle) is None
    refusal = desk.said(end)
    assert refusal is not None
    assert refusal.code == "U2035", "nobody can know who signed it"
    assert (refusal.facts["pinned"], refusal.facts["fingerprint"]) == (root.fingerprint, end.fingerprint)
    desk.list.remove(root.fingerprint)
    desk.trust(middle)
    assert desk.code(end) is None, "the list may hold an authority that another one signed"


def test_what_the_server_sends_is_no_anchor(desk: Desk) -> None:
    root = authority("Root")
    assert desk.code(server(by=root), root) == "U2020"


def wrong_chains() -> list[tuple[str, str, list[Issued], Issued]]:
    """(what it is, the code, what is sent, who is in the list)."""
    root = authority("Root")
    short = authority("Short", longest=0)
    stolen = authority("Root")
    old = authority("Old", begins=NOW - 9 * DAY, ends=NOW - DAY)
    young = authority("Young", begins=NOW + DAY)
    middle, late = authority("Middle", short), authority("Late", root, ends=NOW - timedelta(hours=1))
    pinned = server("Pinned", uri="urn:pinned", claims=True)
    plain = Issued("Plain")
    limited = authority("Limited", more=[(x509.NameConstraints([x509.DNSName("x")], None), True)])
    no_signing = Issued("Root2", extensions=[(x509.BasicConstraints(True, None), True), (root_usage(), True)])
    weak = authority("Weak", key=weak_key())
    return [
        ("signed by somebody of the same name", "U2025", [server(by=stolen)], root),
        ("the authority is over", "U2022", [server(by=old)], old),
        ("the authority has not begun", "U2023", [server(by=young)], young),
        ("one between is over", "U2022", [server(by=late), late], root),
        ("more authorities than it allows", "U2026", [server(by=middle), middle], short),
        ("a server that was pinned signs", "U2026", [server(by=pinned)], pinned),
        ("no authority at all", "U2026", [server(by=plain)], plain),
        ("an authority that may not sign", "U2026", [server(by=no_signing)], no_signing),
        ("limits that are not understood", "U2032", [server(by=limited)], limited),
        ("a weak key of the authority", "U2031", [server(by=weak)], weak),
        ("a weak key of the server", "U2031", [server(by=root, key=weak_key())], root),
        ("for another host", "U2029", [server(by=root, hosts=["press", "10.0.0.1"])], root),
        ("for no host", "U2029", [server(by=root, hosts=[])], root),
        ("a client's", "U2030", [server(by=root, purposes=[CLIENT])], root),
        ("over", "U2022", [server(by=root, ends=NOW - timedelta(hours=1))], root),
        ("of another application", "U2024", [server(by=root, uri="urn:x")], root),
        ("of no application", "U2024", [server(by=root, uri="")], root),
        (
            "an unknown critical extension",
            "U2032",
            [server(by=root, more=[(x509.UnrecognizedExtension(x509.ObjectIdentifier("1.2.3.4"), b"\x05\x00"), True)])],
            root,
        ),
    ]


def root_usage() -> x509.KeyUsage:
    return x509.KeyUsage(True, False, False, False, False, False, False, False, False)


@pytest.mark.parametrize(("what", "code", "chain", "anchor"), [pytest.param(*row, id=row[0]) for row in wrong_chains()])
def test_chains_that_are_refused(desk: Desk, what: str, code: str, chain: list[Issued], anchor: Issued) -> None:
    desk.trust(anchor)
    assert desk.code(*chain) == code, what
    assert desk.rejected() == [chain[0].fingerprint]


def test_the_same_as_a_server_or_without_a_purpose_is_accepted(desk: Desk) -> None:
    root = authority("Root")
    desk.trust(root)
    assert desk.code(server(by=root, purposes=[SERVER, CLIENT])) is None
    bare = Issued(
        "Bare",
        root,
        extensions=[
            (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(URI), x509.DNSName(HOST)]), False),
        ],
    )
    assert desk.code(bare) is None


def test_a_signature_of_long_ago_is_enough_for_a_pinned_server_but_not_for_a_chain(desk: Desk) -> None:
    key = strong_key()
    root, itself = authority("Root", key=key), server(key=key)
    long_ago(itself, itself)
    desk.trust(root, itself)
    assert desk.code(itself) is None
    assert desk.code(long_ago(server(by=root, key=key), root)) == "U2031"
    forged = long_ago(server(key=key), authority("Packer", key=strong_key()))
    assert desk.code(forged) == "U2025"
    assert desk.code(long_ago(server(by=authority("Root", key=key)), authority("Other", key=key))) == "U2031"


def test_one_good_way_is_enough(desk: Desk) -> None:
    """An authority was renewed with the same name: one way ends at the old certificate, the other at the new one."""
    old = authority("Root", ends=NOW - timedelta(hours=1))
    new = authority("Root", key=old.key)
    other = authority("Root")
    desk.trust(old, other, new)
    assert desk.code(server(by=new)) is None


def test_a_long_way_round_ends(desk: Desk) -> None:
    key = authority("Root").key
    ring = [authority("Root", key=key) for _ in range(5)]
    assert desk.code(server(by=ring[0]), *ring) == "U2020"


def test_revoked(desk: Desk) -> None:
    root, gone, here = authority("Root"), None, None
    gone, here = server(by=root), server(by=root)
    desk.trust(root)
    assert desk.code(gone) is None
    desk.crl(root.crl(gone))
    assert desk.code(gone) == "U2028"
    assert desk.code(here) is None
    desk.list.add(gone.der)
    assert desk.code(gone) == "U2028", "that somebody trusts it does not bring it back"
    desk.crl(root.crl(here, by=authority("Somebody")))
    assert desk.code(here) is None, "a list that the authority did not sign says nothing"
    desk.list.remove(root.fingerprint)
    desk.list.add(here.der)
    assert desk.code(here) == "U2028", "nobody can verify the list now, but somebody put it there"


def test_a_list_that_was_signed_as_long_ago_counts(desk: Desk) -> None:
    """An old authority is no reason to let a revoked server in."""
    root = authority("Root", key=strong_key())
    gone = server(by=root)
    desk.trust(root)
    desk.crl(crl_long_ago(root, gone))
    assert desk.code(gone) == "U2028"
    desk.crl(crl_long_ago(root, gone, key=strong_key()))
    assert desk.code(gone) is None


def test_a_revoked_authority(desk: Desk) -> None:
    root = authority("Root")
    middle = authority("Middle", root)
    desk.trust(root)
    desk.crl(root.crl(middle))
    assert desk.code(server(by=middle), middle) == "U2028"


def test_a_list_of_revocations_that_cannot_be_read_stops_everything(desk: Desk) -> None:
    pinned = server()
    desk.trust(pinned)
    for content in (b"nonsense", authority().crl()[:100], b""):
        desk.crl(content)
        refusal = desk.said(pinned)
        assert refusal is not None
        assert refusal.code == "U2033"
        assert "plant.crl" in refusal.reason


@pytest.mark.parametrize(
    "sent", [b"", b"\x30", b"\x31\x00", b"\x30\x85" + b"\x01" * 9, b"\x30\x03\x02\x01\x01", b"x" * 70_000]
)
def test_what_is_no_certificate(desk: Desk, sent: bytes) -> None:
    refusal = desk.list.judge(sent, NOW, HOST, URI)
    assert refusal is not None
    assert refusal.code == "U2027"
    assert not desk.folder.exists()


def test_too_many_certificates(desk: Desk) -> None:
    refusal = desk.said(*[server()] * 7)
    assert refusal is not None
    assert refusal.code == "U2027"


@pytest.mark.filterwarnings("ignore")  # cryptography warns of what it takes all the same
def test_no_byte_that_a_server_changes_is_trusted_or_raises() -> None:
    pinned, root = server(), authority("Root")
    issued = server(by=root)
    trusted = [read(pinned.der), read(root.der)]

    def is_trusted(sent: bytes) -> bool:
        try:
            return judge(chain(sent), trusted, [], Asked(NOW, HOST, URI)) is None
        except Malformed:
            return False

    # Behind what is signed there is more than one way to write the same signature.
    signed = len(issued.certificate.tbs_certificate_bytes) + issued.der.index(issued.certificate.tbs_certificate_bytes)
    for der, matters in ((pinned.der, len(pinned.der)), (issued.der, signed)):
        assert is_trusted(der)
        for at in range(len(der)):
            for bits in (0x01, 0x80):
                changed = bytearray(der)
                changed[at] ^= bits
                assert not is_trusted(bytes(changed)) or at >= matters
            assert not is_trusted(der[:at])
