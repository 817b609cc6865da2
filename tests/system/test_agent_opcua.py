"""The whole agent between an OPC UA server and a broker."""

import re
from pathlib import Path

import pytest

from tests.fakes.agent import agent, platform, site
from tests.fakes.application import application
from tests.fakes.command import lineside
from tests.fakes.mosquitto import mosquitto
from tests.fakes.nodeopcua import Machinery, NodeSpec, node_server
from tests.fakes.opcua import NAMESPACE, Spec, opcua_server

pytestmark = pytest.mark.needs("mosquitto")

SPEED, COUNT = "Cartoner.Speed", "Cartoner.Count"
DEVICE = {
    "name": "cartoner",
    "connection": "packer",
    "type": "cartoner",
    "sampling": "50ms",
    "tags": [
        {"name": "speed", "address": f"nsu={NAMESPACE};s={SPEED}", "unit": "{piece}/min"},
        {"name": "count_good", "address": f"/nsu={NAMESPACE};Cartoner/Count", "unit": "{piece}"},
        {"name": "x_hole", "address": f"nsu={NAMESPACE};s=Cartoner.Hole"},
        {"name": "x_slow", "address": f"nsu={NAMESPACE};s={SPEED}", "every": "200ms"},
    ],
}


def packer(url: str, **more: object) -> dict[str, object]:
    return {"name": "packer", "driver": "opcua", "url": url, "timeout": "2s", "keep_alive": "1s", **more}


async def test_changes_arrive_in_order_over_a_cable_that_is_pulled_and_a_restart(tmp_path: Path) -> None:
    async with opcua_server({SPEED: 84.5, COUNT: 0}) as server, mosquitto(tmp_path) as broker:
        file = site(tmp_path, [packer(server.url, insecure=True)], [DEVICE], broker.port)
        async with platform(broker.port) as seen, agent(file) as running:
            await seen.sees("cartoner", "count_good")
            await seen.sees("cartoner", "x_slow")
            await seen.sees("cartoner", "x_hole", "bad.config")
            for n in range(1, 11):
                await server.set(COUNT, n)
            server.cut()
            for n in range(11, 21):
                await server.set(COUNT, n)
            await seen.until(lambda: [v for _, v, _ in seen.samples("cartoner", "count_good")][-1:] == [20])
            await server.restart()
            await server.set(COUNT, 21)
            await seen.until(lambda: [v for _, v, _ in seen.samples("cartoner", "count_good")][-1:] == [21])
            assert await running.stop() == 0
    counts = [value for _, value, quality in seen.samples("cartoner", "count_good") if quality == "good"]
    assert sorted(set(counts)) == list(range(22)), "no change is missing"
    assert counts == sorted(counts), "none came out of order"
    assert not any("Traceback" in line for line in running.lines)
    assert seen.holes("cartoner") == []


@pytest.mark.needs("node-opcua")
async def test_a_machine_that_says_who_it_is_has_labels_of_its_own(tmp_path: Path) -> None:
    device = {"name": "press01", "connection": "packer", "packml": "auto", "labels": {"model": "ours"}}
    async with node_server(tmp_path, NodeSpec(machine=Machinery())) as server, mosquitto(tmp_path) as broker:
        file = site(tmp_path, [packer(server.url, insecure=True)], [device], broker.port)
        for run in (1, 2):
            async with platform(broker.port) as seen, agent(file) as running:
                await seen.sees("press01", "state")
                await seen.until(lambda: "serial_number" in seen.of("meta", "press01")[-1]["labels"])
                assert await running.stop() == 0
            labels = seen.of("meta", "press01")[-1]["labels"]
            assert (labels["manufacturer"], labels["serial_number"], labels["model"]) == ("Builder", "4711", "ours")
            revs = [meta["rev"] for meta in seen.of("meta", "press01")]
            assert revs[-1] == 2, "the second run knows it from the beginning"
            assert run == 1 or set(revs) == {2}


@pytest.mark.needs("node-opcua")
async def test_values_of_a_machine_that_was_exchanged_name_the_name_plate_of_the_new_one(tmp_path: Path) -> None:
    """The state says which machine a value is from: the first one stands, the second one runs."""
    device = {"name": "press01", "connection": "packer", "packml": "auto"}
    first = Machinery(states=("NotExecuting", "Processing"))
    second = Machinery(states=("Executing", "Processing"), values={**first.values, "SerialNumber": "4712"})
    async with node_server(tmp_path, NodeSpec(machine=first)) as server, mosquitto(tmp_path) as broker:
        file = site(tmp_path, [packer(server.url, insecure=True)], [device], broker.port)
        async with platform(broker.port) as seen, agent(file) as running:
            await seen.sees("press01", "state")
            server.kill()
            await seen.sees("press01", "state", "bad.not_connected")
            server.spec.machine = second
            await server.start()
            await seen.sees("press01", "state", times=2)
            assert await running.stop() == 0
    plates: dict[int, str] = {}
    shown = []
    for message in seen.messages:
        if message.topic.endswith("/press01/meta"):
            plates[message.body["rev"]] = message.body["labels"].get("serial_number")
        elif message.topic.endswith("/press01/data"):
            states = [scan["v"].get("state") for scan in message.body["scans"]]
            shown += [(state, plates[message.body["rev"]]) for state in states if state is not None]
    assert shown == [(2, "4711"), (6, "4712")]


async def test_an_unknown_certificate_is_one_clear_line_and_trust_mends_it_while_the_agent_runs(tmp_path: Path) -> None:
    ours = application(tmp_path, "server")
    async with opcua_server({SPEED: 84.5, COUNT: 0}, Spec(application=ours)) as server, mosquitto(tmp_path) as broker:
        file = site(tmp_path, [packer(server.url)], [DEVICE], broker.port)
        async with platform(broker.port) as seen, agent(file) as running:
            await running.until(lambda: any("lineside trust" in line for line in running.lines))
            (line,) = [line for line in running.lines if "lineside trust" in line]
            command = re.search(r"lineside (trust .* add \S+)", line)
            assert command is not None, line
            assert (await lineside(*command[1].split())).code == 0
            await seen.sees("cartoner", "speed")
            assert await running.stop() == 0
    assert sum("packer" in line for line in running.lines) <= 4
