"""What is kept of servers on disk, and what people may do with it."""

import os
import stat
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509

from drivers.errors import NothingChanged
from drivers.opcua.trust import REJECTED_MAX
from tests.drivers.opcua.desk import Desk
from tests.drivers.opcua.issued import DAY, NOW, URI, authority, name, server


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path / "drivers" / "opcua" / "servers" / "packer_4840")


def test_nobody_is_trusted_at_first_and_what_was_shown_is_kept(desk: Desk) -> None:
    stranger = server()
    assert not desk.folder.exists(), "nothing is made before it is needed"
    refusal = desk.said(stranger)
    assert refusal is not None
    assert refusal.code == "U2020"
    assert refusal.facts["fingerprint"] == stranger.fingerprint
    assert refusal.facts["short"] == stranger.fingerprint[:23]
    assert (refusal.facts["file"], refusal.facts["state_dir"]) == (
        Path("/etc/lineside/line2.yaml"),
        Path("/var/lib/lineside"),
    )
    assert desk.rejected() == [stranger.fingerprint]
    entry = desk.list.add(stranger.fingerprint[:11])
    assert (entry.standing, entry.subject, entry.uri, entry.ends) == ("trusted", "Packer", URI, NOW + 365 * DAY)
    assert desk.code(stranger) is None
    assert desk.rejected() == []


def test_files_are_private(desk: Desk) -> None:
    desk.said(server())
    for path in (desk.folder, desk.folder / "rejected"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    (file,) = (desk.folder / "rejected").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_server_cannot_fill_the_disk(desk: Desk) -> None:
    shown = [server(f"Packer {number}", ends=NOW + number * DAY) for number in range(1, REJECTED_MAX + 6)]
    for minute, one in enumerate(shown):
        desk.said(one, now=NOW + timedelta(minutes=minute))
    assert desk.rejected() == [one.fingerprint for one in reversed(shown)][:REJECTED_MAX], "the latest first"


def test_when_it_was_seen_is_not_written_each_time(desk: Desk) -> None:
    stranger = server()
    desk.said(stranger)
    desk.said(stranger, now=NOW + timedelta(minutes=59))
    assert desk.list.entries()[0].seen == NOW
    desk.said(stranger, now=NOW + timedelta(minutes=61))
    assert desk.list.entries()[0].seen == NOW + timedelta(minutes=61)


def test_names_cannot_leave_the_folder(desk: Desk) -> None:
    for common in ("../../etc/passwd", "..", "\u5305\u88c5\u673a", "a/b\\c\n", "x" * 64):
        desk.said(server(common))
    files = [path.name for path in (desk.folder / "rejected").iterdir()]
    assert len(files) == 5
    assert all(len(file) < 140 and not set(file) & set("/\\\n") for file in files)
    assert [path.name for path in desk.folder.iterdir()] == ["rejected"]
    assert all(entry.subject.isprintable() for entry in desk.list.entries())


def test_a_disk_that_cannot_be_written_refuses_all_the_same(desk: Desk) -> None:
    desk.folder.parent.mkdir(parents=True)
    desk.folder.mkdir()
    (desk.folder / "rejected").write_text("in the way")
    assert desk.code(server()) == "U2020"


def test_a_list_that_cannot_be_read_trusts_nobody(desk: Desk) -> None:
    desk.folder.mkdir(parents=True)
    (desk.folder / "trusted").write_text("in the way")
    refusal = desk.said(server())
    assert refusal is not None
    assert refusal.code == "U2034"
    with pytest.raises(OSError, match="Not a directory"):
        desk.list.entries()


def test_files_by_hand_may_be_pem_and_others_are_passed_over(desk: Desk) -> None:
    pinned = server()
    folder = desk.folder / "trusted"
    folder.mkdir(parents=True)
    (folder / "packer.pem").write_bytes(b"Packer\n" + pinned.pem)
    (folder / "README").write_text("no certificate")
    (folder / "half.der.part").write_bytes(server().der)
    assert desk.code(pinned) is None
    assert [entry.fingerprint for entry in desk.list.entries()] == [pinned.fingerprint]


def test_what_cannot_be_added_or_removed(desk: Desk) -> None:
    one, other = server(), server()
    desk.said(one)
    for what, code in [
        ("", "U2044"),
        ("3F:A", "U2044"),
        ("packer", "U2044"),
        ("00" * 32, "U2041"),
        (b"nonsense", "U2040"),
        (b"-----BEGIN CERTIFICATE-----\nx\n", "U2040"),
    ]:
        for call in (desk.list.add, desk.list.remove):
            with pytest.raises(NothingChanged) as caught:
                call(what)
            assert caught.value.code == code
    desk.trust(one)
    with pytest.raises(NothingChanged) as caught:
        desk.list.add(one.pem)
    assert caught.value.code == "U2043"
    assert desk.list.remove(one.pem).standing == "trusted"
    desk.said(other)
    assert desk.list.remove(other.fingerprint.lower().replace(":", "")[:9]).standing == "rejected"
    assert desk.list.entries() == []


def test_a_prefix_of_several(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("drivers.opcua.trust.PREFIX_MIN", 0)
    desk.said(server())
    desk.said(server())
    with pytest.raises(NothingChanged) as caught:
        desk.list.add("")
    assert (caught.value.code, caught.value.facts["count"]) == ("U2042", 2)


def test_an_authority_is_shown_as_one(desk: Desk) -> None:
    desk.trust(authority("Plant CA"), server(claims=True))
    assert {entry.subject: entry.is_authority for entry in desk.list.entries()} == {"Plant CA": True, "Packer": False}
    assert {entry.issuer for entry in desk.list.entries()} == {"Plant CA", "Packer"}


def test_a_name_without_a_common_name(desk: Desk) -> None:
    nameless = server(subject=x509.Name([x509.NameAttribute(x509.NameOID.ORGANIZATION_NAME, "Plant")]))
    assert desk.code(nameless) == "U2020"
    assert desk.list.entries()[0].subject == "O=Plant"
    assert name("x") != nameless.subject


def test_what_a_stranger_wrote_is_short_and_on_one_line(desk: Desk) -> None:
    root = authority("Root")
    desk.trust(root)
    uri, hosts = "urn:" + "x" * 9000, [f"host{number}" for number in range(2000)]
    for refusal in (desk.said(server("a\nE2001 b", uri=uri)), desk.said(server(by=root, hosts=hosts), host="x")):
        assert refusal is not None
        assert len(refusal.reason) < 400
        assert refusal.reason.isprintable()


def test_what_goes_while_somebody_looks_is_passed_over(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """The agent makes room among the rejected ones, and people remove trusted ones, at any moment."""
    desk.said(server())
    (file,) = (desk.folder / "rejected").iterdir()
    with monkeypatch.context() as patched:
        patched.setattr(os, "listdir", lambda _: [file.name, "gone.der"])
        patched.setattr(Path, "is_file", lambda _: True)
        assert len(desk.list.entries()) == 1
    read = Path.open

    def gone(path: Path, *how: str) -> object:
        content = read(path, *how)
        path.unlink()
        return content

    monkeypatch.setattr(Path, "open", gone)
    assert [entry.fingerprint for entry in desk.list.entries()] != []
    assert desk.list.entries() == []


def test_a_write_that_was_cut_leaves_nothing_behind(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.folder.mkdir(parents=True)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            desk.list.add(server().der)
        assert desk.code(server()) == "U2020"
    assert desk.list.entries() == []
    desk.trust(server())
    assert len(desk.list.entries()) == 1
