"""The text of a cell -> what YAML would have given for that key; pydantic checks both alike."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal, get_args, get_origin
from unicodedata import normalize

from pydantic import BaseModel

from agent.config.host import Refused
from agent.config.located import Place, shorten
from agent.config.models import TagKeys
from agent.config.scalars import Scalar, resolve
from agent.config.tree import List, Map, Node

Reader = Callable[[str, Place], Node]

_DATE = re.compile(
    r"\d{1,2}月\d{1,2}日|\d{4}年\d{1,2}月(\d{1,2}日)?|\d{1,2}-[A-Z][a-z]{2}(-\d{2,4})?|[A-Z][a-z]{2}-\d{2}"
    r"|\d{4}[-/]\d{1,2}[-/]\d{1,2}( \d{1,2}:\d{2}(:\d{2})?)?|\d{1,2}/\d{1,2}/\d{4}"
)
"""What Excel makes of `1-2`, `1/2` and `1/60`, as it stands in a CSV file that it wrote."""
_COMMA = re.compile(r"[-+]?\d+(,\d+)+(\.\d*)?%?")
_RANGE = re.compile(r"\[?(?P<low>[^~\[\]至;]+?)(?:\.\.|~|至)(?P<high>[^~\[\]至;]+?)\]?")
_PAIR = re.compile(r"\s*([^=:]+?)\s*[=:]\s*(.+?)\s*", re.DOTALL)
_IN_LANGUAGES = re.compile(r"(zh|en)\s*[=＝]")
_BETWEEN = re.compile(r"[;；\n]")
_YES_NO: Mapping[str, bool] = {"是": True, "yes": True, "否": False, "no": False}


def readers(*models: type[BaseModel]) -> dict[str, Reader]:
    """Key -> how its cells are read, by what the models want there."""
    found: dict[str, Reader] = {}
    for model in models:
        own = _OWN if model is TagKeys else {}
        for name, field in model.model_fields.items():
            key = field.alias or name
            found.setdefault(key, own.get(key) or _reader(field.annotation))
    return found


def _reader(annotation: Any) -> Reader:
    types = _types(annotation)
    if any(issubclass(one, BaseModel | dict) for one in types):
        return _mapping
    if any(issubclass(one, list | tuple | set | frozenset) for one in types):
        return _list
    if str in types:
        return _code
    return _yes_no if bool in types else _number


def _types(annotation: Any) -> set[type]:
    origin = get_origin(annotation)
    if origin is Literal:
        return {type(value) for value in get_args(annotation)}
    if isinstance(origin, type) and issubclass(origin, dict | list | tuple | set | frozenset | Mapping | Sequence):
        return {dict if issubclass(origin, Mapping) else list}
    if isinstance(annotation, type):
        return {annotation}
    return {one for part in get_args(annotation) for one in _types(part)}


def narrow(text: str) -> str:
    """Full-width digits and signs as ASCII, and the typographic minus as the one that numbers have."""
    return normalize("NFKC", text).replace("\u2212", "-").strip()


def _text(text: str, at: Place) -> Node:
    return text


def _description(text: str, at: Place) -> Node:
    """One text, or `zh=速度;en=Speed`."""
    return _pairs(text, at, "E1125", str, str) if _IN_LANGUAGES.match(text) else text


def _code(text: str, at: Place) -> Node:
    """A text for machines. A cell that Excel took for a date has lost what was typed."""
    if _DATE.fullmatch(text):
        raise Refused("E1120", value=shorten(text))
    return text


def _number(text: str, at: Place) -> Node:
    return _scalar(text)


def _scalar(text: str) -> Scalar:
    """A number where it is one, else the text, for the model to refuse."""
    text = narrow(text)
    _code(text, Place(1, 1))
    if _COMMA.fullmatch(text):
        raise Refused("E1123", value=shorten(text))
    found = resolve(text) if text else text
    return text if found is None else found


def _yes_no(text: str, at: Place) -> Node:
    return _YES_NO.get(narrow(text).casefold(), _scalar(text))


def _list(text: str, at: Place) -> Node:
    """`65535;-1`"""
    found = List(at)
    for part in _parts(text.removeprefix("[").removesuffix("]")):
        found.append(_scalar(part))
        found.marks.append(at)
    return found


def _numbers(text: str, at: Place) -> Node:
    found = _list(text, at)
    assert isinstance(found, List)
    if not found or any(isinstance(one, str) for one in found):
        raise Refused("E1127", value=shorten(text))
    return found


def _range(text: str, at: Place) -> Node:
    """`-20..400`, also with `~`."""
    match = _RANGE.fullmatch(narrow(text))
    ends = [_scalar(match["low"]), _scalar(match["high"])] if match else []
    if not ends or any(isinstance(end, str) for end in ends):
        raise Refused("E1126", value=shorten(text))
    found = List(at)
    found.extend(ends)
    found.marks.extend((at, at))
    return found


def _enum(text: str, at: Place) -> Node:
    """`0=停机;1=运行`"""
    found = _pairs(text, at, "E1124", _whole, _whole)
    if any(isinstance(key, str) for key in found):
        raise Refused("E1124", value=shorten(text))
    return found


def _whole(text: str) -> Scalar:
    number = resolve(narrow(text) or "?")
    return number if isinstance(number, int) and not isinstance(number, bool) else text


def _labels(text: str, at: Place) -> Node:
    """`zone=dryer1;axis=x`"""
    return _pairs(text, at, "E1125", str, str)


def _mapping(text: str, at: Place) -> Node:
    return _pairs(text, at, "E1125", str, _scalar)


def _pairs(text: str, at: Place, code: str, key_of: Callable[[str], Any], value_of: Callable[[str], Scalar]) -> Map:
    found = Map(at)
    for part in _parts(text.removeprefix("{").removesuffix("}")):
        match = _PAIR.fullmatch(part.replace("＝", "=").replace("：", ":"))
        if match is None or "=" in match[2]:
            raise Refused(code, value=shorten(text))
        key = key_of(match[1])
        if key in found:
            raise Refused("E1128", key=shorten(key))
        found[key], found.marks[key] = value_of(match[2]), (at, at)
    if not found:
        raise Refused(code, value=shorten(text))
    return found


def _parts(text: str) -> list[str]:
    return [part.strip() for part in _BETWEEN.split(text) if part.strip()]


_OWN: Mapping[str, Reader] = {
    "name": _code,
    "metric": _code,
    "unit": _text,
    "description": _description,
    "bits": _number,
    "deadband": _number,
    "enum": _enum,
    "labels": _labels,
    "null_values": _numbers,
    "range": _range,
}
"""Of keys whose model does not show how they are written."""
