"""The text of a profile file -> Profile, or every mistake in it with its line and key. Pure."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Any

from pydantic import BaseModel, ValidationError

from drivers.modbus.address import ADDRESSES
from drivers.modbus.counting import Counting
from drivers.modbus.marked import Marked, NotYaml, Path
from drivers.modbus.notation import parse
from drivers.modbus.profile import GRADES, Profile, Title
from drivers.modbus.profile_keys import AreaKeys, OptionKeys, ProfileKeys, SpanKeys, TitleKeys, number
from drivers.modbus.typed import AddressError

_SIGNS = {"greater_than_equal": ">=", "less_than_equal": "<=", "less_than": "<"}
MOST = 256 * 1024
"""Characters of a profile file."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong in a profile file."""

    line: int
    key: str
    """`areas[2].map[0].to`."""
    what: Title


class WrongProfile(ValueError):
    """A profile file cannot be used; `mistakes` are all that were found, by line."""

    def __init__(self, mistakes: list[Mistake]) -> None:
        super().__init__("; ".join(f"{mistake.line}: {mistake.key}: {mistake.what.en}" for mistake in mistakes))
        self.mistakes = tuple(sorted(mistakes, key=lambda mistake: (mistake.line, mistake.key)))


@lru_cache(maxsize=64)
def read_profile(text: str, name: str) -> Profile:
    """The profile in the text of a file of that name (without `.yaml`). Raises `WrongProfile`."""
    if len(text) > MOST:
        raise WrongProfile([Mistake(1, "", _said("long", most=MOST // 1024))])
    try:
        document = Marked(text)
    except NotYaml as error:
        raise WrongProfile([Mistake(error.line, "", _said("yaml", reason=error.reason))]) from None
    found = [*_twice(document), *_of_structure(document.value), *_of_sense(document.value, name)]
    if not found:
        profile = ProfileKeys.model_validate(document.value).profile()
        found = list(_of_vectors(profile))
    if found:
        raise WrongProfile([Mistake(document.line(path), spell(path), what) for path, what in dict(found).items()])
    return profile


_Found = Iterator[tuple[Path, Title]]


def _twice(document: Marked) -> _Found:
    for path in document.twice:
        yield path, _said("twice")


def _of_structure(value: Any) -> _Found:
    """What is missing, unknown or no value of its key."""
    try:
        ProfileKeys.model_validate(value)
    except ValidationError as error:
        for details in error.errors(include_url=False):
            path = _within(value, details["loc"])
            kind, context = details["type"], details.get("ctx", {})
            if kind == "missing":
                path = (*path, details["loc"][-1])
            yield path, _structural(kind, path, details["input"], context)


def _within(value: Any, loc: tuple[str | int, ...]) -> Path:
    """The part of a path that is in the document: without names that pydantic gives to alternatives."""
    kept: list[str | int] = []
    for step in loc:
        if _has(value, step):
            value = value[step]
            kept.append(step)
    return tuple(kept)


def _has(value: Any, step: str | int) -> bool:
    if isinstance(value, list):
        return isinstance(step, int) and step < len(value)
    return isinstance(value, dict) and step in value


def _structural(kind: str, path: Path, given: Any, context: Mapping[str, Any]) -> Title:
    if kind == "extra_forbidden":
        known = _keys_at(path)
        close = get_close_matches(str(path[-1]), known, n=1)
        return _said("unknown", known=close[0] if close else " ".join(known))
    if kind in ("literal_error", "enum"):
        return _said("words", given=_short(given), expected=str(context.get("expected", "")).replace("'", ""))
    if kind in _SIGNS:
        bound = next(str(context[key]) for key in ("ge", "le", "lt") if key in context)
        return _said("bound", given=_short(given), bound=f"{_SIGNS[kind]} {bound}")
    if kind == "too_short":
        return _said("empty")
    if kind == "missing":
        return _said("missing")
    return _said("value", given=_short(given))


def _keys_at(path: Path) -> list[str]:
    """The keys that may stand where an unknown one was found."""
    names = [step for step in path[:-1] if isinstance(step, str)]
    models: Mapping[str, type[BaseModel]] = {
        "areas": AreaKeys,
        "map": SpanKeys,
        "options": OptionKeys,
        "title": TitleKeys,
        "meaning": TitleKeys,
    }
    model = models.get(names[-1], ProfileKeys) if names else ProfileKeys
    return [field.alias or name for name, field in model.model_fields.items()]


def _of_sense(value: Any, name: str) -> _Found:
    """What is well-formed and cannot be meant; of parts that are well-formed."""
    if not isinstance(value, dict):
        return
    if isinstance(value.get("id"), str) and value["id"] != name:
        yield ("id",), _said("id", given=_short(value["id"]), name=_short(name))
    written = value.get("options")
    named = [one.get("name") for one in written if isinstance(one, dict)] if isinstance(written, list) else []
    evidence = value.get("evidence")
    areas = value.get("areas")
    for place, one in enumerate(areas if isinstance(areas, list) else ()):
        try:
            area = AreaKeys.model_validate(one)
        except ValidationError:
            continue
        for path, what in _of_area(area, named, str(evidence)):
            yield ("areas", place, *path), what


def _of_area(area: AreaKeys, options: list[object], evidence: str) -> _Found:
    if area.origin and area.origin not in options:
        yield ("origin",), _said("origin", given=_short(area.origin))
    if area.evidence and evidence in GRADES and GRADES.index(area.evidence) > GRADES.index(evidence):
        yield ("evidence",), _said("grade", given=area.evidence, whole=evidence)
    if area.width == 8 and (area.numbers is not Counting.BYTE or area.kind.is_bits):
        yield ("width",), _said("bytes")
    elif area.width and (area.kind.is_bits or area.numbers.has_bit):
        yield ("width",), _said("bits")
    for place, keys in enumerate(area.map):
        for path, what in _of_span(keys, area):
            yield ("map", place, *path), what


def _of_span(keys: SpanKeys, area: AreaKeys) -> _Found:
    for key, written in (("from", keys.first), ("to", keys.last)):
        if number(written, area.numbers) is None:
            example = area.numbers.example
            yield (key,), _said("number", given=_short(written), numbers=area.numbers.value, example=example)
    span = keys.span(area.numbers)
    if span is not None and span.first > span.last:
        yield ("to",), _said("backwards")
    elif span is not None and area.area("M").end(span) > ADDRESSES:
        yield ("to",), _said("table", last=ADDRESSES - 1)


def _of_vectors(profile: Profile) -> _Found:
    """Options and names that are not where they must be."""
    known = [option.name for option in profile.options]
    for name, written in profile.test_options.items():
        if name not in known or profile.origin(name, written) is None:
            yield ("test_options", name), _said("value", given=_short(written))
    bound = profile.bound(profile.test_options)
    for place, vector in enumerate(profile.test_vectors):
        try:
            point = parse(vector.written, bound)
        except AddressError:
            yield ("test_vectors", place), _said("vector", given=_short(vector.written))
            continue
        if (point.table, point.offset) != (vector.kind, vector.offset):
            found = f"{point.table.value} {point.offset}"
            yield ("test_vectors", place), _said("elsewhere", given=vector.written, found=found)


def spell(path: Path) -> str:
    """`areas[0].map[1].to`, on one line."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{_short(step)}" for step in path)
    return text.removeprefix(".")


def _short(value: object) -> str:
    text = "".join(character if character.isprintable() else "?" for character in str(value))
    return text if len(text) <= 40 else text[:39] + "…"


_SAID: Mapping[str, Title] = {
    "long": Title("文件太长，最多 {most} KiB", "the file is too long; at most {most} KiB"),
    "yaml": Title("不是可用的 YAML：{reason}", "not YAML that can be used: {reason}"),
    "twice": Title("这个键写了两次", "this key stands twice"),
    "missing": Title("缺少这个键", "this key is missing"),
    "unknown": Title("没有这个键，可用的是：{known}", "there is no such key; it may be: {known}"),
    "words": Title('"{given}" 不对，应为 {expected}', '"{given}" should be {expected}'),
    "bound": Title("{given} 超出范围，应 {bound}", "{given} is out of bounds: {bound}"),
    "empty": Title("不能为空", "must not be empty"),
    "value": Title('"{given}" 不是这里可用的值', '"{given}" is no value for this key'),
    "id": Title('"{given}" 与文件名 {name}.yaml 不一致', '"{given}" is not the name of the file, {name}.yaml'),
    "origin": Title('"{given}" 不在 options 里', '"{given}" is none of the options'),
    "grade": Title(
        "{given} 低于整个地址表的等级 {whole}；整体等级取最低的",
        "{given} is lower than {whole} of the profile, whose grade is that of its lowest area",
    ),
    "bytes": Title(
        "width: 8 只用于寄存器里按字节编号（numbers: byte）的区", "width 8 needs numbers: byte, on registers"
    ),
    "bits": Title("按位编号的区没有 width", "an area of bits has no width"),
    "number": Title(
        '"{given}" 不是 {numbers} 编号；照图纸写并加引号，例如 "{example}"',
        '"{given}" is no {numbers} number; write it in quotes as on the drawing, such as "{example}"',
    ),
    "backwards": Title("终点小于起点", "ends before it begins"),
    "table": Title("超出 Modbus 地址 {last}", "runs over Modbus address {last}"),
    "vector": Title("{given} 在这个地址表里不是地址", "{given} is no address of this profile"),
    "elsewhere": Title("按这个地址表，{given} 在 {found}", "by this profile {given} is at {found}"),
}


def _said(kind: str, **facts: object) -> Title:
    return Title(*(re.sub(r"\{(\w+)\}", lambda name: str(facts[name[1]]), text) for text in _SAID[kind]))
