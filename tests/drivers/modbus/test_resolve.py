"""Groups -> points, all mistakes at once, and how devices want to be asked."""

import pytest

from drivers.contract import Described, Group, Tag
from drivers.errors import InvalidConfig
from drivers.modbus import PLUGIN
from drivers.modbus.address import Table
from drivers.modbus.config import Address, Connection, Device, Limits
from drivers.modbus.resolve import describe, resolve, resolve_all, terms


def group(*written: str, device: str = "press01", plc: str | None = None) -> Group:
    tags = [Tag(f"t{index}", Address(address=address)) for index, address in enumerate(written)]
    return Group(f"{device}@1s", device, Device(plc=plc), tags, 1.0)


def test_points_come_in_the_order_of_the_tags() -> None:
    assert [(p.table, p.offset) for p in resolve(group("D100", "M8", "hr:3", plc="delta-dvp"))] == [
        (Table.HOLDING, 4196),
        (Table.COIL, 2056),
        (Table.HOLDING, 3),
    ]


def test_keys_beside_the_address_count() -> None:
    tag = Tag("job", Address(address="hr:5", type="str(4)", string_order="low", encoding="gbk"))
    (point,) = resolve(Group("g", "d", Device(), [tag], 1.0))
    assert (point.type, point.length, point.string_order, point.encoding) == ("str", 4, "low", "gbk")


def test_all_mistakes_of_all_groups_are_reported_with_their_places() -> None:
    groups = [group("D100", "Y8", "D8000", plc="inovance-h5u"), group("40000", "hr:1", device="press02")]
    with pytest.raises(InvalidConfig) as caught:
        resolve_all(groups)
    found = [(p.code, p.device, p.tag, p.key) for p in caught.value.problems]
    assert found == [
        ("M1012", "press01", "t1", "address"),
        ("M1013", "press01", "t2", "address"),
        ("M1014", "press02", "t0", "address"),
    ]
    assert all(p.code in PLUGIN.messages and p.facts["given"] for p in caught.value.problems)


def test_a_value_longer_than_a_request_is_refused() -> None:
    with pytest.raises(InvalidConfig) as caught:
        resolve(group("hr:0:u32", "hr:0:str(8)", "hr:2"), Limits(registers=3))
    assert [(p.code, p.tag, p.facts["most"]) for p in caught.value.problems] == [("M1019", "t1", 3)]
    with pytest.raises(InvalidConfig):
        resolve(group("D0:str(202)", plc="delta-dvp"))
    assert resolve(group("D0:str(200)", plc="delta-dvp"))


def test_the_stricter_of_configuration_and_profile_counts() -> None:
    assert terms(Limits(), Device())._asdict() == {"registers": 125, "bits": 2000, "gap": 16, "boundaries": {}}
    assert terms(Limits(), Device(plc="delta-dvp")).registers == 100
    assert terms(Limits(registers=60), Device(plc="delta-dvp")).registers == 60
    assert 8192 in terms(Limits(), Device(plc="delta-dvp")).boundaries[Table.HOLDING]


def test_descriptions_say_type_and_both_notations() -> None:
    it = group("D100", "D100:f32", "D600:str(4)", "M8", "D8.3", "hr:7:bcd16", plc="inovance-h5u")
    assert describe(Connection(url="tcp://a"), it) == [
        Described("int", "D100 = hr:100 (400101)"),
        Described("float", "D100 = hr:100 (400101)"),
        Described("str", "D600 = hr:600 (400601)"),
        Described("bool", "M8 = co:8 (000009)"),
        Described("bool", "D8.3 = hr:8.3 (400009.3)"),
        Described("int", "hr:7 (400008)"),
    ]


def test_models_of_another_driver_are_a_defect_not_a_mistake_of_the_user() -> None:
    with pytest.raises(TypeError):
        resolve(Group("g", "d", Address(address="hr:1"), [], 1.0))
    with pytest.raises(TypeError):
        resolve(Group("g", "d", Device(), [Tag("t", Device())], 1.0))


def test_the_plug_in_has_messages_in_both_languages_for_its_codes() -> None:
    for code, message in PLUGIN.messages.items():
        assert code[0] in "MQ", code
        assert message.zh != message.en, code


class Notes:
    """A journal that keeps what is noted."""

    def __init__(self) -> None:
        self.noted: list[tuple[str, str, dict[str, object]]] = []

    def lost(self, code: str, about: str, /, **facts: object) -> None:
        raise AssertionError(code)

    back = lost

    def note(self, code: str, about: str, /, **facts: object) -> None:
        self.noted.append((code, about, facts))


def test_opening_says_once_what_each_profile_is_worth() -> None:
    notes = Notes()
    groups = [
        group("D100", plc="inovance-h5u"),
        group("D100", device="press02", plc="inovance-h5u"),
        group("D100", device="bag01", plc="delta-dvp"),
        group("hr:1", device="plain"),
    ]
    PLUGIN.open(Connection(url="tcp://127.0.0.1"), groups, notes)
    said = [PLUGIN.messages[code].en.format(**facts) for code, _, facts in notes.noted]
    assert said == [
        "using PLC profile inovance-h5u: Inovance H5U and Easy series, evidence grade N",
        "using PLC profile delta-dvp: Delta DVP series, evidence grade V",
    ]


def test_a_configuration_that_cannot_work_says_only_that() -> None:
    notes = Notes()
    with pytest.raises(InvalidConfig):
        PLUGIN.open(Connection(url="tcp://127.0.0.1"), [group("Y8", plc="delta-dvp")], notes)
    assert notes.noted == []
