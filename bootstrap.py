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
from collections.abc import Callable, Mapping, Sequence
from ctypes.util import find_library
from pathlib import Path


def said(zh: str, en: str) -> str:
    """In the language of this person, found as `lineside` finds it: LINESIDE_LANG, else the locale."""
    locale = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    wish = os.environ.get("LINESIDE_LANG") or locale
    return zh if wish.lower().startswith(("zh", "cn")) else en


if sys.version_info < (3, 11):  # noqa: UP036  an older Python must be able to read this file and say so
    this = f"{sys.version.split()[0]} ({sys.executable})"
    sys.exit(
        said(
            f"Lineside 需要 Python 3.11 或更高版本，当前是 {this}。\n请指定另一个：",
            f"Lineside needs Python 3.11 or newer; this is {this}.\nName another one: ",
        )
        + " ".join(["python3.11 bootstrap.py", *sys.argv[1:]])
    )

HERE = Path(__file__).resolve().parent
TOOLS = HERE / ".tools"
VENV = HERE / ".venv"
PEERS = HERE / "tests" / "peers"
UV = "uv==0.13.9"


ALREADY = said("已经有了", "already there")


def faketime(name: str) -> bool:
    """A library that is preloaded by its path, so no program shows whether it is there."""
    return any(Path("/usr/lib").glob(f"*/faketime/lib{name}.so.1"))


Probe = Callable[[str], object]
DEBIAN: Mapping[str, tuple[Probe, str, str]] = {  # what the tests call: how to find it, its package, what it is for
    "mosquitto": (
        lambda name: shutil.which(name) or shutil.which(name, path="/usr/sbin"),
        "mosquitto",
        said("MQTT 消息服务器", "MQTT broker"),
    ),
    "mosquitto_sub": (shutil.which, "mosquitto-clients", said("MQTT 客户端", "MQTT client")),
    "socat": (shutil.which, "socat", said("串口", "serial lines")),
    "faketime": (faketime, "libfaketime", said("走错的时钟", "a wall clock that is wrong")),
    "systemd-analyze": (shutil.which, "systemd", said("检查服务单元", "units of the service")),
    "cc": (shutil.which, "gcc", said("会失败的 fsync", "an fsync that fails")),
    "stdio.h": (
        lambda name: Path("/usr/include", name).exists(),
        "libc6-dev",
        said("会失败的 fsync", "an fsync that fails"),
    ),
    "mkfs.ext4": (
        lambda name: shutil.which(name) or shutil.which(name, path="/usr/sbin:/sbin"),
        "e2fsprogs",
        said("会断电的磁盘", "a disk whose power is cut"),
    ),
    "mbpoll": (shutil.which, "mbpoll", said("别人编写的 Modbus 客户端", "Modbus client of another author")),
    "modbus": (find_library, "libmodbus5", said("别人编写的 Modbus 服务器", "Modbus server of another author")),
    "node": (shutil.which, "nodejs", said("运行 modbus-serial 和 node-opcua", "runs modbus-serial and node-opcua")),
    "npm": (shutil.which, "npm", said("安装 modbus-serial 和 node-opcua", "installs modbus-serial and node-opcua")),
}

OFFLINE = said(
    """
这一步需要联网，但是失败了。
  使用代理：    export HTTPS_PROXY=http://proxy:port
  自有证书：    export SSL_CERT_FILE=/path/to/ca.pem PIP_CERT=/path/to/ca.pem
然后重新运行同一条命令，已完成的步骤会保留。""",
    """
This step needs the network and failed.
  Behind a proxy:     export HTTPS_PROXY=http://proxy:port
  Own certificate:    export SSL_CERT_FILE=/path/to/ca.pem PIP_CERT=/path/to/ca.pem
Then run the same command again; what is done is kept.""",
)

USAGE = said(
    """从一台只有 Python 和 pip 的机器，到运行演示或通过全部测试。

    python3 bootstrap.py demo [lineside demo 的选项]
    python3 bootstrap.py test [pytest 的选项]
    python3 bootstrap.py sync        只准备 .venv 里的环境，供 make 使用

所有内容都装在本目录（.tools、.venv、tests/peers/node_modules），只有 test 需要的 Debian 软件包例外。
""",
    __doc__,
)


def main(arguments: Sequence[str]) -> int:
    """Exit codes: of the command that was run; 2 wrong usage; 1 a step failed."""
    task, rest = (arguments[0], list(arguments[1:])) if arguments else ("", [])
    if task not in {"demo", "test", "sync"}:
        print(USAGE)
        return 0 if task in {"-h", "--help"} else 2
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # each of a thousand processes would compile everything anew
    python = sys.version.split()[0]
    print(
        said(f"Lineside：{task}（Python {python}，目录 {HERE}）", f"Lineside: {task} (Python {python}, folder {HERE})")
    )
    step(said("uv，用来安装锁定的软件包 -> .tools", "uv, which installs the locked packages -> .tools"), install_uv)
    if task == "demo":
        step(
            said("采集程序和演示的软件包 -> .venv", "packages of the agent and the demo -> .venv"),
            lambda: sync("--no-dev", "--group", "editable", "--extra", "demo", "--inexact"),
        )
        return become([str(VENV / "bin" / "lineside"), "demo", *rest])
    every = said("采集程序、演示和测试的软件包 -> .venv", "packages of the agent, the demo and the tests -> .venv")
    step(every, lambda: sync("--extra", "demo"))
    if task == "sync":
        return 0
    step(said("测试需要的 Debian 软件包", "Debian packages for the tests"), install_debian)
    step("modbus-serial, node-opcua -> tests/peers/node_modules", install_peers)
    python = str(VENV / "bin" / "python")
    return become([python, "-m", "pytest", *rest]) if rest else whole_suite(python)


def whole_suite(python: str) -> int:
    """First what computes, on all cores; then what mostly waits, four at a time; then, one by one, the others.

    With LINESIDE_COVERAGE in the environment the first ones are measured.
    """
    measured = ["-m", "coverage", "run"] if os.environ.get("LINESIDE_COVERAGE") else []
    try:
        codes = [
            call([python, *measured, "-m", "pytest", "-q", "-m", "pure", "-n", "auto", "--dist", "worksteal"]),
            call([python, "-m", "pytest", "-q", "-m", "busy", "-n", "auto", "--dist", "worksteal"]),
            call([python, "-m", "pytest", "-q", "-m", "patient", "-n", "4", "--dist", "worksteal", "tests/system"]),
            call([python, "-m", "pytest", "-m", "not pure and not busy and not patient"]),
        ]
    except KeyboardInterrupt:
        return 130
    return next((code for code in codes if code), 0)


def call(command: list[str]) -> int:
    print("$ " + " ".join(command), flush=True)
    return subprocess.run(command, cwd=HERE, check=False).returncode


def step(what: str, do: Callable[[], str]) -> None:
    """Say what is done, do it, say how long it took."""
    print(f"- {what}", flush=True)
    begun = time.monotonic()
    try:
        outcome = do()
    except subprocess.CalledProcessError as failed:
        command = " ".join(map(str, failed.cmd))
        sys.exit(f"  {said('失败', 'failed')} ({failed.returncode}): {command}\n{OFFLINE}")
    seconds = f"{time.monotonic() - begun:.1f}"
    print(said(f"  {outcome}，用时 {seconds} 秒", f"  {outcome}, {seconds} s"), flush=True)


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
        return ALREADY
    if subprocess.run([sys.executable, "-m", "pip", "--version"], capture_output=True, check=False).returncode:
        either, other = "apt-get install python3-pip", "python3 -m ensurepip --user"
        sys.exit(said(f"  缺少 pip：{either}   （或：{other}）", f"  pip is missing: {either}   (or: {other})"))
    shutil.rmtree(TOOLS, ignore_errors=True)
    quiet = ("--quiet", "--disable-pip-version-check", "--no-input", "--root-user-action", "ignore")
    run(sys.executable, "-m", "pip", "install", *quiet, "--only-binary", ":all:", "--target", TOOLS, UV)
    (TOOLS / UV.replace("==", "-")).mkdir()
    (TOOLS / UV.replace("==", "-") / "done").touch()
    return said(f"已安装 {UV}", f"installed {UV}")


def sync(*options: str) -> str:
    """A virtual environment with exactly what uv.lock says; hashes are checked, no Python is downloaded."""
    python = () if (VENV / "bin" / "python").exists() else ("--python", sys.executable)
    run(TOOLS / "bin" / "uv", "sync", "--locked", "--quiet", *python, *options, UV_PYTHON_DOWNLOADS="never")
    return said("与 uv.lock 一致", "as locked")


def install_debian() -> str:
    """Install what is missing where that can be done, else say the line that does it; tests skip what stays missing."""
    missing = sorted({package for name, (probe, package, _) in DEBIAN.items() if not probe(name)})
    if not missing:
        return said("都已安装", "all there")
    line = "apt-get install -y --no-install-recommends " + " ".join(missing)
    if not shutil.which("apt-get") or os.geteuid() != 0:
        for name, (probe, package, purpose) in DEBIAN.items():
            if not probe(name):
                zh, en = f"  缺少 {package}（{purpose}），", f"  missing: {package} ({purpose}); "
                print(said(zh + "需要它的测试会跳过", en + "its tests will be skipped"))
        return said(f"要运行这些测试，先执行：sudo {line}", f"to run them too: sudo {line}")
    print(f"  {line}", flush=True)
    with open(TOOLS / "apt.log", "w", encoding="utf-8") as log:
        for command in (["apt-get", "update", "-q"], line.split()):
            noninteractive = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
            done = subprocess.run(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=noninteractive, check=False
            )
    if done.returncode:
        return said(
            f"没有装上（见 {log.name}），需要它们的测试会跳过",
            f"NOT installed (see {log.name}); the tests that need them will be skipped",
        )
    packages = " ".join(missing)
    return said(f"已安装 {packages}", f"installed {packages}")


def install_peers() -> str:
    """From a committed package-lock.json, without running anybody's install scripts."""
    lock, installed = PEERS / "package-lock.json", PEERS / "node_modules" / ".package-lock.json"
    if installed.exists() and installed.stat().st_mtime >= lock.stat().st_mtime:
        return ALREADY
    npm = shutil.which("npm")
    if npm is None:
        return said("缺少 npm，需要它的测试会跳过", "npm is missing; the tests that need it will be skipped")
    run(npm, "ci", "--prefix", PEERS, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel", "error")
    return said("已按 package-lock.json 安装", "installed as locked")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
