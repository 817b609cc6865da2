"""Rules of the whole suite: a printed seed, nothing left over, nothing written, skips that say what enables them."""

import asyncio
import os
import random
import shutil
import threading
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from ctypes.util import find_library
from importlib import import_module
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import settings

from tests.fakes.recorder import READER_SERVICES, RECORDED, SERVICE_RECORD, SERVICES, WIRE_RECORD

ROOT = Path(__file__).resolve().parents[1]
READ_ONLY = frozenset({1, 2, 3, 4})
PEERS = ROOT / "tests" / "peers"


def _disks() -> ModuleType:
    """Imported when a test asks for it, because asking means trying."""
    return import_module("tests.fakes.disks")


NEEDS: Mapping[str, tuple[Callable[[], object], str]] = {
    "mosquitto": (
        lambda: shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin"),
        "apt-get install mosquitto",
    ),
    "mosquitto_sub": (lambda: shutil.which("mosquitto_sub"), "apt-get install mosquitto-clients"),
    "socat": (lambda: shutil.which("socat"), "apt-get install socat"),
    "mbpoll": (lambda: shutil.which("mbpoll"), "apt-get install mbpoll"),
    "libmodbus": (lambda: find_library("modbus"), "apt-get install libmodbus5"),
    "modbus-serial": (
        lambda: shutil.which("node") and (PEERS / "node_modules" / "modbus-serial").is_dir(),
        "apt-get install nodejs npm && npm ci --prefix tests/peers --ignore-scripts",
    ),
    "node-opcua": (
        lambda: shutil.which("node") and (PEERS / "node_modules" / "node-opcua-server").is_dir(),
        "apt-get install nodejs npm && npm ci --prefix tests/peers --ignore-scripts",
    ),
    "faketime": (
        lambda: any(Path("/usr/lib").glob("*/faketime/libfaketime.so.1")),
        "apt-get install libfaketime",
    ),
    "systemd-analyze": (
        lambda: shutil.which("systemd-analyze") and shutil.which("systemd-sysusers"),
        "apt-get install systemd",
    ),
    "cc": (
        lambda: shutil.which("cc") and Path("/usr/include/stdio.h").exists(),
        "apt-get install gcc libc6-dev",
    ),
    "ext4": (
        lambda: _disks().works(_disks().ext4),
        "run as root with CAP_SYS_ADMIN and loop devices (docker run --privileged), apt-get install e2fsprogs mount",
    ),
    "tmpfs": (
        lambda: _disks().works(_disks().tmpfs),
        "run as root with CAP_SYS_ADMIN (docker run --cap-add SYS_ADMIN), apt-get install mount",
    ),
    "root": (lambda: os.geteuid() == 0, "run the suite as root"),
    "netns": (lambda: os.geteuid() == 0 and shutil.which("ip"), "run as root, with apt-get install iproute2"),
}

OPC_UA = (
    "drivers/opcua/test_browse_server.py",
    "drivers/opcua/test_contract.py",
    "drivers/opcua/test_faults.py",
    "drivers/opcua/test_handshake.py",
    "drivers/opcua/test_lazily.py",
    "drivers/opcua/test_limits.py",
    "drivers/opcua/test_node_opcua.py",
    "drivers/opcua/test_polled.py",
    "drivers/opcua/test_secure.py",
)
"""Tests of the OPC UA driver with a server."""

IMPURE = (
    *OPC_UA,
    "agent/app/",
    "agent/cli/",
    "agent/demo/",
    "agent/test_mqtt.py",
    "agent/test_mqtt_over_websocket.py",
    "agent/test_mqtt_reach.py",
    "agent/test_poll.py",
    "agent/test_publish.py",
    "drivers/simulated/test_contract.py",
    "drivers/modbus/test_contract.py",
    "drivers/modbus/test_link.py",
    "drivers/modbus/test_lookup.py",
    "drivers/modbus/test_listening.py",
    "drivers/modbus/test_simulate.py",
)
"""Of the tests of `agent` and `drivers` those with a wire, a process or a clock that must not be slow."""

PATIENT = (
    *OPC_UA,
    "agent/cli/",
    "agent/demo/",
    "fakes/test_nodeopcua.py",
    "house/",
    "system/test_agent_faults.py",
    "system/test_agent_opcua.py",
    "system/test_export.py",
    "system/test_mqtt_names.py",
    "system/test_mqtt_poison.py",
    "system/test_mqtt_refusals.py",
    "system/test_mqtt_tls.py",
    "system/test_mqtt_ways.py",
    "system/test_opcua_sessions.py",
    "system/test_outbox_chaos.py",
    "system/test_outbox_damage.py",
    "system/test_sub.py",
)
"""Tests that wait for most of their time, or for other processes: two of them do not disturb each other."""

THREADS = pytest.StashKey[list[str]]()
HELD_BACK = pytest.StashKey[int]()

settings.register_profile("lineside", deadline=None)
settings.load_profile("lineside")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--seed", type=int, help="seed of every random fault and of Hypothesis; printed in the header")
    parser.addoption("--minutes", type=float, default=10.0, help="how long the chaos soak lasts")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if config.option.seed is None:
        config.option.seed = random.SystemRandom().randrange(2**32)
    if getattr(config.option, "hypothesis_seed", None) is None:
        config.option.hypothesis_seed = str(config.option.seed)
    config.stash[THREADS] = []
    config.stash[HELD_BACK] = 0


def pytest_report_header(config: pytest.Config) -> str:
    return f"seed: {config.option.seed} (repeat with --seed {config.option.seed})"


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        place = item.path.relative_to(ROOT / "tests").as_posix()
        is_within = place.startswith(("agent/", "drivers/")) and not place.startswith(IMPURE)
        if is_within and not item.get_closest_marker("alone"):
            item.add_marker("pure")
        if place.startswith(PATIENT):
            item.add_marker("patient")
        for mark in item.iter_markers("needs"):
            if missing := _missing(mark.args):
                item.add_marker(pytest.mark.skip(reason=missing))
    if "acceptance" not in config.option.markexpr:
        heavy = [item for item in items if item.get_closest_marker("acceptance")]
        items[:] = [item for item in items if item not in heavy]
        config.hook.pytest_deselected(items=heavy)
        config.stash[HELD_BACK] = len(heavy)


def _missing(tools: Sequence[str]) -> str:
    absent = [tool for tool in tools if not NEEDS[tool][0]()]
    return f"needs {', '.join(absent)}: {'; '.join(NEEDS[tool][1] for tool in absent)}" if absent else ""


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    say = terminalreporter.write_line
    if seen := _recorded():
        say(f"Modbus function codes seen by the fakes: {sorted(seen)}")
    if services := _services():
        say(f"OPC UA services seen by the fakes: {', '.join(sorted(services))}")
    for line in config.stash[THREADS]:
        say(f"left-over thread: {line}")
    if config.stash[HELD_BACK]:
        say(f"{config.stash[HELD_BACK]} acceptance tests not run; with them: make acceptance (pytest -m acceptance)")


@pytest.fixture(scope="session")
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of this run, for faults that come at random."""
    return int(request.config.option.seed)


@pytest.fixture(scope="session")
def minutes(request: pytest.FixtureRequest) -> float:
    """How long the chaos soak lasts."""
    return float(request.config.option.minutes)


@pytest.fixture(autouse=True)
def _same_chances(request: pytest.FixtureRequest) -> None:
    random.seed(request.config.option.seed)


@pytest.fixture(autouse=True)
def _nothing_left_over(request: pytest.FixtureRequest) -> Iterator[None]:
    """Set up first, so torn down last: a task that survives its test fails it, a thread is reported."""
    before = set(threading.enumerate())
    if isinstance(request.node, pytest.Function) and asyncio.iscoroutinefunction(request.node.obj):
        request.getfixturevalue("_no_task_left")
    yield
    left = {thread.name for thread in threading.enumerate() if thread not in before and thread.is_alive()}
    request.config.stash[THREADS] += [f"{name} after {request.node.nodeid}" for name in sorted(left)]


@pytest.fixture
async def _no_task_left() -> AsyncIterator[None]:
    yield
    for _ in range(5):  # what was cancelled and awaited may still owe the loop a turn
        await asyncio.sleep(0)
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"left-over tasks: {sorted(map(repr, left))}"


@pytest.fixture(scope="session", autouse=True)
def _read_only_on_the_wire(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever any fake of the suite was asked, here or in a subprocess: what a reader asks and nothing else."""
    folder = tmp_path_factory.mktemp("wire")
    os.environ[WIRE_RECORD], os.environ[SERVICE_RECORD] = str(folder / "function_codes"), str(folder / "services")
    yield
    assert _recorded() <= READ_ONLY, f"function codes on the wire: {sorted(_recorded())}"
    assert _services() <= READER_SERVICES, f"OPC UA services on the wire: {sorted(_services() - READER_SERVICES)}"


def _recorded() -> set[int]:
    """What `tests.fakes.recorder` saw in this process, and what others wrote: a decimal code on each line."""
    return RECORDED | {int(line) for line in _lines(WIRE_RECORD)}


def _services() -> set[str]:
    return SERVICES | set(_lines(SERVICE_RECORD))


def _lines(variable: str) -> list[str]:
    path = Path(os.environ.get(variable, os.devnull))
    return path.read_text(encoding="ascii").split() if path.is_file() else []
