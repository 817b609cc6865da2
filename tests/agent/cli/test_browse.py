"""`lineside browse`: what it refuses, what it shows, and a file that the agent can read the machine with."""

import asyncio
import contextlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from _pytest.capture import CaptureFixture
from _pytest.monkeypatch import MonkeyPatch
from asyncua import ua

from agent.cli import browse, main
from agent.cli.check import width
from agent.cli.foundtree import tree
from agent.cli.terminal import cut
from agent.config import groups, load
from agent.messages import Catalogue
from drivers.contract import Quality, Shown, SubscribingDriver, Value
from tests.bench import Notes
from tests.drivers.opcua.server_bench import Elsewhere
from tests.fakes.application import application
from tests.fakes.mosquitto import free_port
from tests.fakes.opcua import NAMESPACE, OpcUaServer, Spec
from tests.fakes.opcua_wire import standard_nodes

VARIABLES: Mapping[str, object] = {
    "Press.Infeed.Speed": 12.5,
    "Press.Outfeed.Speed": 13.5,
    "Press.CountGood": 7,
    "Press.Job": "GD001 缺料",
    "Press.Temps": [1.5, 2.5],
    'Press.odd "x" | a/b: {y}, # & 压力': 2.0,
}


@pytest.fixture(autouse=True)
def english(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("LINESIDE_LANG", "en")
    monkeypatch.setenv("COLUMNS", "80")


@contextlib.contextmanager
def serving(spec: Spec | None = None) -> Iterator[OpcUaServer]:
    """On a loop of its own: the command has its own too."""
    standard_nodes()  # longer than the patience of `Elsewhere` where the machine is busy
    elsewhere = Elsewhere()
    server = OpcUaServer(VARIABLES, spec)
    elsewhere.run(server.start())
    try:
        yield server
    finally:
        elsewhere.run(server.stop())
        elsewhere.end()


@pytest.fixture
def server() -> Iterator[OpcUaServer]:
    with serving() as server:
        yield server


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["tcp://192.168.1.10:502"], "E2050 tcp://192.168.1.10:502 is no address that can be browsed"),
        (["opc.tcp"], "E2050 "),
        (["opc.tcp://"], "U1010 "),
        (["opc.tcp://user:secret@plc"], "U1011 "),
        (["opc.tcp://plc", "--depth", "0"], "E2054 --depth cannot be 0"),
        (["opc.tcp://plc", "--most", "-1"], "E2054 --most "),
        (["opc.tcp://plc", "--user", "u", "--password-file", "gone"], "U1012 "),
        (["opc.tcp://plc", "--password-file", __file__], "U1014 "),
        (["opc.tcp://plc", "--write", "/"], "E3027 "),
        (["opc.tcp://plc", "--write", __file__], "E3025 "),
    ],
)
def test_wrong_usage_is_one_line_and_2(options: list[str], words: str, capsys: CaptureFixture[str]) -> None:
    assert main(["browse", *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith(words)
    assert said.count("\n") == 1
    assert "secret" not in said


def test_nobody_listens(capsys: CaptureFixture[str]) -> None:
    assert main(["browse", f"opc.tcp://127.0.0.1:{free_port()}"]) == 1
    said = capsys.readouterr()
    assert said.err.startswith("E2051 no connection to opc.tcp://127.0.0.1:")
    assert "nothing listens there -> check address and port" in said.err
    assert not said.out


def test_unprotected_only_where_it_is_allowed(server: OpcUaServer, capsys: CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "found.yaml"
    assert main(["browse", server.url, "--write", str(file)]) == 1
    assert "U2311 the server offers no protection" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_a_tree(server: OpcUaServer, capsys: CaptureFixture[str]) -> None:
    assert main(["browse", server.url, "--insecure"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["name", "type", "value", "address"]
    (speed,) = [line for line in lines if line.startswith("    Speed") and "Infeed" in line]
    assert speed.split() == ["Speed", "Double", "12.5", f"nsu={NAMESPACE};s=Press.Infeed.Speed"]
    assert lines[-1].startswith("11 things, 7 of them values")


def test_in_the_operators_language(server: OpcUaServer, capsys: CaptureFixture[str], monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("LINESIDE_LANG", "zh")
    assert main(["browse", server.url, "--insecure", "--depth", "1"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].split() == ["名称", "类型", "当前值", "地址"]
    assert "  … 还有 6 项" in lines


def test_a_file_that_check_has_nothing_to_say_about(
    server: OpcUaServer, capsys: CaptureFixture[str], tmp_path: Path
) -> None:
    file = tmp_path / "found.yaml"
    assert main(["browse", server.url, "--insecure", "--write", str(file)]) == 0
    assert f"{file} is written, with 7 tags" in capsys.readouterr().out
    assert main(["check", str(file)]) == 0
    assert "no problems, warnings: 0" in capsys.readouterr().out
    assert main(["browse", server.url, "--insecure", "--write", str(file)]) == 2
    assert main(["browse", server.url, "--insecure", "--write", str(file), "--force"]) == 0
    assert [path.name for path in tmp_path.iterdir()] == ["found.yaml"]


async def listened(file: Path) -> dict[str, Value]:
    """What a driver brings first that is opened as the agent opens it."""
    loaded = load(file)
    assert loaded.configuration is not None
    (connection,) = loaded.configuration.connections
    (group,) = groups(loaded.configuration)[connection.name]
    driver = connection.plugin.open(connection.settings, [group], Notes())
    assert isinstance(driver, SubscribingDriver)
    known: dict[str, Value] = {}
    await driver.connect()
    try:
        async with asyncio.timeout(10):
            async for _, scan in driver.changes():
                assert not scan.faults
                known |= {group.tags[index].name: value for index, value in zip(scan.indexes, scan.values, strict=True)}
                if len(known) == len(group.tags):
                    return known
    finally:
        await driver.close()
    return known


def test_the_driver_delivers_what_the_file_names(server: OpcUaServer, tmp_path: Path) -> None:
    file = tmp_path / "found.yaml"
    assert main(["browse", server.url, "--insecure", "--write", str(file)]) == 0
    assert asyncio.run(listened(file)) == {
        "speed_infeed": 12.5,
        "speed_outfeed": 13.5,
        "count_good": 7,
        "job": "GD001 缺料",
        "x_temps_0": 1.5,
        "x_temps_1": 2.5,
        "x_odd_x_a_b_y": 2.0,
    }


def test_a_folder_where_nobody_may_write(server: OpcUaServer, capsys: CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "gone" / "found.yaml"
    assert main(["browse", server.url, "--insecure", "--write", str(file)]) == 1
    assert f"E2052 {file} was not written: No such file or directory" in capsys.readouterr().err


def test_nothing_but_folders_is_no_file(server: OpcUaServer, capsys: CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "found.yaml"
    assert main(["browse", server.url, "--insecure", "--depth", "1", "--write", str(file)]) == 1
    assert "E2053 " in capsys.readouterr().err
    assert not file.exists()


def test_a_fingerprint_that_nobody_showed(server: OpcUaServer, capsys: CaptureFixture[str], tmp_path: Path) -> None:
    options = ["--insecure", "--trust", "3F:A2", "--state-dir", str(tmp_path)]
    assert main(["browse", server.url, *options]) == 0
    assert "U204" in capsys.readouterr().err


def test_a_server_that_is_trusted_by_its_fingerprint(capsys: CaptureFixture[str], tmp_path: Path) -> None:
    policies = [ua.SecurityPolicyType.Basic256Sha256_SignAndEncrypt]
    spec = Spec(application(tmp_path, "server"), policies)
    with serving(spec) as server:
        options = [server.url, "--state-dir", str(tmp_path / "state")]
        assert main(["browse", *options]) == 1
        said = capsys.readouterr().err
        assert "U2312 the server's certificate is not trusted yet: server, fingerprint" in said
        found = re.search(r"repeat with --trust (\S+)", said)
        assert found is not None
        assert main(["browse", *options, "--trust", found[1]]) == 0
        assert "Press.CountGood" in capsys.readouterr().out
        file = tmp_path / "found.yaml"
        assert main(["browse", *options, "--write", str(file)]) == 0
        assert main(["check", str(file)]) == 0
        assert asyncio.run(listened(file))["count_good"] == 7, "what is trusted here is trusted by the agent"


def test_interrupted(server: OpcUaServer, monkeypatch: MonkeyPatch) -> None:
    def interrupted(things: int, name: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(browse, "_progress", lambda said: interrupted)
    assert main(["browse", server.url, "--insecure"]) == 130
    assert not server.sessions


WIDE = [
    Shown(1, None, "生产线" * 20, "", "nsu=http://example.org/" + "x" * 80 + ";s=Line", "Object", below=3),
    Shown(
        2,
        1,
        "Speed\x1b[31m",
        "",
        "nsu=http://example.org/" + "x" * 80 + ";s=Line.Speed",
        "Double",
        True,
        value="1" * 90,
    ),
    Shown(3, 1, "Null", "", "i=1", "String", True, quality=Quality.BAD_NULL),
]


@pytest.mark.parametrize("columns", [40, 80, 120, 400])
def test_a_tree_fits_its_terminal(columns: int) -> None:
    lines = tree(WIDE, Catalogue("en"), columns)
    assert max(map(width, lines)) < max(columns, 48)
    assert len(lines) == 4
    assert not [line for line in lines if "\x1b" in line]
    assert "bad.null" in lines[3]


def test_the_end_of_an_address_is_kept() -> None:
    assert tree(WIDE, Catalogue("en"), 100)[2].endswith(".Speed")
    assert cut("abcdefghij", 6, keep_end=True) == "a…ghij"
    assert cut("abcdefghij", 6) == "abcde…"
    assert cut("压力压力压力", 5) == "压力…"
