"""Answers that nobody can make anything of end the conversation in words, not as a defect of ours."""

import pytest
from asyncua import ua
from asyncua.common.utils import Buffer
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.ua_binary import struct_to_binary
from asyncua.ua.uaerrors._base import UaStatusCodeError
from hypothesis import given
from hypothesis import strategies as st

from drivers.errors import NotConnected
from drivers.opcua.answer import exactly, parsed

WHOLE = ua.CreateMonitoredItemsResponse()
WHOLE.Results = [ua.MonitoredItemCreateResult(), ua.MonitoredItemCreateResult()]


@given(st.data())
def test_whatever_bytes_come(data: st.DataObject) -> None:
    whole = bytearray(struct_to_binary(WHOLE))
    for _ in range(data.draw(st.integers(1, 4))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    try:
        parsed(ua.CreateMonitoredItemsResponse, Buffer(bytes(whole[:cut])))
    except (NotConnected, UaStatusCodeError):
        return


def test_a_whole_one_is_read_and_a_refusal_is_one() -> None:
    assert len(parsed(ua.CreateMonitoredItemsResponse, Buffer(struct_to_binary(WHOLE))).Results) == 2
    refused = ua.ReadResponse()
    refused.ResponseHeader.ServiceResult = ua.StatusCode(StatusCodes.BadServerTooBusy)
    with pytest.raises(UaStatusCodeError):
        parsed(ua.ReadResponse, Buffer(struct_to_binary(refused)))


@pytest.mark.parametrize("results", [None, [], [1], [1, 2, 3]])
def test_another_number_of_results_is_nobody_s(results: list[int] | None) -> None:
    with pytest.raises(NotConnected):
        exactly(results, 2)


def test_as_many_as_asked_for() -> None:
    assert exactly([1, 2], 2) == [1, 2]
