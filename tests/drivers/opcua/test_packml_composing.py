"""The state of a machine out of three nodes: no state is missed or invented, however the notifications fall."""

import itertools
from collections.abc import Iterable, Sequence

import pytest
from asyncua import ua
from asyncua.ua.uatypes import Int16, Int32
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.opcua.node import ById, OfMachine
from drivers.opcua.packml.composing import SETTLE_S, Composer
from drivers.opcua.packml.rules import INACTIVE, NO_MATCH, numbered
from drivers.opcua.packml.states import states
from drivers.opcua.plan import Item, Spot
from drivers.opcua.scans import Columns

RUNNING, CLEARED = 18, 19
DEPTHS = {1: 0, 8: 0, 9: 0, 2: 1, 7: 1} | dict.fromkeys((3, 4, 5, 6, 10, 11, 12, 13, 14, 15, 16, 17), 2)
"""State -> which of the three machines has it."""
BASE, MACHINE, EXECUTE = range(3)
RULE = numbered({(2, node): number for node, number in states().by_node.items()})
Change = tuple[int, int | None, int]
"""Which of the three, its new state or None when it is left, time in ms."""


def node(number: int) -> ua.NodeId:
    (found,) = (one for one, other in states().by_node.items() if other == number)
    return ua.NodeId(Int32(found), Int16(2))


def shown(state: int) -> tuple[int | None, int | None, int | None]:
    """What the three show."""
    depth = DEPTHS[state]
    return (
        state if depth == 0 else CLEARED,
        None if depth == 0 else state if depth == 1 else RUNNING,
        state if depth == 2 else None,
    )


def changes(before: int, after: int, at: int) -> list[Change]:
    pairs = zip(shown(before), shown(after), strict=True)
    return [(part, new, at) for part, (old, new) in enumerate(pairs) if old != new]


def columns(told: Iterable[Change]) -> Columns:
    found = list(told)
    values = [None if new is None else node(new) for _, new, _ in found]
    statuses = [INACTIVE if new is None else 0 for _, new, _ in found]
    times = [at for *_, at in found]
    return Columns([part for part, *_ in found], values, statuses, times, times)


class Machine:
    """A composer that was told a first state."""

    def __init__(self, state: int) -> None:
        items = [Item(OfMachine("state", part), 1.0, () if part else (Spot(0, 0, ()),)) for part in range(3)]
        items.append(Item(ById(0, 1), 1.0, (Spot(0, 1, ()),)))
        self.composer = Composer(items)
        self.composer.learn([1, 2, 3, 4], lambda place: RULE if isinstance(place, OfMachine) else None)
        self.said: list[object] = []
        self.times: list[int | None] = []
        self.tell([(part, one, 1) for part, one in enumerate(shown(state))], is_news=False)

    def tell(
        self, told: Sequence[Change], now_s: float = 0.0, *, is_news: bool = True, is_whole: bool = True
    ) -> list[object]:
        made = self.composer.columns(columns(told), now_s, is_news=is_news, is_whole=is_whole)
        new = [status or value for value, status in zip(made.values, made.statuses, strict=True)]
        assert set(made.items) <= {0}
        self.said += new
        self.times += made.sources_ms
        return new


RUN = [2, 15, 4, 3, 6, 10, 11, 12, 6, 13, 5, 14, 6, 16, 17, 15, 4, 7, 2, 15, 6, 8, 9, 1, 2]


def history(run: Sequence[int]) -> list[Change]:
    return [one for n, (old, new) in enumerate(itertools.pairwise(run)) for one in changes(old, new, 10 * n + 10)]


def test_a_run_in_one_message_each() -> None:
    it = Machine(RUN[0])
    for n, (old, new) in enumerate(itertools.pairwise(RUN)):
        it.tell(changes(old, new, 10 * n + 10))
    assert it.said == RUN
    assert it.times[1:] == [10 * n + 10 for n in range(len(RUN) - 1)]


def test_a_run_whose_changes_came_all_at_once_node_by_node() -> None:
    it = Machine(RUN[0])
    it.tell(sorted(history(RUN), key=lambda change: change[0]))
    assert it.said == RUN


def test_a_run_of_which_the_server_sends_one_part_after_the_other() -> None:
    it = Machine(RUN[0])
    by_part = sorted(history(RUN), key=lambda change: change[0])
    for start in range(0, len(by_part), 4):
        it.tell(by_part[start : start + 4], is_whole=start + 4 >= len(by_part))
    assert it.said == RUN


@settings(max_examples=30)
@given(st.data())
def test_however_the_notifications_fall(data: st.DataObject) -> None:
    """In a message of its own each, in any order of the three, and no two at one time."""
    it = Machine(RUN[0])
    for n, (old, new) in enumerate(itertools.pairwise(RUN)):
        parts = data.draw(st.permutations(changes(old, new, 0)))
        for place, (part, state, _) in enumerate(parts):
            it.tell([(part, state, 10 * n + 10 + place)])
    assert it.said == RUN


@settings(max_examples=30)
@given(st.data())
def test_however_the_notifications_are_queued(data: st.DataObject) -> None:
    """Times that differ within one change, and messages that hold several of them, node by node."""
    it = Machine(RUN[0])
    told: list[Change] = []
    for n, (old, new) in enumerate(itertools.pairwise(RUN)):
        parts = data.draw(st.permutations(changes(old, new, 0)))
        told += [(part, state, 10 * n + 10 + place) for place, (part, state, _) in enumerate(parts)]
        if data.draw(st.booleans()):
            it.tell(sorted(told, key=lambda change: change[0]))
            told = []
    it.tell(sorted(told, key=lambda change: change[0]))
    assert it.said == RUN


def test_two_states_within_one_millisecond() -> None:
    it = Machine(4)
    it.tell([(EXECUTE, 3, 10), (EXECUTE, 6, 10)])
    assert it.said == [4, 3, 6]


def test_a_clock_that_goes_back_does_not_change_the_order() -> None:
    it = Machine(4)
    it.tell([(EXECUTE, 3, 100), (EXECUTE, 6, 50)])
    assert it.said == [4, 3, 6]


def test_a_machine_of_states_that_was_not_left_properly_is_not_believed() -> None:
    it = Machine(6)
    it.tell([(MACHINE, 7, 10)])
    it.tell([(MACHINE, 2, 20)])
    it.tell([(MACHINE, RUNNING, 30)])
    assert it.said == [6, 7, 2], "its old state would have been execute"
    it.tell([(EXECUTE, 15, 30)])
    assert it.said == [6, 7, 2, 15]


def test_after_a_while_it_is_believed() -> None:
    it = Machine(6)
    it.tell([(MACHINE, 2, 10)])
    it.tell([(MACHINE, RUNNING, 20)])
    assert it.composer.is_waiting
    it.tell([], SETTLE_S / 2)
    assert it.said == [6, 2]
    it.tell([], SETTLE_S)
    assert it.said == [6, 2, 6]
    assert not it.composer.is_waiting


def test_what_does_not_fit_together_for_long_is_no_state() -> None:
    it = Machine(2)
    it.tell([(MACHINE, RUNNING, 10)])
    assert it.said == [2]
    it.tell([], SETTLE_S)
    assert it.said == [2, INACTIVE]
    it.tell([(EXECUTE, 15, 20)])
    assert it.said == [2, INACTIVE, 15]


def test_what_does_not_fit_together_at_first_is_said_at_once() -> None:
    it = Machine(2)
    it.composer.begin()
    assert it.tell([(0, CLEARED, 1), (1, RUNNING, 1), (2, None, 1)], is_news=False) == [INACTIVE]


def test_a_subscription_that_goes_on_names_the_state_again() -> None:
    it = Machine(6)
    it.composer.again()
    assert it.tell([(BASE, CLEARED, 1)], is_news=False) == [6]
    it.composer.again()
    assert it.tell([(EXECUTE, 10, 10)]) == [10]


def test_a_refused_part_is_a_fault_only_where_it_counts() -> None:
    it = Machine(2)
    it.composer.begin()
    it.composer.refused({EXECUTE: 0x801F_0000})
    assert it.tell([(0, CLEARED, 1), (1, 2, 1)], is_news=False) == [2]
    assert it.tell([(MACHINE, RUNNING, 2)]) == [0x801F_0000]


def test_a_state_that_nobody_knows_is_no_state() -> None:
    it = Machine(2)
    made = it.composer.columns(Columns([1], [ua.NodeId(Int32(1), Int16(9))], [0], [5], [5]), 0.0, is_news=True)
    assert (made.values, made.statuses) == ([None], [NO_MATCH])


def test_other_items_go_through_as_they_are() -> None:
    it = Machine(2)
    plain = Columns([3], [1.5], [0], [7], [7])
    assert it.composer.columns(plain, 0.0, is_news=True) is plain
    both = Columns([3, 1, 2], [1.5, node(RUNNING), node(15)], [0, 0, 0], [7, 8, 8], [7, 8, 8])
    made = it.composer.columns(both, 0.0, is_news=True)
    assert (made.items, made.values, made.sources_ms) == ([3, 0], [1.5, 15], [7, 8])


def test_parts_that_come_later() -> None:
    it = Machine(2)
    it.composer.learn([1, 2, None, 4], lambda place: RULE if isinstance(place, OfMachine) else None)
    assert it.tell([(MACHINE, 7, 10)]) == [7], "what was known of the others is still known"
    it.composer.learn([None] * 4, lambda _: None)
    through = columns([(0, 9, 11)])
    assert it.composer.columns(through, 0.0, is_news=True) is through


@pytest.mark.parametrize("status", [0x8031_0000, 0x800A_0000])
def test_a_bad_outermost_machine_is_a_fault(status: int) -> None:
    it = Machine(6)
    made = it.composer.columns(Columns([0], [None], [status], [9], [9]), 0.0, is_news=True)
    assert (made.items, made.statuses) == ([0], [status])
