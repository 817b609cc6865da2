"""The account in words, and the exit code."""

import pytest

from agent.messages import Catalogue
from agent.verify import report
from agent.verify.report import COMPLETE, NOT_COMPLETE, WRONG, Connection
from tests.agent.verify.saying import Gateway

EN, ZH = Catalogue("en"), Catalogue("zh")


@pytest.fixture
def gateway() -> Gateway:
    gateway = Gateway()
    gateway.online(5)
    gateway.data(5, 0, at_ms=11)
    return gateway


def verdict(gateway: Gateway, **connection: bool) -> tuple[int, str]:
    return report.verdict(gateway.account, Connection(**connection), EN)


def test_complete(gateway: Gateway) -> None:
    code, text = verdict(gateway)
    assert (code, text.split(":")[0]) == (COMPLETE, "complete")
    head, row = report.table(gateway.account, Connection(), EN)
    assert dict(zip(head, row, strict=True)) == {
        "gateway": "gw",
        "device": "die01",
        "records": "1",
        "values": "1",
        "announced": "0",
        "unannounced": "0",
        "not heard": "0",
        "dup before": "0",
        "dup after": "0",
        "disorder": "0",
        "latency p50": "10",
        "p95": "10",
        "p99": "10",
        "max (ms)": "10",
    }
    assert len(ZH.text("I8010", {}).split("|")) == len(head)


def test_an_announced_loss(gateway: Gateway) -> None:
    gateway.gap(5, 3, 5, 1, 2, 2)
    assert verdict(gateway) == (NOT_COMPLETE, EN.text("I8021", {"announced": 2, "unseen": 0, "records": 2}))


def test_what_we_missed_ourselves(gateway: Gateway) -> None:
    gateway.account.away()
    gateway.data(5, 3)
    assert verdict(gateway) == (NOT_COMPLETE, EN.text("I8021", {"announced": 0, "unseen": 2, "records": 2}))


def test_a_loss_in_silence_is_named(gateway: Gateway) -> None:
    gateway.data(5, 2)
    gateway.data(5, 5)
    assert verdict(gateway)[0] == WRONG
    lines = report.findings(gateway.account, Connection(), EN)
    assert lines == [
        "runs of gw: 5 (no end seen)",
        "gw die01: boot 5, seq 1 did not arrive, and no gap event announces it",
        "gw die01: boot 5, seq 3-4 did not arrive, and no gap event announces it",
        "our own connection never broke",
    ]


def test_a_share_of_a_group_is_not_judged(gateway: Gateway) -> None:
    gateway.data(5, 2)
    code, text = verdict(gateway, is_shared=True)
    assert (code, text.split(":")[0]) == (COMPLETE, "shared subscription")
    assert report.findings(gateway.account, Connection(is_shared=True), EN)[1:] == ["our own connection never broke"]
    assert report.table(gateway.account, Connection(is_shared=True), EN)[1][4:7] == ["-", "-", "-"]


def test_conflicts_and_broken_payloads_are_wrong_and_named(gateway: Gateway) -> None:
    gateway.data(5, 0, 2)
    assert verdict(gateway)[0] == WRONG
    gateway.account.take("a\nb", b"{", 1)
    gateway.account.take("x/data", b"{}", 1)
    lines = report.findings(gateway.account, Connection(), EN)
    assert "gw die01: boot 5, seq 0 came again with other values" in lines
    assert "broken payload, 1 times, a\\nb: no JSON" in lines
    assert "broken payload, 1 times, x/data: field type is missing or of a wrong type" in lines


def test_a_broken_payload_alone_is_wrong(gateway: Gateway) -> None:
    gateway.account.take("x", b"{", 1)
    assert verdict(gateway)[0] == WRONG


def test_nothing_at_all() -> None:
    gateway = Gateway()
    gateway.online(5)
    code, text = verdict(gateway)
    assert code == NOT_COMPLETE
    assert text.startswith("no record arrived")
    assert report.table(gateway.account, Connection(), EN)[1:] == []


@pytest.mark.parametrize(
    ("connection", "words"),
    [
        (Connection(), "never broke"),
        (Connection(breaks=2), "counted as not heard"),
        (Connection(is_lasting=True, breaks=2), "kept the session each time"),
        (Connection(is_lasting=True, breaks=2, forgotten=1), "1 times the broker had not kept the session"),
    ],
)
def test_how_our_connection_was(gateway: Gateway, connection: Connection, words: str) -> None:
    assert words in report.findings(gateway.account, connection, EN)[-1]


def test_a_file_has_no_connection_and_no_latency() -> None:
    gateway = Gateway(is_file=True)
    said = {"gw": "g\nw", "dev": "d", "boot": 1, "seq": 0, "scans": [{"t": 1, "v": {"a": 1}}]}
    gateway.account.take_logged("x/data", said)
    row = report.table(gateway.account, Connection(), EN)[1]
    assert (row[0], row[-4:]) == ("g?w", ["-"] * 4)
    assert report.findings(gateway.account, Connection(), EN) == ["runs of g\\nw: 1 (no end seen)"]


def test_only_the_newest_boots_are_shown(gateway: Gateway) -> None:
    for boot in range(6, 20):
        gateway.previous(boot, {}, clean=boot % 2 == 0)
    (line,) = [line for line in report.findings(gateway.account, Connection(), EN) if line.startswith("runs")]
    assert line.startswith("runs of gw: …, 13 (did not end cleanly), ")
    assert line.endswith("20 (no end seen)")


def test_progress(gateway: Gateway) -> None:
    gateway.data(5, 2)
    text = report.progress(gateway.account, EN, 61.2, 3.6)
    assert text == "61 s  records 2 (4/s)  devices 1  waiting 1  announced 0  duplicates 0"
    assert "缺号待定 1" in report.progress(gateway.account, ZH, 61.2, 3.6)
