"""Two files of each name in turn: whatever happens to one, the other is whole."""

from agent.outbox.slots import Slots
from tests.fakes.simulated_disk import SimulatedDisk


def test_the_newest_whole_one_counts_and_the_next_goes_over_the_other() -> None:
    disk, slots = SimulatedDisk(), Slots()
    for number in range(5):
        for name in ("to.one", "gaps"):
            disk.overwrite(*slots.put(name, b"%d" % number))
    assert sorted(disk.files) == ["gaps.0", "gaps.1", "to.one.0", "to.one.1"]
    again = Slots()
    assert again.read(disk) == {"to.one": b"4", "gaps": b"4"}
    disk.files["gaps.1"][-1] ^= 1
    spoilt = Slots()
    assert spoilt.read(disk) == {"to.one": b"4", "gaps": b"3"}
    name, content = spoilt.put("gaps", b"new")
    assert name == "gaps.1"
    disk.overwrite(name, content)
    assert Slots().read(disk)["gaps"] == b"new"


def test_torn_foreign_and_unreadable_files_are_nothing() -> None:
    disk, slots = SimulatedDisk(), Slots()
    name, content = slots.put("to.one", b"where it stands")
    for length in range(len(content)):
        disk.overwrite(name, content[:length])
        assert Slots().read(disk) == {}
    disk.overwrite("readme", content)
    assert Slots().read(disk) == {}
    disk.overwrite(name, content)
    disk.unreadable = True
    assert Slots().read(disk) == {}
