"""What the whole suite saw on the wire: every Modbus function code and OPC UA service that any fake was asked.

In this process or a child: both are told through files whose paths are in the environment.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager

RECORDED: set[int] = set()
"""Function codes. A session fixture checks at the end that nothing but 1 to 4 is in here."""

WIRE_RECORD = "LINESIDE_WIRE_RECORD"

READER_SERVICES = frozenset(
    (
        *("FindServers", "GetEndpoints", "OpenSecureChannel", "CloseSecureChannel"),
        *("CreateSession", "ActivateSession", "CloseSession"),
        *("Browse", "BrowseNext", "TranslateBrowsePathsToNodeIds", "RegisterNodes", "UnregisterNodes", "Read"),
        *("CreateSubscription", "ModifySubscription", "DeleteSubscriptions", "TransferSubscriptions"),
        *("SetPublishingMode", "Publish", "Republish"),
        *("CreateMonitoredItems", "ModifyMonitoredItems", "SetMonitoringMode", "DeleteMonitoredItems"),
    )
)
"""OPC UA services that cannot change a machine (OPC 10000-4). Every fake server tells what it is asked; the suite fails
on anything else."""

SERVICES: set[str] = set()
"""OPC UA services that were asked, by name without `Request`."""

SERVICE_RECORD = "LINESIDE_SERVICE_RECORD"

_APART: list[set[str]] = []


def record(function: int) -> None:
    """Note a function code, in the file that the suite shares with its child processes too."""
    if function in RECORDED:
        return
    RECORDED.add(function)
    if path := os.environ.get(WIRE_RECORD):
        with open(path, "a", encoding="ascii") as file:
            file.write(f"{function}\n")


def record_service(name: str) -> None:
    """Note an OPC UA service, in the file that the suite shares with its child processes too."""
    if _APART:
        _APART[-1].add(name)
        return
    if name in SERVICES:
        return
    SERVICES.add(name)
    if path := os.environ.get(SERVICE_RECORD):
        with open(path, "a", encoding="ascii") as file:
            file.write(f"{name}\n")


@contextmanager
def apart() -> Iterator[set[str]]:
    """Services asked within are noted here and not in the suite's record: for tests of the recording itself."""
    path = os.environ.pop(SERVICE_RECORD, None)
    _APART.append(set())
    try:
        yield _APART[-1]
    finally:
        _APART.pop()
        if path is not None:
            os.environ[SERVICE_RECORD] = path
