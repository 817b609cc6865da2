"""The books that the chaos tests keep: they find what is lost, doubled, changed, or announced wrongly."""

from typing import Any

import pytest

from tests.fakes.agent import Arrived, Platform
from tests.fakes.conservation import End, Ledger, Produced
from tests.fakes.plc import FakePlc


def data(seq: int, *, boot: int = 1, value: int | None = None, **more: object) -> dict[str, Any]:
    number = seq if value is None else value
    return {"dev": "press1", "boot": boot, "seq": seq, "scans": [{"t": 0, "v": {"x_reads": number}}], **more}


def gap(seq: int, first: int, last: int, records: int, *, boot: int = 1, lost_by: str = "broker0") -> dict[str, Any]:
    told = {"boot": boot, "from_seq": first, "to_seq": last, "records": records, "reason": "age", "lost_by": [lost_by]}
    return {"dev": "press1", "boot": 1, "seq": seq, "type": "gap", "data": told}


def booked(*bodies: dict[str, Any]) -> Ledger:
    seen = Platform()
    for body in bodies:
        kind = "event" if "type" in body else "data" if "seq" in body else "health" if "gw" in body else "state"
        seen.messages.append(Arrived(f"lineside/v1/a/b/{kind}", body, 0.0, False))
    return Ledger(seen).look()


def test_a_stream_without_holes_is_in_order() -> None:
    ledger = booked(data(0), data(1), data(2), data(0, boot=2))
    assert ledger.unexplained() == []
    assert ledger.is_complete()
    assert sorted(ledger.values["press1"]) == [0, 1, 2]


def test_a_hole_is_found_and_a_gap_explains_it() -> None:
    assert booked(data(0), data(3)).unexplained() == [
        "press1 boot 1: missing without a word: [1, 2]",
        "press1 boot 1: 2 missing, 0 announced by []",
    ]
    ledger = booked(data(0), data(3), gap(4, 1, 2, 2))
    assert ledger.unexplained() == []
    assert ledger.announced("press1") == 2


@pytest.mark.parametrize("wrong", [gap(4, 1, 2, 1), gap(4, 1, 2, 3), gap(4, 1, 1, 2), gap(4, 1, 2, 2, lost_by="other")])
def test_a_gap_that_is_not_exact_is_found(wrong: dict[str, Any]) -> None:
    assert booked(data(0), data(3), wrong).unexplained()


def test_what_is_missing_at_the_end_of_a_run_is_found_through_the_next_one() -> None:
    state = {"online": True, "boot": 2, "previous": {"boot": 1, "clean": True, "last_seq": {"press1": 2}}}
    ledger = booked(data(0), data(1), state)
    assert ledger.boot == 2
    assert not ledger.is_complete()
    assert ledger.unexplained()
    assert booked(data(0), data(1), data(2), state).unexplained() == []
    assert booked(state, gap(0, 0, 2, 3, boot=1)).streams() == {("press1", 1)}


def test_duplicates_are_counted_and_must_say_the_same() -> None:
    ledger = booked(data(0), data(0, hist=True), data(0))
    assert (ledger.again, ledger.changed) == (2, [])
    ledger = booked(data(0), data(0, value=7))
    assert (ledger.again, len(ledger.changed)) == (1, 1)


def test_a_record_in_parts_has_arrived_with_the_last_of_them() -> None:
    assert booked(data(0), data(1, part=[1, 2])).arrived("press1", 1) == {0}
    assert booked(data(0), data(1, part=[2, 2]), data(1, part=[1, 2])).arrived("press1", 1) == {0, 1}


@pytest.mark.parametrize(("delivered", "balances"), [(4, True), (3, False)])
def test_an_account_that_does_not_balance_is_kept(delivered: int, balances: bool) -> None:
    account = {"accepted": 10, "delivered": delivered, "queued": 5, "dropped": {"age": 1}}
    ledger = booked({"gw": "gw-test", "destinations": {"broker0": account}})
    assert (ledger.unbalanced == []) is balances


def test_a_tail_is_measured_and_a_hole_in_a_run_is_none() -> None:
    produced = Produced(FakePlc())
    produced.at[1] = {0: 10.0, 1: 10.5, 2: 11.0, 3: 20.0, 4: 20.5, 5: 21.1}
    ends = [End(11.25, 11.5), End(21.0, 21.2)]
    assert produced.tails(1, dict.fromkeys(range(6)), ends) == [0.0, 0.0]
    assert produced.tails(1, dict.fromkeys([0, 3, 4]), ends) == [0.75, pytest.approx(-0.1)]
    with pytest.raises(AssertionError, match="holes within a run"):
        produced.tails(1, dict.fromkeys([0, 2, 3, 4, 5]), ends)
