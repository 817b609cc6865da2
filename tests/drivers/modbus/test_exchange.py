"""The exchange alone: which reply belongs to which request, whatever the bytes are."""

from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st

from drivers.modbus.address import Table
from drivers.modbus.counts import Counts
from drivers.modbus.exchange import DatagramExchange, Echo, MbapExchange
from drivers.modbus.plan import Block
from drivers.modbus.request import FUNCTIONS, Outcome, Request, Result, request

TIMEOUT = 1.0


def ask(start: int = 0, count: int = 2, unit: int = 1, table: Table = Table.HOLDING) -> Request:
    return request(unit, Block(table, start, count, ()))


def exchange(window: int = 4, first_id: int = 41) -> tuple[MbapExchange, Counts]:
    counts = Counts()
    return MbapExchange(first_id, TIMEOUT, window, counts), counts


def reply(transaction: int, payload: bytes = b"\0\1\0\2", unit: int = 1, function: int = 3) -> bytes:
    return pack(">HHHBBB", transaction, 0, 3 + len(payload), unit, function, len(payload)) + payload


def refusal(transaction: int, code: int, unit: int = 1, function: int = 3) -> bytes:
    return pack(">HHHBBB", transaction, 0, 3, unit, function | 0x80, code)


def sent_id(data: bytes) -> int:
    return int.from_bytes(data[:2], "big")


def echoing() -> tuple[MbapExchange, Counts]:
    """An exchange whose peer has shown that it echoes."""
    one, counts = exchange()
    transaction = sent_id(one.send(0, ask(), 0.0))
    one.receive(reply(transaction), 0.1)
    assert one.echo is Echo.YES
    return one, counts


def test_only_four_functions_can_be_encoded() -> None:
    assert sorted(FUNCTIONS.values()) == [1, 2, 3, 4]
    assert set(FUNCTIONS) == set(Table)
    for table, function in FUNCTIONS.items():
        assert ask(table=table).pdu[1] == function


def test_a_request_is_as_the_standard_has_it() -> None:
    one, _ = exchange(first_id=0x1000)
    assert one.send(0, ask(0x6B, 3, unit=17), 0.0).hex() == "1001 0000 0006 11 03 006b 0003".replace(" ", "")


def test_ids_never_become_zero() -> None:
    one, _ = exchange(first_id=0xFFFE)
    ids = []
    for ticket in range(3):
        ids.append(sent_id(one.send(ticket, ask(), 0.0)))
        one.give_up()
    assert ids == [0xFFFF, 1, 2]


def test_an_answer_ends_its_request_with_exactly_its_payload() -> None:
    one, counts = exchange()
    transaction = sent_id(one.send(7, ask(), 10.0))
    assert one.receive(reply(transaction), 10.5) == [(7, Outcome(Result.ANSWER, 10.0, 10.5, b"\0\1\0\2"))]
    assert (counts.requests, counts.answers) == (1, 1)
    assert one.deadline is None


def test_bytes_may_come_one_by_one_or_all_together() -> None:
    one, _ = echoing()
    first, second = (sent_id(one.send(ticket, ask(), 0.0)) for ticket in (1, 2))
    data = reply(first) + refusal(second, 2)
    ended = [end for at in range(len(data)) for end in one.receive(data[at : at + 1], 0.2)]
    assert [(ticket, outcome.result) for ticket, outcome in ended] == [(1, Result.ANSWER), (2, Result.EXCEPTION)]
    third, fourth = (sent_id(one.send(ticket, ask(), 0.3)) for ticket in (3, 4))
    assert [ticket for ticket, _ in one.receive(reply(fourth) + reply(third), 0.4)] == [4, 3]


def test_the_first_request_is_alone_and_then_the_window_opens() -> None:
    one, _ = exchange(window=3)
    assert one.has_room
    transaction = sent_id(one.send(0, ask(), 0.0))
    assert not one.has_room
    one.receive(reply(transaction), 0.1)
    for ticket in range(3):
        assert one.has_room
        one.send(ticket, ask(), 0.2)
    assert not one.has_room


def test_a_late_reply_is_known_by_its_id_and_thrown_away() -> None:
    one, counts = echoing()
    old = sent_id(one.send(1, ask(), 1.0))
    assert [outcome.result for _, outcome in one.expire(2.0)] == [Result.TIMEOUT]
    new = sent_id(one.send(2, ask(), 2.0))
    assert one.receive(reply(old, b"\xff\xff\xff\xff"), 2.1) == []
    assert counts.late == 1
    assert [outcome.payload for _, outcome in one.receive(reply(new), 2.2)] == [b"\0\1\0\2"]
    assert one.broken is None


def test_a_late_first_reply_still_shows_that_the_peer_echoes() -> None:
    one, counts = exchange()
    old = sent_id(one.send(0, ask(), 0.0))
    one.expire(1.0)
    assert one.receive(reply(old), 1.5) == []
    assert (one.echo, counts.late, one.broken) == (Echo.YES, 1, None)


def test_ids_of_lost_replies_are_not_used_again() -> None:
    one, _ = echoing()
    lost = sent_id(one.send(0, ask(), 0.0))
    one.expire(1.0)
    used = set()
    for ticket in range(0xFFFF + 10):
        used.add(sent_id(one.send(ticket, ask(), 1.0)))
        one.give_up()
    assert lost not in used
    assert 0 not in used


def test_a_peer_that_answers_id_0_is_asked_one_at_a_time() -> None:
    one, counts = exchange(window=8)
    one.send(0, ask(), 0.0)
    assert [outcome.result for _, outcome in one.receive(reply(0), 0.1)] == [Result.ANSWER]
    assert (one.echo, counts.unechoed) == (Echo.NO, 1)
    one.send(1, ask(), 0.2)
    assert not one.has_room
    assert [outcome.result for _, outcome in one.receive(reply(0), 0.3)] == [Result.ANSWER]
    assert counts.unechoed == 1
    one.send(2, ask(), 0.4)
    assert [outcome.result for _, outcome in one.expire(1.4)] == [Result.TIMEOUT]
    assert one.broken


@pytest.mark.parametrize(
    "data",
    [reply(5), reply(0, b"\0\1"), reply(0, unit=2), reply(0, function=4), reply(0) + reply(0), reply(0) + b"\0"],
    ids=["another id", "short", "unit", "function", "twice", "more bytes"],
)
def test_anything_unexpected_ends_a_connection_that_does_not_echo(data: bytes) -> None:
    one, _ = exchange()
    one.send(0, ask(), 0.0)
    one.receive(reply(0), 0.1)
    one.send(1, ask(), 0.2)
    one.receive(data, 0.3)
    assert one.broken


def test_unsolicited_bytes_end_a_connection_that_does_not_echo() -> None:
    one, counts = exchange()
    one.send(0, ask(), 0.0)
    one.receive(reply(0), 0.1)
    assert one.receive(reply(0), 0.2) == []
    assert one.broken
    assert counts.protocol_errors == 1


def test_a_reply_that_could_be_late_is_no_reply() -> None:
    """The first request timed out; then a reply with id 0 comes. It could answer either."""
    one, _ = exchange()
    one.send(0, ask(), 0.0)
    one.expire(1.0)
    one.send(1, ask(), 1.0)
    assert one.receive(reply(0), 1.1) == []
    assert one.broken
    assert one.give_up() == [1]


@pytest.mark.parametrize(
    "make",
    [
        lambda i: reply(i, unit=2),
        lambda i: reply(i, function=4),
        lambda i: reply(i, b"\0\1"),
        lambda i: reply(i, b"\0\1\0\2\0\3"),
        lambda i: reply(i, b"\0\1\0"),
        lambda i: pack(">HHHBBB", i, 0, 7, 1, 3, 2) + b"\0\1\0\2",
        lambda i: refusal(i, 2, unit=2),
        lambda i: refusal(i, 2, function=4),
        lambda i: pack(">HHHBB", i, 0, 2, 1, 0x83),
        lambda i: pack(">HHHBBBB", i, 0, 4, 1, 0x83, 2, 0),
    ],
    ids=["unit", "function", "fewer", "more", "odd", "count", "refusal unit", "refusal function", "no code", "long"],
)
def test_a_reply_that_does_not_fit_is_a_protocol_error_and_never_a_value(make: object) -> None:
    one, counts = echoing()
    transaction = sent_id(one.send(1, ask(), 0.0))
    assert callable(make)
    assert [(t, o.result, o.payload) for t, o in one.receive(make(transaction), 0.1)] == [(1, Result.PROTOCOL, b"")]
    assert counts.protocol_errors == 1
    assert one.broken is None, "the peer still echoes, so what comes next can be told apart"


@pytest.mark.parametrize("head", [pack(">HHH", 42, 1, 7), pack(">HHH", 42, 0, 1), pack(">HHH", 42, 0, 255)])
def test_bytes_that_are_no_frame_break_the_connection(head: bytes) -> None:
    one, _ = echoing()
    transaction = sent_id(one.send(1, ask(), 0.0))
    one.send(2, ask(), 0.0)
    ended = one.receive(head + bytes(20), 0.1)
    assert [(t, o.result) for t, o in ended] == [(1, Result.PROTOCOL)]
    assert one.broken
    assert one.receive(reply(transaction), 0.2) == []
    assert one.give_up() == [2]


def test_what_comes_in_one_piece_with_garbage_is_not_believed() -> None:
    """A cut-off reply that swallows the beginning of the next one looks whole; what is left then is no frame."""
    one, counts = echoing()
    first, second = (sent_id(one.send(ticket, ask(), 0.0)) for ticket in (1, 2))
    ended = one.receive(reply(first)[:-4] + reply(second), 0.1)
    assert [outcome.result for _, outcome in ended if outcome.result is Result.ANSWER] == []
    assert counts.answers == 1, "the one that taught the echo"


def test_three_silences_in_a_row_break_an_echoing_connection() -> None:
    one, counts = echoing()
    for turn in range(3):
        assert one.broken is None
        one.send(turn, ask(unit=turn), float(turn + 1))
        one.expire(turn + 2.0)
    assert one.broken
    assert counts.timeouts == 3


def test_an_answer_ends_a_row_of_silences() -> None:
    one, _ = echoing()
    for turn in range(6):
        transaction = sent_id(one.send(turn, ask(), 10.0 * turn + 10))
        if turn % 3 == 2:
            one.receive(reply(transaction), 10.0 * turn + 10.1)
        else:
            one.expire(10.0 * turn + 11)
    assert one.broken is None


def test_requests_in_flight_together_fall_silent_together() -> None:
    one, counts = echoing()
    for ticket in range(4):
        one.send(ticket, ask(), 1.0 + ticket / 1000)
    assert len(one.expire(3.0)) == 4
    assert counts.timeouts == 4
    assert one.broken is None, "that is one silence"


def test_a_reply_that_stopped_half_way_breaks_the_connection_at_its_time_out() -> None:
    one, _ = echoing()
    transaction = sent_id(one.send(1, ask(), 0.0))
    one.receive(reply(transaction)[:-1], 0.1)
    assert [outcome.result for _, outcome in one.expire(1.0)] == [Result.TIMEOUT]
    assert one.broken


def test_the_deadline_is_that_of_the_oldest_request() -> None:
    one, _ = echoing()
    assert one.deadline is None
    first = sent_id(one.send(0, ask(), 5.0))
    one.send(1, ask(), 5.5)
    assert one.deadline == 6.0
    assert one.expire(5.9) == []
    one.receive(reply(first), 5.95)
    assert one.deadline == 6.5


@given(st.lists(st.binary(max_size=40), max_size=12), st.integers(0, 3), st.booleans())
def test_random_bytes_never_raise_and_never_answer(pieces: list[bytes], waiting: int, is_echoing: bool) -> None:
    """Not even as exceptions or misfits can more requests end than were pending, and none with a value of its own."""
    one, _ = echoing() if is_echoing else exchange()
    for ticket in range(waiting):
        if one.has_room:
            one.send(ticket, ask(count=125), 0.0)
    ended = [end for at, piece in enumerate(pieces) for end in one.receive(piece, at / 10)]
    assert len({ticket for ticket, _ in ended}) == len(ended)
    assert {ticket for ticket, _ in ended} <= set(range(waiting))
    assert all(outcome.result is not Result.ANSWER for _, outcome in ended), "125 registers do not fit in 40 bytes"


@st.composite
def spoilt_replies(draw: st.DrawFn) -> tuple[int, bytes]:
    """The position of a request and a reply to it in which bytes were changed, cut off or put in."""
    at, data = draw(st.integers(0, 2)), bytearray()
    data += reply(0, draw(st.binary(min_size=4, max_size=4)))
    for _ in range(draw(st.integers(0, 3))):
        place = draw(st.integers(0, len(data)))
        change = draw(st.sampled_from(["set", "cut", "insert"]))
        if change == "set" and place < len(data):
            data[place] = draw(st.integers(0, 255))
        elif change == "cut":
            del data[place:]
        else:
            data[place:place] = draw(st.binary(max_size=3))
    return at, bytes(data)


@given(st.lists(spoilt_replies(), min_size=1, max_size=4))
def test_a_value_comes_only_out_of_a_whole_frame_for_its_request(spoilt: list[tuple[int, bytes]]) -> None:
    """What is answered is, byte for byte, a frame in the stream with the request's own id, unit, function and count."""
    one, _ = echoing()
    ids = [sent_id(one.send(ticket, ask(), 0.0)) for ticket in range(3)]
    stream = b""
    for at, data in spoilt:
        data = ids[at].to_bytes(2, "big") + data[2:]
        stream += data
        for ticket, outcome in one.receive(data, 0.1):
            if outcome.result is Result.ANSWER:
                assert reply(ids[ticket], outcome.payload) in stream
                assert len(outcome.payload) == 4


# -- datagrams


def datagrams() -> tuple[DatagramExchange, Counts]:
    counts = Counts()
    return DatagramExchange(41, TIMEOUT, 4, counts), counts


def test_a_datagram_answers_its_request() -> None:
    one, counts = datagrams()
    transaction = sent_id(one.send(7, ask(), 10.0))
    assert one.receive(reply(transaction), 10.5) == [(7, Outcome(Result.ANSWER, 10.0, 10.5, b"\0\1\0\2"))]
    assert one.broken is None
    assert counts.answers == 1


@pytest.mark.parametrize("size", [1, 5, 6, 12])
def test_a_datagram_that_is_not_whole_is_never_glued_to_the_next_one(size: int) -> None:
    one, counts = datagrams()
    data = reply(sent_id(one.send(0, ask(), 0.0)))
    ((ticket, outcome),) = one.receive(data[:size], 0.1)
    assert (ticket, outcome.result) == (0, Result.PROTOCOL)
    assert one.broken
    assert one.receive(data[size:], 0.2) == []
    assert (counts.answers, counts.protocol_errors) == (0, 1)


def test_what_came_in_one_datagram_with_a_torn_frame_is_not_believed() -> None:
    one, counts = datagrams()
    one.receive(reply(sent_id(one.send(0, ask(), 0.0))), 0.1)
    first, second = (sent_id(one.send(ticket, ask(), 1.0)) for ticket in (1, 2))
    ended = one.receive(reply(first) + reply(second)[:-1], 1.1)
    assert [(ticket, outcome.result) for ticket, outcome in ended] == [(1, Result.PROTOCOL)]
    assert one.broken
    assert counts.answers == 1
    assert one.give_up() == [2]


def test_an_empty_datagram_says_nothing() -> None:
    one, _ = datagrams()
    one.send(0, ask(), 0.0)
    assert one.receive(b"", 0.1) == []
    assert one.broken is None


@given(st.lists(st.binary(max_size=40), max_size=6))
def test_any_datagrams_never_raise_and_are_no_answer(data: list[bytes]) -> None:
    one, counts = datagrams()
    one.send(0, ask(), 0.0)
    ended = [end for datagram in data for end in one.receive(datagram, 0.1)] + one.expire(TIMEOUT)
    assert all(outcome.result is not Result.ANSWER for _, outcome in ended)
    assert counts.answers == 0
