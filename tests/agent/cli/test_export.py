"""`lineside export FILE`: what is in the file, what is refused, and what is said."""

import asyncio
import errno
import gzip
import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest
from _pytest.capture import CaptureFixture
from _pytest.monkeypatch import MonkeyPatch

from agent import meta
from agent.app import contents
from agent.cli import main
from agent.config import Configuration, load
from agent.outbox import open_outbox
from agent.record import Event, Moment, Record
from tests.agent.config.site import GOOD
from tests.fakes.told import Told

T = 1_772_439_330_250
TOPIC = "lineside/v1/factory/line1/press01/"


@pytest.fixture(autouse=True)
def english(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("LINESIDE_LANG", "en")
    monkeypatch.setattr(os, "nice", lambda _: 0)


def sample(seq: int, stream: str = "press01", **more: Any) -> Record:
    return Record(stream, [Moment(T + seq, {"speed": seq + 0.5}, {})], rev=1, **more)


class Gateway:
    """A configuration, and what an agent left in its state directory."""

    def __init__(self, directory: Path, text: str = GOOD) -> None:
        self.file = directory / "site.yaml"
        self.state_dir = directory / "state"
        self.stick = directory / "stick"
        self.stick.mkdir()
        self.write(text)

    def write(self, text: str) -> None:
        self.file.write_text(f"{text}state_dir: {self.state_dir}\n")

    @property
    def configuration(self) -> Configuration:
        found = load(self.file, secrets=False).configuration
        assert found is not None
        return found

    def ran(self, *records: Record, take: int = 0, confirm: Callable[[int], bool] = lambda _: True) -> None:
        """A run of the agent that kept these; of the first ones it delivered those whose seq is to be confirmed."""
        asyncio.run(self._run(records, take, confirm))

    async def _run(self, records: Sequence[Record], take: int, confirm: Callable[[int], bool]) -> None:
        configuration = self.configuration
        names = [destination.name for destination in configuration.destinations]
        async with open_outbox(
            self.state_dir, names, 1 << 20, max_age_s=1e9, now=lambda: (T, None), journal=Told()
        ) as box:
            labels = {device.name: device.labels for device in configuration.devices}
            _, memory = meta.revise(meta.from_json(box.recall("metas")), contents(configuration), labels)
            await box.remember("metas", meta.to_json(memory))
            box.append(records)
            reader = box.reader(names[0])
            if take:
                reader.begin()
                for entry in await reader.take(take):
                    if confirm(entry.record.seq):
                        reader.confirm(entry.lsn)

    def export(self, name: str, *options: str) -> int:
        return main(["export", str(self.stick / name), "--config", str(self.file), *options])

    def lines(self, name: str) -> list[dict[str, Any]]:
        content = (self.stick / name).read_bytes()
        text = gzip.decompress(content) if name.endswith(".gz") else content
        return [json.loads(line) for line in text.splitlines()]

    def records(self, name: str) -> list[dict[str, Any]]:
        return [line["payload"] for line in self.lines(name) if "seq" in line.get("payload", {})]

    def verified(self, name: str) -> int:
        return main(["sub", "--file", str(self.stick / name), "--verify"])


@pytest.fixture
def gateway(tmp_path: Path) -> Gateway:
    return Gateway(tmp_path)


@pytest.mark.parametrize("name", ["backlog.jsonl", "backlog.jsonl.gz"])
def test_the_file_has_what_the_destination_would_be_told(
    name: str, gateway: Gateway, capsys: CaptureFixture[str]
) -> None:
    event = Record("press01", event=Event("comm", T + 9, {"state": "down"}, id="01J"), rev=1)
    gateway.ran(sample(0), sample(1), event)
    assert gateway.export(name) == 0
    told, record, _, happened, state, end = gateway.lines(name)
    boot = record["payload"]["boot"]
    assert (told["topic"], told["payload"]["rev"], list(told["payload"]["tags"])) == (TOPIC + "meta", 1, ["speed"])
    head = {"gw": "gw-1", "dev": "press01", "boot": boot}
    assert record == {
        "topic": TOPIC + "data",
        "payload": {**head, "seq": 0, "hist": True, "rev": 1, "scans": [{"t": T, "v": {"speed": 0.5}}]},
    }
    assert happened == {
        "topic": TOPIC + "event",
        "payload": {
            **head,
            "seq": 2,
            "hist": True,
            "rev": 1,
            "id": "01J",
            "type": "comm",
            "t": T + 9,
            "data": {"state": "down"},
        },
    }
    previous = {"boot": boot, "clean": True, "last_seq": {"press01": 2}}
    assert state["topic"] == "lineside/v1/factory/gateways/gw-1/state"
    assert state["payload"] | {"t": 0} == {"online": False, "boot": boot, "t": 0, "previous": previous}
    assert end["end"] | {"t": 0} == {"gw": "gw-1", "destination": "county", "t": 0, "records": 3, "lost": []}
    out = capsys.readouterr().out
    assert "3 records of 1 devices, from 2026-03-0" in out
    assert f"sub --file {gateway.stick / name} --verify" in out
    assert out.count("\n") == 1
    assert gateway.verified(name) == 0
    assert [path.name for path in gateway.stick.iterdir()] == [name]


def test_nothing_is_confirmed_by_it(gateway: Gateway) -> None:
    gateway.ran(*map(sample, range(20)), take=10, confirm=lambda seq: seq not in (3, 7))
    for name in ("one", "two"):
        assert gateway.export(name) == 0
        assert [record["seq"] for record in gateway.records(name)] == list(range(3, 20))
        assert gateway.verified(name) == 0


def test_several_runs_in_one_file(gateway: Gateway) -> None:
    gateway.ran(*map(sample, range(5)))
    gateway.ran(*map(sample, range(3)))
    assert gateway.export("all") == 0
    assert [record["seq"] for record in gateway.records("all")] == [0, 1, 2, 3, 4, 0, 1, 2]
    assert gateway.verified("all") == 0


def test_what_is_there_already_is_left_alone(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    gateway.ran(sample(0))
    file = gateway.stick / "old"
    file.write_text("old")
    assert gateway.export("old") == 2
    assert capsys.readouterr().err.startswith(f"E3025 {file} is there already -> ")
    assert file.read_text() == "old"
    assert gateway.export("old", "--force") == 0
    assert gateway.verified("old") == 0


def test_a_directory_or_a_device_is_no_file(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    gateway.ran(sample(0))
    os.mkfifo(gateway.stick / "pipe")
    for name in (".", "pipe"):
        assert gateway.export(name, "--force") == 2
        assert capsys.readouterr().err.startswith(f"E3027 {gateway.stick / name} is no file -> ")
    assert [path.name for path in gateway.stick.iterdir()] == ["pipe"]
    assert gateway.export("gone/file") == 1
    assert capsys.readouterr().err.startswith(f"E3026 {gateway.stick}/gone/file was not written: No such file")


def test_where_nothing_waits_or_nothing_is(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    assert gateway.export("none") == 1
    assert capsys.readouterr().err.startswith(f"E3020 there is no outbox in {gateway.state_dir} -> ")
    gateway.ran(sample(0), take=1)
    assert gateway.export("none") == 0
    assert capsys.readouterr().out == "nothing waits for county; no file was written\n"
    assert list(gateway.stick.iterdir()) == []


def test_a_state_directory_of_its_own(gateway: Gateway, tmp_path: Path) -> None:
    gateway.ran(sample(0))
    moved = gateway.state_dir.rename(tmp_path / "elsewhere")
    assert gateway.export("none") == 1
    assert gateway.export("one", "--state-dir", str(moved)) == 0


def test_a_configuration_that_is_wrong(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    gateway.file.write_text("version: 1\n")
    assert gateway.export("none") == 2
    assert "problems" in capsys.readouterr().err
    assert main(["export", str(gateway.stick / "none"), "--config", str(gateway.stick / "gone")]) == 2
    assert capsys.readouterr().err.startswith(
        f"E3034 there is no configuration {gateway.stick / 'gone'} -> give the one"
    )


TWO = GOOD.replace(
    "connections:", "  - {name: site, url: 'mqtt://127.0.0.1:1884', topics: {data: 'x/{device}'}}\nconnections:"
)


def test_one_of_several_destinations(tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    gateway = Gateway(tmp_path, TWO)
    gateway.ran(*map(sample, range(4)), take=2)
    assert gateway.export("none") == 2
    assert (
        capsys.readouterr().err
        == "E3023 there are several destinations: county, site -> choose one with --destination\n"
    )
    assert gateway.export("none", "--destination", "nobody") == 2
    assert capsys.readouterr().err == "E3024 there is no destination nobody -> the configuration has county, site\n"
    for name, seqs, topic in (("county", [2, 3], TOPIC + "data"), ("site", [0, 1, 2, 3], "x/press01")):
        assert gateway.export(name, "--destination", name) == 0
        assert [record["seq"] for record in gateway.records(name)] == seqs
        assert topic in {line.get("topic") for line in gateway.lines(name)}
        assert gateway.verified(name) == 0


SECRET = """\
        username: me-myself
        password_file: county.password
        tls: {cert_file: mine.pem, key_file: mine.key}
        proxy: http://somebody@proxy.example:3128
        proxy_password_file: proxy.password
"""


def test_no_secret_is_needed_and_none_gets_in(tmp_path: Path) -> None:
    text = GOOD.replace(
        "url: mqtt://127.0.0.1:1883\n", "url: mqtts://broker.example\n" + SECRET.replace("        ", "    ")
    )
    gateway = Gateway(tmp_path, text)
    gateway.ran(sample(0))
    assert gateway.export("without") == 0
    for name in ("county.password", "proxy.password", "mine.key"):
        (tmp_path / name).write_text("hunter2\n")
        (tmp_path / name).chmod(0o600)
    assert gateway.export("with") == 0
    for name in ("without", "with"):
        content = (gateway.stick / name).read_text()
        for word in ("hunter2", "me-myself", "somebody", "password", "broker.example", "proxy", "mine."):
            assert word not in content


def test_a_configuration_that_was_changed_since(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    gateway.ran(sample(0))
    gateway.write(GOOD.replace("unit: m/min", "unit: m/s"))
    assert gateway.export("one") == 0
    assert "W3033 the configuration of press01 was changed since the agent began" in capsys.readouterr().err
    assert not [line for line in gateway.lines("one") if line.get("topic", "").endswith("/meta")]
    assert gateway.verified("one") == 0


def test_devices_that_the_configuration_does_not_name_any_more(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    gateway.ran(sample(0), sample(0, "stranger"), sample(1, "stranger"))
    gateway.write(GOOD.replace("press01", "press02"))
    assert gateway.export("one") == 0
    said = capsys.readouterr()
    assert said.err.startswith("W3032 2 records are of devices that the configuration does not know any more")
    (record,) = gateway.records("one")
    assert (record["dev"], record["seq"]) == ("press01", 0)
    assert {"topic": TOPIC + "data", "payload": record} in gateway.lines("one")
    (lost,) = gateway.lines("one")[-1]["end"]["lost"]
    assert (lost["dev"], lost["records"], lost["reason"]) == ("stranger", 2, "encode")
    assert gateway.verified("one") == 1


def test_losses_that_the_agent_could_not_announce_yet(gateway: Gateway, capsys: CaptureFixture[str]) -> None:
    text = "x" * 3000
    gateway.ran(*(Record("press01", [Moment(T + n, {"job": text}, {})]) for n in range(1500)))
    assert gateway.export("one") == 0
    (lost,) = gateway.lines("one")[-1]["end"]["lost"]
    assert (lost["dev"], lost["from_seq"], lost["reason"]) == ("press01", 0, "overflow")
    assert lost["records"] == gateway.records("one")[0]["seq"] > 0
    capsys.readouterr()
    assert gateway.verified("one") == 1
    assert f"{lost['records']} announced as lost, 0 not heard" in capsys.readouterr().out


def test_damage_is_said_and_announced_and_a_line_that_is_missing_is_not(
    gateway: Gateway, capsys: CaptureFixture[str]
) -> None:
    gateway.ran(*map(sample, range(100)))
    (segment,) = (gateway.state_dir / "log").iterdir()
    content = segment.read_bytes()
    at = content.index(b'"speed":50.5')
    segment.write_bytes(content[:at] + b"?" + content[at + 1 :])
    assert gateway.export("one") == 0
    assert "99 records of 1 devices" in (out := capsys.readouterr().out)
    assert "1 damaged" in out
    (lost,) = gateway.lines("one")[-1]["end"]["lost"]
    assert (lost["from_seq"], lost["to_seq"], lost["reason"]) == (50, 50, "damaged")
    assert gateway.verified("one") == 1
    file = gateway.stick / "one"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(line for line in lines if b'"seq":60,' not in line))
    capsys.readouterr()
    assert gateway.verified("one") == 3
    out = capsys.readouterr().out
    assert "seq 60 did not arrive" in out
    assert "the number of records is not what the last line says (found/said 98/99)" in out


@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_stick_that_fails_leaves_no_file(
    call: str, gateway: Gateway, monkeypatch: MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    gateway.ran(sample(0))
    (gateway.stick / "old").write_text("old")

    def fail(*_: object) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(*((os, "fsync") if call == "fsync" else (Path, "replace")), fail)
    assert gateway.export("old", "--force") == 1
    said = capsys.readouterr()
    assert said.err.startswith(
        f"E3026 {gateway.stick / 'old'} was not written: Input/output error; nothing in the outbox"
    )
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert {path.name: path.read_text() for path in gateway.stick.iterdir()} == {"old": "old"}


def test_an_interrupt_leaves_no_file(gateway: Gateway, monkeypatch: MonkeyPatch) -> None:
    gateway.ran(sample(0))

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    assert gateway.export("one") == 130
    assert list(gateway.stick.iterdir()) == []


def test_progress_on_a_terminal(gateway: Gateway, monkeypatch: MonkeyPatch, capsys: CaptureFixture[str]) -> None:
    gateway.ran(*map(sample, range(30)))
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    monkeypatch.setattr("agent.cli.export.PROGRESS_S", 0.0)
    assert gateway.export("one") == 0
    shown = capsys.readouterr().out.split("\r\x1b[2K")
    assert shown[1].startswith("0 %  records 0  written 0.0 MB")
    assert shown[-2].startswith("100 %  records 30  written 0.0 MB")
    assert shown[-1].startswith(f"{gateway.stick / 'one'}: 30 records")


def test_on_a_terminal_an_error_has_a_line_of_its_own(
    gateway: Gateway, monkeypatch: MonkeyPatch, capsys: CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    assert gateway.export("none") == 1
    assert capsys.readouterr().err.startswith("\r\x1b[2KE3020 ")


def test_it_speaks_chinese(gateway: Gateway, monkeypatch: MonkeyPatch, capsys: CaptureFixture[str]) -> None:
    gateway.ran(sample(0))
    monkeypatch.setenv("LINESIDE_LANG", "zh")
    assert gateway.export("one") == 0
    assert "1 台设备的 1 条记录" in capsys.readouterr().out
