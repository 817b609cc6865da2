"""Against a server of another implementation: node-opcua."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import pytest

from drivers.contract import Quality
from drivers.opcua import listening as rooms
from drivers.opcua import room
from drivers.opcua.certificate import own
from tests.bench import Keys
from tests.drivers.opcua.listener import listening, unprotected
from tests.drivers.opcua.test_secure import Secured
from tests.fakes.application import Application, application
from tests.fakes.nodeopcua import LOAD, Generator, Node, NodeServer, NodeSpec, node_server
from tests.fakes.opcua import NAMESPACE, address

pytestmark = pytest.mark.needs("node-opcua")

COUNT = {"count": address("Press.Count")}


def keys(server: NodeServer, **more: object) -> Keys:
    return unprotected(server.url, timeout="2s", keep_alive="1s", **more)


def is_without_a_gap(values: Sequence[object]) -> bool:
    """From the second on: the first one was read before the server was asked to watch."""
    numbers = [int(str(value)) for value in values[1:]]
    return numbers == list(range(numbers[0], numbers[0] + len(numbers)))


async def test_1000_scalars_every_100_ms_with_calls_of_100(tmp_path: Path) -> None:
    limits = {"maxNodesPerRead": 100, "maxMonitoredItemsPerCall": 100, "maxNodesPerTranslateBrowsePathsToNodeIds": 100}
    spec = NodeSpec(
        generator=Generator(1000, 250, "Int32"), operations=limits
    )  # slower than the sampling: each is seen
    tags = {f"v{n}": address(f"Generated.{n}") for n in range(1000)}
    async with node_server(tmp_path, spec) as server, listening(keys(server), tags, sampling_s=0.1) as it:
        await it.until(lambda: all(len(values) >= 6 for values in it.came.values()), patience_s=30)
        assert all(is_without_a_gap(values) for values in it.came.values())
        statistics = await server.statistics()
        assert statistics.sessions == 1
        assert statistics.items == 1000
        assert statistics.services["CreateMonitoredItems"] == 10
    assert it.lost == []


async def test_of_60_values_a_server_that_says_50_watches_the_first_and_no_change_of_them_is_missed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(room, "LEAST_S", 0.3)
    spec = NodeSpec(generator=Generator(60, 250, "Int32"), max_items=50)
    tags = {f"v{n}": address(f"Generated.{n}") for n in range(60)}
    async with node_server(tmp_path, spec) as server, listening(keys(server), tags, sampling_s=0.1) as it:
        await it.until(lambda: all(len(values) >= 6 for values in it.came.values()), patience_s=30)
        assert all(is_without_a_gap(it.came[f"v{n}"]) for n in range(50))
        assert set(it.quality.values()) == {Quality.GOOD}
        assert (await server.statistics()).items == 50
        assert ("lost", "U2103", "press") in it.notes.said
    assert it.lost == []


async def test_row_15_killed_and_started_again(tmp_path: Path) -> None:
    spec = NodeSpec([Node("Press.Count", 1, "Int32")])
    async with node_server(tmp_path, spec) as server, listening(keys(server), COUNT) as it:
        server.kill()
        await it.until(lambda: bool(it.lost))
        await server.start()
        await server.set("Press.Count", 2)
        assert await it.until(lambda: it.known["count"] == 2) < 10
        assert (await server.statistics()).sessions == 1


async def test_a_frozen_server_costs_no_change_that_it_kept(tmp_path: Path) -> None:
    spec = NodeSpec(generator=Generator(20, 500, "Int32"))
    tags = {f"v{n}": address(f"Generated.{n}") for n in range(20)}
    async with node_server(tmp_path, spec) as server, listening(keys(server), tags, sampling_s=0.1) as it:
        await it.until(lambda: len(it.came["v0"]) >= 5)
        server.freeze()
        await asyncio.sleep(7)
        server.thaw()
        seen = len(it.came["v0"])
        await it.until(lambda: len(it.came["v0"]) >= seen + 10)
        assert all(is_without_a_gap(values) for values in it.came.values())
        assert (await server.statistics()).sessions == 1


async def test_row_20_and_21_what_moves_and_what_goes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rooms, "AGAIN_S", 0.5)
    nodes = [Node("Press.Count", 1, "Int32"), Node("Press.Speed", 1.5)]
    tags = {**COUNT, "speed": f"/nsu={NAMESPACE};Press/Speed"}
    async with node_server(tmp_path, NodeSpec(nodes)) as server, listening(keys(server), tags) as it:
        await server.remove("Press.Speed")
        await it.until(lambda: it.quality["speed"].is_bad)
        await server.add(Node("Press.Speed", 2.5))
        await it.until(lambda: it.known["speed"] == 2.5)
        server.spec.namespaces.insert(0, "urn:new")
        await server.restart()
        await server.set("Press.Count", 5)
        assert await it.until(lambda: it.known["count"] == 5) < 10


async def test_a_user_who_shows_a_certificate(tmp_path: Path) -> None:
    ours = own(tmp_path / "drivers" / "opcua", "gw-test", datetime.now(UTC))
    client = tmp_path / "client.der"
    client.write_bytes(ours.certificate)
    user, stranger = (application(tmp_path, name, "urn:user") for name in ("user", "stranger"))
    spec = NodeSpec(
        [Node("Press.Speed", 1.5)],
        policies=("None", "Aes256_Sha256_RsaPss"),
        users={"nobody": "knows"},
        trusted=[client, user.certificate],
    )
    async with node_server(tmp_path, spec) as server:
        bare = Secured(server.url, tmp_path, **shown(user), insecure=True, security={"policy": "None"})
        assert (await bare.refusal()).code == "U2117"
        it = Secured(server.url, tmp_path, **shown(user))
        assert (await it.refusal()).code == "U2020"
        it.trusted.add(it.trusted.entries()[0].fingerprint)
        assert (await Secured(server.url, tmp_path, **shown(stranger)).refusal()).code == "U2111"
        assert (await Secured(server.url, tmp_path).refusal()).code == "U2111", "nobody comes in without one"
        task = asyncio.create_task(it.listen())
        try:
            await it.until(lambda: it.known.get("speed") == 1.5)
        finally:
            task.cancel()
            await asyncio.wait((task,))


def shown(user: Application) -> dict[str, object]:
    return {"user_cert_file": str(user.certificate), "user_key_file": str(user.key), "timeout": "20s"}


async def test_elements_and_fields_by_path(tmp_path: Path) -> None:
    load = {"Job": "4711", "Sheets": 12, "Kilograms": 3.5}
    structures = [Node("Load", load, structure=LOAD), Node("Loads", [load, load], structure=LOAD)]
    nodes = [*structures, Node("List", [1, 2, 3], "Int32")]
    tags = {
        "job": address("Load") + "|Job",
        "sheets": address("Loads") + "|[1].Sheets",
        "second": address("List") + "|[1]",
        "beyond": address("List") + "|[3]",
    }
    async with node_server(tmp_path, NodeSpec(nodes)) as server, listening(keys(server), tags) as it:
        assert it.known == {"job": "4711", "sheets": 12, "second": 2, "beyond": Quality.BAD_CONFIG}
        await server.set("Load", {**load, "Job": "4712"})
        await it.until(lambda: it.known["job"] == "4712")


async def test_signed_and_encrypted_with_a_user_and_a_renewed_certificate(tmp_path: Path) -> None:
    state = tmp_path / "drivers" / "opcua"
    ours = own(state, "gw-test", datetime.now(UTC))
    client = tmp_path / "client.der"
    client.write_bytes(ours.certificate)
    password = tmp_path / "password"
    password.write_text("s3cret")
    password.chmod(0o600)
    spec = NodeSpec(
        [Node("Press.Speed", 1.5)],
        application=application(tmp_path, "server"),
        policies=("Basic256Sha256", "Aes256_Sha256_RsaPss"),
        modes=("SignAndEncrypt",),
        users={"lineside": "s3cret"},
        trusted=[client],
    )
    async with node_server(tmp_path, spec) as server:
        it = Secured(server.url, tmp_path, user="lineside", password_file="password")
        refusal = await it.refusal()
        assert refusal.code == "U2020"
        it.trusted.add(it.trusted.entries()[0].fingerprint)
        task = asyncio.create_task(it.listen())
        try:
            await it.until(lambda: it.known.get("speed") == 1.5)
            (tmp_path / "renewed").mkdir()
            server.spec.application = application(tmp_path / "renewed", "server")
            await server.restart()
            await it.until(lambda: any("another certificate" in why for why in it.lost))
            new = next(one for one in it.trusted.entries() if one.standing == "rejected")
            it.trusted.add(new.fingerprint)
            await server.set("Press.Speed", 2.5)
            await it.until(lambda: it.known.get("speed") == 2.5)
            assert (await server.statistics()).sessions == 1
        finally:
            task.cancel()
            await asyncio.wait((task,))
