"""`lineside trust FILE`: what it shows, what it changes, and to whom its files belong."""

import os
import re
import unicodedata
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from _pytest.capture import CaptureFixture
from _pytest.monkeypatch import MonkeyPatch

from agent.cli import main
from drivers import registry
from drivers.opcua.certificate import own
from drivers.opcua.trust import TrustList
from tests.agent.config.site import GOOD
from tests.drivers.opcua.issued import NOW, Issued, authority, server
from tests.fakes import pinned

NOBODY = 65534


@pytest.fixture(autouse=True)
def opcua(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("LINESIDE_LANG", "en")
    found, fake = registry.plugin, pinned.plugin()
    monkeypatch.setattr(registry, "plugin", lambda name: fake if name == "opcua" else found(name))


class Gateway:
    """A configuration with OPC UA connections, and the state directory of an agent."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.file, self.state_dir = directory / "line2.yaml", directory / "state"
        self.state_dir.mkdir()
        self.write("packer")

    def write(self, *names: str) -> None:
        wires = "".join(f"  - {{name: {name}, driver: opcua, url: 'opc.tcp://{name}:4840'}}\n" for name in names)
        text = GOOD.replace("devices:\n", f"{wires}devices:\n")
        self.file.write_text(f"{text}state_dir: {self.state_dir}\n", encoding="utf-8")

    def list(self, name: str = "packer") -> TrustList:
        return TrustList(self.state_dir / "drivers" / "opcua" / "servers" / f"{name}_4840")

    def turned_away(self, issued: Issued, name: str = "packer") -> str:
        assert self.list(name).judge(issued.der, NOW, name, None) is not None
        return issued.fingerprint

    def trust(self, *words: str) -> int:
        return main(["trust", str(self.file), *words])


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


def columns(line: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in line)


def test_a_server_is_let_in_and_sent_away(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    shown = gateway.turned_away(server())
    assert gateway.trust() == 0
    assert re.search(rf"^rejected  Packer .*\n{shown}\n  urn:plant:packer$", capsys.readouterr().out, re.MULTILINE)
    assert gateway.trust("add", shown[:17]) == 0
    out = capsys.readouterr().out
    assert out.splitlines() == ["packer trusts Packer from its next attempt on", shown]
    assert gateway.trust("list") == 0
    assert re.search(r"^trusted +Packer ", capsys.readouterr().out, re.MULTILINE)
    assert gateway.trust("remove", shown.replace(":", "").lower()) == 0
    assert "packer trusts Packer no more" in capsys.readouterr().out
    shown = gateway.turned_away(server())
    assert gateway.trust("remove", shown[:17]) == 0
    assert "forgot the rejected certificate" in capsys.readouterr().out


@pytest.mark.parametrize("language", ["zh", "en"])
def test_the_table_fits_and_fingerprints_are_whole(
    gateway: Gateway, language: str, capsys: CaptureFixture[str], monkeypatch: MonkeyPatch
) -> None:
    monkeypatch.setenv("LINESIDE_LANG", language)
    ca = authority("包装车间的证书颁发机构，名字特别长一行放")
    end = server("SIMATIC.S7-1500.OPC-UA.Application.Instance.Certificate", ca, uri="urn:" + "x" * 200)
    ours = own(gateway.state_dir / "drivers" / "opcua", "gw-1", NOW)
    gateway.list().add(ca.der)
    gateway.list().add(end.der)
    assert gateway.trust() == 0
    lines = capsys.readouterr().out.splitlines()
    assert {line for line in lines if re.fullmatch("([0-9A-F]{2}:){31}[0-9A-F]{2}", line)} == {
        ours.fingerprint,
        ca.fingerprint,
        end.fingerprint,
    }
    assert any(line.endswith((f": {ours.path}", f"：{ours.path}")) for line in lines)
    others = [line for line in lines[1:] if not re.fullmatch("([0-9A-F:]+)", line) and str(ours.path) not in line]
    assert all(columns(line) <= 80 for line in others), others
    words = ("本机", "已信任", "（签发机构）") if language == "zh" else ("own", "trusted", "(authority)")
    assert all(word in "\n".join(lines) for word in words)


def test_an_empty_list_says_what_will_happen(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    assert gateway.trust() == 0
    out = capsys.readouterr().out
    assert str(gateway.list().folder) in out
    assert "a server appears here after the first attempt" in out
    assert list(gateway.state_dir.iterdir()) == []


def test_from_a_file(gateway: Gateway, capsys: CaptureFixture[str], monkeypatch: MonkeyPatch) -> None:
    stranger = server()
    monkeypatch.chdir(gateway.directory)
    Path("cafe").write_bytes(stranger.pem)
    assert gateway.trust("add", "cafe") == 0
    assert gateway.trust("add", "./cafe") == 1
    assert capsys.readouterr().err.startswith("U2043 ")
    assert gateway.trust("remove", str(gateway.directory / "cafe")) == 0


def test_what_is_not_done(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    for words, code in [
        (("add", "00:11:22"), "U2041"),
        (("remove", "001122"), "U2041"),
        (("add", "0"), "E2025"),
        (("add", "nowhere.der"), "E2025"),
        (("add", str(gateway.file)), "U2040"),
        (("add", str(gateway.directory)), "E2025"),
    ]:
        assert gateway.trust(*words) == 1
        assert capsys.readouterr().err.startswith(code + " "), words


@pytest.mark.parametrize("words", [["add"], ["remove"], ["show"], ["list", "x"], ["add", "x", "y"]])
def test_wrong_usage(gateway: Gateway, words: list[str], capsys: CaptureFixture[str]) -> None:
    assert gateway.trust(*words) == 2
    assert capsys.readouterr().err.startswith("E2026 ")


def test_which_connection(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    gateway.write("packer", "filler")
    shown, file = gateway.turned_away(server(), "filler"), gateway.directory / "one.der"
    assert gateway.trust("add", shown[:17]) == 0, "only one of them has turned it away"
    assert capsys.readouterr().out.startswith("filler trusts Packer")
    file.write_bytes(server().der)
    assert gateway.trust("add", str(file)) == 2
    assert "E2022 there are several connections: packer, filler" in capsys.readouterr().err
    assert gateway.trust("add", str(file), "--connection", "packer") == 0
    assert gateway.trust("--connection", "filler") == 0
    out = capsys.readouterr().out
    assert "filler  " in out
    assert "\npacker  " not in out
    assert gateway.trust() == 0
    assert re.search(r"^\npacker|^packer.*\n(.*\n)*\nfiller", capsys.readouterr().out, re.MULTILINE)
    assert gateway.trust("--connection", "plc1") == 2
    assert "E2021 there is no connection plc1 with certificates -> there are: packer, filler" in capsys.readouterr().err


def test_two_connections_to_one_server_are_one_list(gateway: Gateway) -> None:
    gateway.write("packer")
    text = gateway.file.read_text(encoding="utf-8")
    twin = "  - {name: twin, driver: opcua, url: 'opc.tcp://packer:4840/other'}\n"
    gateway.file.write_text(text.replace("devices:\n", twin + "devices:\n"), encoding="utf-8")
    (gateway.directory / "one.der").write_bytes(server().der)
    assert gateway.trust("add", str(gateway.directory / "one.der")) == 0


def test_no_connection_with_certificates(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    gateway.write()
    assert gateway.trust() == 1
    err = capsys.readouterr().err
    assert err.startswith("E2020 no connection of ")
    assert err.count("\n") == 1


def test_another_state_directory_is_that_of_the_driver_too(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    other = gateway.directory / "other"
    assert gateway.trust("list", "--state-dir", str(other)) == 1
    assert capsys.readouterr().err.startswith("E2023 there is no state directory ")
    other.mkdir()
    (gateway.directory / "one.der").write_bytes(server().der)
    assert gateway.trust("add", str(gateway.directory / "one.der"), "--state-dir", str(other)) == 0
    assert (other / "drivers" / "opcua" / "servers" / "packer_4840" / "trusted").is_dir()
    assert list(gateway.state_dir.iterdir()) == []


def test_a_configuration_that_is_wrong_or_not_there(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    gateway.file.write_text(gateway.file.read_text(encoding="utf-8") + "wrong: 1\n", encoding="utf-8")
    assert gateway.trust() == 2
    assert "E1021" in capsys.readouterr().err
    gateway.file.unlink()
    assert gateway.trust() == 2
    assert capsys.readouterr().err.startswith("E2036 ")


def test_a_folder_in_the_way(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    (gateway.state_dir / "drivers").write_text("in the way")
    (gateway.directory / "one.der").write_bytes(server().der)
    assert gateway.trust("add", str(gateway.directory / "one.der")) == 1
    assert capsys.readouterr().err.startswith("E2024 ")


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """Where other users get in, unlike in the folders of pytest."""
    with TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.mark.needs("root")
def test_what_root_writes_belongs_to_the_user_of_the_agent(open_folder: Path, capsys: CaptureFixture[str]) -> None:
    gateway = Gateway(open_folder)
    os.chown(gateway.state_dir, NOBODY, NOBODY)
    gateway.state_dir.chmod(0o700)
    secret = gateway.directory / "one.der"
    secret.write_bytes(server().der)
    secret.chmod(0o600)
    assert gateway.trust("add", str(secret)) == 0
    assert (os.geteuid(), os.getegid()) == (0, 0)
    made = list((gateway.state_dir / "drivers").rglob("*"))
    assert len(made) == 5
    assert {(path.stat().st_uid, path.stat().st_gid) for path in made} == {(NOBODY, NOBODY)}
    assert gateway.trust() == 0
    os.chown(gateway.state_dir / "drivers", 0, 0)
    (gateway.state_dir / "drivers").chmod(0o700)
    assert gateway.trust("remove", "0011") == 1
    assert "E2024" in capsys.readouterr().err, "root gave up its rights, so it says what the agent would meet"


def test_its_help(capsys: CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["trust", "--help"])
    assert ended.value.code == 0
    assert "list | add WHAT | remove WHAT" in capsys.readouterr().out
