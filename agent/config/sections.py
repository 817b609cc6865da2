"""The sections of the file, each read as far as it can be when others are wrong."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path as Folder
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from agent.config.configuration import Connection, Device
from agent.config.fields import as_text, is_label
from agent.config.located import Findings, Path, listed, nearest, shorten
from agent.config.models import ConnectionKeys, DestinationKeys, DeviceKeys, Root
from agent.config.problems import mappings, report, split, unknown_key, validated
from agent.config.tables import TableRow, read_table
from agent.config.tags import TagDraft, Usual, check_triggers, check_twins, mapped_tags, read_tag
from agent.config.tree import Map, Node, place
from agent.machine.metrics import MACHINE_TYPES
from drivers import registry
from drivers.contract import DriverPlugin
from drivers.errors import DriverError, UnknownDriver


def read_header(root: Map, findings: Findings) -> Root:
    """The top-level keys. Where one is wrong, the others are used and its default stands in for it."""
    known = [key for key in root if key in Root.model_fields]
    for key in root:
        if key not in Root.model_fields:
            unknown_key(root, (key,), list(Root.model_fields), (), findings)
    keys = {key: root[key] for key in known}
    try:
        return Root.model_validate(keys)
    except ValidationError as error:
        report(error, Root, root, (), findings)
        wrong = {details["loc"][0] for details in error.errors(include_input=False)}
    stand_in: dict[Any, Any] = {"version": 1, "gateway": "?", "labels": _named(root.get("labels"))}
    stand_in |= {key: [None] for key in ("destinations", "connections", "devices")}
    return Root.model_validate(stand_in | {key: value for key, value in keys.items() if key not in wrong})


def _named(labels: Node) -> dict[str, str]:
    """Labels with nothing in them: where one is wrong, topics do not lack it as well."""
    return {str(key): "?" for key in labels if is_label(str(key))} if isinstance(labels, Map) else {}


class Wire(NamedTuple):
    """A connection in the document; `connection` is None when something is wrong with its own keys."""

    path: Path
    node: Map
    plugin: DriverPlugin | None
    connection: Connection | None


def read_connections(root: Map, plugins: dict[str, DriverPlugin], findings: Findings) -> dict[str, Wire]:
    """Name -> connection, also of those that are wrong; plug-ins that were found are added to `plugins`."""
    wires: dict[str, Wire] = {}
    found = mappings(root.get("connections"), ("connections",), findings)
    check_names(found, findings)
    for path, node in found:
        wire = _wire(node, path, plugins, findings)
        wires.setdefault(str(node.get("name")), wire)
    return wires


def _wire(node: Map, path: Path, plugins: dict[str, DriverPlugin], findings: Findings) -> Wire:
    plugin = _plugin(node, path, plugins, findings)
    ours, theirs = split(node, ConnectionKeys, plugin.connection if plugin else None, path, findings)
    keys = validated(ConnectionKeys, ours, node, path, findings)
    settings = validated(plugin.connection, theirs, node, path, findings, findings.around(plugin)) if plugin else None
    if keys is None or settings is None or plugin is None:
        return Wire(path, node, plugin, None)
    return Wire(path, node, plugin, Connection(keys.name, keys.driver, plugin, settings))


def _plugin(node: Map, path: Path, plugins: dict[str, DriverPlugin], findings: Findings) -> DriverPlugin | None:
    name = as_text(node.get("driver"))
    if not isinstance(name, str) or not name:
        return None
    at, whole = place(node, ("driver",)), (*path, "driver")
    try:
        if name not in plugins:
            plugins[name] = registry.plugin(name)
    except UnknownDriver as error:
        if error.owners:
            owners = f"{name}: {listed(error.owners)}"
            findings.wrong(at, whole, "E1055", value=shorten(name), reason=owners)
        else:
            findings.wrong(at, whole, "E1054", value=shorten(name), known=listed(error.known))
    except (DriverError, ImportError, AttributeError, SyntaxError) as error:
        findings.wrong(at, whole, "E1055", value=shorten(name), reason=str(error))
    return plugins.get(name)


class DeviceDraft(NamedTuple):
    """A device in the document, as far as it is right; `wire` is the connection that it names or probably means."""

    path: Path
    node: Map
    name: str
    wire: Wire | None
    settings: BaseModel | None
    labels: Mapping[str, str] | None
    """Its own and the configuration's; None when something is wrong with the device's own keys."""
    device: Device | None
    tags: Sequence[TagDraft]


def read_devices(
    root: Map, header: Root, wires: Mapping[str, Wire], base: Folder, findings: Findings
) -> list[DeviceDraft]:
    """Devices with their tags; tables are looked for in `base`."""
    found = mappings(root.get("devices"), ("devices",), findings)
    check_names(found, findings)
    return [_device(node, path, header, wires, base, findings) for path, node in found]


def _device(
    node: Map, path: Path, header: Root, wires: Mapping[str, Wire], base: Folder, findings: Findings
) -> DeviceDraft:
    wire = _wire_of(node, path, wires, findings)
    plugin = wire.plugin if wire else None
    ours, theirs = split(node, DeviceKeys, plugin.device if plugin else None, path, findings)
    keys = validated(DeviceKeys, ours, node, path, findings)
    settings = validated(plugin.device, theirs, node, path, findings, findings.around(plugin)) if plugin else None
    rows = _rows(node, path, plugin, base, findings)
    usual = Usual.of(keys, plugin) if keys else Usual()
    tags = _tags(node, path, rows, plugin, usual, findings)
    if plugin is not None and settings is not None:
        tags += mapped_tags(node, path, plugin, settings, tags, usual, findings)
    name = keys.name if keys else shorten(node.get("name", "?"))
    check_twins(tags, name, findings)
    check_triggers(tags, name, findings)
    if keys is None:
        return DeviceDraft(path, node, name, wire, settings, None, None, tags)
    if keys.sampling is not None and plugin is not None and plugin.subscribes is None:
        findings.wrong(place(node, ("sampling",), of_key=True), (*path, "sampling"), "E1097")
    _doubt(keys, node, path, findings, is_empty=not keys.tags and not tags and rows is not None)
    labels = {**header.labels, **keys.labels}
    labels |= {"device": keys.name, "device_type": keys.type, "gateway": header.gateway}
    device = _built(keys, settings, labels, tags) if settings is not None and keys.connection in wires else None
    return DeviceDraft(path, node, name, wire, settings, labels, device, tags)


def _built(keys: DeviceKeys, settings: BaseModel, labels: Mapping[str, str], tags: Sequence[TagDraft]) -> Device:
    usable = {tag.settings.name: tag.settings for tag in reversed(tags) if tag.settings}
    return Device(keys.name, keys.connection, keys.type, labels, settings, tuple(reversed(usable.values())))


def _wire_of(node: Map, path: Path, wires: Mapping[str, Wire], findings: Findings) -> Wire | None:
    """The device's connection; where its name is misspelt the one that was meant, so that its tags are checked too."""
    name = as_text(node.get("connection"))
    if not isinstance(name, str) or name in wires:
        return wires.get(name) if isinstance(name, str) else None
    meant = nearest(name, list(wires))
    facts = {"value": shorten(name), "meant": meant, "known": listed(list(wires))}
    findings.wrong(place(node, ("connection",)), (*path, "connection"), "E1053" if meant else "E1052", **facts)
    return wires.get(meant) if meant else None


def _rows(
    node: Map, path: Path, plugin: DriverPlugin | None, base: Folder, findings: Findings
) -> Sequence[TableRow] | None:
    """The rows of the device's table, () without one; None where it cannot be read."""
    written, whole = node.get("tags_file"), (*path, "tags_file")
    if not isinstance(written, str | int) or isinstance(written, bool) or not str(written).strip():
        return ()
    return read_table(str(written), place(node, ("tags_file",)), whole, base, plugin, findings)


def _tags(
    node: Map,
    path: Path,
    rows: Sequence[TableRow] | None,
    plugin: DriverPlugin | None,
    usual: Usual,
    findings: Findings,
) -> list[TagDraft]:
    """Those of the document, then those of the table."""
    found = mappings(node.get("tags"), (*path, "tags"), findings)
    check_names([*found, *((row.path, row.node) for row in rows or ())], findings)
    tags = [read_tag(tag, tag_path, plugin, usual, findings) for tag_path, tag in found]
    for row in rows or ():
        tag = read_tag(row.node, row.path, plugin, usual, findings)
        tags.append(tag if row.whole else tag._replace(settings=None))
    return tags


def _doubt(keys: DeviceKeys, node: Map, path: Path, findings: Findings, *, is_empty: bool) -> None:
    if is_empty:
        findings.doubtful(node.at, (*path, "tags"), "W1063", device=keys.name)
    if keys.type not in MACHINE_TYPES:
        known = listed(MACHINE_TYPES)
        findings.doubtful(place(node, ("type",)), (*path, "type"), "W1062", value=keys.type, known=known)


def read_destinations(root: Map, findings: Findings) -> list[tuple[Path, Map, DestinationKeys]]:
    found = mappings(root.get("destinations"), ("destinations",), findings)
    check_names(found, findings)
    read = [(path, node, validated(DestinationKeys, node, node, path, findings)) for path, node in found]
    return [(path, node, keys) for path, node, keys in read if keys]


def check_names(found: Iterable[tuple[Path, Map]], findings: Findings) -> None:
    """Two things of one kind with one name: the second is reported, with the place of the first."""
    first: dict[str, Map] = {}
    for path, node in found:
        name = str(node.get("name")) if isinstance(node.get("name"), str | int) else None
        if name is None:
            continue
        earlier = first.setdefault(name, node)
        if earlier is not node:
            at, taken = place(node, ("name",)), place(earlier, ("name",))
            together = (at.file, at.sheet) == (taken.file, taken.sheet)
            code, where = ("E1051", taken.line) if together else ("E1119", findings.where(taken))
            findings.wrong(at, (*path, "name"), code, value=shorten(name), first=where)
