"""The quick way against asyncua's: the same columns or None, whatever the bytes; and what the columns mean."""

import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from time import process_time_ns
from typing import Any

import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from hypothesis import given
from hypothesis import strategies as st

from drivers.opcua.decode import Published, Read, of_asyncua, published, read
from tests.drivers.opcua.messages import (
    READ_RESPONSES,
    WHEN,
    WHEN_MS,
    T,
    by_asyncua,
    change,
    comparable,
    decoded,
    item,
    publish_response,
    publish_responses,
    read_response,
    wire,
)

Mutation = tuple[str, int, bytes]

MUTATIONS = st.lists(
    st.tuples(
        st.sampled_from(["flip", "put", "insert", "cut", "end", "count"]),
        st.integers(0, 2**16),
        st.binary(min_size=1, max_size=8),
    ),
    min_size=1,
    max_size=4,
)


def mutated(body: bytes, mutations: Sequence[Mutation]) -> bytes:
    changed = bytearray(body)
    for word, place, some in mutations:
        at = place % (len(changed) + 1)
        match word:
            case "flip":
                changed[at : at + 1] = bytes(byte ^ 1 << some[0] % 8 for byte in changed[at : at + 1])
            case "put":
                changed[at : at + len(some)] = some
            case "insert":
                changed[at:at] = some
            case "cut":
                del changed[at : at + len(some)]
            case "end":
                del changed[at:]
            case "count":
                changed[at : at + 4] = struct.pack("<i", some[0] - 3)
    return bytes(changed)


def agree(found: Published | Read, body: bytes) -> None:
    expected, unsure = by_asyncua(body)
    assert comparable(found, unsure) == comparable(expected, unsure)


@given(publish_responses())
def test_published_gives_what_asyncua_gives(body: bytes) -> None:
    found = published(body)
    assert found is not None
    agree(found, body)


@given(READ_RESPONSES)
def test_read_gives_what_asyncua_gives(body: bytes) -> None:
    found = read(body)
    assert found is not None
    agree(found, body)


@given(publish_responses(), MUTATIONS)
def test_damaged_publish_responses_give_none_or_what_asyncua_gives(body: bytes, mutations: Sequence[Mutation]) -> None:
    body = mutated(body, mutations)
    if (found := published(body)) is not None:
        agree(found, body)


@given(READ_RESPONSES, MUTATIONS)
def test_damaged_read_responses_give_none_or_what_asyncua_gives(body: bytes, mutations: Sequence[Mutation]) -> None:
    body = mutated(body, mutations)
    if (found := read(body)) is not None:
        agree(found, body)


@given(st.binary(max_size=80))
def test_noise_gives_none(body: bytes) -> None:
    assert published(body) is None
    assert read(body) is None


def test_columns_of_a_notification() -> None:
    body = wire(
        publish_response(
            change(item(1.5), item(True, handle=8, StatusCode=ua.StatusCode(0x4090_0480))),
            change(item("纸张", handle=9, SourceTimestamp=None, ServerTimestamp=WHEN)),
        )
    )
    assert published(body) == Published(
        subscription=5,
        available=(3, 4),
        more_notifications=True,
        sequence=4,
        publish_time=WHEN_MS,
        is_keep_alive=False,
        handles=(7, 8, 9),
        values=(1.5, True, "纸张"),
        statuses=[0, 0x4090_0480, 0],
        source_times=[WHEN_MS, WHEN_MS, None],
        server_times=[None, None, WHEN_MS],
    )


def test_columns_of_a_read() -> None:
    absent = ua.DataValue(StatusCode=ua.StatusCode(0x8034_0000))
    found = read(wire(read_response(item(-3, T.Int16)[1], absent)))
    assert found == Read((-3, None), [0, 0x8034_0000], [WHEN_MS, None], [None, None])


@pytest.mark.parametrize("notifications", [(), (change(),)])
def test_a_keep_alive_holds_no_notification(notifications: Sequence[object]) -> None:
    response = publish_response(*notifications)
    found = published(wire(response))
    assert found is not None
    assert found.is_keep_alive is (not notifications)
    assert comparable(found) == comparable(of_asyncua(response))
    assert list(found.handles) == []


def test_what_asyncua_hands_out_can_be_given_as_bytes_or_as_a_view() -> None:
    body = wire(publish_response(change(item())))
    expected = published(body)
    assert expected is not None
    assert published(bytes(Buffer(b"front" + body, 5))) == expected
    assert published(memoryview(b"front" + body)[5:]) == expected


def test_lists_that_are_absent_are_empty() -> None:
    header = bytes(17) + b"\xff" * 4 + bytes(3)
    assert read(b"\x01\x00\x7a\x02" + header + b"\xff" * 8) == Read((), [], [], [])
    body = b"\x01\x00\x3d\x03" + header + struct.pack("<Ii?Iqiii", 5, -1, False, 6, 0, -1, -1, -1)
    found = published(body)
    assert found == Published(5, (), False, 6, None, True, (), (), [], [], [])
    agree(found, body)


@pytest.mark.parametrize("mask", range(64))
def test_the_sources_picoseconds_stand_before_the_servers_time(mask: int) -> None:
    """OPC UA Part 6, 5.2.2.17; asyncua looks for them behind it, so its server time is left out."""
    parts = [
        (1, b"\x0b" + struct.pack("<d", 2.5)),
        (2, struct.pack("<I", 0x4094_0000)),
        (4, ticks(WHEN)),
        (16, b"\x11\x22"),
        (8, ticks(WHEN + timedelta(seconds=1))),
        (32, b"\x33\x44"),
    ]
    body = bytearray(wire(read_response()))
    body[-8:] = struct.pack("<iB", 1, mask) + b"".join(part for bit, part in parts if mask & bit) + bytes(4)
    found = read(bytes(body))
    assert found == Read(
        (2.5 if mask & 1 else None,),
        [0x4094_0000 if mask & 2 else 0],
        [WHEN_MS if mask & 4 else None],
        [WHEN_MS + 1000 if mask & 8 else None],
    )
    slow = of_asyncua(decoded(bytes(body)))
    assert isinstance(slow, Read)
    assert comparable(found)["values"] == comparable(slow)["values"]
    assert list(slow.source_times) == found.source_times
    assert list(slow.server_times) == ([None] if mask & 16 else found.server_times)


def ticks(moment: datetime) -> bytes:
    """100 ns since 1601."""
    return struct.pack("<q", (moment - datetime(1601, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1) * 10)


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        (0, None),
        (-1, None),
        (-(2**63), None),
        (9_999, None),
        (10_000, -11_644_473_599_999),
        (116_444_736_000_000_000, 0),
        (116_444_735_999_999_999, -1),
        (2_650_467_743_989_999_999, 253_402_300_798_999),
        (2_650_467_743_990_000_000, None),
        (2**63 - 1, None),
    ],
)
def test_times_by_hand(number: int, expected: int | None) -> None:
    body = wire(publish_response(change(item()))).replace(ticks(WHEN), struct.pack("<q", number))
    found = published(body)
    assert found is not None
    assert found.source_times == [expected]
    assert found.publish_time == expected
    agree(found, body)


@given(st.integers(-(2**63), 2**63 - 1), st.sampled_from([T.DateTime, T.Double]))
def test_any_time_is_what_asyncua_makes_of_it(number: int, kind: ua.VariantType) -> None:
    value = WHEN if kind is T.DateTime else 1.0
    body = wire(publish_response(change(item(value, kind)))).replace(ticks(WHEN), struct.pack("<q", number))
    found = published(body)
    assert found is not None
    agree(found, body)


def with_header(**parts: object) -> ua.PublishResponse:
    response = publish_response(change(item()))
    for name, part in parts.items():
        setattr(response.ResponseHeader, name, part)
    return response


def with_diagnostics(place: Callable[[ua.PublishResponse], Any]) -> ua.PublishResponse:
    response = publish_response(change(item()))
    place(response).DiagnosticInfos = [ua.DiagnosticInfo()]
    return response


UNUSUAL = {
    "array": publish_response(change(item([1.0, 2.0]))),
    "matrix": publish_response(change(item([[1, 2], [3, 4]], T.Int32))),
    "bytes": publish_response(change(item(b"abc"))),
    "localized text": publish_response(change(item(ua.LocalizedText("a")))),
    "structure": publish_response(change(item(ua.Range(1.0, 2.0), T.ExtensionObject))),
    "one of many": publish_response(change(*[item()] * 9, item([1.0]), *[item()] * 9)),
    "status change": publish_response(change(item()), ua.StatusChangeNotification(ua.StatusCode(0x800A_0000))),
    "event": publish_response(ua.EventNotificationList([ua.EventFieldList(1, [ua.Variant(1)])])),
    "bad result": with_header(ServiceResult=ua.StatusCode(0x800A_0000)),
    "string table": with_header(StringTable=["a"]),
    "service diagnostics": with_header(ServiceDiagnostics=ua.DiagnosticInfo(SymbolicId=1)),
    "additional header": with_header(AdditionalHeader=ua.ExtensionObject(ua.NodeId(9, 1), b"x")),
    "diagnostics": with_diagnostics(lambda response: response.Parameters),
    "item diagnostics": with_diagnostics(lambda response: response.Parameters.NotificationMessage.NotificationData[0]),
}


@pytest.mark.parametrize("name", UNUSUAL)
def test_what_is_unusual_is_left_to_asyncua(name: str) -> None:
    response = UNUSUAL[name]
    body = wire(response)
    assert published(body) is None
    assert comparable(of_asyncua(decoded(body))) == comparable(of_asyncua(response))


def test_arrays_structures_and_other_notifications_come_as_asyncua_decodes_them() -> None:
    change_of_status = ua.StatusChangeNotification(ua.StatusCode(0x800A_0000))
    items = [item([[1, 2], [3, 4]], T.Int32), item(ua.Range(1.0, 2.0), T.ExtensionObject, 8)]
    found = of_asyncua(decoded(wire(publish_response(change(*items), change_of_status))))
    assert list(found.values) == [[[1, 2], [3, 4]], ua.Range(1.0, 2.0)]
    assert list(found.handles) == [7, 8]
    assert list(found.others) == [change_of_status]
    assert found.is_keep_alive is False


def test_an_unusual_read_is_left_to_asyncua() -> None:
    body = wire(read_response(item([1, 2], T.Int32)[1]))
    assert read(body) is None
    found = of_asyncua(decoded(body))
    assert isinstance(found, Read)
    assert list(found.values) == [[1, 2]]


def test_a_message_of_another_kind_is_none() -> None:
    assert published(wire(read_response())) is None
    assert read(wire(publish_response())) is None


def test_a_message_that_is_cut_anywhere_or_goes_on_is_none() -> None:
    body = wire(publish_response(change(*[item()] * 6, item("abc"), item(WHEN), item(None))))
    assert published(body) is not None
    assert [cut for cut in range(len(body)) if published(body[:cut]) is not None] == []
    assert published(body + b"\x00") is None
    answer = wire(read_response(item("abc")[1]))
    assert [cut for cut in range(len(answer)) if read(answer[:cut]) is not None] == []
    assert read(answer + b"\x00") is None


@pytest.mark.parametrize("mask", [0x45, 0x85, 0xC4])
@pytest.mark.parametrize("value", [1.5, "abc"])
def test_a_bit_of_the_mask_that_nobody_knows_is_unusual(mask: int, value: object) -> None:
    body = wire(publish_response(change(item(value, StatusCode=None))))
    at = body.index(b"\x05", 40)
    assert published(body[:at] + bytes([mask]) + body[at + 1 :]) is None


def test_long_runs_and_every_order_of_kinds_are_read() -> None:
    kinds = [item(1.5), item(2, T.Int32), item(True), item("x"), item(WHEN)]
    for number in range(5**4):
        some = [kinds[number // 5**digit % 5] for digit in range(4)]
        body = wire(publish_response(change(*some * 3)))
        found = published(body)
        assert found is not None
        agree(found, body)
    body = wire(publish_response(change(*[item(float(number), handle=number) for number in range(1000)])))
    found = published(body)
    assert found is not None
    assert list(found.handles) == list(range(1000))
    assert list(found.values) == [float(number) for number in range(1000)]


def test_a_count_that_cannot_be_does_not_take_time_or_memory() -> None:
    body = bytearray(wire(read_response()))
    for count in (-2, 2**31 - 1, -(2**31)):
        body[-8:-4] = struct.pack("<i", count)
        assert read(bytes(body)) is None


def test_asyncua_is_not_imported_with_the_pure_modules() -> None:
    code = (
        "import sys, drivers.opcua.decode, drivers.opcua.value, drivers.opcua.path, drivers.opcua.status;"
        "sys.exit('asyncua' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.alone
def test_it_takes_a_quarter_of_asyncuas_time_at_most() -> None:
    body = wire(publish_response(change(*[item(float(number), handle=number) for number in range(100)])))

    def spent(work: Callable[[bytes], object]) -> int:
        begin = process_time_ns()
        work(body)
        return process_time_ns() - begin

    turns = [(spent(published), spent(decoded)) for _ in range(200)]
    assert min(ours for ours, _ in turns) <= 0.25 * min(theirs for _, theirs in turns)
