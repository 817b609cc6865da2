"""What this computer says: where state is kept, what it is called, who may read a file."""

import hashlib
import os
import socket
import stat
from pathlib import Path

from agent.config.text import os_reason

_MACHINE_ID = (Path("/etc/machine-id"), Path("/var/lib/dbus/machine-id"))
MAX_SECRET_BYTES = 4096


def state_dir(written: str | None, base: Path) -> Path:
    """The configuration's, else $STATE_DIRECTORY (systemd.exec), else below $XDG_STATE_HOME or ~/.local/state."""
    if written:
        return absolute(written, base)
    given = os.environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return Path(given)
    home = os.environ.get("XDG_STATE_HOME", "")
    return (Path(home) if home.startswith("/") else Path.home() / ".local" / "state") / "lineside"


def client_id(gateway: str) -> str:
    """Two gateways with one name must not take each other's connection: the machine's id is part of the client id."""
    return f"{gateway}-{hashlib.sha256(_machine_id()).hexdigest()[:8]}"


def _machine_id() -> bytes:
    for path in _MACHINE_ID:
        try:
            found = path.read_bytes().strip()
        except OSError:
            continue
        if found:
            return found
    return socket.gethostname().encode()


class Refused(Exception):
    """A file cannot be used: `code` of the message and its facts."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code = code
        self.facts = facts


def _unreadable(path: Path, error: Exception) -> Refused:
    if isinstance(error, FileNotFoundError):
        return Refused("E1088", file=str(path))
    return Refused("E1079", file=str(path), reason=os_reason(error))


def password(written: str, base: Path) -> str:
    """The first line of a password file. Raises `Refused` when it cannot be read, or when others can read it.

    A file of that name in $CREDENTIALS_DIRECTORY (systemd.exec, "Credentials") comes first and is guarded by systemd.
    """
    credential = _credential(written)
    path = credential or absolute(written, base)
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            data = file.read(MAX_SECRET_BYTES + 1)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None
    if credential is None and mode & 0o077:
        raise Refused("E1080", file=str(path), mode=f"{mode:04o}")
    return _one_line(data, path)


def secret(written: str, base: Path) -> Path:
    """Where a password is looked for."""
    return _credential(written) or absolute(written, base)


def _credential(written: str) -> Path | None:
    directory = os.environ.get("CREDENTIALS_DIRECTORY")
    if not directory or "/" in written or written in ("", ".", "..") or "\0" in written:
        return None
    path = Path(directory) / written
    try:
        return path if path.is_file() else None
    except OSError:
        return path  # opening it says what is wrong with it


def _one_line(data: bytes, path: Path) -> str:
    data = data.removesuffix(b"\n").removesuffix(b"\r")
    try:
        text = data.decode()
    except UnicodeDecodeError:
        raise Refused("E1081", file=str(path)) from None
    if not text or len(data) > MAX_SECRET_BYTES or not text.isprintable():
        raise Refused("E1081", file=str(path))
    return text


def readable(written: str, base: Path) -> Path:
    """The absolute path of a file that this process can read. Raises `Refused`."""
    content(written, base, 1)
    return absolute(written, base)


def content(written: str, base: Path, most: int) -> bytes:
    """The beginning of a file. Raises `Refused`."""
    path = absolute(written, base)
    try:
        with path.open("rb") as file:
            return file.read(most)
    except (OSError, ValueError) as error:
        raise _unreadable(path, error) from None


def absolute(written: str, base: Path) -> Path:
    """Where a file is that the configuration in `base` names."""
    try:
        return (base / Path(written).expanduser()).absolute()
    except RuntimeError:  # `~somebody` who is not known here
        return (base / written).absolute()


def secret_file(written: str, base: Path) -> Path:
    """The absolute path of a file that this process can read and others cannot; credentials as for `password`.

    Raises `Refused`.
    """
    credential = _credential(written)
    path = credential or readable(written, base)
    mode = stat.S_IMODE(path.stat().st_mode)
    if credential is None and mode & 0o077:
        raise Refused("E1080", file=str(path), mode=f"{mode:04o}")
    return path
