from pathlib import Path

import pytest
from _pytest.monkeypatch import MonkeyPatch

from agent.config import host

BASE = Path("/etc/lineside")


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: MonkeyPatch) -> None:
    for name in ("STATE_DIRECTORY", "XDG_STATE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", "/nobody")


def test_the_configuration_comes_first(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/lineside")
    assert host.state_dir("/data", BASE) == Path("/data")
    assert host.state_dir("state", BASE) == Path("/etc/lineside/state")
    assert host.state_dir("~/state", BASE) == Path("/nobody/state")


def test_then_systemd_then_xdg_then_home(monkeypatch: MonkeyPatch) -> None:
    assert host.state_dir(None, BASE) == Path("/nobody/.local/state/lineside")
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    assert host.state_dir(None, BASE) == Path("/nobody/.local/state/lineside")
    monkeypatch.setenv("XDG_STATE_HOME", "/xdg")
    assert host.state_dir(None, BASE) == Path("/xdg/lineside")
    monkeypatch.setenv("STATE_DIRECTORY", "/var/lib/a:/var/lib/b")
    assert host.state_dir(None, BASE) == Path("/var/lib/a")


def test_a_client_id_differs_between_machines_of_one_name(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    ids = []
    for content in ("a\n", "b\n", "\n"):
        (tmp_path / "machine-id").write_text(content)
        monkeypatch.setattr(host, "_MACHINE_ID", (tmp_path / "none", tmp_path / "machine-id"))
        ids.append(host.client_id("gw"))
    assert len(set(ids)) == 3
    assert ids[0] == "gw-" + "ca978112"  # sha256 of "a"


def test_a_credential_that_cannot_be_looked_at_is_refused_in_words(tmp_path: Path, monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    with pytest.raises(host.Refused) as refused:
        host.password("x" * 300, tmp_path)  # longer than a name may be: `stat` fails for root as well
    assert refused.value.code == "E1079"
