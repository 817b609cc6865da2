"""A batch: order, what is asked again, and when the rest is not asked."""

from drivers.modbus.address import Table
from drivers.modbus.batch import Batch
from drivers.modbus.plan import Block
from drivers.modbus.request import Outcome, Result, request

REQUEST = request(1, Block(Table.HOLDING, 0, 1, ()))


def batch(count: int) -> Batch:
    return Batch([REQUEST] * count)


def end(result: Result, sent: float = 0.0, ended: float = 0.0, code: int = 0) -> Outcome:
    return Outcome(result, sent, ended, code=code)


def test_outcomes_are_in_the_order_of_requests() -> None:
    one = batch(3)
    assert [one.take() for _ in range(3)] == [0, 1, 2]
    assert not one.has_next
    for ticket in (2, 0, 1):
        assert not one.is_done
        one.settle([(ticket, end(Result.ANSWER, sent=ticket))], broke=False)
    assert one.is_done
    assert [outcome.sent for outcome in one.outcomes] == [0, 1, 2]


def test_nothing_to_ask_is_done() -> None:
    assert batch(0).is_done


def test_what_is_put_back_comes_before_the_rest() -> None:
    one = batch(4)
    one.take(), one.take()
    one.put_back([1, 0])
    assert [one.take() for _ in range(4)] == [0, 1, 2, 3]
    assert not one.has_next


def test_two_time_outs_in_a_row_end_it() -> None:
    one = batch(5)
    one.take()
    one.settle([(0, end(Result.TIMEOUT, 0, 1))], broke=False)
    assert one.has_next
    one.take()
    one.settle([(1, end(Result.TIMEOUT, 1, 2))], broke=False)
    assert one.is_done
    assert [outcome.result for outcome in one.outcomes] == [Result.TIMEOUT] * 5
    assert one.skipped == 3


def test_requests_in_flight_together_time_out_as_one() -> None:
    one = batch(8)
    for _ in range(4):
        one.take()
    one.settle([(ticket, end(Result.TIMEOUT, 0.001 * ticket, 1.0)) for ticket in range(4)], broke=False)
    assert one.has_next


def test_an_answer_between_them_ends_the_row() -> None:
    one = batch(4)
    for ticket, result in enumerate((Result.TIMEOUT, Result.ANSWER, Result.TIMEOUT)):
        one.take()
        one.settle([(ticket, end(result, ticket, ticket + 1))], broke=False)
    assert one.has_next


def test_a_misfit_counts_only_where_it_broke_the_connection() -> None:
    for broke, goes_on in ((False, True), (True, False)):
        one = batch(3)
        for ticket in range(2):
            one.take()
            one.settle([(ticket, end(Result.PROTOCOL, ticket, ticket + 0.5))], broke=broke)
        assert one.has_next is goes_on


def test_an_unreachable_unit_is_asked_no_more() -> None:
    for code, goes_on in ((10, False), (11, False), (2, True), (6, True)):
        one = batch(3)
        one.take()
        one.settle([(0, end(Result.EXCEPTION, code=code))], broke=False)
        assert one.has_next is goes_on
        assert one.is_done is not goes_on
