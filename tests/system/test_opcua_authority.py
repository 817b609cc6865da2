"""Row 19 from end to end: node-opcua with an authority's certificate, the agent, and a person with `lineside trust`."""

import re
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.drivers.opcua.issued import DAY, Issued, authority, server, strong_key
from tests.fakes.agent import agent, platform, site
from tests.fakes.application import SERVER_URI, Application
from tests.fakes.command import lineside
from tests.fakes.mosquitto import mosquitto
from tests.fakes.nodeopcua import Node, NodeServer, NodeSpec, node_server
from tests.fakes.opcua import address

pytestmark = [pytest.mark.needs("mosquitto", "node-opcua"), pytest.mark.acceptance]

NOW = datetime.now(UTC)
SPEED = "Cartoner.Speed"
DEVICE = {
    "name": "cartoner",
    "connection": "packer",
    "sampling": "100ms",
    "tags": [{"name": "speed", "address": address(SPEED), "unit": "{piece}/min"}],
}
PATIENCE_S = 60.0


def signed(directory: Path, name: str, by: Issued) -> Application:
    """A new key and its certificate."""
    made = server("Packer", by, uri=SERVER_URI, hosts=["127.0.0.1"], key=strong_key(), begins=NOW - DAY)
    pair = Application(directory / f"{name}.der", directory / f"{name}.pem")
    pair.certificate.write_bytes(made.der)
    pair.key.write_bytes(made.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return pair


def spec(shown: Application) -> NodeSpec:
    return NodeSpec([Node(SPEED, 1.0)], application=shown, policies=("Basic256Sha256",), modes=("SignAndEncrypt",))


def revoke(directory: Path, ca: Issued) -> None:
    """Nothing; but there is a list, which must be readable."""
    (trusted,) = directory.glob("state/drivers/opcua/servers/*/trusted")
    (trusted.parent / "crl").mkdir()
    (trusted.parent / "crl" / "ca.pem").write_bytes(ca.crl())


def fingerprint(shown: Application) -> str:
    return sha256(shown.der).digest().hex(":").upper()


async def renewed(peer: NodeServer, shown: Application, value: float) -> None:
    await peer.stop()
    peer.spec = spec(shown)
    await peer.start()
    await peer.set(SPEED, value)


async def test_row_19_an_authority_s_servers_renew_themselves_and_a_stranger_s_wait_for_a_person(
    tmp_path: Path,
) -> None:
    ca, other = authority(begins=NOW - DAY), authority("Somebody else", begins=NOW - DAY)
    stranger = signed(tmp_path, "third", other)
    async with node_server(tmp_path, spec(signed(tmp_path, "first", ca))) as peer, mosquitto(tmp_path) as broker:
        keys = {"name": "packer", "driver": "opcua", "url": peer.url, "timeout": "5s", "keep_alive": "1s"}
        file = site(tmp_path, [keys], [DEVICE], broker.port)
        async with platform(broker.port) as seen, agent(file) as running:

            async def sees(value: float) -> None:
                def newest() -> list[object]:
                    return [v for _, v, quality in seen.samples("cartoner", "speed") if quality == "good"][-1:]

                await seen.until(lambda: newest() == [value], PATIENCE_S)

            await running.until(lambda: running.said("U2020"), PATIENCE_S)
            (tmp_path / "ca.pem").write_bytes(ca.pem)
            assert (await lineside("trust", str(file), "add", str(tmp_path / "ca.pem"))).code == 0
            revoke(tmp_path, ca)
            await sees(1.0)
            before = len(running.lines)
            await renewed(peer, signed(tmp_path, "second", ca), 2.0)
            await sees(2.0)
            assert not any("trust" in line for line in running.lines[before:]), "nobody was asked"

            await renewed(peer, stranger, 3.0)
            await running.until(lambda: running.said("U2035"), PATIENCE_S)
            (line,) = running.said("U2035")
            assert ca.fingerprint in line
            assert fingerprint(stranger) in line
            command = re.search(r"lineside (trust .* add \S+)", line)
            assert command is not None, line
            assert (await lineside(*command[1].split())).code == 0
            await sees(3.0)
            assert (await peer.statistics()).sessions == 1
            assert await running.stop() == 0
    assert len([line for line in running.lines if " ERROR " in line and "U2035" in line]) == 1
    print("\n".join(running.lines[before:]))
