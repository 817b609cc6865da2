"""Messages as asyncua writes and reads them, and random ones."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.ua_binary import struct_from_binary, struct_to_binary
from hypothesis import strategies as st

from drivers.opcua.decode import Published, Read, of_asyncua

Item = tuple[int, ua.DataValue]
T = ua.VariantType

FIRST = datetime(1601, 1, 1, tzinfo=UTC)
WHEN = datetime(2026, 11, 28, 7, 30, 15, 123456, tzinfo=UTC)
WHEN_MS = 1_795_851_015_123


def item(value: object = 1.5, kind: ua.VariantType | None = None, handle: int = 7, **parts: Any) -> Item:
    """A monitored item with a source time; `parts` are other fields of its DataValue."""
    return handle, ua.DataValue(ua.Variant(value, kind), **{"SourceTimestamp": WHEN, **parts})


def change(*items: Item) -> ua.DataChangeNotification:
    return ua.DataChangeNotification([ua.MonitoredItemNotification(*one) for one in items])


def publish_response(*notifications: object) -> ua.PublishResponse:
    response = ua.PublishResponse()
    response.ResponseHeader.Timestamp = WHEN
    response.ResponseHeader.RequestHandle = 12
    response.Parameters = ua.PublishResult(
        SubscriptionId=5,
        AvailableSequenceNumbers=[3, 4],
        MoreNotifications=True,
        NotificationMessage=ua.NotificationMessage(4, WHEN, list(notifications)),
        Results=[ua.StatusCode(0), ua.StatusCode(0x807A_0000)],
    )
    return response


def read_response(*values: ua.DataValue) -> ua.ReadResponse:
    response = ua.ReadResponse(Results=list(values))
    response.ResponseHeader.Timestamp = WHEN
    return response


def wire(response: object) -> bytes:
    return struct_to_binary(response)


def decoded(body: bytes) -> Any:
    """asyncua's own way: the type is in the first four bytes."""
    kinds = {829: ua.PublishResponse, 634: ua.ReadResponse}
    return struct_from_binary(kinds[int.from_bytes(body[2:4], "little")], Buffer(body))


def comparable(found: Published | Read, unsure: Sequence[int] = ()) -> dict[str, object]:
    """Columns as lists; values with their types, so that 1 is not True, and NaN is itself.

    Server times at the positions in `unsure` are left out.
    """
    columns: dict[str, Any] = {
        key: list(column) if isinstance(column, list | tuple) else column for key, column in found._asdict().items()
    }
    columns["values"] = [(type(value), repr(value)) for value in found.values]
    columns["server_times"] = [time for at, time in enumerate(found.server_times) if at not in unsure]
    return columns


def by_asyncua(body: bytes) -> tuple[Published | Read, list[int]]:
    """The columns, and the positions where asyncua reads the server's time from the wrong place."""
    response = decoded(body)
    if isinstance(response, ua.ReadResponse):
        values = list(response.Results or ())
    else:
        notifications = response.Parameters.NotificationMessage.NotificationData or ()
        values = [one.Value for notification in notifications for one in notification.MonitoredItems]
    unsure = [at for at, one in enumerate(values) if None not in (one.SourcePicoseconds, one.ServerTimestamp)]
    return of_asyncua(response), unsure


def integers(bits: int, *, is_signed: bool) -> st.SearchStrategy[int]:
    return st.integers(-(1 << bits - 1), (1 << bits - 1) - 1) if is_signed else st.integers(0, (1 << bits) - 1)


TIMES = st.one_of(
    st.integers(-(10**12), 265_046_774_399_999_999).map(lambda count: FIRST + timedelta(microseconds=count)),
    st.sampled_from([FIRST, FIRST + timedelta(microseconds=999), FIRST + timedelta(milliseconds=1), WHEN]),
)
TEXTS = st.one_of(st.text(), st.binary(max_size=8).map(lambda raw: raw.decode("utf-8", "surrogateescape")), st.none())
STATUSES = st.one_of(integers(32, is_signed=False), st.sampled_from([0, 0x480, 0x8034_0000, 0x4090_0000])).map(
    ua.StatusCode
)

VARIANTS = st.one_of(
    st.builds(ua.Variant, st.booleans(), st.just(T.Boolean)),
    *(
        st.builds(ua.Variant, integers(bits, is_signed=is_signed), st.just(kind))
        for kind, bits, is_signed in [
            (T.SByte, 8, True),
            (T.Byte, 8, False),
            (T.Int16, 16, True),
            (T.UInt16, 16, False),
            (T.Int32, 32, True),
            (T.UInt32, 32, False),
            (T.Int64, 64, True),
            (T.UInt64, 64, False),
        ]
    ),
    st.builds(ua.Variant, st.floats(width=32), st.just(T.Float)),
    st.builds(ua.Variant, st.floats(), st.just(T.Double)),
    st.builds(ua.Variant, TEXTS, st.just(T.String)),
    st.builds(ua.Variant, TIMES, st.just(T.DateTime)),
    st.builds(ua.Variant),
)


@st.composite
def data_values(draw: st.DrawFn) -> ua.DataValue:
    """Every combination of the mask."""
    value = ua.DataValue(
        draw(VARIANTS),
        StatusCode=draw(st.none() | STATUSES),
        SourceTimestamp=draw(st.none() | TIMES),
        ServerTimestamp=draw(st.none() | TIMES),
        SourcePicoseconds=draw(st.none() | integers(16, is_signed=False)),
        ServerPicoseconds=draw(st.none() | integers(16, is_signed=False)),
    )
    if draw(st.booleans()):
        value.Value = None
    return value


ITEMS = st.tuples(integers(32, is_signed=False), data_values())
RUNS = st.lists(st.tuples(ITEMS, st.integers(1, 12)), max_size=6).map(
    lambda runs: [one for one, n in runs for _ in range(n)]
)
"""Items of which some come several times in a row."""
CHANGES = RUNS.map(lambda items: change(*items))


@st.composite
def publish_responses(draw: st.DrawFn) -> bytes:
    response = publish_response(*draw(st.lists(CHANGES, max_size=3)))
    result = response.Parameters
    result.SubscriptionId = draw(integers(32, is_signed=False))
    result.AvailableSequenceNumbers = draw(st.lists(integers(32, is_signed=False), max_size=4))
    result.MoreNotifications = draw(st.booleans())
    result.NotificationMessage.SequenceNumber = draw(integers(32, is_signed=False))
    result.NotificationMessage.PublishTime = draw(TIMES)
    result.Results = draw(st.lists(STATUSES, max_size=3))
    return wire(response)


READ_RESPONSES = st.lists(data_values(), max_size=12).map(lambda values: wire(read_response(*values)))
