"""The OPC UA driver passes the suite."""

from collections.abc import Iterator

import pytest

from tests.bench import Bench
from tests.contract import DriverContract
from tests.contract_subscribed import SubscriptionContract
from tests.drivers.opcua.server_bench import server_bench


class TestOpcUa(DriverContract, SubscriptionContract):
    @pytest.fixture
    def bench(self) -> Iterator[Bench]:
        with server_bench() as bench:
            yield bench
