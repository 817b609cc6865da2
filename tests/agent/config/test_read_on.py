"""Tags that are read after another one, or at the start."""

import math
from pathlib import Path

import pytest

from agent.config import groups
from tests.agent.config.site import TAG, changed, right, said

JOB = 'job, address: "text(A|B, 5s)", every: 500ms'


def with_tags(tmp_path: Path, *tags: str) -> object:
    return changed(tmp_path, (TAG, "\n".join([TAG, *(f"      - {{name: {tag}}}" for tag in (JOB, *tags))])))


def test_groups_by_trigger(tmp_path: Path) -> None:
    configuration = right(
        with_tags(
            tmp_path,
            'recipe, address: "constant(1)", read_on: job',
            'operator, address: "constant(2)", read_on: job, max_interval: 60s',
            'x_serial, address: "constant(3)", read_on: start',
        )
    )
    (found,) = groups(configuration).values()
    assert [(group.name.partition("@")[2], [tag.name for tag in group.tags]) for group in found[1:]] == [
        ("0.5s", ["job"]),
        ("job", ["recipe", "operator"]),
        ("start", ["x_serial"]),
    ]
    assert [group.every_s for group in found[1:]] == [0.5, 60.0, math.inf]


@pytest.mark.parametrize(
    ("tag", "code", "meant"),
    [
        ('recipe, address: "constant(1)", read_on: job, every: 1s', "E1093", None),
        ('recipe, address: "constant(1)", read_on: jobs', "E1094", "job"),
        ('recipe, address: "constant(1)", read_on: zzzzz', "E1094", "start"),
        ('recipe, address: "constant(1)", read_on: recipe', "E1095", None),
    ],
)
def test_what_cannot_be_followed(tmp_path: Path, tag: str, code: str, meant: str | None) -> None:
    loaded = with_tags(tmp_path, tag)
    ((_, _, _, found),) = said(loaded)
    assert found == code
    assert loaded.problems[0].facts.get("meant") == meant


def test_no_chains(tmp_path: Path) -> None:
    chain = ('recipe, address: "constant(1)", read_on: job', 'operator, address: "constant(2)", read_on: recipe')
    ((_, _, path, code),) = said(with_tags(tmp_path, *chain))
    assert (path.split(".")[-1], code) == ("read_on", "E1095")
