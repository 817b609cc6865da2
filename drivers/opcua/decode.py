"""Bytes of a PublishResponse or a ReadResponse -> columns, without an object per value.

Written for what servers send all day: scalar values with a status and times. For all else `published` and `read` say
None, and asyncua decodes the message; `of_asyncua` then gives the same columns. Layouts are those of OPC UA Part 6
(1.05), sections 5.2.2 (built-in types) and 5.2.9 (messages), and Part 4, sections 5.11.2 and 5.14.5.
"""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from struct import Struct, error, unpack_from
from typing import TYPE_CHECKING, Any, NamedTuple, overload

if TYPE_CHECKING:
    from asyncua import ua


class Read(NamedTuple):
    """What a ReadResponse brought: columns in the order of the request."""

    values: Sequence[object]
    """bool, int, float, str, datetime, or None where there is none; of `of_asyncua` also what asyncua makes of arrays
    and structures. NaN and texts that are no UTF-8 (as surrogates) are still here: `drivers.opcua.value` finds them."""
    statuses: Sequence[int]
    """32 bits; 0 where the server sent none, which means good."""
    source_times: Sequence[int | None]
    """UTC epoch milliseconds; None where absent, before 1601-01-01T00:00:00.001Z, or the end of time (year 9999)."""
    server_times: Sequence[int | None]
    """Likewise."""


class Published(NamedTuple):
    """What a PublishResponse brought: of its items the handles, and columns beside them as in `Read`."""

    subscription: int
    available: Sequence[int]
    """Sequence numbers that can still be asked for again."""
    more_notifications: bool
    sequence: int
    """To be acknowledged, unless this is a keep-alive: then it is the number of the next message (Part 4, 5.14.1)."""
    publish_time: int | None
    """UTC epoch milliseconds."""
    is_keep_alive: bool
    handles: Sequence[int]
    """Client handles of the monitored items; one may come several times, oldest first."""
    values: Sequence[object]
    statuses: Sequence[int]
    source_times: Sequence[int | None]
    server_times: Sequence[int | None]
    others: Sequence[object] = ()
    """Notifications that are no data changes, as asyncua decodes them: status changes, events."""


class _Unusual(Exception):
    """Not for this path."""


_FIRST = datetime(1601, 1, 1, tzinfo=UTC)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST = datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)
_TICKS_A_MS = 10_000
_MILLISECOND = timedelta(milliseconds=1)
_EPOCH_MS = (_EPOCH - _FIRST) // _MILLISECOND
_END_TICKS = (_LAST - _FIRST) // _MILLISECOND * _TICKS_A_MS
"""From here on a time stands for the end of time (Part 6, 5.2.2.5)."""

_VALUE, _STATUS, _SOURCE_TIME, _SERVER_TIME, _SOURCE_FINE, _SERVER_FINE = (1 << bit for bit in range(6))
"""Bits of a DataValue's mask (Part 6, 5.2.2.17)."""
_TAIL = (
    (_STATUS, "I", "0s"),
    (_SOURCE_TIME, "q", "0s"),
    (_SOURCE_FINE, "2x", ""),
    (_SERVER_TIME, "q", "0s"),
    (_SERVER_FINE, "2x", ""),
)
"""What stands behind a value, in order, and what is unpacked where it does not: empty bytes keep its column's place."""
_KINDS = {1: "?", 2: "b", 3: "B", 4: "h", 5: "H", 6: "i", 7: "I", 8: "q", 9: "Q", 10: "f", 11: "d"}
"""Encoding byte of a Variant -> format. That of an array or a matrix has higher bits as well."""
_NULL, _STRING, _DATE_TIME = 0, 12, 13
_HANDLE = 4
"""Bytes before a DataValue in a notification."""
_FRONTS = {0: "", _HANDLE: "I"}
_AHEAD, _RUN = 7, 256
"""Where the next item and the seventh from here look alike, all up to the 256th are compared, and those that are alike
unpacked at once. Not more, so that no order of kinds makes the time grow with the square of a message."""


def _tail(mask: int) -> str:
    return "".join(present if mask & bit else absent for bit, present, absent in _TAIL)


def _shapes(front: str) -> dict[bytes, tuple[Any, Any, int]]:
    """Mask and encoding of the Variant -> how an item lies whose value has a fixed size."""
    structs = {
        bytes((mask, kind)): Struct(f"<{front}2x{code}{_tail(mask)}")
        for mask in range(64)
        for kind, code in _KINDS.items()
        if mask & _VALUE
    }
    return {key: (struct.unpack_from, struct.iter_unpack, struct.size) for key, struct in structs.items()}


_SHAPES = {lead: _shapes(front) for lead, front in _FRONTS.items()}
_BARE_HEADS = {lead: Struct(f"<{front}x") for lead, front in _FRONTS.items()}
_TEXT_HEADS = {lead: Struct(f"<{front}2xi") for lead, front in _FRONTS.items()}
_DATE_HEADS = {lead: Struct(f"<{front}2xq") for lead, front in _FRONTS.items()}
_TAILS = {mask: Struct(f"<{_tail(mask)}") for mask in range(64)}

_HEADER = Struct("<4s12xIBi3s")
"""Type; time and handle of the request, of which nobody asks; result, diagnostics, string table, additional header."""
_READ_RESPONSE = b"\x01\x00\x7a\x02"
_PUBLISH_RESPONSE = b"\x01\x00\x3d\x03"
_DATA_CHANGE = b"\x01\x00\x2b\x03\x01"
"""An ExtensionObject with a binary body: i=811."""
_SUBSCRIPTION = Struct("<Ii")
_MESSAGE = Struct("<?Iqi")
_NOTIFICATION = Struct("<5sii")
_INT32 = Struct("<i")


def published(body: bytes | memoryview) -> Published | None:
    """A PublishResponse that begins with its type: `bytes()` of the buffer that asyncua's `send_request` returns.

    None, and never an exception, where anything is not as usual: other notifications than data changes, arrays,
    structures, diagnostics, a bad result, bytes left over, bytes that make no sense.
    """
    try:
        return _published(bytes(body))
    except (error, IndexError, _Unusual):
        return None


def read(body: bytes | memoryview) -> Read | None:
    """A ReadResponse; otherwise as `published`."""
    try:
        return _read(bytes(body))
    except (error, IndexError, _Unusual):
        return None


def _published(body: bytes) -> Published:
    at = _begun(body, _PUBLISH_RESPONSE)
    subscription, count = _SUBSCRIPTION.unpack_from(body, at)
    count = _counted(count)
    available = unpack_from(f"<{count}I", body, at + _SUBSCRIPTION.size)
    at += _SUBSCRIPTION.size + 4 * count
    more, sequence, ticks, notifications = _MESSAGE.unpack_from(body, at)
    at += _MESSAGE.size
    rows: list[tuple[Any, ...]] = []
    for _ in range(_counted(notifications)):
        at = _data_change(body, at, rows)
    results = _counted(_INT32.unpack_from(body, at)[0])
    _ended(body, at + 4 + 4 * results)
    handles, *columns = zip(*rows, strict=True) if rows else ((),) * 5
    (publish_time,) = _times((ticks,))
    is_keep_alive = notifications <= 0
    return Published(
        subscription, available, more, sequence, publish_time, is_keep_alive, handles, *_read_columns(*columns)
    )


def _read(body: bytes) -> Read:
    at = _begun(body, _READ_RESPONSE)
    rows: list[tuple[Any, ...]] = []
    _ended(body, _items(body, at + 4, _counted(_INT32.unpack_from(body, at)[0]), 0, rows))
    return _read_columns(*(zip(*rows, strict=True) if rows else ((),) * 4))


def _begun(body: bytes, kind: bytes) -> int:
    """Where the header ends that every response has."""
    found, result, diagnostics, strings, additional = _HEADER.unpack_from(body)
    if found != kind or result or diagnostics or strings not in (0, -1) or additional != b"\x00\x00\x00":
        raise _Unusual
    return _HEADER.size


def _ended(body: bytes, at: int) -> None:
    """Every response ends with its list of diagnostics."""
    _counted(_INT32.unpack_from(body, at)[0], most=0)
    if at + 4 != len(body):
        raise _Unusual


def _counted(length: int, most: int = 0x7FFFFFFF) -> int:
    """Elements of an array; -1 means that there is none (Part 6, 5.2.5)."""
    if not -1 <= length <= most:
        raise _Unusual
    return max(length, 0)


def _data_change(body: bytes, at: int, rows: list[tuple[Any, ...]]) -> int:
    """Add the items of one notification to the rows; where it ends."""
    kind, length, count = _NOTIFICATION.unpack_from(body, at)
    if kind != _DATA_CHANGE:
        raise _Unusual
    end = at + _NOTIFICATION.size - 4 + length
    at = _items(body, at + _NOTIFICATION.size, _counted(count), _HANDLE, rows)
    _counted(_INT32.unpack_from(body, at)[0], most=0)
    if at + 4 != end:
        raise _Unusual
    return at + 4


def _items(body: bytes, at: int, count: int, lead: int, rows: list[tuple[Any, ...]]) -> int:
    """Add a row for each of `count` items, which have `lead` bytes before their DataValue; where they end."""
    shape_of = _SHAPES[lead].get
    mark = at + lead
    while count > 0:
        key = body[mark : mark + 2]
        shape = shape_of(key)
        if shape is None:
            mark = _other(body, mark, lead, rows)
            count -= 1
            continue
        unpack, unpack_all, size = shape
        following, ahead = mark + size, mark + _AHEAD * size
        if body[following : following + 2] != key or count <= _AHEAD or body[ahead : ahead + 2] != key:
            rows.append(unpack(body, mark - lead))
            mark = following
            count -= 1
            continue
        alike = min(_alike(body, mark, size, min(count, _RUN)), _alike(body, mark + 1, size, min(count, _RUN)))
        rows += unpack_all(body[mark - lead : mark - lead + alike * size])
        mark += alike * size
        count -= alike
    return mark - lead


def _alike(body: bytes, at: int, step: int, most: int) -> int:
    """How many bytes from `at` on, `step` apart, are the same as the first."""
    seen = body[at : at + most * step : step]
    return len(seen) - len(seen.lstrip(seen[:1]))


def _other(body: bytes, mark: int, lead: int, rows: list[tuple[Any, ...]]) -> int:
    """Add the row of an item without a value, with a text or a date; where the mask of the next one is."""
    mask = body[mark]
    tail = _TAILS.get(mask)
    if tail is None:
        raise _Unusual
    kind = body[mark + 1] if mask & _VALUE else None
    value: str | datetime | None = None
    if kind == _STRING:
        *handle, length = _TEXT_HEADS[lead].unpack_from(body, mark - lead)
        begin = mark + 6
        end = begin + _counted(length, most=len(body) - begin)
        if length >= 0:
            value = body[begin:end].decode("utf-8", "surrogateescape")
    elif kind == _DATE_TIME:
        *handle, ticks = _DATE_HEADS[lead].unpack_from(body, mark - lead)
        end = mark + 10
        value = _moment(ticks)
    elif kind in (None, _NULL):
        handle = list(_BARE_HEADS[lead].unpack_from(body, mark - lead))
        end = mark + (1 if kind is None else 2)
    else:
        raise _Unusual
    rows.append((*handle, value, *tail.unpack_from(body, end)))
    return end + tail.size + lead


def _moment(ticks: int) -> datetime:
    """100 ns since 1601 as asyncua gives them: whole microseconds, kept within 1601 and 9999."""
    return _LAST if ticks >= _END_TICKS else _FIRST + timedelta(microseconds=max(ticks, 0) // 10)


def _times(ticks: Sequence[Any]) -> list[int | None]:
    """100 ns since 1601, or nothing -> UTC epoch milliseconds. The first millisecond counts as none, like 0."""
    if not any(ticks):
        return [None] * len(ticks)
    return [tick // _TICKS_A_MS - _EPOCH_MS if tick and _TICKS_A_MS <= tick < _END_TICKS else None for tick in ticks]


def _read_columns(
    values: Sequence[object], statuses: Sequence[Any], source: Sequence[Any], server: Sequence[Any]
) -> Read:
    """Columns as they were unpacked: empty bytes stand for a status or a time that was absent."""
    return Read(
        values,
        [status or 0 for status in statuses] if any(statuses) else [0] * len(statuses),
        _times(source),
        _times(server),
    )


@overload
def of_asyncua(response: "ua.PublishResponse") -> Published: ...
@overload
def of_asyncua(response: "ua.ReadResponse") -> Read: ...
def of_asyncua(response: "ua.PublishResponse | ua.ReadResponse") -> Published | Read:
    """The columns of what asyncua decoded, values as it gives them. The service's result is the caller's to check."""
    from asyncua import ua

    if isinstance(response, ua.ReadResponse):
        return Read(*_columns(response.Results or ()))
    result = response.Parameters
    message = result.NotificationMessage
    notifications = message.NotificationData or ()
    changes = [one for one in notifications if isinstance(one, ua.DataChangeNotification)]
    items = [item for change in changes for item in change.MonitoredItems or ()]
    return Published(
        result.SubscriptionId,
        tuple(result.AvailableSequenceNumbers or ()),
        result.MoreNotifications,
        message.SequenceNumber,
        _epoch_ms(message.PublishTime),
        not notifications,
        [item.ClientHandle for item in items],
        *_columns([item.Value for item in items]),
        others=[one for one in notifications if not isinstance(one, ua.DataChangeNotification)],
    )


def _columns(
    found: "Sequence[ua.DataValue]",
) -> tuple[list[object], list[int], list[int | None], list[int | None]]:
    """Values, statuses and the two times.

    asyncua 2.1 expects the source's picoseconds behind the server's time, where they do not stand (Part 6, 5.2.2.17):
    with both of them the server's time is wrong, so it is left out.
    """
    return (
        [one.Value.Value if one.Value else None for one in found],
        [one.StatusCode.value if one.StatusCode else 0 for one in found],
        [_epoch_ms(one.SourceTimestamp) for one in found],
        [_epoch_ms(one.ServerTimestamp if one.SourcePicoseconds is None else None) for one in found],
    )


def _epoch_ms(moment: datetime | None) -> int | None:
    """UTC epoch milliseconds; None of what `_times` takes for none."""
    if moment is None or not _FIRST + _MILLISECOND <= moment < _LAST:
        return None
    return (moment - _EPOCH) // _MILLISECOND
