"""The state directory: one holder, a number that never comes back, and a start that always succeeds."""

import errno
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from agent.outbox.state import BOOT_BITS, State, StateTaken, open_state
from drivers.phrase import in_chinese, of_system
from tests.fakes.told import Told


def run(path: Path, *, clean: bool = True, told: Told | None = None) -> State:
    """One run from start to stop."""
    state = open_state(path, told or Told())
    state.close({"die01": 17} if clean else None)
    return state


def test_a_new_directory_begins_at_a_number_by_chance(tmp_path: Path) -> None:
    numbers = {run(tmp_path / str(n)).boot for n in range(5)}
    assert len(numbers) == 5
    assert all(0 <= number < 1 << BOOT_BITS for number in numbers)
    assert run(tmp_path / "new").previous is None


def test_each_run_has_the_next_number(tmp_path: Path) -> None:
    first, second, third = (run(tmp_path).boot for _ in range(3))
    assert (second, third) == (first + 1, first + 2)


def test_the_last_run_is_told_with_how_it_ended(tmp_path: Path) -> None:
    first = run(tmp_path)
    second = run(tmp_path, clean=False)
    third = run(tmp_path)
    assert second.previous == {"boot": first.boot, "clean": True, "last_seq": {"die01": 17}}
    assert third.previous == {"boot": second.boot, "clean": False, "last_seq": {}}


def test_the_number_is_durable_before_it_is_used(tmp_path: Path) -> None:
    state = open_state(tmp_path, Told())
    assert (tmp_path / "boot").read_text() == str(state.boot)
    state.close(None)


def test_a_second_agent_is_told_who_holds_it(tmp_path: Path) -> None:
    state = open_state(tmp_path, Told())
    with pytest.raises(StateTaken) as taken:
        open_state(tmp_path, Told())
    assert (taken.value.pid, taken.value.path) == (os.getpid(), tmp_path)
    state.close({})
    run(tmp_path)


def test_a_second_process_is_kept_out(tmp_path: Path) -> None:
    state = open_state(tmp_path, Told())
    code = (
        "import sys, pathlib; from agent.outbox.state import *; from tests.fakes.told import Told\n"
        "try: open_state(pathlib.Path(sys.argv[1]), Told())\n"
        "except StateTaken as taken: print(taken.pid)"
    )
    said = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == str(os.getpid())
    state.close(None)


def test_a_lock_left_by_a_dead_process_is_no_lock(tmp_path: Path) -> None:
    (tmp_path / "lock").write_text("999999\n")
    assert run(tmp_path).is_numbered


def test_a_path_that_cannot_be_made_yet_gets_the_number_of_the_run_when_it_can(tmp_path: Path) -> None:
    (tmp_path / "not_mounted").write_text("")
    state = run(tmp_path / "not_mounted" / "state")
    state.remember("metas", {"rev": 3})
    assert not state.is_numbered
    with pytest.raises(OSError):
        state.number()
    (tmp_path / "not_mounted").unlink()
    state.number()
    state.close({})
    after = run(tmp_path / "not_mounted" / "state")
    assert after.previous == {"boot": state.boot, "clean": True, "last_seq": {}}
    assert after.recall("metas") == {"rev": 3}


def test_a_directory_that_turns_up_with_other_runs_is_left_alone(tmp_path: Path) -> None:
    other = run(tmp_path / "disk" / "state")
    (tmp_path / "place").write_text("")
    state = run(tmp_path / "place" / "state")
    (tmp_path / "place").unlink()
    (tmp_path / "disk").rename(tmp_path / "place")
    with pytest.raises(OSError, match="restart") as failed:
        state.number()
    assert "重启" in in_chinese(of_system(failed.value))
    assert (tmp_path / "place" / "state" / "boot").read_text() == str(other.boot)


def test_a_directory_that_cannot_be_written_still_starts_with_a_new_number(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = run(tmp_path).boot

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    told = Told()
    numbers = {run(tmp_path, told=told).boot for _ in range(5)}
    assert len(numbers) == 5
    assert min(numbers) > before
    assert not told.codes(), "the log says it, when it has something to write"


@pytest.mark.parametrize("content", [b"", b"\0" * 12, b"-3", b"9" * 40, b"\xff\xfe"])
def test_a_damaged_number_is_kept_aside_and_begun_anew(tmp_path: Path, content: bytes) -> None:
    run(tmp_path)
    (tmp_path / "boot").write_bytes(content)
    told = Told()
    state = run(tmp_path, told=told)
    assert told.codes() == ["W3004"]
    assert state.is_numbered
    assert state.previous is None
    assert (tmp_path / "boot.corrupt").read_bytes() == content


@pytest.mark.parametrize("content", [b"{", b"[]", b"\xff", b'{"boot": "x"}'])
def test_a_damaged_note_of_the_stop_counts_as_unclean(tmp_path: Path, content: bytes) -> None:
    first = run(tmp_path)
    (tmp_path / "stopped").write_bytes(content)
    assert run(tmp_path).previous == {"boot": first.boot, "clean": False, "last_seq": {}}


def test_a_directory_of_another_format_is_left_alone(tmp_path: Path) -> None:
    run(tmp_path)
    (tmp_path / "format").write_text("7")
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name != "lock"}
    told = Told()
    state = run(tmp_path, told=told)
    state.remember("metas", [1])
    assert told.codes() == ["E3002"]
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir() if path.name != "lock"} == before


def test_what_is_remembered_is_there_after_a_restart(tmp_path: Path) -> None:
    state = open_state(tmp_path, Told())
    assert state.recall("metas") is None
    state.remember("metas", {"die01": 7})
    state.close(None)
    assert run(tmp_path).recall("metas") == {"die01": 7}
    (tmp_path / "metas.json").write_bytes(b"{")
    told = Told()
    assert run(tmp_path, told=told).recall("metas") is None
    assert told.codes() == ["W3004"]


@pytest.mark.parametrize("name", ["", "../boot", "Metas", "a b"])
def test_only_words_name_what_is_remembered(tmp_path: Path, name: str) -> None:
    state = run(tmp_path)
    with pytest.raises(ValueError, match="lower-case"):
        state.remember(name, 1)


def test_a_number_that_was_written_half_is_our_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = run(tmp_path).boot
    with monkeypatch.context() as broken:
        real = os.fsync
        # The file is renamed, and then the directory cannot be synced.
        broken.setattr(os, "fsync", lambda descriptor: _refused() if _is_directory(descriptor) else real(descriptor))
        state = run(tmp_path)
    assert not state.is_numbered
    state.number()
    assert state.is_numbered
    assert int((tmp_path / "boot").read_text()) == state.boot > before


def test_a_directory_that_another_agent_has_taken_meanwhile_is_not_ours(tmp_path: Path) -> None:
    (tmp_path / "place").write_text("")
    state = run(tmp_path / "place" / "state")
    (tmp_path / "place").unlink()
    other = open_state(tmp_path / "place" / "state", Told())
    with pytest.raises(OSError, match="held by process"):
        state.number()
    other.close(None)


def _is_directory(descriptor: int) -> bool:
    return stat.S_ISDIR(os.fstat(descriptor).st_mode)


def _refused() -> None:
    raise OSError(errno.EIO, "no")
