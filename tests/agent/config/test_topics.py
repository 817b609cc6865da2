from pathlib import Path

import pytest

from tests.agent.config.site import DESTINATION, changed, codes, right, said

SECOND = "\n  - {name: press02, connection: plc1, type: other, tags: [{name: x_a, address: constant(5)}]}"
TAG_LINE = '      - {name: speed, address: "sine(60s, 0, 100)", unit: m/min}'


def test_a_site_chooses_its_topics(tmp_path: Path) -> None:
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    topics: {{data: 'a/{{gateway}}/{{stream}}'}}"))
    topics = right(loaded).destinations[0].topics
    assert topics["data"] == "a/{gateway}/{stream}"
    assert topics["meta"] == "lineside/v1/{site}/{line}/{device}/meta"


@pytest.mark.parametrize(
    "template", ["a/+", "a/#", "a//b", "/a", "a/", "$sys/a", "a/{", "a/{Line}", "a/{hall}", "a/{}"]
)
def test_what_makes_no_topic(tmp_path: Path, template: str) -> None:
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    topics: {{data: '{template}'}}"))
    assert said(loaded) == [(7, 20, "destinations[0].topics.data", "E1075")]


def test_a_label_that_a_device_lacks_is_reported_at_the_device(tmp_path: Path) -> None:
    loaded = changed(tmp_path, ("labels: {site: factory, line: line1}", "labels: {site: factory}"))
    assert said(loaded) == [(11, 5, "devices[0]", "E1076")]
    assert loaded.problems[0].facts["label"] == "line"


def test_a_label_that_the_gateway_lacks_is_reported_once(tmp_path: Path) -> None:
    loaded = changed(
        tmp_path, ("labels: {site: factory, line: line1}", "labels: {line: line1}"), (TAG_LINE, TAG_LINE + SECOND)
    )
    assert [(path, code) for _, _, path, code in said(loaded)] == [("labels", "E1076")]


def test_a_label_that_a_template_of_the_site_asks_for_is_reported_there(tmp_path: Path) -> None:
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    topics: {{data: '{{area}}/{{device}}'}}"))
    assert said(loaded) == [(7, 20, "destinations[0].topics.data", "E1076")]
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    topics: {{state: '{{device}}/state'}}"))
    assert said(loaded) == [(7, 21, "destinations[0].topics.state", "E1076")]


def test_topics_are_not_endless(tmp_path: Path) -> None:
    loaded = changed(tmp_path, (DESTINATION, f"{DESTINATION}\n    topics: {{data: '{'x' * 520}'}}"))
    assert codes(loaded) == ["E1077"]


def test_retained_meta_of_two_devices_must_not_meet(tmp_path: Path) -> None:
    topics = f"{DESTINATION}\n    topics: {{meta: 'meta/{{line}}'}}"
    assert codes(changed(tmp_path, (DESTINATION, topics))) == []
    assert codes(changed(tmp_path, (DESTINATION, topics), (TAG_LINE, TAG_LINE + SECOND))) == ["E1078"]
