"""Every key with its type, its default and what it is for: for `lineside drivers` and docs/configuration.md."""

import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel

from agent.config.models import ConnectionKeys, DestinationKeys, DeviceKeys, Root, TagKeys
from agent.config.schema import DURATION_PATTERN, SIZE_PATTERN, Schema, own_schema
from drivers.contract import DriverPlugin


class Key(NamedTuple):
    """A key as a person sees it."""

    name: str
    type: str
    default: str | None
    """As it would be written; "" where nothing stands in for it; None where the key must be given."""
    description: str


def keys(model: type[BaseModel]) -> list[Key]:
    """The keys of a model; those of mappings inside it as `limits.gap`."""
    definitions: Schema = {}
    return _keys(own_schema(model, definitions), definitions, "")


def _keys(schema: Schema, definitions: Schema, above: str) -> list[Key]:
    found: list[Key] = []
    for name, part in schema.get("properties", {}).items():
        inner = next((one["$ref"].rsplit("/", 1)[-1] for one in _alternatives(part) if "$ref" in one), None)
        if inner is None:
            default = None if name in schema.get("required", ()) else _shown(part.get("default", ""))
            found.append(Key(above + name, _type(part), default, part.get("description", "")))
        else:
            found += _keys(definitions[inner], definitions, f"{above}{name}.")
    return found


_CHINESE = {
    "whole number": "整数",
    "number": "数字",
    "true or false": "true 或 false",
    "mapping": "键值表",
    "list": "列表",
    "duration": "时长",
    "size": "大小",
    "text": "文字",
    "anything": "任意",
    " or ": " 或 ",
}
_SAID = re.compile("|".join(word if word.startswith(" ") else rf"\b{word}\b" for word in _CHINESE))


def in_chinese(key: Key, descriptions: Mapping[str, str]) -> Key:
    """The key for who reads Chinese; in English where a driver's author gave nothing."""
    said = _SAID.sub(lambda word: _CHINESE[word[0]], key.type)
    return key._replace(type=said, description=descriptions.get(key.name, key.description))


def _shown(default: Any) -> str:
    if isinstance(default, bool):
        return "true" if default else "false"
    return f"{default:g}" if isinstance(default, float) else str(default)


def _alternatives(part: Schema) -> list[Schema]:
    return [one for one in part.get("anyOf", [part]) if one.get("type") != "null"]


_WORDS = {"string": "text", "integer": "whole number", "boolean": "true or false", "object": "mapping", "array": "list"}


def _type(part: Schema) -> str:
    return " or ".join(dict.fromkeys(_word(one) for one in _alternatives(part)))


def _word(part: Schema) -> str:
    if "enum" in part:
        return ", ".join(str(value) for value in part["enum"])
    if "const" in part:
        return str(part["const"])
    if part.get("pattern") in (DURATION_PATTERN, SIZE_PATTERN):
        return "duration" if part["pattern"] == DURATION_PATTERN else "size"
    type_ = part.get("type", "anything")
    return "text" if isinstance(type_, list) else _WORDS.get(type_, str(type_))


def table(model: type[BaseModel]) -> str:
    """The keys as a Markdown table."""
    rows = [f"| `{key.name}` | {key.type} | {_cell(key)} | {_escaped(key.description)} |" for key in keys(model)]
    return "\n".join(["| key | type | default | what it is for |", "|---|---|---|---|", *rows])


def _cell(key: Key) -> str:
    if key.default is None:
        return "**required**"
    return f"`{key.default}`" if key.default else ""


def _escaped(text: str) -> str:
    return text.replace("|", "&#124;")


_PART = re.compile(r"(<!-- keys: ([a-z.]+) -->\n).*?(<!-- end -->)", re.DOTALL)


def fill(page: str, models: Mapping[str, type[BaseModel]]) -> str:
    """A page with the tables between `<!-- keys: tag -->` and `<!-- end -->` as the models of those names are now."""
    return _PART.sub(lambda part: f"{part[1]}\n{table(models[part[2]])}\n\n{part[3]}", page)


def models(plugins: Mapping[str, DriverPlugin]) -> dict[str, type[BaseModel]]:
    """Name in a page -> model: the agent's, and those of drivers as `modbus.connection`."""
    found: dict[str, type[BaseModel]] = {
        "root": Root,
        "destination": DestinationKeys,
        "connection": ConnectionKeys,
        "device": DeviceKeys,
        "tag": TagKeys,
    }
    for name, plugin in plugins.items():
        found |= {
            f"{name}.connection": plugin.connection,
            f"{name}.device": plugin.device,
            f"{name}.tag": plugin.address,
        }
    return found
