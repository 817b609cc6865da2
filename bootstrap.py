#!/usr/bin/env python3
"""From a machine with only Python and pip to a running demo or a passed test suite.

    python3 bootstrap.py demo [options of `lineside demo`]
    python3 bootstrap.py test [options of pytest]
    python3 bootstrap.py sync        only the environment in .venv, for `make`

Everything goes into this folder (.tools, .venv, tests/peers/node_modules), but for the Debian packages of `test`.
"""

import os
import shutil
import subprocess
import sys
import time

if sys.version_info < (3, 11):  # noqa: UP036  an older Python must be able to read this file and say so
    sys.exit(
        f"Lineside needs Python 3.11 or newer; this is {sys.version.split()[0]} ({sys.executable}).\n"
        f"Lineside 需要 Python 3.11 或更高版本；当前是 {sys.version.split()[0]}。\n"
        "Name another one: / 请指定另一个: python3.11 bootstrap.py " + " ".join(sys.argv[1:])
    )

from collections.abc import Callable, Mapping, Sequence
from ctypes.util import find_library
from pathlib import Path

HERE = Path(__file__).resolve().parent
TOOLS = HERE / ".tools"
VENV = HERE / ".venv"
PEERS = HERE / "tests" / "peers"
UV = "uv==0.13.9"


def faketime(name: str) -> bool:
    """A library that is preloaded by its path, so no program shows whether it is there."""
    return any(Path("/usr/lib").glob(f"*/faketime/lib{name}.so.1"))


Probe = Callable[[str], object]
DEBIAN: Mapping[str, tuple[Probe, str, str]] = {  # what the tests call: how to find it, its package, what it is for
    "mosquitto": (lambda name: shutil.which(name) or shutil.which(name, path="/usr/sbin"), "mosquitto", "MQTT broker"),
    "mosquitto_sub": (shutil.which, "mosquitto-clients", "MQTT client"),
    "socat": (shutil.which, "socat", "serial lines"),
    "faketime": (faketime, "libfaketime", "a wall clock that is wrong"),
    "systemd-analyze": (shutil.which, "systemd", "units of the service"),
    "mbpoll": (shutil.which, "mbpoll", "Modbus client of another author"),
    "modbus": (find_library, "libmodbus5", "Modbus server of another author"),
    "node": (shutil.which, "nodejs", "runs the Modbus server modbus-serial"),
    "npm": (shutil.which, "npm", "installs modbus-serial"),
}

OFFLINE = """
This step needs the network and failed. / 这一步需要联网，但失败了。
  Behind a proxy / 使用代理:    export HTTPS_PROXY=http://proxy:port
  Own certificate / 自有证书:   export SSL_CERT_FILE=/path/to/ca.pem PIP_CERT=/path/to/ca.pem
Then run the same command again; what is done is kept. / 然后重新运行同一条命令，已完成的步骤会保留。"""


def main(arguments: Sequence[str]) -> int:
    """Exit codes: of the command that was run; 2 wrong usage; 1 a step failed."""
    task, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if task not in {"demo", "test", "sync"}:
        print(__doc__)
        return 0 if task in {"-h", "--help"} else 2
    print(f"Lineside: {task} (Python {sys.version.split()[0]}, folder {HERE})", flush=True)
    step("uv, which installs the locked packages -> .tools", install_uv)
    if task == "demo":
        step(
            "packages of the agent and the demo -> .venv",
            lambda: sync("--no-dev", "--group", "editable", "--extra", "demo", "--inexact"),
        )
        return become([str(VENV / "bin" / "lineside"), "demo", *rest])
    step("packages of the agent, the demo and the tests -> .venv", lambda: sync("--extra", "demo"))
    if task == "sync":
        return 0
    step("Debian packages for the tests", install_debian)
    step("modbus-serial, a Modbus server of another author -> tests/peers/node_modules", install_peers)
    return become([str(VENV / "bin" / "python"), "-m", "pytest", *rest])


def step(what: str, do: Callable[[], str]) -> None:
    """Say what is done, do it, say how long it took."""
    print(f"- {what}", flush=True)
    begun = time.monotonic()
    try:
        outcome = do()
    except subprocess.CalledProcessError as failed:
        command = " ".join(map(str, failed.cmd))
        sys.exit(f"  failed ({failed.returncode}): {command}\n{OFFLINE}")
    print(f"  {outcome}, {time.monotonic() - begun:.1f} s", flush=True)


def run(*command: str | Path, **environment: str) -> None:
    variables = {name: value for name, value in os.environ.items() if name not in {"VIRTUAL_ENV", "UV_PYTHON"}}
    variables.update(environment)
    subprocess.run([str(part) for part in command], check=True, cwd=HERE, stdin=subprocess.DEVNULL, env=variables)


def become(command: list[str]) -> int:
    """Replace this process, so that Ctrl-C and the exit code are the command's own."""
    print("$ " + " ".join(command), flush=True)
    os.chdir(HERE)
    os.execv(command[0], command)


def install_uv() -> str:
    """With `--target`, so that a Python which belongs to the system's package manager is no obstacle."""
    if (TOOLS / UV.replace("==", "-") / "done").exists():
        return "already there"
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        sys.exit("  pip is missing / 缺少 pip: apt-get install python3-pip   (or / 或: python3 -m ensurepip --user)")
    shutil.rmtree(TOOLS, ignore_errors=True)
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input", "--root-user-action", "ignore")
    run(sys.executable, "-m", "pip", "install", *quiet, "--only-binary", ":all:", "--target", TOOLS, UV)
    (TOOLS / UV.replace("==", "-")).mkdir()
    (TOOLS / UV.replace("==", "-") / "done").touch()
    return f"installed {UV}"


def sync(*options: str) -> str:
    """A virtual environment with exactly what uv.lock says; hashes are checked, no Python is downloaded."""
    python = () if (VENV / "bin" / "python").exists() else ("--python", sys.executable)
    run(TOOLS / "bin" / "uv", "sync", "--locked", "--quiet", *python, *options, UV_PYTHON_DOWNLOADS="never")
    return "as locked"


def install_debian() -> str:
    """Install what is missing where that can be done, else say the line that does it; tests skip what stays missing."""
    missing = sorted({package for name, (probe, package, _) in DEBIAN.items() if not probe(name)})
    if not missing:
        return "all there"
    line = "apt-get install -y --no-install-recommends " + " ".join(missing)
    if not shutil.which("apt-get") or os.geteuid() != 0:
        for name, (probe, package, purpose) in DEBIAN.items():
            if not probe(name):
                print(f"  missing: {package} ({purpose}); its tests will be skipped")
        return f"to run them too: sudo {line}"
    print(f"  {line}", flush=True)
    with open(TOOLS / "apt.log", "w", encoding="utf-8") as log:
        for command in (["apt-get", "update", "-q"], line.split()):
            noninteractive = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=noninteractive, check=False
            )
    if done.returncode:
        return f"NOT installed (see {log.name}); the tests that need them will be skipped"
    return f"installed {' '.join(missing)}"


def install_peers() -> str:
    """From a committed package-lock.json, without running anybody's install scripts."""
    lock, installed = PEERS / "package-lock.json", PEERS / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return "already there"
    npm = shutil.which("npm")
    if npm is None:
        return "npm is missing; the tests that need it will be skipped"
    run(npm, "ci", "--prefix", PEERS, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error")
    return "installed as locked"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
