"""Words in two languages within one line of the log."""

import errno
import json
import os

import pytest

from agent.messages import Catalogue
from drivers.errors import NotConnected
from drivers.phrase import Phrase, in_chinese, of_file, of_system

REFUSED = Phrase("连接被拒绝", "connection refused")


@pytest.mark.parametrize(("language", "said"), [("en", "connection refused"), ("zh", "连接被拒绝")])
def test_a_line_is_in_one_language(language: str, said: str) -> None:
    line = Catalogue(language).text("E2001", {"url": "tcp://plc", "reason": NotConnected(REFUSED).reason})  # type: ignore[arg-type]  # one of the two
    assert said in line
    assert ("refused" in line) == (language == "en")


def test_it_is_english_everywhere_else() -> None:
    assert REFUSED == "connection refused"
    assert json.dumps({"reason": REFUSED}) == '{"reason": "connection refused"}'
    assert {REFUSED, "connection refused"} == {"connection refused"}
    assert str(NotConnected(REFUSED)) == "connection refused"


def test_a_control_character_in_chinese_forges_no_line() -> None:
    line = Catalogue("zh").text("E2001", {"url": "tcp://plc", "reason": Phrase("甲\n乙", "a")})
    assert "甲\\n乙" in line


def test_what_is_no_phrase_stays_what_it_is() -> None:
    assert in_chinese("no phrase") == "no phrase"
    assert in_chinese(REFUSED) == "连接被拒绝"


def test_what_the_system_says() -> None:
    full = of_system(OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/var/log"))
    assert (full, in_chinese(full)) == ("No space left on device", "磁盘已满")
    assert of_system(OSError(errno.EXDEV, "Invalid cross-device link")) == "Invalid cross-device link"
    assert of_file(OSError(errno.ENOSPC, "full", "/var/log")) == "/var/log: full"
    assert in_chinese(of_file(OSError(errno.ENOSPC, "full", "/var/log"))) == "/var/log：磁盘已满"
    assert of_file(OSError(errno.EXDEV, "odd", "/a")) == "/a: odd"
    assert of_file(OSError("odd")) == "odd"
    assert of_system(OSError("odd")) == "odd"
    assert of_system(OSError()) == "OSError"
