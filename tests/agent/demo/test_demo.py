"""The demo as a person runs it: a process, its output, its exit code, and nothing left behind."""

import asyncio
import os
import re
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from tests.fakes.agent import platform
from tests.fakes.mosquitto import free_port, mosquitto

ROOT = Path(__file__).parents[3]
PATIENCE_S = 40.0


@asynccontextmanager
async def demo(folder: Path, *options: str) -> AsyncIterator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-W", "error::ResourceWarning", "-m", "agent.cli", "demo", *options),
        cwd=ROOT,
        env={**os.environ, "TMPDIR": str(folder), "PYTHONIOENCODING": "utf-8"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def until(process: asyncio.subprocess.Process, text: str) -> str:
    """Its output up to the line with that text."""
    assert process.stdout is not None
    said = ""
    async with asyncio.timeout(PATIENCE_S):
        while line := (await process.stdout.readline()).decode():
            said += line
            if text in line:
                return said
    raise AssertionError(said)


async def rest(process: asyncio.subprocess.Process) -> str:
    async with asyncio.timeout(PATIENCE_S):
        out, _ = await process.communicate()
    return out.decode()


OURS = re.compile(
    r"starting|ends by itself|Ctrl-C|\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [A-Z]+ +[A-Z]\d{4} |messages \d"
    r"|(bags|cartoner|press)01( |$)|in \d+ s |from reading|tags that cannot|every value"
)


def others(said: str) -> list[str]:
    """Lines of somebody else, such as a library."""
    return [line for line in said.splitlines() if not OURS.match(line)]


def left_in(folder: Path) -> list[Path]:
    return list(folder.iterdir())


def agents_of(folder: Path) -> list[int]:
    """Processes that work on a configuration of this demo."""
    found = []
    for path in Path("/proc").iterdir():
        try:
            line = (path / "cmdline").read_bytes().decode("utf-8", "replace") if path.name.isdigit() else ""
        except OSError:
            continue
        if str(folder / "lineside-demo-") in line:
            found.append(int(path.name))
    return found


async def test_it_ends_by_itself_and_everything_that_arrived_is_true(tmp_path: Path) -> None:
    async with demo(tmp_path, "--seconds", "6", "--lang", "en") as process:
        said = await rest(process)
    assert process.returncode == 0, said
    told = re.search(r"(\d+) messages arrived with (\d+) values and \d+ events \(43 tags of 3 devices\)", said)
    assert told, said
    assert int(told[1]) > 10
    assert int(told[2]) > 43
    assert "every value is one that the machines showed; missing 0, duplicates 0" in said
    assert "press01.ink_viscosity (bad.config)" in said
    assert "GD20260302-07 缺料标签" in said
    assert re.search(r"cartoner01 \d+ [a-z]+ [\d.]+ pcs/min", said)
    assert "maps itself by OPC 30050: state, mode, speed" in said
    assert "Traceback" not in said
    assert others(said) == []
    assert left_in(tmp_path) == []
    assert agents_of(tmp_path) == []


async def test_it_speaks_chinese(tmp_path: Path) -> None:
    async with demo(tmp_path, "--seconds", "3", "--lang", "zh") as process:
        said = await rest(process)
    assert process.returncode == 0, said
    assert "每个数值都与模拟设备显示过的一致" in said
    assert "已启动" in said, "the agent speaks it too"


@pytest.mark.parametrize("wish", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_ctrl_c_is_clean(tmp_path: Path, wish: signal.Signals) -> None:
    async with demo(tmp_path, "--lang", "en") as process:
        said = await until(process, "GD20260302-07")
        process.send_signal(wish)
        said += await rest(process)
    assert process.returncode == 0, said
    assert "messages arrived" in said
    assert "Traceback" not in said
    assert others(said) == []
    assert left_in(tmp_path) == []
    assert agents_of(tmp_path) == []


async def test_ctrl_c_at_the_very_start_is_clean(tmp_path: Path) -> None:
    async with demo(tmp_path, "--lang", "en") as process:
        said = await until(process, "starting")
        process.send_signal(signal.SIGINT)
        said += await rest(process)
    assert "Traceback" not in said
    assert left_in(tmp_path) == []
    assert agents_of(tmp_path) == []


async def test_an_agent_that_dies_is_told_and_is_a_failure(tmp_path: Path) -> None:
    async with demo(tmp_path, "--lang", "en") as process:
        said = await until(process, "GD20260302-07")
        (agent,) = agents_of(tmp_path)
        os.kill(agent, signal.SIGKILL)
        said += await rest(process)
    assert process.returncode == 1
    assert "the agent ended with exit code -9" in said
    assert left_in(tmp_path) == []


@pytest.mark.needs("mosquitto")
async def test_a_borrowed_broker_is_used_and_left_as_it_was(tmp_path: Path) -> None:
    folder = tmp_path / "tmp"
    folder.mkdir()
    async with mosquitto(tmp_path) as broker:
        async with platform(broker.port) as seen:
            async with demo(
                folder, "--seconds", "5", "--lang", "en", "--broker", f"mqtt://127.0.0.1:{broker.port}"
            ) as process:
                said = await rest(process)
            assert process.returncode == 0, said
            assert seen.samples("press01", "speed")
        async with platform(broker.port) as late:
            async with demo(folder, "--seconds", "2", "--broker", f"mqtt://127.0.0.1:{broker.port}") as process:
                await rest(process)
            assert [message.topic for message in late.messages if message.retain and message.body] == []


async def test_a_broker_that_is_not_there_is_said_in_one_line(tmp_path: Path) -> None:
    async with demo(tmp_path, "--lang", "en", "--broker", f"mqtt://127.0.0.1:{free_port()}") as process:
        said = await rest(process)
    assert process.returncode == 1
    assert "cannot use the broker" in said
    assert "Traceback" not in said


async def test_a_url_that_is_none_is_a_wrong_configuration(tmp_path: Path) -> None:
    async with demo(tmp_path, "--lang", "en", "--broker", "broker") as process:
        said = await rest(process)
    assert process.returncode == 2
    assert "destinations[0].url" in said
