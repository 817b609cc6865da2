"""Small files that are whole or not there, in folders that nobody else can look into. Raises `OSError`."""

import os
from pathlib import Path

PRIVATE_FOLDER, PRIVATE_FILE = 0o700, 0o600
PART = ".part"
"""Behind a name until the file is whole."""


def make_folder(path: Path) -> None:
    """The folder and those above it that are missing."""
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
        sync(path.parent)


def write(path: Path, content: bytes) -> None:
    """On the disk under its name when this returns, in a folder that is there; never a part of it."""
    part = path.with_name(path.name + PART)
    part.unlink(missing_ok=True)
    descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, PRIVATE_FILE)
    with open(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(descriptor)
    part.replace(path)
    sync(path.parent)


def sync(folder: Path) -> None:
    """The names in it."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
