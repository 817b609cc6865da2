"""node-opcua does what its users rely on, seen by asyncua's client: two implementations that are not ours."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from asyncua import ua
from asyncua.client.client import Client
from asyncua.crypto.security_policies import (
    SecurityPolicyAes128Sha256RsaOaep,
    SecurityPolicyAes256Sha256RsaPss,
    SecurityPolicyBasic256Sha256,
)
from asyncua.ua.attribute_ids import AttributeIds
from asyncua.ua.object_ids import ObjectIds
from asyncua.ua.status_codes import StatusCodes
from asyncua.ua.uaerrors import (
    BadNodeIdUnknown,
    BadSessionIdInvalid,
    BadTooManyOperations,
    BadTooManySessions,
    BadUserAccessDenied,
    UaError,
)
from asyncua.ua.uatypes import Double, Int32

from tests.fakes.application import CLIENT_URI, Application, application
from tests.fakes.nodeopcua import (
    LOAD,
    PRESS_MODE,
    Generator,
    Machinery,
    Node,
    NodeServer,
    NodeSpec,
    PackMl,
    PackTags,
    Step,
    node_server,
)
from tests.fakes.opcua import NAMESPACE
from tests.fakes.recorder import READER_SERVICES, SERVICE_RECORD, apart

pytestmark = pytest.mark.needs("node-opcua")

PACKML = "http://opcfoundation.org/UA/PackML/"
SCRIPT = ("Resetting", "Idle", "Starting", "Execute", "Holding", "Held", "Unholding", "Execute", "Aborting", "Aborted")


@asynccontextmanager
async def client_of(server: NodeServer) -> AsyncIterator[Client]:
    async with Client(server.url, timeout=10) as client:
        yield client


async def node(client: Client, name: str) -> Any:
    return client.get_node(f"ns={await client.get_namespace_index(NAMESPACE)};s={name}")


class Heard:
    """What a subscription told, value by value."""

    def __init__(self) -> None:
        self.values: asyncio.Queue[Any] = asyncio.Queue()
        self.texts: set[tuple[int, str]] = set()
        """Of values with a text: source time in ms, text."""

    def datachange_notification(self, _node: Any, value: Any, data: Any) -> None:
        self.values.put_nowait(value)
        if isinstance(value, ua.LocalizedText):
            when = data.monitored_item.Value.SourceTimestamp
            self.texts.add((round(when.timestamp() * 1000), value.Text or ""))


async def subscribed(client: Client, nodes: Sequence[Any], period_ms: float = 50) -> tuple[Any, Heard]:
    heard = Heard()
    subscription = await client.create_subscription(period_ms, heard)
    await subscription.subscribe_data_change(nodes, queuesize=100, sampling_interval=Double(0))
    return subscription, heard


SCALARS = [
    Node("Boolean", True, "Boolean"),
    Node("SByte", -128, "SByte"),
    Node("Byte", 255, "Byte"),
    Node("Int16", -32768, "Int16"),
    Node("UInt16", 65535, "UInt16"),
    Node("Int32", -(2**31), "Int32"),
    Node("UInt32", 2**32 - 1, "UInt32"),
    Node("Int64", -5, "Int64"),
    Node("UInt64", 2**40 + 1, "UInt64"),
    Node("Float", 0.5, "Float"),
    Node("Double", 1e300, "Double"),
    Node("String", "纸张 ✓", "String"),
    Node("Doubles", [1.0, 2.0, 3.0], "Double"),
    Node("Words", [1, 2], "UInt16"),
]


async def test_built_in_types_an_enumeration_and_a_structure(tmp_path: Path) -> None:
    others = [
        Node("Time", 1767323045000, "DateTime"),
        Node("Bytes", "AAH/", "ByteString"),
        Node("Guid", "72962B91-FA75-4AE6-8D28-B404DC7DAF63", "Guid"),
        Node("Text", {"locale": "zh", "text": "运行"}, "LocalizedText"),
        Node("Name", {"namespaceIndex": 1, "name": "Speed"}, "QualifiedName"),
        Node("Id", "ns=1;i=7", "NodeId"),
        Node("Code", "BadSensorFailure", "StatusCode"),
        Node("NaN", "NaN", "Double"),
        Node("Mode", 2, "Int32", data_type=PRESS_MODE),
    ]
    load = {"Job": "4711", "Sheets": 12, "Kilograms": 3.5}
    structures = [Node("Load", load, structure=LOAD), Node("Loads", [load, load], structure=LOAD)]
    spec = NodeSpec([*SCALARS, *others, *structures])
    async with node_server(tmp_path, spec) as server, client_of(server) as client:
        for one in SCALARS:
            data = await (await node(client, one.name)).read_data_value()
            assert data.Value.Value == one.value
            assert data.Value.VariantType.name == one.type
        read = {one.name: await (await node(client, one.name)).read_value() for one in others[:-3]}
        assert read["Time"] == datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
        assert read["Bytes"] == b"\x00\x01\xff"
        assert str(read["Guid"]).upper() == others[2].value
        assert (read["Text"].Locale, read["Text"].Text) == ("zh", "运行")
        assert (read["Name"].NamespaceIndex, read["Name"].Name) == (1, "Speed")
        assert read["Id"].to_string() == "ns=1;i=7"
        assert str(await (await node(client, "NaN")).read_value()) == "nan"
        mode = await node(client, "Mode")
        strings = await client.get_node(await mode.read_data_type()).get_child("0:EnumStrings")
        assert (await strings.read_value())[await mode.read_value()].Text == "Production"
        await client.load_data_type_definitions()
        one = await (await node(client, "Load")).read_value()
        assert {name: getattr(one, name) for name in load} == load
        assert [each.Sheets for each in await (await node(client, "Loads")).read_value()] == [12, 12]


async def test_status_times_and_changes(tmp_path: Path) -> None:
    when = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    async with node_server(tmp_path, NodeSpec([Node("Press.Speed", 1.0)])) as server, client_of(server) as client:
        speed = await node(client, "Press.Speed")
        _, heard = await subscribed(client, [speed])
        assert await heard.values.get() == 1.0
        await server.set("Press.Speed", 2.0, status="UncertainLastUsableValue", source_time=when)
        assert await heard.values.get() == 2.0
        data = await speed.read_data_value(raise_on_bad_status=False)
        assert (data.StatusCode.value, data.SourceTimestamp) == (StatusCodes.UncertainLastUsableValue, when)
        await server.set("Press.Speed", status="BadSensorFailure")
        data = await speed.read_data_value(raise_on_bad_status=False)
        assert data.StatusCode.value == StatusCodes.BadSensorFailure
        with pytest.raises(RuntimeError, match="no such type"):
            await server.add(Node("Wrong", 1, "Int33"))


async def test_a_generator_misses_nothing(tmp_path: Path) -> None:
    spec = NodeSpec(generator=Generator(count=3, every_ms=20, type="Int32"))
    async with node_server(tmp_path, spec) as server, client_of(server) as client:
        _, heard = await subscribed(client, [await node(client, "Generated.1")])
        seen = [await heard.values.get() for _ in range(20)]
        assert seen == list(range(seen[0], seen[0] + 20))
        assert (await server.statistics()).ticks >= seen[-1]


async def test_limits_hold(tmp_path: Path) -> None:
    operations = {"maxNodesPerRead": 2, "maxMonitoredItemsPerCall": 2, "maxNodesPerBrowse": 2}
    spec = NodeSpec(SCALARS, max_sessions=1, operations=operations, minimum_sampling_ms=500)
    async with node_server(tmp_path, spec) as server:
        async with client_of(server) as client:
            nodes = [await node(client, one.name) for one in SCALARS[:3]]
            assert await client.read_values(nodes[:2]) == [True, -128]
            with pytest.raises(BadTooManyOperations):
                await client.read_values(nodes)
            subscription, _ = await subscribed(client, nodes[:2])
            with pytest.raises(BadTooManyOperations):
                await subscription.subscribe_data_change(nodes)
            limit = ObjectIds.Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall
            assert await client.get_node(ua.NodeId(Int32(limit))).read_value() == 2
            least = await nodes[0].read_attribute(AttributeIds.MinimumSamplingInterval)
            assert least.Value.Value == 500
            with pytest.raises(BadTooManySessions):
                await Client(server.url).connect()
            told = await server.statistics()
            assert (told.sessions, told.items, len(told.subscriptions)) == (1, 2, 1)
        async with client_of(server):
            assert len((await server.statistics()).created) == 2


async def test_refusals_and_ends_in_the_server(tmp_path: Path) -> None:
    async with node_server(tmp_path, NodeSpec([Node("Speed", 1.0)])) as server, client_of(server) as client:
        speed = await node(client, "Speed")
        async with server.refusing("Read", "BadUserAccessDenied"):
            with pytest.raises(BadUserAccessDenied):
                await speed.read_value()
        assert await speed.read_value() == 1.0
        async with server.refusing("Publish", "BadTooManyPublishRequests"):
            await subscribed(client, [speed])
            async with asyncio.timeout(10):
                while (await server.statistics()).services.get("Publish", 0) < 2:
                    pass
        await server.end_subscriptions()
        told = await server.statistics()
        assert (told.subscriptions, told.items) == ([], 0)
        await server.end_sessions()
        assert (await server.statistics()).sessions == 0
        with pytest.raises(BadSessionIdInvalid):
            await speed.read_value()


async def test_killed_frozen_and_moved(tmp_path: Path) -> None:
    async with node_server(tmp_path, NodeSpec([Node("Speed", 1.0)])) as server:
        async with client_of(server) as client:
            assert await client.get_namespace_index(NAMESPACE) == 3
            server.freeze()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.3):
                    await (await node(client, "Speed")).read_value()
            server.thaw()
        server.spec.namespaces.insert(0, "urn:new")
        server.kill()
        await server.start()
        async with client_of(server) as client:
            assert await client.get_namespace_index(NAMESPACE) == 4
            assert await (await node(client, "Speed")).read_value() == 1.0
            await server.add(Node("Count", 5, "UInt16"))
            await server.remove("Speed")
            assert await (await node(client, "Count")).read_value() == 5
            with pytest.raises(BadNodeIdUnknown):
                await (await node(client, "Speed")).read_value()
            await server.announce_shutdown(7)
            status = await client.get_node(ua.NodeId(Int32(ObjectIds.Server_ServerStatus))).read_value()
            assert status.State == ua.ServerState.Shutdown
            assert 0 < status.SecondsTillShutdown <= 7
        assert await server.stop() == 0


SECURITY = [
    (policy, mode)
    for policy in (SecurityPolicyBasic256Sha256, SecurityPolicyAes128Sha256RsaOaep, SecurityPolicyAes256Sha256RsaPss)
    for mode in (ua.MessageSecurityMode.Sign, ua.MessageSecurityMode.SignAndEncrypt)
]


async def test_security_and_trust(tmp_path: Path) -> None:
    known, stranger = (application(tmp_path, name, CLIENT_URI) for name in ("known", "stranger"))
    ours = application(tmp_path, "server")
    policies = ("Basic256Sha256", "Aes128_Sha256_RsaOaep", "Aes256_Sha256_RsaPss")
    users = {"reader": "secret"}
    spec = NodeSpec([Node("Speed", 1.0)], application=ours, policies=policies, users=users, trusted=[known.certificate])

    async def secure(security: tuple[Any, Any], pair: Application, password: str = "secret") -> Client:
        client = Client(server.url, timeout=10)
        client.application_uri = CLIENT_URI
        client.set_user("reader")
        client.set_password(password)
        policy, mode = security
        await client.set_security(policy, pair.certificate, pair.key, server_certificate=ours.der, mode=mode)
        return client

    async with node_server(tmp_path, spec) as server:
        for security in SECURITY:
            async with await secure(security, known) as client:
                assert await (await node(client, "Speed")).read_value() == 1.0
        with pytest.raises((UaError, ConnectionError)):
            await (await secure(SECURITY[0], stranger)).connect()
        with pytest.raises(BadUserAccessDenied):
            await (await secure(SECURITY[0], known, "wrong")).connect()


async def test_packml_states_of_the_real_nodeset(tmp_path: Path) -> None:
    """All that it shows is told in the order in which a client sees it, at its source times."""
    async with node_server(tmp_path, NodeSpec(machine=PackMl())) as server, client_of(server) as client:
        packml, ours = await client.get_namespace_index(PACKML), await client.get_namespace_index(NAMESPACE)
        press = await client.nodes.objects.get_child([f"{packml}:PackMLObjects", f"{ours}:Press"])
        machines = [f"{packml}:{name}" for name in ("BaseStateMachine", "MachineState", "ExecuteState")]
        ids = [await press.get_child([*machines[:depth], "0:CurrentState", "0:Id"]) for depth in (1, 2, 3)]
        assert [await client.get_node(await one.read_value()).read_browse_name() for one in ids[:2]]
        inactive = await ids[2].read_data_value(raise_on_bad_status=False)
        assert inactive.StatusCode is not None
        assert inactive.StatusCode.value == StatusCodes.BadStateNotActive
        _, heard = await subscribed(client, [await one.get_parent() for one in ids])
        await server.play([Step(state) for state in SCRIPT])
        shown = [(at, state) for state, at in server.states]
        assert [state for _, state in shown] == ["Stopped", *SCRIPT]
        async with asyncio.timeout(10):
            while not heard.texts.issuperset(shown):
                await heard.values.get()
        assert {state for _, state in heard.texts.difference(shown)} == {"Cleared", "Running"}
        speed = await press.get_child([f"{packml}:Status", f"{packml}:CurMachSpeed"])
        await server.set("packml:Status.CurMachSpeed", 90.0)
        assert await speed.read_value() == 90.0
        await client.load_data_type_definitions()
        counts = [{"ID": 1, "Name": "sheets", "Count": 3, "AccCount": 44}]
        await server.set("packml:Admin.ProdProcessedCount", counts)
        read = await (await press.get_child([f"{packml}:Admin", f"{packml}:ProdProcessedCount"])).read_value()
        assert [(one.ID, one.Name, one.Count, one.AccCount) for one in read] == [(1, "sheets", 3, 44)]


async def test_machinery_states_of_the_real_nodeset(tmp_path: Path) -> None:
    async with node_server(tmp_path, NodeSpec(machine=Machinery())) as server, client_of(server) as client:
        machinery, di = [
            await client.get_namespace_index(f"http://opcfoundation.org/UA/{name}/") for name in ("Machinery", "DI")
        ]
        ours = await client.get_namespace_index(NAMESPACE)
        press = await client.nodes.objects.get_child([f"{machinery}:Machines", f"{ours}:Press"])
        blocks = await press.get_child([f"{machinery}:MachineryBuildingBlocks"])
        paths = [[f"{machinery}:{name}", "0:CurrentState"] for name in ("MachineryItemState", "MachineryOperationMode")]
        current = [await blocks.get_child(path) for path in paths]
        assert [(await one.read_value()).Text for one in current] == ["NotExecuting", "Processing"]
        await server.play([Step("Executing"), Step("Setup")])
        assert [(await one.read_value()).Text for one in current] == ["Executing", "Setup"]
        model = await press.get_child([f"{di}:Identification", f"{di}:Model"])
        assert (await model.read_value()).Text == "Press 106"
        await server.set("machinery:SerialNumber", "4712")
        serial = await press.get_child([f"{di}:Identification", f"{di}:SerialNumber"])
        assert await serial.read_value() == "4712"
        with pytest.raises(RuntimeError, match="no such state"):
            await server.play([Step("Exploding")])


async def test_packtags(tmp_path: Path) -> None:
    async with node_server(tmp_path, NodeSpec(machine=PackTags())) as server, client_of(server) as client:
        _, heard = await subscribed(client, [await node(client, "Unit.Status.StateCurrent")])
        await server.play([Step("Resetting"), Step("Idle", values={"Status.CurMachSpeed": 5.0})])
        assert [await heard.values.get() for _ in range(3)] == [2, 15, 4]
        assert await (await node(client, "Unit.Status.CurMachSpeed")).read_value() == 5.0


async def test_t15_every_request_is_told_and_stands_in_the_record_of_the_suite(tmp_path: Path) -> None:
    record = tmp_path / "services"
    with apart(), pytest.MonkeyPatch.context() as environment:
        environment.setenv(SERVICE_RECORD, str(record))
        async with node_server(tmp_path, NodeSpec([Node("Speed", 1.0)])) as server, client_of(server) as client:
            await (await node(client, "Speed")).write_value(2.0)
            asked = (await server.statistics()).services
    assert set(asked) - READER_SERVICES == {"Write"}
    assert asked["Write"] == 1
    recorded = set(record.read_text(encoding="ascii").split())
    assert recorded >= set(asked)
    assert recorded - READER_SERVICES == {"Write"}
