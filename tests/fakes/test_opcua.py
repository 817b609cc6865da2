"""The server in this process does what its users rely on, seen by asyncua's own client."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.common.subscription import Subscription
from asyncua.crypto.security_policies import (
    SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicyAes256Sha256RsaPss,
    SecurityPolicyBasic256Sha256,
)
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import (
    BadIdentityTokenRejected,
    BadNodeIdUnknown,
    BadSessionIdInvalid,
    BadTooManyOperations,
    BadTooManySessions,
    BadUserAccessDenied,
    UaError,
)
from asyncua.ua.uatypes import Int32

from tests.fakes.application import CLIENT_URI, Application, application
from tests.fakes.opcua import NAMESPACE, OpcUaServer, Spec, opcua_server
from tests.fakes.recorder import READER_SERVICES, apart


@asynccontextmanager
async def client_of(server: OpcUaServer) -> AsyncIterator[Client]:
    async with Client(server.url, timeout=10) as client:
        yield client


def standard(number: int) -> ua.NodeId:
    return ua.NodeId(Int32(number))


class Heard:
    """What a subscription told."""

    def __init__(self) -> None:
        self.values: asyncio.Queue[Any] = asyncio.Queue()
        self.statuses: asyncio.Queue[int] = asyncio.Queue()

    def datachange_notification(self, _node: Any, value: Any, data: Any) -> None:
        self.values.put_nowait(value)
        self.statuses.put_nowait(data.monitored_item.Value.StatusCode.value)


async def subscribed(client: Client, nodes: Sequence[ua.NodeId]) -> tuple[Subscription, Heard]:
    heard = Heard()
    subscription = await client.create_subscription(20, heard)
    await subscription.subscribe_data_change([client.get_node(node) for node in nodes])
    return subscription, heard


async def test_values_have_types_and_places() -> None:
    variables: dict[str, object] = {
        "Press.Speed": 12.5,
        "Press.Count": 7,
        "Press.Loads": [1, 2, 3],
        "nsu=urn:other;s=Word": ua.Variant(65535, ua.VariantType.UInt16),
    }
    async with opcua_server(variables) as server, client_of(server) as client:
        for name, value in variables.items():
            expected = value.Value if isinstance(value, ua.Variant) else value
            assert await client.get_node(server.node(name)).read_value() == expected
        speed = await client.nodes.objects.get_child(["2:Press", "2:Speed"])
        assert speed.nodeid == server.node("Press.Speed")
        assert await client.get_namespace_index("urn:other") == 3
        data = await client.get_node(server.node("Press.Count")).read_data_value()
        assert data.Value is not None
        assert data.Value.VariantType is ua.VariantType.Int32


async def test_status_and_times_are_told() -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    async with opcua_server({"Speed": 1.0}) as server, client_of(server) as client:
        await server.set("Speed", 2.0, status=StatusCodes.UncertainLastUsableValue, source_time=when)
        data = await client.get_node(server.node("Speed")).read_data_value(raise_on_bad_status=False)
        assert data.StatusCode is not None
        assert (data.StatusCode.value, data.SourceTimestamp) == (StatusCodes.UncertainLastUsableValue, when)
        await server.set("Speed", status=StatusCodes.BadSensorFailure)
        data = await client.get_node(server.node("Speed")).read_data_value(raise_on_bad_status=False)
        assert data.StatusCode is not None
        assert data.StatusCode.value == StatusCodes.BadSensorFailure
        await server.set("Speed", 3.0)
        assert await client.get_node(server.node("Speed")).read_value() == 3.0


async def test_changes_are_published_and_subscriptions_end() -> None:
    async with opcua_server({"Speed": 1.0}) as server, client_of(server) as client:
        _, heard = await subscribed(client, [server.node("Speed")])
        await server.set("Speed", 2.0)
        assert [await heard.values.get(), await heard.values.get()] == [1.0, 2.0]
        assert (len(server.subscriptions), server.items, server.sessions) == (1, 1, 1)
        await server.end_subscriptions()
        assert (server.subscriptions, server.items) == ([], 0)
        await server.until(lambda: server.services["Publish"] >= 3)


async def test_a_service_is_refused_for_a_while() -> None:
    async with opcua_server({"Speed": 1.0}) as server, client_of(server) as client:
        with server.refusing("Read", StatusCodes.BadUserAccessDenied), pytest.raises(BadUserAccessDenied):
            await client.get_node(server.node("Speed")).read_value()
        assert await client.get_node(server.node("Speed")).read_value() == 1.0


async def test_an_ended_session_is_invalid() -> None:
    async with opcua_server({"Speed": 1.0}) as server, client_of(server) as client:
        await server.end_sessions()
        assert server.sessions == 0
        with pytest.raises(BadSessionIdInvalid):
            await client.get_node(server.node("Speed")).read_value()


async def test_limits_hold() -> None:
    async with opcua_server({"Speed": 1.0}, Spec(max_sessions=1, max_per_call=2)) as server:
        async with client_of(server) as client:
            node = client.get_node(server.node("Speed"))
            assert await client.read_values([node] * 2) == [1.0, 1.0]
            with pytest.raises(BadTooManyOperations):
                await client.read_values([node] * 3)
            limits = ObjectIds.Server_ServerCapabilities_OperationLimits_MaxNodesPerRead
            assert await client.get_node(standard(limits)).read_value() == 2
            with pytest.raises(BadTooManySessions):
                await Client(server.url).connect()
        async with client_of(server):
            assert len(server.created) == 2


async def test_a_namespace_moves() -> None:
    async with opcua_server({"Speed": 1.0}) as server:
        before = server.node("Speed")
        await server.set("Speed", 4.0)
        server.namespaces.insert(0, "urn:new")
        await server.restart()
        async with client_of(server) as client:
            assert await client.get_namespace_index(NAMESPACE) == 3
            with pytest.raises(BadNodeIdUnknown):
                await client.get_node(before).read_value()
            assert await client.get_node(server.node("Speed")).read_value() == 4.0


async def test_nodes_come_and_go() -> None:
    async with opcua_server({"Press.Speed": 1.0}) as server, client_of(server) as client:
        folder, gone = await client.nodes.objects.get_child("2:Press"), server.node("Press.Speed")
        _, heard = await subscribed(client, [server.node("Press.Speed")])
        assert await heard.statuses.get() == 0
        await server.remove("Press.Speed")
        assert await heard.statuses.get() == StatusCodes.BadNodeIdUnknown
        assert await folder.get_children() == []
        await server.add("Press.Count", 5)
        await server.add("nsu=urn:late;s=Count", 6)
        assert await client.get_node(server.node("Press.Count")).read_value() == 5
        assert await client.get_node(server.node("nsu=urn:late;s=Count")).read_value() == 6
        with pytest.raises(BadNodeIdUnknown):
            await client.get_node(gone).read_value()


async def test_a_shutdown_is_announced() -> None:
    async with opcua_server() as server, client_of(server) as client:
        await server.announce_shutdown(7)
        state = client.get_node(standard(ObjectIds.Server_ServerStatus_State))
        assert await state.read_value() == ua.ServerState.Shutdown
        status = await client.get_node(standard(ObjectIds.Server_ServerStatus)).read_value()
        assert (status.State, status.SecondsTillShutdown) == (ua.ServerState.Shutdown, 7)


async def test_mute_is_silence_and_ends() -> None:
    async with opcua_server({"Speed": 1.0}) as server, client_of(server) as client:
        with server.mute():
            reading = asyncio.create_task(client.get_node(server.node("Speed")).read_value())
            await server.until(lambda: server.services["Read"] >= 1)
            assert not reading.done()
        assert await reading == 1.0


@pytest.mark.parametrize(
    "policy", [SecurityPolicyBasic256Sha256, SecurityPolicyAes128Sha256RsaOaep, SecurityPolicyAes256Sha256RsaPss]
)
async def test_security_and_trust(tmp_path: Path, policy: Any) -> None:
    ours, known = application(tmp_path, "server"), application(tmp_path, "known", CLIENT_URI)
    stranger = application(tmp_path, "stranger", CLIENT_URI)
    spec = Spec(application=ours, users={"reader": "secret"}, trusted=[known.certificate])

    async def secure(pair: Application, password: str = "secret") -> Client:
        client = Client(server.url, timeout=10)
        client.application_uri = CLIENT_URI
        client.set_user("reader")
        client.set_password(password)
        await client.set_security(policy, pair.certificate, pair.key, server_certificate=ours.der)
        return client

    async with opcua_server({"Speed": 1.0}, spec) as server:
        async with await secure(known) as client:
            assert await client.get_node(server.node("Speed")).read_value() == 1.0
        with pytest.raises(UaError, match="Untrusted"):
            await (await secure(stranger)).connect()
        with pytest.raises(BadUserAccessDenied):
            await (await secure(known, "wrong")).connect()
        with pytest.raises(BadIdentityTokenRejected):
            await Client(server.url).connect()


async def test_a_certificate_is_renewed(tmp_path: Path) -> None:
    before, after = application(tmp_path, "before"), application(tmp_path, "after")
    async with opcua_server({"Speed": 1.0}, Spec(application=before)) as server:
        shown = []
        for renewed in (before, after):
            server.spec.application = renewed
            await server.restart()
            endpoints = await Client(server.url).connect_and_get_server_endpoints()
            shown.append({endpoint.ServerCertificate for endpoint in endpoints})
    assert shown == [{before.der}, {after.der}]


async def test_a_cut_connection_and_a_port_that_stays() -> None:
    async with opcua_server({"Speed": 1.0}) as server:
        client = Client(server.url)
        await client.connect()
        server.cut()
        with pytest.raises(ConnectionError):
            await client.get_node(server.node("Speed")).read_value()
        await client.disconnect()
        await server.stop()
        with pytest.raises(OSError):
            await Client(server.url).connect()
        await server.start()
        async with client_of(server) as again:
            assert await again.get_node(server.node("Speed")).read_value() == 1.0


async def test_t15_only_a_reader_passes() -> None:
    with apart() as asked:
        async with opcua_server({"Speed": 1.0}) as server, client_of(server) as client:
            with pytest.raises(BadUserAccessDenied):
                await client.get_node(server.node("Speed")).write_value(2.0)
    assert asked - READER_SERVICES == {"Write"}
