"""The driver of another distribution delivers over MQTT, and the agent was not changed for it."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from drivers.contract import DriverPlugin
from drivers.simulated import PLUGIN
from tests.fakes.agent import agent, platform, site
from tests.fakes.mosquitto import mosquitto
from tests.thirdparty.gauge import NO_CHANNEL, WARMING_UP, GaugeBench, gauge
from tests.thirdparty.installed import install

ROOT = Path(__file__).parents[2]
UNUSED: DriverPlugin = PLUGIN
"""The bench is only the gauge here; the agent finds the plug-in by itself."""


def configuration(directory: Path, bench: GaugeBench, *brokers: int) -> Path:
    device = {
        "name": "gauge01",
        "connection": "gauge",
        "type": "inspection",
        "every": "50ms",
        "channels": 4,
        "tags": [{"name": "x_left", "address": 1, "unit": "um"}, {"name": "x_right", "address": 2, "scale": 2}],
    }
    patient = {**bench.connection, "timeout": "2s"}  # a machine that stands still for a moment is no silent gauge
    return site(directory, [{"name": "gauge", "driver": "gauge", **patient}], [device], *brokers)


@pytest.mark.needs("mosquitto")
async def test_values_faults_and_recovery_of_a_foreign_driver_arrive(tmp_path: Path) -> None:
    installed = {"PYTHONPATH": str(install(tmp_path / "site-packages"))}
    async with mosquitto(tmp_path) as broker, gauge(UNUSED) as bench, platform(broker.port) as seen:
        async with agent(configuration(tmp_path, bench, broker.port), **installed) as running:
            await seen.sees("gauge01", "x_left")
            await seen.sees("gauge01", "x_right")
            value = await bench.change("left")
            await seen.sees("gauge01", "x_left", times=2)
            bench.status[1] = NO_CHANNEL
            await seen.sees("gauge01", "x_left", "bad.config")
            bench.status[1] = WARMING_UP
            await seen.sees("gauge01", "x_left", "uncertain.sensor")
            await running.says("G2001")
            bench.status[1] = 0
            await seen.sees("gauge01", "x_left", times=3)
            await bench.cut()
            await seen.sees("gauge01", "x_left", "bad.not_connected")
            await bench.restore()
            await seen.sees("gauge01", "x_left", times=4)
            assert await running.stop() == 0
        shown = [(value, quality) for _, value, quality in seen.samples("gauge01", "x_left")]
        assert shown[:3] == [(100.25, "good"), (value, "good"), (None, "bad.config")]
        assert all((value is None) == quality.startswith("bad.") for value, quality in shown)
        assert seen.samples("gauge01", "x_right")[0][1] == 199.5
        assert seen.of("meta", "gauge01")[-1]["tags"]["x_left"]["source"] == "channel 1"
        assert seen.holes("gauge01") == []


def test_the_command_line_knows_it(tmp_path: Path) -> None:
    bench = GaugeBench(UNUSED)
    bench.port = 5000
    file = configuration(tmp_path, bench, 1883)
    environment = {**os.environ, "PYTHONPATH": str(install(tmp_path / "site-packages")), "LINESIDE_LANG": "en"}

    def lineside(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "agent.cli", *arguments]
        return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)

    drivers = lineside("drivers")
    assert "gauge" in drivers.stdout
    assert "lineside-driver-example" in drivers.stdout
    good = lineside("check", str(file))
    assert good.returncode == 0, good.stdout + good.stderr
    text = json.loads(file.read_text())
    text["devices"][0]["tags"][1]["address"] = 7
    file.write_text(json.dumps(text, indent=1))
    wrong = lineside("check", str(file))
    assert wrong.returncode == 2
    assert "G1001" in wrong.stdout + wrong.stderr
    assert "channels are 1 to 4" in wrong.stdout + wrong.stderr
