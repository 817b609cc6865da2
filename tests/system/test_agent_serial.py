"""Serial lines, gateways and modems, seen from the platform: recovery, one line each way, and a stop in time."""

import asyncio
import signal
import socket
from pathlib import Path

import pytest

from tests.fakes.agent import Agent, Platform, agent, platform, site
from tests.fakes.faults import swallowed
from tests.fakes.framing import RTU
from tests.fakes.mosquitto import free_port, mosquitto
from tests.fakes.plc import FakePlc
from tests.fakes.ptys import adapter
from tests.fakes.sockets import Pty

pytestmark = pytest.mark.needs("mosquitto")
RECOVERY_S, STOP_S = 5.0, 5.0


def written(directory: Path, port: int, **urls: str) -> Path:
    """A device on each of these connections, read five times a second."""
    connections = [{"name": name, "driver": "modbus", "url": url, "timeout": "300ms"} for name, url in urls.items()]
    devices = [
        {
            "name": f"on_{name}",
            "connection": name,
            "every": "200ms",
            "tags": [{"name": "count_total", "address": "hr:10"}],
        }
        for name in urls
    ]
    return site(directory, connections, devices, port)


def counting() -> FakePlc:
    plc = FakePlc(framing=RTU)
    plc.describe = lambda address, asked: asked.number & 0xFFFF
    return plc


async def good_again(seen: Platform, device: str, since: float) -> None:
    """A good value, in time."""
    good = sum(quality == "good" for _, _, quality in seen.samples(device, "count_total"))
    await seen.sees(device, "count_total", times=good + 1)
    took = asyncio.get_running_loop().time() - since
    assert took <= RECOVERY_S, f"values after {took:.1f} s"


def lines_about(running: Agent, subject: str) -> list[str]:
    return [line for line in running.lines if f" {subject}: " in line]


@pytest.mark.needs("socat")
async def test_row_12_t7_an_adapter_is_unplugged_and_plugged_in_again(tmp_path: Path) -> None:
    tty = tmp_path / "usb-FTDI-if00-port0"
    async with counting() as plc, mosquitto(tmp_path) as broker, platform(broker.port) as seen:
        file = written(tmp_path, broker.port, bus=f"rtu://{tty}?baud=115200")
        async with agent(file) as running:
            async with adapter(tty, plc.port):
                await seen.sees("on_bus", "count_total", times=3)
            await seen.sees("on_bus", "count_total", "bad.not_connected")
            await running.says("M2015")
            async with adapter(tty, plc.port):
                await good_again(seen, "on_bus", asyncio.get_running_loop().time())
                assert await running.stop() == 0
        assert 1 <= len(lines_about(running, "bus")) <= 4
    values = [value for _, value, _ in seen.samples("on_bus", "count_total") if value is not None]
    assert values == sorted(values)


async def test_t7_a_gateway_with_rtu_over_tcp_comes_back(tmp_path: Path) -> None:
    async with (
        counting() as plc,
        mosquitto(tmp_path) as broker,
        platform(broker.port) as seen,
        agent(written(tmp_path, broker.port, gateway=plc.url)) as running,
    ):
        for round_ in range(1, 3):
            await seen.sees("on_gateway", "count_total", times=3)
            await plc.stop()
            await seen.sees("on_gateway", "count_total", "bad.not_connected", times=round_)
            await plc.start()
            await good_again(seen, "on_gateway", asyncio.get_running_loop().time())
        plc.is_mute = True
        await seen.sees("on_gateway", "count_total", "bad.timeout")
        plc.is_mute = False
        await good_again(seen, "on_gateway", asyncio.get_running_loop().time())
        assert len(running.lines) <= 20
    values = [value for _, value, _ in seen.samples("on_gateway", "count_total") if value is not None]
    assert values == sorted(values)


async def test_t10_a_stop_with_a_line_in_drain_and_a_port_that_is_listened_at(tmp_path: Path) -> None:
    port = free_port()
    slave = FakePlc(at=Pty(tmp_path / "tty"), framing=RTU)
    urls = {"bus": f"{slave.url}?baud=115200", "modem": f"listen://127.0.0.1:{port}?framing=rtu"}
    async with (
        slave,
        mosquitto(tmp_path) as broker,
        platform(broker.port) as seen,
        agent(written(tmp_path, broker.port, **urls)) as running,
    ):
        await seen.sees("on_bus", "count_total")
        await seen.sees("on_modem", "count_total", "bad.not_connected")
        await running.says("M2014")
        slave.fault(swallowed)
        await seen.sees("on_bus", "count_total", "bad.timeout")
        began = asyncio.get_running_loop().time()
        assert await running.stop(signal.SIGTERM) == 0
        assert asyncio.get_running_loop().time() - began <= STOP_S
        assert len(running.said("M2014")) == 1
    socket.create_server(("127.0.0.1", port)).close()
