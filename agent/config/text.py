"""Bytes of a configuration file -> text, with limits, and with a reason that a person can act on."""

import re
from pathlib import Path

from agent.config.located import START, Findings, Place
from drivers.phrase import of_system

MAX_BYTES = 1024 * 1024
MAX_LINE = 10_000

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")
_LINE_END = re.compile("\r\n|\r|\n")


def read_text(path: Path, findings: Findings) -> str | None:
    """The text of a file, or None with the reason in `findings`."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        findings.wrong(START, (), "E1089")
        return None
    except (OSError, ValueError) as error:  # ValueError: a NUL in the path
        findings.wrong(START, (), "E1001", reason=os_reason(error))
        return None
    return decode(data, findings)


def os_reason(error: Exception) -> str:
    return of_system(error) if isinstance(error, OSError) and error.errno else str(error)


def decode(data: bytes, findings: Findings) -> str | None:
    """UTF-8 with or without BOM, else GB18030 with a warning; None with the reason in `findings`."""
    if len(data) > MAX_BYTES:
        findings.wrong(START, (), "E1002", limit="1 MiB")
        return None
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        findings.wrong(START, (), "E1003")
        return None
    text = _decoded(data, findings)
    if text is None:
        return None
    return None if _has_control(text, findings) or _has_long_line(text, findings) else text


def _decoded(data: bytes, findings: Findings) -> str | None:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        place = _place(data[: error.start].decode("utf-8-sig"))
        byte = f"0x{data[error.start]:02x}"
    try:
        text = data.decode("gb18030")
    except UnicodeDecodeError:
        findings.wrong(place, (), "E1004", byte=byte)
        return None
    findings.doubtful(place, (), "W1005")
    return text


def _has_control(text: str, findings: Findings) -> bool:
    found = _CONTROL.search(text)
    if found:
        findings.wrong(_place(text[: found.start()]), (), "E1006", character=f"U+{ord(found[0]):04X}")
    return found is not None


def _has_long_line(text: str, findings: Findings) -> bool:
    for number, line in enumerate(_LINE_END.split(text), 1):
        if len(line) > MAX_LINE:
            findings.wrong(Place(number, MAX_LINE + 1), (), "E1007", limit=MAX_LINE)
            return True
    return False


def _place(before: str) -> Place:
    lines = _LINE_END.split(before)
    return Place(len(lines), len(lines[-1]) + 1)
