"""The serial exchange alone: which reply belongs to which request, whatever comes in between."""

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus.address import Table
from drivers.modbus.counts import Counts
from drivers.modbus.endpoint import Line as SerialLine
from drivers.modbus.exchange import Echo
from drivers.modbus.frames import Ascii, Framing, Rtu
from drivers.modbus.request import Outcome, Result
from drivers.modbus.serial_exchange import Debts, Manner, SerialExchange
from tests.drivers.modbus.serial_line import MAX_LATE, TIMEOUT, Line, Turn, answer, ask, flipped, payload_of

FRAMINGS = pytest.mark.parametrize("framing", [Rtu(), Ascii()], ids=["rtu", "ascii"])
RTU = Rtu()
LOOK_ALIKE = ask(0x0305, 20, table=Table.COIL)
"""FC 1 at 0x0300 to 0x03FF for 17 to 24 coils: request and right reply have the same form."""


def exchange(**manner: object) -> tuple[SerialExchange, Counts, Debts]:
    counts, debts = Counts(), Debts()
    its = Manner(RTU, None, TIMEOUT, MAX_LATE, is_replaced=False)._replace(**manner)  # type: ignore[arg-type]  # any field may be given
    return SerialExchange(its, debts, counts), counts, debts


def reply(payload: bytes = b"\0\1\0\2", unit: int = 1, function: int = 3) -> bytes:
    return RTU.encode(bytes((unit, function, len(payload))) + payload)


# -- whatever comes

requests = st.one_of(
    st.fixed_dictionaries(
        {"table": st.just(Table.HOLDING), "start": st.sampled_from([0, 0x0300, 0x1234]), "count": st.integers(1, 3)}
    ),
    st.fixed_dictionaries(
        {"table": st.just(Table.COIL), "start": st.sampled_from([0, 0x0300, 0x03FF]), "count": st.integers(16, 24)}
    ),
)
bits = st.integers(0, 8 * 64 - 1)
flips = st.one_of(st.just(()), st.tuples(bits), st.tuples(bits, bits, bits))
delays = st.one_of(st.floats(0.02, 0.9), st.floats(1.05, TIMEOUT + MAX_LATE - 0.3), st.just(TIMEOUT + MAX_LATE - 0.3))
turns = st.builds(
    lambda request, more: Turn(**request, **more),
    requests,
    st.fixed_dictionaries(
        {"unit": st.integers(1, 3)},
        optional={
            "kind": st.sampled_from(["good", "good", "fewer", "more", "refusal", "other function", "silence"]),
            "after": delays,
            "split": st.integers(0, 40),
            "gap": st.floats(0.001, 0.25),
            "noise": st.binary(max_size=12),
            "flips": flips,
            "flips_echo": flips,
            "foreign": st.booleans(),
            "gives_up": st.floats(0.0, 0.99),
        },
    ),
)


@FRAMINGS
@settings(max_examples=400)
@given(conversation=st.lists(turns, min_size=1, max_size=25), echoes=st.booleans(), is_replaced=st.booleans())
def test_an_answer_is_always_that_of_its_request(
    framing: Framing, conversation: list[Turn], echoes: bool, is_replaced: bool
) -> None:
    """`Line` fails where a value belongs to another request, or a unit is asked whose reply is still under way."""
    if isinstance(framing, Ascii):  # an LRC of 8 bits sees one flipped bit, not every three
        conversation = [_with_single_flips(turn) for turn in conversation]
    line = Line(framing, echoes, is_replaced)
    for turn in conversation:
        line.take(turn)
    counts = line.counts
    assert counts.requests == len(conversation)
    asked = counts.answers + counts.exceptions + counts.timeouts + counts.protocol_errors
    assert asked + line.results().count(None) == counts.requests
    if not echoes:
        assert line.exchange.echo is not Echo.YES


def _with_single_flips(turn: Turn) -> Turn:
    return replace(turn, flips=turn.flips[:1], flips_echo=turn.flips_echo[:1])


@FRAMINGS
@given(data=st.lists(st.binary(max_size=2000), max_size=5), owes=st.booleans())
def test_any_bytes_never_raise(framing: Framing, data: list[bytes], owes: bool) -> None:
    one, _, debts = exchange(framing=framing)
    if owes:
        one.send(0, ask(unit=2), 0.0)
        one.expire(TIMEOUT)
    one.send(1, ask(), 2.0)
    for piece in data:
        one.receive(piece, 2.1)
    one.expire(9.0)
    assert one.has_room
    assert len(debts) <= 2


def test_bits_that_flip_never_make_another_value(seed: int) -> None:
    """100,000 replies with one to three flipped bits, or a burst of at most 16: all of which CRC-16 is sure to find.

    Its generator polynomial keeps a Hamming distance of 4 at these lengths. A flip in the byte count moves the place
    where the checksum is looked for, but then the length is not the one that was asked for.
    """
    chance = random.Random(seed)
    one, counts, debts = exchange()
    asked = [ask(0, count) for count in (1, 2, 10, 40)]
    now, spoilt = 0.0, 0
    for number in range(100_000):
        request = asked[number % 4 if number % 50 else 3]
        debts.clear()
        one.send(number, request, now)
        frame = RTU.encode(answer(request, payload_of(number % 65536, request)))
        bad = flipped(frame, _bits(chance, 8 * len(frame)))
        ended = one.receive(bad, now + 0.1) or one.expire(now + TIMEOUT)
        ((_, outcome),) = ended
        assert outcome.result is not Result.ANSWER, f"{bad.hex()} for {frame.hex()}"
        spoilt += outcome.result is Result.TIMEOUT
        now += 10.0
    assert spoilt == counts.garbled
    assert spoilt > 99_000


def _bits(chance: random.Random, size: int) -> tuple[int, ...]:
    """Different bits in the order in which they are on the line: the lowest of each byte first."""
    if chance.random() < 0.5:
        return tuple(chance.sample(range(size), chance.randint(1, 3)))
    length = min(chance.randint(2, 16), size)
    first = chance.randrange(size - length + 1)
    between = [bit for bit in range(first + 1, first + length - 1) if chance.random() < 0.5]
    return (first, *between, first + length - 1)


# -- one at a time


@FRAMINGS
def test_a_plain_conversation(framing: Framing) -> None:
    line = Line(framing)
    for count in (1, 2, 3):
        line.take(Turn(count=count))
    assert line.results() == [Result.ANSWER] * 3
    assert line.now == pytest.approx(0.3)


def test_one_request_at_a_time() -> None:
    one, counts, _ = exchange()
    assert one.deadline is None
    assert one.send(7, ask(), 10.0) == bytes.fromhex("010300000002C40B")
    assert not one.has_room
    assert one.deadline == 10.0 + TIMEOUT
    assert one.receive(reply(), 10.5) == [(7, Outcome(Result.ANSWER, 10.0, 10.5, b"\0\1\0\2"))]
    assert one.has_room
    assert one.answered
    assert (counts.requests, counts.answers) == (1, 1)


def test_an_exception_has_its_code() -> None:
    one, counts, _ = exchange()
    one.send(0, ask(), 0.0)
    ((_, outcome),) = one.receive(RTU.encode(bytes((1, 0x83, 6))), 0.1)
    assert (outcome.result, outcome.code) == (Result.EXCEPTION, 6)
    assert counts.exceptions == 1


def test_what_is_long_on_a_slow_line_is_waited_for() -> None:
    """125 registers at 9600 baud: 8 + 255 characters of 10 bits are 0.274 s on the line."""
    one, _, _ = exchange(line=SerialLine(9600))
    one.send(0, ask(0, 125), 0.0)
    assert one.deadline == pytest.approx(TIMEOUT + 0.274, abs=0.001)


@pytest.mark.parametrize("kind", ["fewer", "more", "other function"])
def test_a_reply_that_does_not_fit_is_none_and_the_right_one_is_waited_for(kind: str) -> None:
    """It may be a reply of long ago; then the next ones would all be shifted by one."""
    one, counts, _ = exchange()
    one.send(0, ask(), 0.0)
    wrong = {"fewer": reply(b"\0\1"), "more": reply(bytes(6)), "other function": reply(function=4)}[kind]
    ((_, outcome),) = one.receive(wrong, 0.1)
    assert outcome.result is Result.PROTOCOL
    assert counts.protocol_errors == 1
    assert one.free_at(1) == TIMEOUT + MAX_LATE
    assert one.receive(reply(), 0.2) == []
    assert one.free_at(1) < 0
    assert counts.late == 1


# -- drain


def test_a_silent_unit_is_left_alone_until_max_late_has_passed_and_others_are_not() -> None:
    one, counts, _ = exchange()
    one.send(0, ask(unit=1), 0.0)
    assert [outcome.result for _, outcome in one.expire(TIMEOUT)] == [Result.TIMEOUT]
    assert one.free_at(1) == TIMEOUT + MAX_LATE
    assert one.free_at(2) < 0
    one.send(1, ask(unit=2), TIMEOUT)
    assert one.receive(reply(unit=1), 1.5) == [], "too late, and not for this request"
    assert counts.late == 1
    assert one.free_at(1) < 0
    ((_, outcome),) = one.receive(reply(b"\0\3\0\4", unit=2), 1.6)
    assert outcome.payload == b"\0\3\0\4"


def test_a_late_reply_sets_its_unit_free_when_nothing_is_pending() -> None:
    one, counts, _ = exchange()
    one.send(0, ask(), 0.0)
    one.receive(reply()[:5], 0.9)
    one.expire(TIMEOUT)
    assert counts.garbled == 1
    one.receive(reply()[5:], 1.1)
    assert one.free_at(1) < 0
    assert counts.late == 1


def test_only_what_fits_the_late_request_sets_its_unit_free() -> None:
    one, counts, _ = exchange()
    one.send(0, ask(), 0.0)
    one.expire(TIMEOUT)
    one.receive(reply(b"\0\1"), 1.1)
    assert one.free_at(1) == TIMEOUT + MAX_LATE
    one.receive(RTU.encode(bytes((1, 0x83, 2))), 1.2)
    assert one.free_at(1) < 0
    assert counts.late == 1


def test_debts_outlive_the_connection() -> None:
    one, counts, debts = exchange()
    one.send(0, ask(), 0.0)
    assert one.give_up() == [0]
    another = SerialExchange(Manner(RTU, None, TIMEOUT, MAX_LATE, is_replaced=True), debts, counts)
    assert another.free_at(1) == TIMEOUT + MAX_LATE
    another.receive(reply(), 0.5)
    assert another.free_at(1) < 0


def test_a_late_echo_is_not_the_late_reply() -> None:
    """Request and reply both arrive after the time-out, from a gateway behind which there is an echo."""
    one, counts, _ = exchange()
    frame = one.send(0, LOOK_ALIKE, 0.0)
    one.expire(TIMEOUT)
    one.receive(frame, 1.1)
    assert one.free_at(1) == TIMEOUT + MAX_LATE
    one.receive(reply(b"\1\2\3", function=1), 1.2)
    assert one.free_at(1) < 0
    assert counts.late == 1


def test_three_silences_end_a_socket_and_not_a_port() -> None:
    for is_replaced in (True, False):
        one, _, _ = exchange(is_replaced=is_replaced)
        for unit in (1, 2, 3):
            assert one.broken is None
            one.send(unit, ask(unit=unit), 10.0 * unit)
            one.expire(10.0 * unit + TIMEOUT)
        assert (one.broken is not None) == is_replaced
        assert one.has_room == (not is_replaced)


def test_late_replies_are_signs_of_life() -> None:
    one, _, _ = exchange(is_replaced=True)
    for number in range(5):
        one.send(number, ask(), 10.0 * number)
        one.expire(10.0 * number + TIMEOUT)
        one.receive(reply(), 10.0 * number + 1.5)
    assert one.broken is None


# -- noise


def test_garbled_time_outs_are_counted() -> None:
    one, counts, _ = exchange()
    one.send(0, ask(), 0.0)
    one.expire(TIMEOUT)
    assert (counts.timeouts, counts.garbled) == (1, 0)
    one.send(1, ask(), 10.0)
    one.receive(flipped(reply(), (30,)), 10.1)
    one.expire(11.0)
    assert (counts.timeouts, counts.garbled) == (2, 1)


def test_an_answer_behind_what_looks_like_a_beginning_comes_with_the_deadline() -> None:
    one, counts, _ = exchange()
    one.send(0, ask(), 0.0)
    assert one.receive(bytes((1, 3, 250)) + reply(), 0.1) == []
    ((_, outcome),) = one.expire(TIMEOUT)
    assert outcome.payload == b"\0\1\0\2"
    assert counts.timeouts == 0


def test_more_noise_than_can_be_kept_does_not_hide_the_answer() -> None:
    one, _, _ = exchange()
    one.send(0, ask(), 0.0)
    assert one.receive(b"\xff" * 5000, 0.1) == []
    ((_, outcome),) = one.receive(reply(), 0.2)
    assert outcome.result is Result.ANSWER
    assert one.echo is Echo.UNKNOWN, "an echo may have been in it"


# -- echo


def test_an_echo_is_learnt_once_and_stripped() -> None:
    one, counts, _ = exchange()
    for number in range(3):
        frame = one.send(number, ask(), number)
        assert one.receive(frame[:3], number + 0.1) == []
        assert one.receive(frame[3:], number + 0.2) == []
        ((_, outcome),) = one.receive(reply(), number + 0.3)
        assert outcome.payload == b"\0\1\0\2"
        assert one.echo is Echo.YES
    assert counts.echoed == 1


def test_an_echo_alone_is_a_time_out_without_noise() -> None:
    one, counts, _ = exchange()
    frame = one.send(0, ask(0x0305, 2), 0.0)
    one.receive(frame, 0.1)
    assert [outcome.result for _, outcome in one.expire(TIMEOUT)] == [Result.TIMEOUT]
    assert counts.garbled == 0


def test_without_an_echo_that_is_learnt_too() -> None:
    one, counts, _ = exchange()
    one.send(0, ask(), 0.0)
    one.receive(reply(), 0.1)
    assert one.echo is Echo.NO
    assert counts.echoed == 0


def test_a_garbled_echo_does_not_say_that_there_is_none() -> None:
    """Else the next request that looks like a reply would be taken for one."""
    one, _, _ = exchange()
    frame = one.send(0, ask(), 0.0)
    ((_, outcome),) = one.receive(flipped(frame, (3,)) + reply(), 0.1)
    assert outcome.result is Result.ANSWER
    assert one.echo is Echo.UNKNOWN


@pytest.mark.parametrize("noise", [b"", b"\xff\0"], ids=["clean", "noise"])
def test_a_look_alike_request_never_takes_its_own_echo_for_a_value(noise: bytes) -> None:
    one, counts, _ = exchange()
    frame = one.send(0, LOOK_ALIKE, 0.0)
    assert one.receive(noise + frame, 0.1) == []
    ((_, outcome),) = one.receive(reply(b"\1\2\3", function=1), 0.2)
    assert outcome.payload == b"\1\2\3"
    assert (one.echo, counts.echoed) == (Echo.YES, 1)


def test_a_look_alike_request_says_nothing_about_lines_without_echo() -> None:
    one, _, _ = exchange()
    one.send(0, LOOK_ALIKE, 0.0)
    ((_, outcome),) = one.receive(reply(b"\1\2\3", function=1), 0.2)
    assert outcome.result is Result.ANSWER
    assert one.echo is Echo.UNKNOWN


def test_on_a_line_without_echo_a_value_may_look_like_its_request() -> None:
    one, _, _ = exchange()
    one.send(0, ask(), 0.0)
    one.receive(reply(), 0.1)
    frame = one.send(1, LOOK_ALIKE, 1.0)
    ((_, outcome),) = one.receive(frame, 1.1)
    assert outcome.payload == frame[3:6]
