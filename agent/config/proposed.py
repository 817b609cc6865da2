"""A configuration out of what a device shows: complete, and to be gone through by a person."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from agent.config.naming import Candidate, Named, names, words
from agent.config.text import MAX_BYTES, MAX_LINE
from agent.machine.metrics import METRICS
from drivers.contract import Shown

_BROKER = "mqtt://broker.example:1883"
"""A name that leads nowhere (RFC 2606): what was not filled in is never sent to somebody."""
_ROOM = 4096
"""Bytes for what is not tags."""
_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_./-]*")
_WORDS = frozenset({"true", "false", "null"})
_DESCRIPTION_MAX = 200


class Proposal(NamedTuple):
    """The file's text."""

    text: str
    tags: int
    left: int
    """Values for which there was no room."""


class Beginning(NamedTuple):
    """What stands before the tags."""

    gateway: str
    driver: str
    connection: Mapping[str, str | bool]
    """The driver's own keys."""
    subscribes: bool
    state_dir: str = ""


def propose(shown: Sequence[Shown], beginning: Beginning) -> Proposal:
    """Each value becomes a tag."""
    paths = _paths(shown)
    values = _together([one for one in shown if one.is_value], paths)
    candidates = [Candidate(paths[one.number], one.type, one.unit) for one in values]
    lines: list[str] = []
    room, tags, above = MAX_BYTES - _ROOM, 0, ""
    for one, named in zip(values, names(candidates), strict=True):
        folder = " / ".join(paths[one.number][:-1])
        new = [f"      # {_harmless(folder)}"] if folder != above else []
        new.append(f"      - {{{', '.join(f'{key}: {value}' for key, value in _tag(one, named).items())}}}")
        needed = sum(len(line.encode()) + 1 for line in new)
        if any(len(line) >= MAX_LINE for line in new):
            continue
        if needed > room:
            break
        lines += new
        room, tags, above = room - needed, tags + 1, folder
    return Proposal("\n".join([*_head(beginning, tags), *lines, ""]), tags, len(values) - tags)


def _together(values: Sequence[Shown], paths: Mapping[int, tuple[str, ...]]) -> list[Shown]:
    """What is in one folder, in the order in which it was found."""
    folders: dict[tuple[str, ...], list[Shown]] = {}
    for one in values:
        folders.setdefault(paths[one.number][:-1], []).append(one)
    return [one for folder in folders.values() for one in folder]


def _head(beginning: Beginning, tags: int) -> list[str]:
    rhythm = "sampling" if beginning.subscribes else "every"
    keys = [f"    {key}: {_scalar(value)}" for key, value in beginning.connection.items()]
    return [
        "# Found by lineside browse; before it runs: the lines with a mark (<--), then: lineside check FILE",
        "# 由 lineside browse 生成；运行前填好带标记（<--）的行，然后执行 lineside check 文件",
        "version: 1",
        f"gateway: {_scalar(beginning.gateway)}",
        "labels: {site: site1, line: line1}   # <-- where this is, in topics / 工厂和产线，出现在主题中",
        *([f"state_dir: {_scalar(beginning.state_dir)}"] if beginning.state_dir else []),
        "destinations:",
        "  - name: platform",
        f"    url: {_BROKER}   # <-- your platform / 平台地址",
        "connections:",
        "  - name: server1",
        f"    driver: {_scalar(beginning.driver)}",
        *keys,
        "devices:",
        "  - name: machine01   # <-- in topics too / 也出现在主题中",
        "    connection: server1",
        "    type: other   # <-- press-flexo, bag-maker ... / 机型",
        f"    {rhythm}: 1s",
        "    tags:" if tags else "    tags: []",
    ]


def _tag(one: Shown, named: Named) -> dict[str, str]:
    keys = {"name": named.name}
    if named.metric:
        keys["metric"] = named.metric
    if named.zone:
        keys["labels"] = f"{{zone: {_scalar(named.zone)}}}"
    keys["address"] = _quoted(one.address)
    unit = _unit(one, named)
    if unit:
        keys["unit"] = _scalar(unit)
    description = _description(one, named, unit)
    if description:
        keys["description"] = _quoted(description)
    return keys


def _unit(one: Shown, named: Named) -> str:
    """Not the one that means nothing beside a metric that has a unit of its own."""
    metric = METRICS.get(named.metric or named.name)
    return "" if metric is not None and metric.units and one.unit not in metric.units else one.unit


def _description(one: Shown, named: Named, unit: str) -> str:
    """What the name does not say: the title, a unit that is none of UCUM's, the range that is expected.

    The range is no `range`: values outside it are not wrong (OPC 10000-8, 5.6.2, of an EURange).
    """
    title = _harmless(one.title or one.name)
    said = [] if words(title) and words(title) in named.name and title.isascii() else [title]
    if one.unit_text and not unit:
        said.append(f"[{_harmless(one.unit_text)}]")
    if one.range is not None:
        said.append(f"({one.range[0]:g} ... {one.range[1]:g})")
    return " ".join(part for part in said if part)[:_DESCRIPTION_MAX].strip()


def _paths(shown: Sequence[Shown]) -> dict[int, tuple[str, ...]]:
    """Number -> names from the top on; what holds a thing came before it."""
    found: dict[int, tuple[str, ...]] = {}
    for one in shown:
        above = found.get(one.parent, ()) if one.parent is not None else ()
        found[one.number] = (*above, one.name)
    return found


def _harmless(text: str) -> str:
    """On one line, of characters that every destination takes."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _scalar(value: str | bool) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if _PLAIN.fullmatch(value) and value.lower() not in _WORDS else _quoted(value)


def _quoted(text: str) -> str:
    """In double quotes: YAML 1.2.2, section 7.3.1."""
    return '"' + "".join(map(_escaped, text)) + '"'


def _escaped(character: str) -> str:
    if character in '"\\':
        return "\\" + character
    if character.isprintable():
        return character
    return f"\\u{ord(character):04x}" if ord(character) <= 0xFFFF else f"\\U{ord(character):08x}"
