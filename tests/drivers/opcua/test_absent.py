"""Tags that the server does not have are told of: once, with names, and again only when they are others."""

from collections.abc import Callable, Sequence

import pytest

from drivers.contract import Group, Quality, Scan, Tag
from drivers.opcua import PLUGIN, absent
from drivers.opcua.absent import Absent
from tests.drivers.opcua.test_packml_machines import Told


def group(name: str, *tags: str, device: str = "press") -> Group:
    """A tag is its own address but `state`, which is a word of a machine."""
    addresses = {tag: "packml:state" if tag == "state" else f"nsu=urn:x;s={tag}" for tag in tags}
    given = [Tag(tag, PLUGIN.address.model_validate({"address": address})) for tag, address in addresses.items()]
    return Group(name, device, PLUGIN.device.model_validate({}), given, 1.0)


def faults(*indexes: int, quality: Quality = Quality.BAD_CONFIG, good: Sequence[int] = ()) -> Scan:
    return Scan(0, good, [1] * len(good), dict.fromkeys(indexes, quality))


@pytest.fixture
def settle(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Let the time pass after which something is told."""
    now = [100.0]
    monkeypatch.setattr(absent.time, "monotonic", lambda: now[0])

    def later() -> None:
        now[0] += absent.SETTLE_S

    return later


def test_both_groups_of_a_device_are_one_line_with_names(settle: Callable[[], None]) -> None:
    told = Told()
    here = Absent([group("fast", "a", "b"), group("slow", "c"), group("x", "d", device="other")], "opc.tcp://s", told)
    here.saw(0, faults(1, good=[0]))
    here.tell()
    assert told.lines == [], "the other group may not have begun"
    here.saw(1, faults(0))
    settle()
    here.tell()
    (line,) = told.lines
    assert line.startswith("U2104")
    assert "2 of 3" in line
    assert line.endswith("b, c")
    for scan in (faults(1), Scan(0, (), ()), faults(1)):
        here.saw(0, scan)
        settle()
        here.tell()
    assert len(told.lines) == 1, "what is known is not said again"
    here.saw(2, Scan(0, (), ()))
    here.saw(2, faults(0))
    settle()
    here.tell()
    assert told.lines[1:] == ["U2104 1 of 1 variables are not on the server: d"], "the other device, and only that"


def test_others_are_told_and_all_of_them_back(settle: Callable[[], None]) -> None:
    told = Told()
    here = Absent([group("fast", "a", "b")], "opc.tcp://s", told)
    for scan in (faults(0), faults(0, 1), faults(good=[0, 1])):
        here.saw(0, scan)
        settle()
        here.tell()
    first, second, third = told.lines
    assert first.endswith("1 of 2 variables are not on the server: a")
    assert second.endswith("2 of 2 variables are not on the server: a, b")
    assert third == "U2104 all variables are there"


def test_other_faults_and_words_of_machines_are_not_meant(settle: Callable[[], None]) -> None:
    told = Told()
    here = Absent([group("fast", "state", "a")], "opc.tcp://s", told)
    here.saw(0, faults(0))
    here.saw(0, faults(1, quality=Quality.BAD_DENIED))
    settle()
    here.tell()
    assert told.lines == []


def test_many_names_are_cut(settle: Callable[[], None]) -> None:
    told = Told()
    here = Absent([group("fast", *"abcdefgh")], "opc.tcp://s", told)
    here.saw(0, faults(*range(8)))
    settle()
    here.tell()
    assert told.lines[0].endswith("a, b, c, d, e ...")
