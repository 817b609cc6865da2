"""How soon values are back, with the times that a site has which writes none."""

import asyncio
import time
from pathlib import Path

import pytest

from tests.fakes.agent import Platform, agent, platform, site
from tests.fakes.mosquitto import mosquitto
from tests.fakes.opcua import NAMESPACE, opcua_server

pytestmark = [pytest.mark.needs("mosquitto"), pytest.mark.acceptance]

COUNT = "Cartoner.Count"
DEVICE = {
    "name": "cartoner",
    "connection": "packer",
    "tags": [{"name": "count_good", "address": f"nsu={NAMESPACE};s={COUNT}"}],
}


async def back(seen: Platform, count: int) -> float:
    """Seconds until the platform has that count."""
    began = time.monotonic()
    await seen.until(lambda: (seen.samples("cartoner", "count_good") or [(0, None, "")])[-1][1] == count, 60)
    return time.monotonic() - began


@pytest.mark.parametrize("outage_s", [5.0, 75.0])
async def test_t7_values_are_back_within_ten_seconds_however_long_the_outage(tmp_path: Path, outage_s: float) -> None:
    async with opcua_server({COUNT: 0}) as server, mosquitto(tmp_path) as broker:
        packer = {"name": "packer", "driver": "opcua", "url": server.url, "insecure": True}
        file = site(tmp_path, [packer], [DEVICE], broker.port)
        async with platform(broker.port) as seen, agent(file) as running:
            await back(seen, 0)
            await server.stop()
            await seen.sees("cartoner", "count_good", "bad.not_connected")
            await asyncio.sleep(outage_s)
            await server.start()
            await server.set(COUNT, 7)
            took_s = await back(seen, 7)
            print(f"T7 after {outage_s:g} s: {took_s:.1f} s")
            assert took_s <= 10
            assert await running.stop() == 0


async def test_t8_a_dead_subscription_is_found_within_fifteen_seconds(tmp_path: Path) -> None:
    async with opcua_server({COUNT: 0}) as server, mosquitto(tmp_path) as broker:
        packer = {"name": "packer", "driver": "opcua", "url": server.url, "insecure": True}
        file = site(tmp_path, [packer], [DEVICE], broker.port)
        async with platform(broker.port) as seen, agent(file) as running:
            await back(seen, 0)
            await asyncio.sleep(2)  # until the agent waits for the next message: now the end comes without a word
            await server.forget_subscriptions()
            await server.set(COUNT, 7)
            took_s = await back(seen, 7)
            print(f"T8: {took_s:.1f} s")
            assert 2 < took_s <= 15, "silence was noticed, not an answer"
            assert server.sessions == 1
            assert await running.stop() == 0
