"""Revisions of meta."""

from agent.meta import MAX_REMOVED, Known, Memory, TagMeta, content, from_json, identified, revise, to_json


def said(unit: str = "m/min") -> dict[str, object]:
    tag = TagMeta("speed", "speed", "float", unit, {"zh": "车速"}, (0, 200), {}, "D100 = hr:100", 1.0)
    return content("gw", "press01", {"site": "a"}, [tag])


def test_content_leaves_out_what_is_not_known() -> None:
    tag = TagMeta("x_jog", "x_jog", None, None, {}, None, {}, "M8", 0.2)
    assert content("gw", "d", {}, [tag])["tags"] == {"x_jog": {"metric": "x_jog", "source": "M8", "every_s": 0.2}}
    assert said()["tags"]["speed"]["range"] == [0, 200]  # type: ignore[index]  # JSON: objects in objects


def test_the_revision_changes_exactly_when_the_content_does() -> None:
    labels = {"press01": {"site": "a"}}
    metas, memory = revise(Memory(), {"press01": said()}, labels)
    assert (metas["press01"].rev, memory.removed) == (1, [])
    again, memory = revise(from_json(to_json(memory)), {"press01": said()}, labels)
    assert again["press01"].rev == 1
    changed, memory = revise(memory, {"press01": said("m/s")}, labels)
    assert (changed["press01"].rev, memory.removed) == (2, [])


def test_a_device_that_is_gone_or_moved_is_cleared_where_it_was_until_it_is_back() -> None:
    one, two = {"device": "a", "line": "1"}, {"device": "a", "line": "2"}
    b = {"device": "b", "line": "1"}
    _, memory = revise(Memory(), {"a": {}, "b": {}}, {"a": one, "b": b})
    _, memory = revise(memory, {"a": {}}, {"a": two})
    assert memory.removed == [one, b]
    _, memory = revise(from_json(to_json(memory)), {"a": {}}, {"a": two})
    assert memory.removed == [one, b], "another run still clears them"
    _, memory = revise(memory, {"a": {}, "b": {}}, {"a": two, "b": b})
    assert memory.removed == [one]


def test_a_device_that_comes_back_goes_on_from_its_last_revision() -> None:
    labels = {"a": {"device": "a"}, "b": {"device": "b"}}
    _, memory = revise(Memory(), {"a": {}, "b": {}}, labels)
    changed, memory = revise(memory, {"a": {"unit": "m"}, "b": {}}, labels)
    assert changed["a"].rev == 2
    _, memory = revise(memory, {"b": {}}, {"b": labels["b"]})
    assert memory.former == {"a": 2}
    back, memory = revise(from_json(to_json(memory)), {"a": {"unit": "m"}, "b": {}}, labels)
    assert (back["a"].rev, back["b"].rev, memory.former) == (3, 1, {})


def test_what_a_machine_says_of_itself_becomes_labels_and_survives_a_restart() -> None:
    labels = {"press01": {"site": "a"}}
    _, memory = revise(Memory(), {"press01": said()}, labels)
    told = {"press01": {"serial_number": "4711", "site": "somewhere"}}
    metas, memory = revise(identified(memory, told), {"press01": said()}, labels)
    assert metas["press01"].rev == 2
    assert metas["press01"].content["labels"] == {"site": "a", "serial_number": "4711"}, "a person's label is right"
    assert identified(memory, told) is memory
    again, memory = revise(from_json(to_json(memory)), {"press01": said()}, labels)
    assert again == metas, "it is not forgotten while the machine is off"
    other, memory = revise(identified(memory, {"press01": {}}), {"press01": said()}, labels)
    assert (other["press01"].rev, other["press01"].content["labels"]) == (3, {"site": "a"})


def test_another_configuration_may_mean_another_machine() -> None:
    labels = {"press01": {"site": "a"}}
    _, memory = revise(Memory(), {"press01": said()}, labels)
    _, memory = revise(identified(memory, {"press01": {"model": "X"}}), {"press01": said()}, labels)
    metas, memory = revise(memory, {"press01": said("m/s")}, labels)
    assert metas["press01"].content["labels"] == {"site": "a"}
    assert memory.identities == {}


def test_what_is_remembered_is_bounded() -> None:
    memory = Memory()
    for n in range(MAX_REMOVED + 10):
        _, memory = revise(memory, {"a": {}}, {"a": {"line": str(n)}})
    assert len(memory.removed) == MAX_REMOVED
    assert memory.removed[-1] == {"line": str(MAX_REMOVED + 8)}
    for n in range(MAX_REMOVED + 10):
        _, memory = revise(memory, {f"d{n}": {}}, {f"d{n}": {}})
    assert len(memory.former) == MAX_REMOVED
    assert "d0" not in memory.former


def test_a_damaged_memory_is_as_if_nothing_was_published() -> None:
    assert from_json(None) == Memory()
    devices = {"a": 5, "b": {"rev": 1, "digest": "x", "labels": {}}}
    damaged = {"devices": devices, "removed": [3, {"x": 1}], "former": {"c": "7", "d": 4}}
    assert from_json(damaged) == Memory({"b": Known(1, "x", {})}, [{"x": "1"}], {"d": 4})
    assert from_json({"devices": devices, "removed": []}).former == {}
    strange = {"devices": devices, "removed": [], "identities": {"b": {"model": 5}, "c": []}}
    assert from_json(strange).identities == {"b": {"model": "5"}}
