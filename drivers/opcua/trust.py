"""The trust list of one server, as files: who is trusted, who was turned away, whom authorities have revoked.

trusted/    certificates (DER, PEM) of servers and authorities that somebody let in
rejected/   the last servers that were turned away, so that somebody can let them in
crl/        revocation lists of authorities (DER, PEM), put there by hand
"""

import contextlib
import os
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from cryptography import x509

from drivers.contract import Certified
from drivers.errors import NothingChanged
from drivers.opcua.files import PART, make_folder, write
from drivers.opcua.shown import MAX_BYTES, Malformed, Shown, chain, from_file, undecoded
from drivers.opcua.verdict import Asked, Refusal, is_authority, judge, verified_alone
from drivers.phrase import Phrase, of_file

REJECTED_MAX = 32
"""A server that shows another certificate each time must not fill the disk."""
SEEN_AGAIN_S = 3600.0
"""A server that is turned away every few seconds must not wear out a memory card."""
PREFIX_MIN = 4
"""Hexadecimal digits."""
_NAME_MAX = 60


class TrustList:
    """Nothing is remembered between calls, so that what a command changes holds at the next connect. Blocks."""

    def __init__(self, folder: Path, file: Path = Path("FILE"), state_dir: Path = Path("DIR")) -> None:
        """`file` and `state_dir` are words for the commands in hints."""
        self.folder = folder
        self._trusted, self._rejected = folder / "trusted", folder / "rejected"
        self._words = {"file": file, "state_dir": state_dir}

    def judge(self, sent: bytes, now: datetime, host: str, application_uri: str | None) -> Refusal | None:
        """None where the server is trusted. `sent`: its certificate, and others behind it (DER, as in an endpoint
        description); `now` is aware; `host` stands in the connection's URL; `application_uri` is what the server
        calls itself (None: not known yet, so not compared).

        One that is not trusted is kept in `rejected/`, if it can be. Never raises for what a server shows.
        """
        try:
            shown = chain(sent)
        except Malformed as error:
            return Refusal("U2027", {"reason": error.reason})
        try:
            trusted = [one for _, one in _read(self._trusted)]
            refusal = judge(shown, trusted, _revocations(self.folder / "crl"), Asked(now, host, application_uri))
        except _UnreadableList as error:
            # It may name the very certificate that is looked at.
            return Refusal("U2033", {"path": error.path, "reason": error.reason})
        except OSError as error:
            return Refusal("U2034", {"folder": self.folder, "reason": of_file(error)})
        if refusal is None:
            return None
        if all(one.der != shown[0].der for one in trusted):
            with contextlib.suppress(OSError):  # a full disk is no reason to trust somebody
                self._keep(shown[0], now)
        return Refusal(refusal.code, {**refusal.facts, **self._words})

    def entries(self) -> list[Certified]:
        """Those that are trusted, then those that were rejected, the latest first. Raises `OSError`."""
        return [
            *(_entry(path, one, "trusted") for path, one in reversed(list(_read(self._trusted)))),
            *(_entry(path, one, "rejected") for path, one in reversed(list(_read(self._rejected)))),
        ]

    def add(self, what: str | bytes) -> Certified:
        """Trust a rejected certificate, by the beginning of its fingerprint, or one from the content of a file.

        Raises `NothingChanged` and `OSError`.
        """
        found = self._in_file(what) if isinstance(what, bytes) else self._only(self._rejected, what)
        if any(one.der == found.der for _, one in _read(self._trusted)):
            raise NothingChanged("U2043", subject=found.subject, fingerprint=found.fingerprint)
        make_folder(self._trusted)
        path = self._trusted / _name(found)
        write(path, found.der)
        self._forget(self._rejected, found)
        return _entry(path, found, "trusted")

    def remove(self, what: str | bytes) -> Certified:
        """Trust it no more; a rejected one is only forgotten. Raises `NothingChanged` and `OSError`."""
        if isinstance(what, bytes):
            what = self._in_file(what).fingerprint
        for folder in (self._trusted, self._rejected):
            with contextlib.suppress(_NoSuch):
                found = self._only(folder, what)
                path = next(path for path, one in _read(folder) if one.der == found.der)
                entry = _entry(path, found, "trusted" if folder == self._trusted else "rejected")
                self._forget(folder, found)
                return entry
        raise NothingChanged("U2041", what=what, **self._words)

    def _in_file(self, content: bytes) -> Shown:
        try:
            found = from_file(content)
        except Malformed as error:
            raise NothingChanged("U2040", reason=error.reason) from None
        if not verified_alone(found):
            raise NothingChanged(
                "U2025", subject=found.subject, issuer=found.issuer, fingerprint=found.fingerprint, **self._words
            )
        return found

    def _only(self, folder: Path, prefix: str) -> Shown:
        digits = prefix.replace(":", "").replace(" ", "").upper()
        if not re.fullmatch(f"[0-9A-F]{{{PREFIX_MIN},64}}", digits):
            raise NothingChanged("U2044", what=prefix)
        same = {one.der: one for _, one in _read(folder) if one.fingerprint.replace(":", "").startswith(digits)}
        if not same:
            raise _NoSuch("U2041", what=prefix, **self._words)
        if len(same) > 1:
            raise NothingChanged("U2042", what=prefix, count=len(same))
        return next(iter(same.values()))

    def _keep(self, one: Shown, now: datetime) -> None:
        make_folder(self._rejected)
        path = self._rejected / _name(one)
        seen = now.timestamp()
        if not path.is_file():
            write(path, one.der)
        elif abs(path.stat().st_mtime - seen) < SEEN_AGAIN_S:
            return
        os.utime(path, (seen, seen))
        others = [other for other, _ in _oldest_first(self._rejected) if other != path]
        for old in others[: max(len(others) + 1 - REJECTED_MAX, 0)]:
            old.unlink(missing_ok=True)

    def _forget(self, folder: Path, one: Shown) -> None:
        for path, other in list(_read(folder)):
            if other.der == one.der:
                path.unlink(missing_ok=True)


class _NoSuch(NothingChanged):
    """No fingerprint begins so."""


class _UnreadableList(Exception):
    """A file of revocations that is none."""

    def __init__(self, path: Path, reason: Phrase) -> None:
        super().__init__(str(path))
        self.path = path
        self.reason = reason


def _read(folder: Path) -> Iterator[tuple[Path, Shown]]:
    """Every certificate in it, the oldest file first; other files are passed over. Raises `OSError`."""
    for path, _ in _oldest_first(folder):
        # The agent may forget one while a command looks, and the other way round.
        with contextlib.suppress(Malformed, FileNotFoundError):
            with path.open("rb") as file:
                found = from_file(file.read(MAX_BYTES + 1))
            yield path, found


def _oldest_first(folder: Path) -> list[tuple[Path, float]]:
    try:
        names = [name for name in os.listdir(folder) if not name.endswith(PART)]
    except FileNotFoundError:
        return []
    found: list[tuple[Path, float]] = []
    for path in map(folder.joinpath, names):
        with contextlib.suppress(FileNotFoundError):
            if path.is_file():
                found.append((path, path.stat().st_mtime))
    return sorted(found, key=lambda each: (each[1], each[0]))


def _revocations(folder: Path) -> list[x509.CertificateRevocationList]:
    """Raises `_UnreadableList` and `OSError`."""
    found: list[x509.CertificateRevocationList] = []
    for path, _ in _oldest_first(folder):
        content = path.read_bytes()
        try:
            is_pem = b"-----BEGIN" in content
            one = x509.load_pem_x509_crl(content) if is_pem else x509.load_der_x509_crl(content)
            len(one)  # reads all of it: what is damaged shows now
        except (ValueError, TypeError) as error:
            raise _UnreadableList(path, undecoded(error)) from None
        found.append(one)
    return found


def _name(one: Shown) -> str:
    """`3fa20b..._S7-1500.der`: no part of a name that a stranger chose can leave the folder."""
    plain = re.sub(r"[^A-Za-z0-9.-]+", "-", one.subject)[:_NAME_MAX].strip("-.")
    return f"{one.fingerprint.replace(':', '').lower()}_{plain or 'unnamed'}.der"


def _entry(path: Path, one: Shown, standing: Literal["trusted", "rejected"]) -> Certified:
    try:
        seen = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    except FileNotFoundError:
        seen = datetime.now(UTC)
    return Certified(
        standing, one.fingerprint, one.subject, one.issuer, one.uri, one.ends, seen, path, is_authority(one)
    )
