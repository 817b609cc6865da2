"""A directory as the outbox uses it."""

import tracemalloc
from pathlib import Path

import pytest

from agent.outbox.disk import RealDisk
from agent.outbox.walk import WHOLE


@pytest.mark.parametrize(
    ("at", "size", "found"),
    [(0, WHOLE, b"0123456789"), (4, WHOLE, b"456789"), (4, 2, b"45"), (10, 5, b""), (99, 5, b"")],
)
def test_what_is_read_takes_no_more_memory_than_there_is(at: int, size: int, found: bytes, tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"0123456789")
    tracemalloc.start()
    try:
        assert RealDisk(tmp_path).read("a", at, size) == found
        assert tracemalloc.get_traced_memory()[1] < 100_000
    finally:
        tracemalloc.stop()


def test_what_goes_while_one_looks_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another process removes segments, and those that stay are named all the same."""
    for name in "abc":
        (tmp_path / name).write_bytes(b"xy")
    names = RealDisk(tmp_path).names()
    assert sorted(names) == [("a", 2), ("b", 2), ("c", 2)]
    gone = names[0][0]

    class Entry:
        """One of `os.scandir`, whose file goes between the two questions."""

        def __init__(self, name: str) -> None:
            self.name = name

        def is_file(self, *, follow_symlinks: bool) -> bool:
            (tmp_path / gone).unlink(missing_ok=True)
            return not follow_symlinks

        def stat(self) -> object:
            return (tmp_path / self.name).stat()

    class Entries(list[Entry]):
        def __enter__(self) -> "Entries":
            return self

        def __exit__(self, *_: object) -> None:
            return

    monkeypatch.setattr("os.scandir", lambda _: Entries(Entry(name) for name, _ in names))
    assert sorted(name for name, _ in RealDisk(tmp_path).names()) == sorted({"a", "b", "c"} - {gone})
    monkeypatch.undo()
    assert RealDisk(tmp_path / "gone").names() == []
