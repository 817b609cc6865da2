"""The units as systemd reads them: nothing unknown in them, little exposed, and what the README says can be done."""

import os
import re
import shutil
import subprocess
from configparser import RawConfigParser
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNITS = ROOT / "systemd"
SERVICES = ["lineside.service", "lineside@.service"]
SERIAL, TCP_ONLY = 20, 15
"""Tenths of systemd's exposure level."""

pytestmark = pytest.mark.needs("systemd-analyze")


def systemd(tool: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Its answer, both streams in `stdout`."""
    pipe, joined = subprocess.PIPE, subprocess.STDOUT
    return subprocess.run([tool, *arguments], stdout=pipe, stderr=joined, text=True, check=False)


@pytest.fixture
def gateway(tmp_path: Path) -> Path:
    """A root directory in which Lineside is installed as the README says, beside systemd's own units."""
    program = tmp_path / "opt" / "lineside" / "bin" / "lineside"
    for path in (program, tmp_path / "bin" / "sh"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("#!/bin/sh\n")
        path.chmod(0o755)
    own = next(Path(folder) for folder in ("/usr/lib/systemd/system", "/lib/systemd/system") if Path(folder).is_dir())
    theirs, ours = tmp_path / "usr/lib/systemd/system", tmp_path / "etc/systemd/system"
    theirs.mkdir(parents=True)
    ours.mkdir(parents=True)
    for pattern in ("*.target", "*.slice", "*.socket", "*.mount"):
        for unit in own.glob(pattern):
            shutil.copy(unit, theirs / unit.name, follow_symlinks=False)
    for name in SERVICES:
        shutil.copy(UNITS / name, ours / name)
    return tmp_path


def instance(name: str) -> str:
    return name.replace("@.", "@line2.")


def verify(gateway: Path, name: str) -> str:
    done = systemd("systemd-analyze", "verify", f"--root={gateway}", "--man=no", instance(name))
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_systemd_has_nothing_to_say(gateway: Path, name: str) -> None:
    assert verify(gateway, name) == ""


@pytest.mark.parametrize("name", SERVICES)
def test_nor_with_the_credentials_of_the_comment(gateway: Path, name: str) -> None:
    unit = gateway / "etc/systemd/system" / name
    text, examples = re.subn(r"^#(LoadCredential)", r"\1", unit.read_text(), flags=re.MULTILINE)
    assert examples == 2
    unit.write_text(text)
    assert verify(gateway, name) == ""


@pytest.mark.parametrize("name", SERVICES)
def test_nor_with_the_drop_in(gateway: Path, name: str) -> None:
    drop_in = gateway / "etc/systemd/system" / f"{name}.d"
    drop_in.mkdir()
    text = (UNITS / "lineside.service.d" / "tcp-only.conf").read_text()
    (drop_in / "tcp-only.conf").write_text(re.sub(r"^#(IPAddress)", r"\1", text, flags=re.MULTILINE))
    assert verify(gateway, name) == ""


def test_a_word_that_it_does_not_know_would_be_found(gateway: Path) -> None:
    unit = gateway / "etc/systemd/system/lineside.service"
    unit.write_text(unit.read_text().replace("ProtectClock=", "ProtectTheClock="))
    assert "ProtectTheClock" in verify(gateway, "lineside.service")


def exposure(directory: Path, name: str, threshold: int, drop_in: str = "") -> tuple[int, str]:
    """Exit code and answer of `systemd-analyze security`; 0 up to the threshold."""
    shutil.copy(UNITS / name, directory / name)
    if drop_in:
        (directory / f"{name}.d").mkdir()
        shutil.copy(UNITS / drop_in, directory / f"{name}.d")
    arguments = ("--offline=true", f"--threshold={threshold}", "--no-pager", str(directory / name))
    done = systemd("systemd-analyze", "security", *arguments)
    assert "Overall exposure level" in done.stdout, done.stdout
    return done.returncode, done.stdout


@pytest.mark.parametrize("name", SERVICES)
def test_t14_little_is_exposed_with_serial_lines(tmp_path: Path, name: str) -> None:
    code, said = exposure(tmp_path, name, SERIAL)
    assert code == 0, said


@pytest.mark.parametrize("name", SERVICES)
def test_t14_and_less_without(tmp_path: Path, name: str) -> None:
    code, said = exposure(tmp_path, name, TCP_ONLY, "lineside.service.d/tcp-only.conf")
    assert code == 0, said


def test_t14_the_drop_in_is_what_makes_the_difference(tmp_path: Path) -> None:
    assert exposure(tmp_path, "lineside.service", TCP_ONLY)[0] == 1


def test_many_agents_run_like_one() -> None:
    one, many = ((UNITS / name).read_text() for name in SERVICES)
    settings = [line for line in one.splitlines() if line and not line.startswith("#")]
    others = [line for line in many.splitlines() if line and not line.startswith("#")]
    assert [(a, b) for a, b in zip(settings, others, strict=True) if a != b] == [
        ("Description=Lineside data acquisition", "Description=Lineside data acquisition (%i)"),
        (
            "ExecStart=/opt/lineside/bin/lineside run /etc/lineside/lineside.yaml",
            "ExecStart=/opt/lineside/bin/lineside run /etc/lineside/%i.yaml",
        ),
        ("StateDirectory=lineside", "StateDirectory=lineside/%i"),
    ]


def test_exit_codes_that_a_restart_cannot_mend_end_it() -> None:
    unit = RawConfigParser(strict=False)
    unit.read(UNITS / "lineside.service")
    service = unit["Service"]
    assert service["RestartPreventExitStatus"] == "2 78"
    assert service["Restart"] == "always"
    assert unit["Unit"]["StartLimitIntervalSec"] == "0"


@pytest.mark.parametrize(("code", "slow"), [("75", True), ("70", False), ("0", False), ("KILL", False), (None, False)])
def test_only_exit_code_75_restarts_slowly(tmp_path: Path, code: str | None, slow: bool) -> None:
    """The line of the unit, with a `sleep` that only notes that it was called."""
    unit = RawConfigParser(strict=False)
    unit.read(UNITS / "lineside.service")
    command = re.fullmatch(r"/bin/sh -c '(.*)'", unit["Service"]["ExecStopPost"])
    assert command is not None
    (tmp_path / "sleep").write_text(f"#!/bin/sh\necho $1 > {tmp_path}/slept\n")
    (tmp_path / "sleep").chmod(0o755)
    told = {"PATH": f"{tmp_path}:{os.environ['PATH']}"} | ({} if code is None else {"EXIT_STATUS": code})
    subprocess.run(["/bin/sh", "-c", command[1].replace("$$", "$")], env=told, check=True)
    assert (tmp_path / "slept").exists() is slow


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A root directory in which the user has been made."""
    (tmp_path / "etc").mkdir()
    made = systemd("systemd-sysusers", f"--root={tmp_path}", str(UNITS / "sysusers.d" / "lineside.conf"))
    assert made.returncode == 0, made.stdout
    return tmp_path


@pytest.mark.needs("root")
def test_the_user_may_open_serial_lines_and_not_log_in(root: Path) -> None:
    users = (root / "etc/passwd").read_text()
    groups = dict(re.findall(r"^(\w+):[^:]*:\d+:(.*)$", (root / "etc/group").read_text(), re.MULTILINE))
    assert re.search(r"^lineside:.*:/var/lib/lineside:\S*nologin$", users, re.MULTILINE)
    assert groups["dialout"] == "lineside"


@pytest.mark.needs("root")
def test_passwords_are_for_root_alone(root: Path) -> None:
    made = systemd("systemd-tmpfiles", "--create", f"--root={root}", str(UNITS / "tmpfiles.d" / "lineside.conf"))
    assert made.returncode == 0, made.stdout
    modes = {path: (root / path).stat() for path in ("etc/lineside/credentials", "var/lib/lineside", "etc/lineside")}
    assert [f"{found.st_mode & 0o777:o}" for found in modes.values()] == ["700", "700", "755"]
    assert modes["etc/lineside/credentials"].st_uid == 0
    assert modes["var/lib/lineside"].st_uid != 0
