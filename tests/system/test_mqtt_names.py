"""Row 29: the name server fails or is silent, and the agent acquires, delivers and stops all the same."""

import asyncio
import itertools
import time
from pathlib import Path

import pytest

from tests.fakes.agent import agent, platform, site
from tests.fakes.mosquitto import mosquitto
from tests.system.test_mqtt_tls import CONNECTION, DEVICE

pytestmark = pytest.mark.needs("mosquitto")

PATCH = """
import os, socket, time
_real = socket.getaddrinfo
def getaddrinfo(host, *given, **named):
    if host == "broker.example":
        while os.path.exists(os.environ["RESOLVER_HANGS"]):
            time.sleep(0.05)
        host = "127.0.0.1"
    return _real(host, *given, **named)
socket.getaddrinfo = getaddrinfo
"""
"""Runs before anything else in the agent's process: a resolver that hangs while a file is there."""


def environment(directory: Path) -> dict[str, str]:
    folder = directory / "resolver"
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(PATCH)
    return {"PYTHONPATH": str(folder), "RESOLVER_HANGS": str(directory / "hangs")}


async def test_row_29_a_silent_name_server_from_the_beginning(tmp_path: Path) -> None:
    """Polling goes on, the reason is said, the stop is quick; when names come back, so does everything kept."""
    hangs = tmp_path / "hangs"
    hangs.touch()
    async with mosquitto(tmp_path) as broker, platform(broker.port) as seen:
        where = [{"name": "county", "url": f"mqtt://broker.example:{broker.port}", "client_id": "gw-test"}]
        file = site(tmp_path, [CONNECTION], [DEVICE], destinations=where)
        async with agent(file, **environment(tmp_path)) as running:
            await running.says("E4001")
            assert "cannot be resolved: no answer from the name server" in running.said("E4001")[0]
            hangs.unlink()
            await running.says("E4001", 2)
            await seen.sees("press01", "speed", times=40)
            assert await running.stop() == 0
        times = [at for at, _, _ in seen.samples("press01", "speed")]
        worst = max(b - a for a, b in itertools.pairwise(times[2:]))
        assert worst <= 400 + 200, f"a gap of {worst} ms while the resolver hung"
        assert seen.holes("press01") == []


async def test_row_29_the_last_good_address_while_the_name_server_is_silent(tmp_path: Path) -> None:
    hangs = tmp_path / "hangs"
    async with mosquitto(tmp_path) as broker:
        where = [{"name": "county", "url": f"mqtt://broker.example:{broker.port}", "client_id": "gw-test"}]
        file = site(tmp_path, [CONNECTION], [DEVICE], destinations=where)
        async with agent(file, **environment(tmp_path)) as running:
            async with platform(broker.port) as seen:
                await seen.sees("press01", "speed", times=3)
            hangs.touch()
            broker.stop()
            await running.says("E4001")
            await broker.start()
            async with platform(broker.port) as seen:
                await seen.sees("press01", "speed", times=10)
                await running.says("E4001", 2)
            before = time.monotonic()
            assert await running.stop() == 0
            assert time.monotonic() - before <= 5
        hangs.unlink()


async def test_row_29_the_stop_while_the_name_server_is_silent(tmp_path: Path) -> None:
    (tmp_path / "hangs").touch()
    where = [{"name": "county", "url": "mqtt://broker.example", "client_id": "gw-test"}]
    file = site(tmp_path, [CONNECTION], [DEVICE], destinations=where)
    async with agent(file, **environment(tmp_path)) as running:
        await running.says("I9001")
        before = asyncio.get_running_loop().time()
        assert await running.stop() == 0
        assert asyncio.get_running_loop().time() - before <= 5
