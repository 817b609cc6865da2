"""What asyncua makes of an answer, and what becomes of one that nobody can make anything of."""

from collections.abc import Sequence
from typing import Any, Protocol, TypeVar

from asyncua.ua.ua_binary import struct_from_binary

from drivers.errors import NotConnected
from drivers.opcua.reason import UNREADABLE, unreadable
from drivers.phrase import Phrase


class Response(Protocol):
    """Of any service."""

    ResponseHeader: Any


R = TypeVar("R", bound=Response)
T = TypeVar("T")


def parsed(kind: type[R], body: Any) -> R:
    """A whole response. Raises `NotConnected`, and `UaStatusCodeError` where the server refused the request."""
    try:
        response = struct_from_binary(kind, body)
    except UNREADABLE as error:
        raise unreadable(error) from error
    response.ResponseHeader.ServiceResult.check()
    return response


def _too_few(came: int, count: int) -> Phrase:
    return Phrase(f"服务器对 {count} 项只应答了 {came} 项", f"the server answered {came} of {count}")


def exactly(results: Sequence[T] | None, count: int) -> Sequence[T]:
    """As many results as were asked for. Raises `NotConnected`: whose the others are nobody could say."""
    if results is None or len(results) != count:
        raise NotConnected(_too_few(len(results or ()), count))
    return results
