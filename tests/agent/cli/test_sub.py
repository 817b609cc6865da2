"""What `lineside sub` refuses, and what it says of a file."""

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest
from _pytest.capture import CaptureFixture
from _pytest.monkeypatch import MonkeyPatch

from agent.cli import main, parser
from agent.cli.sub import shown, wished
from agent.cli.terminal import fitting

LINE = '{"topic":"x/data","payload":{"gw":"gw","dev":"die01","boot":1,"seq":%d,"scans":[{"t":1,"v":{"a":1}}]}}\n'
END = '{"end":{"gw":"gw","records":%d,"lost":[%s]}}\n'
URL = "mqtts://broker.example"


@pytest.fixture(autouse=True)
def english(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("LINESIDE_LANG", "en")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ([], "E8003 either the URL of a broker or --file"),
        ([URL, "--file", "x"], "E8003 "),
        (["--file", "x", "--group", "g"], "E8004 --group is about a broker"),
        (["--file", "x", "--password-file", "y"], "E8004 --password-file "),
        ([URL, "--verify", "--group", "g"], "E8001 --group and --verify exclude each other: a shared subscription"),
        ([URL, "--group", "a/b"], "E8005 a/b cannot be used as --group"),
        ([URL, "--topic", "a/#/b"], "E8005 a/#/b cannot be used as --topic"),
        ([URL, "--topic", "a+"], "E8005 "),
        ([URL, "--seconds", "0"], "E8006 --seconds is a number of seconds above 0"),
        ([URL, "--every", "nan"], "E8006 --every "),
        (["http://broker.example"], "E1067 "),
        (["mqtt://user:secret@broker.example"], "E1068 "),
        ([URL, "--password-file", "x"], "E1084 "),
        ([URL, "--cert", "x"], "E1082 --cert is given without --key"),
        (["mqtt://broker.example", "--ca", "x"], "E1069 "),
        ([URL, "--username", "u", "--password-file", "gone"], "E1088 "),
    ],
)
def test_what_does_not_fit_together_is_one_line_and_2(
    options: list[str], words: str, capsys: CaptureFixture[str]
) -> None:
    assert main(["sub", *options]) == 2
    said = capsys.readouterr().err
    assert said.startswith(words)
    assert said.count("\n") == 1
    assert "secret" not in said


def test_a_password_that_others_can_read_is_refused(tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    file = tmp_path / "password"
    file.write_text("secret\n")
    file.chmod(0o644)
    assert main(["sub", URL, "--username", "u", "--password-file", str(file)]) == 2
    assert capsys.readouterr().err.startswith("E1080 ")


def test_what_was_wished(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_text("secret\n")
    file.chmod(0o600)
    args = ["sub", "wss://broker.example/path", "--verify", "--username", "u", "--password-file", str(file)]
    wish = wished(parser().parse_args(args))
    assert wish is not None
    endpoint = wish.endpoint
    assert (endpoint.host, endpoint.port, endpoint.path) == ("broker.example", 443, "/path")
    assert (endpoint.username, endpoint.password) == ("u", "secret")
    assert endpoint.tls is not None
    assert endpoint.session_expiry_s > 3600
    assert wish.filters == ["lineside/v1/#"]


def test_a_group_is_a_shared_subscription() -> None:
    args = ["sub", "mqtt://b", "--group", "county", "--topic", "a/+/data", "--topic", "b/#", "--seconds", "3"]
    wish = wished(parser().parse_args(args))
    assert wish is not None
    assert (wish.filters, wish.is_shared) == (["$share/county/a/+/data", "$share/county/b/#"], True)
    assert (wish.endpoint.session_expiry_s, wish.seconds) == (0, 3.0)


def test_two_runs_do_not_throw_each_other_out() -> None:
    wishes = [wished(parser().parse_args(["sub", "mqtt://b"])) for _ in range(2)]
    assert len({wish.endpoint.client_id for wish in wishes if wish}) == 2


@pytest.mark.parametrize(("numbers", "code"), [([3, 4, 5], 0), ([3, 5], 3), ([], 1)])
@pytest.mark.parametrize("verify", [[], ["--verify"]])
@pytest.mark.parametrize("opened", [open, gzip.open])
def test_a_file(
    numbers: list[int],
    code: int,
    verify: list[str],
    opened: Callable[..., IO[str]],
    tmp_path: Path,
    capsys: CaptureFixture[str],
) -> None:
    file = tmp_path / "log"
    with opened(file, "wt") as log:
        log.write("".join(LINE % number for number in numbers) + END % (len(numbers), ""))
    assert main(["sub", "--file", str(file), *verify]) == code
    out = capsys.readouterr().out
    assert ("seq 4 did not arrive" in out) is (code == 3)
    assert "\x1b" not in out


def test_a_packed_file_that_is_cut_off_is_counted_up_to_there(tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    file = tmp_path / "log.gz"
    whole = "".join(LINE % number for number in range(20_000)) + END % (20_000, "")
    for at, harm in ((-5, b""), (-7, b"?"), (-3_000, b"")):
        content = gzip.compress(whole.encode())
        file.write_bytes(content[:at] + harm + (content[at + 1 :] if harm else b""))
        assert main(["sub", "--file", str(file)]) == 3
        assert "the file stops here without its last line: it was cut off" in capsys.readouterr().out


def test_a_file_that_is_not_there(tmp_path: Path, capsys: CaptureFixture[str]) -> None:
    assert main(["sub", "--file", str(tmp_path / "gone")]) == 1
    assert capsys.readouterr().err.startswith("E1079 ")


def test_on_a_terminal_progress_is_written_over(monkeypatch: MonkeyPatch, capsys: CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True)
    shown().progress("1 s")
    shown().line("end")
    assert capsys.readouterr().out == "\r\x1b[2K1 s\r\x1b[2Kend\n"


def test_a_line_of_progress_fits_the_terminal(monkeypatch: MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "10")
    assert fitting("0123456789") == "012345678"
    assert fitting("缺号待定一二") == "缺号待定"
