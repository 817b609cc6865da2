"""Processes under measurement and around it: start, CPU, memory, stop. All by their own ids."""

import json
import os
import resource
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True, slots=True)
class Process:
    """A child that lives as long as its context."""

    child: subprocess.Popen[str]

    @property
    def cpu_s(self) -> float:
        """CPU time of all its threads so far; Linux's clock of another process, in nanoseconds."""
        return time.clock_gettime(~self.child.pid << 3 | 2)

    @property
    def rss_mb(self) -> float:
        pages = int(Path(f"/proc/{self.child.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1_000_000

    def ask(self, question: str = "") -> object:
        """One line to its standard input, one line of JSON back."""
        assert self.child.stdin is not None
        self.child.stdin.write(question + "\n")
        self.child.stdin.flush()
        return self.hear()

    def hear(self) -> object:
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.child.args!r} ended with {self.child.wait()}")
        return json.loads(line)


def allow_many_files() -> None:
    """A thousand connections need more than the 1,024 files of most systems; children inherit it."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


@contextmanager
def on_cpus(cpus: Collection[int]) -> Iterator[None]:
    """What is started within the block runs on these alone, with all its threads."""
    allowed = os.sched_getaffinity(0)
    os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, allowed)


@contextmanager
def started(*command: str, log: Path | None = None, **environment: str) -> Iterator[Process]:
    """Run a command until the block ends; closing its standard input, SIGTERM and, after 10 s, SIGKILL end it.

    Byte code is kept, as it is where pip has installed a program: without it each start compiles everything again.
    """
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    with ExitStack() as stack:
        output: IO[str] | int = stack.enter_context(log.open("w")) if log else subprocess.PIPE
        child = subprocess.Popen(
            command,
            cwd=ROOT,
            text=True,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT if log else None,
            env={**kept, **environment},
        )
        try:
            yield Process(child)
        finally:
            child.terminate()
            try:
                child.communicate(timeout=10)
            except subprocess.TimeoutExpired:
                child.kill()
                child.communicate()


@contextmanager
def module(name: str, *arguments: object, log: Path | None = None) -> Iterator[Process]:
    """A program of this folder."""
    with started(sys.executable, "-m", f"benchmarks.{name}", *map(str, arguments), log=log) as process:
        yield process


@contextmanager
def plc(
    endpoints: int, mode: str, delay_ms: float = 0, *, spin: bool = False, framing: str = "mbap"
) -> Iterator[tuple[Process, list[int]]]:
    """The simulator and its ports."""
    with module("plc", endpoints, mode, delay_ms, "spin" if spin else "wait", framing) as process:
        ports = process.hear()
        assert isinstance(ports, list)
        yield process, ports


@contextmanager
def mosquitto(folder: Path) -> Iterator[tuple[Process, int]]:
    """A broker of its own on a free port of the loopback interface."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
    if program is None:
        sys.exit("the benchmarks need mosquitto: apt-get install mosquitto")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    settings = folder / "mosquitto.conf"
    settings.write_text(
        f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\nlog_type error\n"
        "max_queued_messages 100000\nset_tcp_nodelay true\n"
    )
    with started(program, "-c", str(settings), log=folder / "mosquitto.log") as process:
        until_open(port)
        yield process, port


def until_open(port: int, patience_s: float = 10) -> None:
    due = time.monotonic() + patience_s
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except ConnectionRefusedError:
            if time.monotonic() > due:
                raise
            time.sleep(0.02)
        else:
            return
