"""What is made of raw values: structures from their bytes, counts, alarms, the reason of a stop; and the words."""

import subprocess
import sys
from dataclasses import dataclass
from typing import Any

import pytest
from asyncua import ua
from asyncua.ua.uatypes import Int16, Int32
from pydantic import ValidationError

from agent.machine.metrics import METRICS
from drivers.opcua import PLUGIN, mapped
from drivers.opcua.config import Address, Device
from drivers.opcua.packml.rules import ALARMS, COUNTED, INACTIVE, NO_ELEMENT, NO_FIELD, STOPPED_BY, Rule, numbered
from drivers.opcua.packml.structures import ALARM, COUNT, fields
from drivers.opcua.packml.words import UNITS, tags
from tests.drivers.opcua.packml_space import alarm, count

NOT_CONNECTED = 0x808A_0000


@dataclass
class Loaded:
    """A structure of which asyncua knows the type."""

    ID: int
    AccCount: int = 0
    Trigger: bool = False


def test_a_count_from_its_bytes() -> None:
    unit = {"UnitId": 20529, "DisplayName": "pcs"}
    assert fields(count(-5), COUNT) == {"ID": 1, "Name": "sheets", "Unit": unit, "Count": 3, "AccCount": -5}


def test_an_alarm_from_its_bytes() -> None:
    known = fields(alarm(17, True), ALARM)
    assert known is not None
    assert (known["ID"], known["Message"], known["Category"], known["Trigger"]) == (17, "door", 2, True)


@pytest.mark.parametrize("cut", range(1, 40))
def test_bytes_that_are_no_count_are_none(cut: int) -> None:
    body = count(7).Body
    assert body is not None
    for wrong in (body[:-cut], body + bytes(cut)):
        assert fields(ua.ExtensionObject(ua.NodeId(Int32(1)), wrong), COUNT) is None


@pytest.mark.parametrize(
    ("rule", "value", "outcome"),
    [
        (COUNTED, [count(7), count(9)], (7, 0)),
        (COUNTED, count(7), (7, 0)),
        (COUNTED, [Loaded(1, AccCount=8)], (8, 0)),
        (COUNTED, [{"ID": 1, "AccCount": 9}], (9, 0)),
        (COUNTED, [], (None, NO_ELEMENT)),
        (COUNTED, None, (None, NO_ELEMENT)),
        (COUNTED, 7, (None, NO_FIELD)),
        (STOPPED_BY, alarm(17, True), (17, 0)),
        (STOPPED_BY, [alarm(17, True)], (17, 0)),
        (STOPPED_BY, [], (0, 0)),
        (STOPPED_BY, "door", (None, NO_FIELD)),
        (ALARMS["alarm_active"], [alarm(1, False), alarm(2, True)], (True, 0)),
        (ALARMS["alarm_count"], [alarm(1, True), alarm(2, True)], (2, 0)),
        (ALARMS["alarm_code"], [alarm(1, False), alarm(2, True)], (2, 0)),
        (ALARMS["alarm_code"], [alarm(1, False)], (0, 0)),
        (ALARMS["alarm_count"], None, (0, 0)),
        (ALARMS["alarm_active"], [7], (None, NO_FIELD)),
    ],
)
def test_what_a_value_means(rule: Rule, value: Any, outcome: object) -> None:
    assert rule([(value, 0)]) == outcome
    assert rule([(value, NOT_CONNECTED)]) == (None, NOT_CONNECTED)


def test_an_uncertain_value_stays_uncertain() -> None:
    assert COUNTED([(count(7), 0x4090_0000)]) == (7, 0x4090_0000)


def test_the_outermost_machine_is_never_waited_for() -> None:
    assert numbered({})([(None, INACTIVE)]) == (None, INACTIVE)


@pytest.mark.parametrize("nothing", [None, ua.NodeId()])
def test_no_state_and_the_null_id_are_not_active(nothing: object) -> None:
    rule = numbered({(2, 71): 19, (2, 53): 2})
    assert rule([(ua.NodeId(Int32(71), Int16(2)), 0), (nothing, 0)]) is None
    assert rule([(nothing, 0), (nothing, 0)]) == (None, INACTIVE)


def test_words_are_metrics_with_their_units() -> None:
    for word, unit in UNITS.items():
        assert unit is None or unit in METRICS[word].units
    assert UNITS.keys() <= METRICS.keys()
    for tag in tags():
        assert Address.model_validate({"address": tag["address"]}).address == f"packml:{tag['name']}"


def test_only_a_device_that_maps_itself_has_tags() -> None:
    assert PLUGIN.tags is mapped
    assert mapped(Device()) == ()
    assert [tag["name"] for tag in mapped(Device(packml="auto"))] == list(UNITS)


@pytest.mark.parametrize(
    ("model", "keys", "code"),
    [
        (Address, {"address": "packml:sate"}, "U2201"),
        (Address, {"address": "packml:"}, "U2201"),
        (Device, {"packml_root": "packml:state"}, "U2202"),
        (Device, {"packml_root": "i=85|Orders"}, "U2202"),
        (Device, {"packml_root": "Press"}, "U1001"),
    ],
)
def test_what_is_refused(model: type[Device] | type[Address], keys: dict[str, str], code: str) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(keys)
    assert [error["type"] for error in refused.value.errors()] == [code]
    assert code in PLUGIN.messages


def test_the_plug_in_does_not_import_asyncua() -> None:
    program = "import sys, drivers.opcua; raise SystemExit('asyncua' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
