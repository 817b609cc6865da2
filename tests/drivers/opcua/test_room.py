"""What is watched and what is read where a server has not room for all."""

import math

import pytest

from drivers.contract import Group, Tag
from drivers.opcua import PLUGIN
from drivers.opcua.plan import plan
from drivers.opcua.room import LEAST_S, Leftover, bound, divided, named


def group(name: str, *addresses: str, every_s: float = 0.1) -> Group:
    tags = [Tag(one.replace("packml:", ""), PLUGIN.address.model_validate({"address": one})) for one in addresses]
    device = PLUGIN.device.model_validate({"packml": "auto"} if "packml:state" in addresses else {})
    return Group(f"{name}~", name, device, tags, every_s, is_subscribed=True)


@pytest.mark.parametrize(
    ("said", "most"),
    [((), None), ((0, None), None), ((0, 500, 0), 500), ((1000, 500), 500), ((100, None, "x"), 100), ((0, -1), None)],
)
def test_the_least_of_what_is_said_counts(said: tuple[object, ...], most: int | None) -> None:
    assert bound(*said) == most


def test_the_first_ones_are_watched_in_the_order_of_the_configuration() -> None:
    made = plan([group("a", "i=1", "i=2"), group("b", "i=3", "i=4")])
    nodes = dict.fromkeys((0, 1, 3), "node")
    assert [list(some) for some in divided(made.subscribed, nodes, 2)] == [[0, 1], [3]]
    assert [list(some) for some in divided(made.subscribed, nodes, None)] == [[0, 1, 3], []]
    assert [list(some) for some in divided(made.subscribed, nodes, 0)] == [[], [0, 1, 3]]


def test_what_a_machine_s_state_is_made_of_comes_before_all_others() -> None:
    made = plan([group("a", "i=1", "i=2"), group("b", "i=3", "packml:state")])
    parts = [item for item, one in enumerate(made.subscribed) if one.is_prompt]
    assert len(parts) == 3
    watched, left = divided(made.subscribed, dict.fromkeys(range(len(made.subscribed)), "node"), 4)
    assert list(watched) == [*parts, 0]
    assert list(left) == [1, 5]


def test_each_is_read_as_often_as_it_would_be_looked_at_but_not_all_the_time() -> None:
    made = plan([group("a", "i=1"), group("b", "i=2", every_s=3.0)])
    left: Leftover[str] = Leftover(made.subscribed)
    assert left.period_s == math.inf
    assert left.due(0.0) == {}
    left.take({0: "one", 1: "two"}, 100.0)
    assert left.period_s == LEAST_S
    assert left.due(100.9) == {}
    assert left.due(101.0) == {0: "one"}
    assert left.due(101.5) == {}
    assert left.due(103.0) == {0: "one", 1: "two"}
    left.take({}, 104.0)
    assert left.due(200.0) == {}


def test_the_operator_gets_the_first_names_and_the_number() -> None:
    groups = [group("a", *(f"i={n}" for n in range(4))), group("b", *(f"i={n}" for n in range(4)))]
    made = plan(groups)
    facts = named(groups, made.subscribed, [7, 6, 5, 4, 3, 2])
    assert facts == {"count": 6, "names": "a/i=2, a/i=3, b/i=0, b/i=1, b/i=2 ..."}
