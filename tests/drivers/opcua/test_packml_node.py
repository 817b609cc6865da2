"""`packml: auto` against a server that we did not write: the real nodesets of PackML and Machinery, and PackTags."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from drivers.contract import Identifying, Quality
from drivers.opcua.packml.states import states
from drivers.opcua.packml.words import UNITS
from tests.bench import Keys
from tests.drivers.opcua.listener import Listener, listening
from tests.fakes.nodeopcua import Machinery, Node, NodeServer, NodeSpec, PackMl, PackTags, Step, node_server

pytestmark = pytest.mark.needs("node-opcua")

TAGS = {word: f"packml:{word}" for word in UNITS}
RUN = [
    "Resetting",
    "Idle",
    "Starting",
    "Execute",
    "Holding",
    "Held",
    "Unholding",
    "Execute",
    "Aborting",
    "Aborted",
    "Clearing",
    "Stopped",
]
NUMBERS = [states().by_name[name.lower()] for name in RUN]


@asynccontextmanager
async def shown(
    directory: Path, spec: NodeSpec, tags: Mapping[str, str] = TAGS, **device: object
) -> AsyncIterator[tuple[NodeServer, Listener]]:
    """A server, and what is known of a device that maps itself with a period of a second."""
    async with (
        node_server(directory, spec) as server,
        listening(keys(server), tags, 1.0, {"packml": "auto", **device}) as listener,
    ):
        yield server, listener


def keys(server: NodeServer) -> Keys:
    return {"url": server.url, "timeout": "10s", "insecure": True, "security": {"policy": "None"}}


SCRIPT = [Step(name, 30 if name.endswith("ing") else 120) for name in RUN]
"""Most states last shorter than the period with which the machine is looked at."""


async def test_a_machine_by_opc_30050_shows_every_state(tmp_path: Path) -> None:
    async with shown(tmp_path, NodeSpec(machine=PackMl())) as (server, it):
        assert it.known["state"] == 2
        assert it.known["mode"] == 1
        assert (it.known["speed_setpoint"], it.known["speed_rated"]) == (200.0, 250.0)
        absent = {word for word, value in it.known.items() if value is Quality.BAD_CONFIG}
        assert absent == {"count_infeed", "alarm_active", "alarm_count", "alarm_code", "stop_reason"}
        await server.play(SCRIPT)
        count = {"ID": 1, "Name": "sheets", "Count": 3, "AccCount": 4711}
        await server.set("packml:Admin.ProdProcessedCount", [count])
        await server.set("packml:Status.CurMachSpeed", 180.0)
        await it.until(lambda: (it.known["count_total"], it.known["speed"]) == (4711, 180.0))
        await it.until(lambda: len(it.came["state"]) > len(NUMBERS))
        assert it.came["state"] == [2, *NUMBERS]
        told = [at for _, at in server.states]
        assert it.times["state"][1:] == told[-len(NUMBERS) :], "with the time at which the server changed"
        assert [code for _, code, _ in it.notes.said].count("U2206") == 1
        assert it.lost == []


async def test_plain_packtags_show_every_state(tmp_path: Path) -> None:
    async with shown(tmp_path, NodeSpec(machine=PackTags())) as (server, it):
        offered = {word for word, value in it.known.items() if value is not Quality.BAD_CONFIG}
        assert offered == {"state", "mode", "speed", "speed_setpoint", "count_total", "count_reject"}
        await server.play(SCRIPT)
        await it.until(lambda: len(it.came["state"]) > len(NUMBERS))
        assert it.came["state"] == [2, *NUMBERS]
        assert it.known["count_total"] == 0


async def test_a_machine_by_opc_40001_shows_state_mode_and_who_it_is(tmp_path: Path) -> None:
    async with shown(tmp_path, NodeSpec(machine=Machinery())) as (server, it):
        assert {word: value for word, value in it.known.items() if value is not Quality.BAD_CONFIG} == {
            "state": 2,
            "mode": 1,
        }
        assert isinstance(it.driver, Identifying)
        assert it.driver.identities == {
            "press": {
                "manufacturer": "Builder",
                "model": "Press 106",
                "serial_number": "4711",
                "product_instance_uri": "urn:lineside:tests:press:4711",
            }
        }
        await server.play([Step("Executing"), Step("Setup"), Step("OutOfService"), Step("NotAvailable")])
        await it.until(lambda: (it.known["state"], it.known["mode"]) == (0, 4))
        assert it.came["state"] == [2, 6, 9, 0]
        assert it.came["mode"] == [1, 4]


async def test_an_ordinary_server_is_no_machine(tmp_path: Path) -> None:
    spec = NodeSpec([Node("Press.Speed", 12.5)])
    async with shown(tmp_path, spec, {"state": "packml:state"}) as (_, it):
        assert it.known["state"] is Quality.BAD_CONFIG
        assert ("lost", "U2203", "press") in it.notes.said
