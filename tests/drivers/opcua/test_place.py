"""Where the driver's files are, what importing costs, and that every message has both languages."""

import re
import subprocess
import sys
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field

from drivers.contract import Surroundings
from drivers.opcua.messages_trust import MESSAGES
from drivers.opcua.place import Place, Placed, unplaced
from drivers.opcua.trusting import TRUST
from tests.bench import facts_of
from tests.contract import CODE
from tests.drivers.opcua.issued import NOW, server


class Inner(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    policy: str = Field("auto", description="Policy")


class Connection(Placed):
    model_config = ConfigDict(extra="forbid", frozen=True)

    url: str = Field(description="Endpoint")
    security: Inner = Field(Inner(), description="Security")


def connection(tmp_path: Path, url: str = "opc.tcp://Packer:4840/x") -> Connection:
    around = Surroundings(folder=tmp_path, file=tmp_path / "a.yaml", state=tmp_path / "state" / "drivers" / "opcua")
    return Connection.model_validate({"url": url}, context=around)


def test_the_model_keeps_what_the_agent_says(tmp_path: Path) -> None:
    found = connection(tmp_path).place
    assert found == Place(tmp_path / "state" / "drivers" / "opcua", tmp_path / "a.yaml")
    assert found.state_dir == tmp_path / "state"
    assert "place" not in Connection.model_fields


def test_without_a_configuration_it_is_the_agents_own_default(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert Connection(url="opc.tcp://x").place == unplaced() == Place(tmp_path / "lineside" / "drivers" / "opcua")
    monkeypatch.delenv("XDG_STATE_HOME")
    assert unplaced().state == Path.home() / ".local" / "state" / "lineside" / "drivers" / "opcua"
    # A model of a third party's agent that knows only the folder.
    assert Connection.model_validate({"url": "x"}, context={"folder": tmp_path}).place == unplaced()


@pytest.mark.parametrize(
    ("url", "name"),
    [
        ("opc.tcp://Packer:4840/x", "packer_4840"),
        ("opc.tcp://packer", "packer_4840"),
        ("opc.tcp://192.168.1.20:4841", "192.168.1.20_4841"),
        ("opc.tcp://[fe80::1]:4840", "fe80%3A%3A1_4840"),
        ("opc.tcp://..:4840", ".._4840"),
        ("opc.tcp://包装机:4840", "%E5%8C%85%E8%A3%85%E6%9C%BA_4840"),
    ],
)
def test_one_folder_for_each_server(url: str, name: str) -> None:
    assert Place(Path("state")).server(url) == Path("state") / "servers" / name


def test_a_very_long_name_is_still_a_name_of_a_file() -> None:
    one, other = (Place(Path("s")).server(f"opc.tcp://{'包' * 80}{end}") for end in "ab")
    assert one != other
    assert len(one.name) < 100


def test_what_the_command_can_do(tmp_path: Path) -> None:
    packer = connection(tmp_path)
    stranger = server()
    assert TRUST.entries(packer) == []
    assert list(tmp_path.iterdir()) == []
    assert TRUST.add(packer, stranger.pem).standing == "trusted"
    assert TRUST.where(packer) == tmp_path / "state" / "drivers" / "opcua" / "servers" / "packer_4840"
    assert [entry.fingerprint for entry in TRUST.entries(packer)] == [stranger.fingerprint]
    assert TRUST.entries(connection(tmp_path, "opc.tcp://other")) == []
    assert TRUST.remove(packer, stranger.fingerprint[:8]).standing == "trusted"


def test_our_own_certificate_comes_first(tmp_path: Path) -> None:
    from drivers.opcua.certificate import own

    packer = connection(tmp_path)
    ours = own(packer.place.state, "gw", NOW)
    TRUST.add(packer, server().der)
    assert [entry.standing for entry in TRUST.entries(packer)] == ["own", "trusted"]
    assert TRUST.entries(packer)[0].path == ours.path


def test_importing_it_costs_nothing() -> None:
    code = (
        "import sys, drivers.opcua, drivers.opcua.trusting, drivers.opcua.messages_trust, drivers.opcua.place\n"
        "print([name for name in ('cryptography', 'asyncua') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("code", MESSAGES)
def test_messages_are_in_both_languages(code: str) -> None:
    message = MESSAGES[code]
    assert re.fullmatch(CODE, code)
    assert "U2000" <= code <= "U2099"
    pairs = [(message.zh, message.en), (message.hint_zh, message.hint_en), (message.back_zh, message.back_en)]
    assert all(pairs[0])
    for zh, en in pairs:
        assert bool(zh) == bool(en)
        assert facts_of(zh) == facts_of(en)
        assert not zh or zh == en or re.search("[\u4e00-\u9fff]", zh)
        assert not re.search("[\u4e00-\u9fff]", en)


def test_every_code_that_is_said_has_its_text() -> None:
    sources = (Path(__file__).parents[3] / "drivers" / "opcua").glob("*.py")
    texts = [path.read_text(encoding="utf-8") for path in sources if "messages" not in path.name]
    said = {code for text in texts for code in re.findall(r'"(U20\d\d)"', text)}
    assert said == set(MESSAGES)
