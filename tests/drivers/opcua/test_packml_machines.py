"""What the operator is told of machines that map themselves: each thing once, in both languages."""

from collections.abc import Sequence

import pytest
from asyncua import ua

from drivers.opcua import PLUGIN
from drivers.opcua.node import ById, OfMachine, Place
from drivers.opcua.packml import machines as rooms
from drivers.opcua.packml.machines import Machines
from drivers.opcua.packml.words import UNITS
from tests.drivers.opcua.spaces import FakeSpace, packml_machine
from tests.drivers.opcua.test_packml_discovery import HOME, Unit

WORDS: Sequence[Place] = [OfMachine(word, device="press") for word in UNITS]


class Told:
    """A journal that puts its messages into words; only the first `lost` is a line, and a `back` after it."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self._lost: set[tuple[str, str]] = set()

    def lost(self, code: str, about: str, /, **facts: object) -> None:
        if (code, about) not in self._lost:
            self._lost.add((code, about))
            self.note(code, about, **facts)

    def back(self, code: str, about: str, /, **facts: object) -> None:
        if (code, about) in self._lost:
            self._lost.discard((code, about))
            self.lines.append(f"{code} {PLUGIN.messages[code].back_en.format(**facts)}")

    def note(self, code: str, about: str, /, **facts: object) -> None:
        message = PLUGIN.messages[code]
        for text in (message.zh, message.hint_zh, message.hint_en):
            text.format(lineside="lineside", **facts)
        self.lines.append(f"{code} {message.en.format(**facts)}")


class Nowhere:
    """Knows no node but those of machines."""

    async def nodes(self, places: Sequence[Place]) -> list[ua.NodeId | None]:
        return [None] * len(places)


@pytest.fixture
def told() -> Told:
    return Told()


async def test_what_is_offered_and_what_is_not_is_said_once(told: Told) -> None:
    machines = Machines(Nowhere(), FakeSpace(packml_machine(f"{HOME}/Press")), told)
    nodes = await machines.nodes(WORDS)
    assert [word for word, node in zip(UNITS, nodes, strict=True) if node is None] == ["speed_rated", "count_infeed"]
    assert not any(machines.may_come(place) for place in WORDS)
    (line,) = told.lines
    assert line.startswith("U2206")
    assert line.endswith("the server does not offer: speed_rated, count_infeed")
    machines.forget()
    await machines.nodes(WORDS)
    assert len(told.lines) == 1, "another session says nothing new"


async def test_a_speed_in_another_unit(told: Told) -> None:
    speed = f"{HOME}/Press/packml:Status/packml:CurMachSpeed/0:EngineeringUnits"
    machines = Machines(Nowhere(), FakeSpace({**packml_machine(f"{HOME}/Press"), speed: Unit(12888)}), told)
    await machines.nodes(WORDS[:3])
    assert told.lines[1:] == ["U2207 the server says that speed is in m/min; the mapped tag says {piece}/min"]


async def test_a_machine_that_is_not_there_is_looked_for_again_after_a_while(
    told: Told, monkeypatch: pytest.MonkeyPatch
) -> None:
    space = FakeSpace({"Objects/Line": None})
    machines = Machines(Nowhere(), space, told)
    assert set(await machines.nodes(WORDS)) == {None}
    assert all(machines.may_come(place) for place in WORDS)
    calls = space.calls
    await machines.nodes(WORDS)
    assert space.calls == calls
    monkeypatch.setattr(rooms, "FIRST_S", 0.0)
    machines.forget()
    await machines.nodes(WORDS)
    await machines.nodes(WORDS)
    assert space.calls == 3 * calls
    assert told.lines == ["U2203 the server shows no machine by OPC 30050, with PackTags or by OPC 40001-1"]


async def test_several_machines_are_named_as_they_would_be_written(told: Told) -> None:
    nodes = packml_machine("Objects/Line/A") | packml_machine("Objects/Line/B")
    machines = Machines(Nowhere(), FakeSpace(nodes), told)
    assert set(await machines.nodes(WORDS)) == {None}
    (line,) = told.lines
    assert line.startswith("U2204 the server shows 2 machines")
    for name in "AB":
        root = f"/nsu=urn:lineside:tests:press;Line/{name}"
        assert root in line
        assert PLUGIN.device.model_validate({"packml_root": root})


async def test_what_a_machine_says_of_itself(told: Told) -> None:
    plate = f"{HOME}/Press/0:Identification"
    said = {
        f"{plate}/0:Manufacturer": ua.LocalizedText("Builder\n& Sons"),
        f"{plate}/0:SerialNumber": "4711",
        f"{plate}/0:YearOfConstruction": 2026,
        f"{plate}/0:Model": ua.LocalizedText(None),
        f"{plate}/0:Location": "hall 2",
    }
    machines = Machines(Nowhere(), FakeSpace(packml_machine(f"{HOME}/Press") | said), told)
    assert machines.identities == {}, "nobody was asked"
    await machines.nodes(WORDS)
    plate_of_press = {"manufacturer": "Builder & Sons", "serial_number": "4711", "year_of_construction": "2026"}
    assert machines.identities == {"press": plate_of_press}
    known = machines.identities
    machines.forget()
    await machines.nodes(WORDS)
    assert machines.identities is known
    assert known == {"press": plate_of_press}, "it is the same machine until it says something else"


async def test_a_machine_without_a_plate_says_that_it_has_none(told: Told) -> None:
    machines = Machines(Nowhere(), FakeSpace(packml_machine(f"{HOME}/Press")), told)
    await machines.nodes(WORDS)
    assert machines.identities == {"press": {}}


async def test_a_root_that_is_not_there_is_not_called_a_server_without_machines(told: Told) -> None:
    root = ById("urn:lineside:tests:press", "Nowhere")
    places: Sequence[Place] = [OfMachine(word, device="press", root=root) for word in UNITS]
    machines = Machines(Nowhere(), FakeSpace(packml_machine(f"{HOME}/Press")), told)
    assert set(await machines.nodes(places)) == {None}
    assert told.lines == ["U2208 packml_root nsu=urn:lineside:tests:press;s=Nowhere is not on the server"]


async def test_plain_places_cost_no_search(told: Told) -> None:
    space = FakeSpace(packml_machine(f"{HOME}/Press"))
    assert await Machines(Nowhere(), space, told).nodes([]) == []
    assert (space.calls, told.lines) == (0, [])
