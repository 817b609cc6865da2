"""Lines of a file: what is written is what `sub --file` takes."""

import re
from pathlib import Path

import orjson
import pytest

from agent.formats.contract import Message
from agent.formats.lines import end, line
from agent.record import Event, Record
from agent.verify.account import Account
from agent.verify.logged import read_lines

GAP = {"boot": 1, "from_seq": 4, "to_seq": 6, "from_t": 1, "to_t": 2, "records": 3, "reason": "overflow"}


def test_a_line_has_the_payload_as_it_is_published() -> None:
    payload = b'{"gw":"gw","v":{"x":1.0,"y":123456789012345678901}}'
    written = line(Message('line/\u4e00"/data', payload))
    assert written == '{"topic":"line/\u4e00\\"/data","payload":'.encode() + payload + b"}\n"


def test_the_end_tells_what_no_line_announces() -> None:
    lost = [Record("die01", event=Event("gap", 9, {**GAP, "lost_by": ["county"]}))]
    written = end("gw", "county", 7, 1, lost)
    assert orjson.loads(written) == {
        "end": {
            "gw": "gw",
            "destination": "county",
            "t": 7,
            "records": 1,
            "lost": [{"dev": "die01", **GAP, "lost_by": ["county"]}],
        }
    }
    record = b'{"gw":"gw","dev":"die01","boot":1,"seq":3,"scans":[{"t":1,"v":{"a":1.0}}]}'
    account = Account(is_file=True)
    read_lines([line(Message("x/data", record)), written], account)
    ((_, _, device, missing),) = account.streams()
    assert (device.records, missing.announced, account.broken) == (1, 3, 0)


@pytest.mark.parametrize("page", ["mqtt.md", "mqtt.zh-CN.md"])
def test_the_example_for_the_platform_is_such_a_file(page: str) -> None:
    text = (Path(__file__).parents[3] / "docs" / page).read_bytes()
    (block,) = (found for found in re.findall(rb"```json\n(.*?)```", text, re.DOTALL) if b'"end":' in found)
    account = Account(is_file=True)
    read_lines(block.splitlines(), account)
    ((gateway, name, device, _),) = account.streams()
    assert (gateway, name, device.records, account.broken, account.beside) == ("gw-0007", "die01", 1, 0, 1)
