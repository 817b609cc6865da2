"""Revisions of meta."""

from agent.meta import TagMeta, content, from_json, revise, to_json


def said(unit: str = "m/min") -> dict[str, object]:
    tag = TagMeta("speed", "speed", "float", unit, {"zh": "车速"}, (0, 200), {}, "D100 = hr:100", 1.0)
    return content("gw", "press01", {"site": "a"}, [tag])


def test_content_leaves_out_what_is_not_known() -> None:
    tag = TagMeta("x_jog", "x_jog", None, None, {}, None, {}, "M8", 0.2)
    assert content("gw", "d", {}, [tag])["tags"] == {"x_jog": {"metric": "x_jog", "source": "M8", "every_s": 0.2}}
    assert said()["tags"]["speed"]["range"] == [0, 200]  # type: ignore[index]


def test_the_revision_changes_exactly_when_the_content_does() -> None:
    labels = {"press01": {"site": "a"}}
    metas, removed, known = revise({}, {"press01": said()}, labels)
    assert (metas["press01"].rev, removed) == (1, [])
    again, _, known = revise(from_json(to_json(known)), {"press01": said()}, labels)
    assert again["press01"].rev == 1
    changed, removed, _ = revise(known, {"press01": said("m/s")}, labels)
    assert (changed["press01"].rev, removed) == (2, [])


def test_a_device_that_is_gone_or_moved_is_cleared_where_it_was() -> None:
    _, _, known = revise({}, {"a": {}, "b": {}}, {"a": {"line": "1"}, "b": {"line": "1"}})
    _, removed, now = revise(known, {"a": {}}, {"a": {"line": "2"}})
    assert removed == [{"line": "1"}, {"line": "1"}]
    assert set(now) == {"a"}


def test_a_damaged_memory_is_as_if_nothing_was_published() -> None:
    assert from_json(None) == {}
    assert from_json({"a": 5, "b": {"rev": 1, "digest": "x", "labels": {}}}).keys() == {"b"}
