"""JSON Schema (draft 2020-12) of the whole file: the agent's keys and those of drivers, merged as people write them."""

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from pydantic import BaseModel, TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from agent.config.fields import Deadband
from agent.config.models import ConnectionKeys, DestinationKeys, DeviceKeys, Root, TagKeys
from drivers.contract import DriverPlugin
from drivers.quantities import Duration, Size, duration_text, size_text

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_TITLE = "Lineside configuration"

Schema = dict[str, Any]


def schema(plugins: Mapping[str, DriverPlugin]) -> Schema:
    """The schema of a file that may name these drivers.

    A connection knows its driver, a device knows only its connection's name: its keys and its tags' keys are those of
    all drivers together.
    """
    definitions: Schema = {}
    root = own_schema(Root, definitions)
    tag, device = own_schema(TagKeys, definitions), own_schema(DeviceKeys, definitions)
    for name, plugin in plugins.items():
        tag = _merged(tag, own_schema(plugin.address, definitions, name))
        device = _merged(device, own_schema(plugin.device, definitions, name))
        definitions[f"Connection.{name}"] = _connection(name, plugin, definitions)
    device["properties"]["tags"] = _list(device["properties"]["tags"], "Tag")
    definitions |= {"Tag": tag, "Device": device, "Destination": own_schema(DestinationKeys, definitions)}
    properties = root["properties"]
    properties["destinations"] = _list(properties["destinations"], "Destination")
    properties["devices"] = _list(properties["devices"], "Device")
    connections = [{"$ref": f"#/$defs/Connection.{name}"} for name in plugins]
    properties["connections"]["items"] = {"anyOf": connections} if connections else {"type": "object"}
    return {"$schema": DIALECT, "title": _TITLE, **root, "$defs": dict(sorted(definitions.items()))}


def _connection(name: str, plugin: DriverPlugin, definitions: Schema) -> Schema:
    own, driver = own_schema(ConnectionKeys, definitions), own_schema(plugin.connection, definitions, name)
    merged = _merged(own, driver)
    merged["properties"]["driver"] |= {"const": name}
    return merged | {"required": [*own.get("required", []), *driver.get("required", [])]}


def own_schema(model: type[BaseModel], definitions: Schema, driver: str = "") -> Schema:
    """A model's own schema; the schemas of mappings inside it go into `definitions`, for a driver under its name."""
    prefix = f"{driver}." if driver else ""
    found = model.model_json_schema(schema_generator=_Generator, ref_template=f"#/$defs/{prefix}{{model}}")
    definitions |= {prefix + name: definition for name, definition in found.pop("$defs", {}).items()}
    found.pop("title", None)
    found.pop("description", None)
    return {**found, "properties": found.get("properties", {})}


class _Generator(GenerateJsonSchema):
    """Defaults as people write them, and no titles for fields: the key is title enough in an editor."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> Schema:
        found = super().default_schema(schema | {"default": None})
        found.pop("default", None)
        written = as_written(schema.get("default"), found)
        return found if written is None else {**found, "default": written}


def as_written(default: Any, part: Schema) -> Any:
    """A default as it would stand in the file; None where nothing would."""
    pattern = part.get("pattern", "")
    if isinstance(default, BaseModel) or default is None or default in ({}, [], (), Deadband()):
        return None
    if pattern == DURATION_PATTERN:
        return duration_text(default)
    if pattern == SIZE_PATTERN:
        return size_text(default)
    return float(default) if isinstance(default, Fraction) else default


def _pattern(quantity: Any) -> str:
    return str(TypeAdapter(quantity).json_schema()["pattern"])


DURATION_PATTERN, SIZE_PATTERN = _pattern(Duration), _pattern(Size)


def _merged(mine: Schema, other: Schema) -> Schema:
    """An object with the keys of both; a key of both allows what either does. Required is what the first requires."""
    properties = dict(mine["properties"])
    for key, part in other["properties"].items():
        known = properties.get(key)
        properties[key] = part if known in (None, part) else _either(known, part)
    return mine | {"properties": properties}


def _either(one: Schema, other: Schema) -> Schema:
    words = dict.fromkeys(part.get("description", "") for part in (one, other))
    return {"anyOf": [one, other], "description": " / ".join(words)}


def _list(part: Schema, name: str) -> Schema:
    return part | {"items": {"$ref": f"#/$defs/{name}"}}
