"""From the configuration to what runs: drivers, devices and metas, built from plain values and nothing started yet."""

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from agent import normalise, report
from agent.agenda import Turns
from agent.clock import Clock
from agent.config import Configuration, TagSettings
from agent.config.configuration import Connection as ConnectionSettings
from agent.config.configuration import Device as DeviceSettings
from agent.config.grouping import device_groups
from agent.device import Device, TagGroup
from agent.health import ConnectionHealth, DeviceHealth, Health
from agent.meta import TagMeta, content
from agent.outbox.contract import Outbox
from agent.poll import Connection
from drivers.contract import Counting, Described, Group, Journal


@dataclass(frozen=True, slots=True)
class Site:
    """Everything between the wires and the outbox."""

    connections: Sequence[Connection]
    devices: Mapping[str, Device]

    def begin(self, now_s: float) -> None:
        """Turn 0 of every group is at its phase after now (monotonic seconds): all stand on one grid."""
        for connection in self.connections:
            for turns in connection.turns:
                turns.start_s += now_s


def contents(configuration: Configuration) -> dict[str, Mapping[str, object]]:
    """Device name -> what its meta says."""
    connections = {connection.name: connection for connection in configuration.connections}
    return {
        device.name: _content(configuration.gateway, device, connections[device.connection])
        for device in configuration.devices
    }


def build(
    configuration: Configuration,
    revs: Mapping[str, int],
    outbox: Outbox,
    clock: Clock,
    journal: Journal,
    health: Health,
) -> Site:
    """Plan all connections. Raises `drivers.errors.InvalidConfig` where a plug-in refuses what was checked before."""
    devices = {
        device.name: Device(
            device.name,
            _groups(device),
            outbox,
            clock,
            journal,
            health.devices.setdefault(device.name, DeviceHealth()),
            revs[device.name],
        )
        for device in configuration.devices
    }
    planned = [
        (connection, device, group)
        for connection in configuration.connections
        for device in configuration.devices
        if device.connection == connection.name
        for group in device_groups(device)
    ]
    phases = {group.name: _slot(group.every_s, place / len(planned)) for place, (_, _, group) in enumerate(planned)}
    followers = {group.name for _, device, group in planned if _read_on(device, group) is not None}
    connections = []
    for connection in configuration.connections:
        groups = [group for owner, _, group in planned if owner is connection]
        if not groups:
            continue  # nothing is asked for: `check` said so
        driver = connection.plugin.open(connection.settings, groups, journal)
        known = health.connections.setdefault(connection.name, ConnectionHealth())
        if isinstance(driver, Counting):
            known.counts = partial(getattr, driver, "counts")
        turns = [_turns(group, devices[group.device], phases[group.name], followers) for group in groups]
        connections.append(Connection(connection.name, _url(connection), driver, turns, _timeout_s(connection)))
    return Site(connections, devices)


def _turns(group: Group, device: Device, phase_s: float, followers: Container[str]) -> Turns:
    follows = group.name in followers
    return Turns(group.name, device, group.every_s, phase_s, follows=follows, is_subscribed=group.is_subscribed)


SLOT_S = 0.1
"""Groups whose turns fall into the same slot are read together: one wake-up serves many, which halves their cost."""


def _slot(every_s: float, part: float) -> float:
    """Where the turns of a period begin; what is read only after a connect has none."""
    return every_s * part // SLOT_S * SLOT_S if math.isfinite(every_s) else 0.0


def _url(connection: ConnectionSettings) -> str:
    return str(getattr(connection.settings, "url", connection.driver))


def _timeout_s(connection: ConnectionSettings) -> float:
    return float(getattr(connection.settings, "timeout", 0.0))


def _groups(device: DeviceSettings) -> dict[str, TagGroup]:
    """The read groups of a device with the rules of their tags, in the order of the driver's groups."""
    settings = {tag.name: tag for tag in device.tags}
    groups = device_groups(device)
    followers = {_read_on(device, group): group.name for group in groups}
    return {
        group.name: TagGroup.of(
            [_rules(settings[tag.name]) for tag in group.tags],
            {place: followers[tag.name] for place, tag in enumerate(group.tags) if tag.name in followers},
            is_subscribed=group.is_subscribed,
        )
        for group in groups
    }


def _read_on(device: DeviceSettings, group: Group) -> str | None:
    """What all tags of a group follow."""
    first = group.tags[0].name
    return next(tag.read_on for tag in device.tags if tag.name == first)


def _rules(tag: TagSettings) -> tuple[str, normalise.Rule, report.Rule]:
    meaning = normalise.Rule(tag.scale, tag.offset, tag.enum, tag.bits, tag.null_values, tag.range)
    exception = report.Rule(tag.deadband or 0.0, tag.deadband_percent or 0.0, tag.min_interval_s, tag.max_interval_s)
    return tag.name, meaning, exception


def _content(gateway: str, device: DeviceSettings, connection: ConnectionSettings) -> dict[str, object]:
    settings = {tag.name: tag for tag in device.tags}
    tags = [
        _meta(settings[tag.name], described)
        for group in device_groups(device)
        for tag, described in zip(group.tags, _described(connection, group), strict=True)
    ]
    return content(gateway, device.name, device.labels, tags)


def _described(connection: ConnectionSettings, group: Group) -> Sequence[Described]:
    describe = connection.plugin.describe
    if describe is None:
        return [Described(None, str(getattr(tag.address, "address", ""))) for tag in group.tags]
    return describe(connection.settings, group)


def _meta(tag: TagSettings, described: Described) -> TagMeta:
    return TagMeta(
        tag.name,
        tag.metric,
        _type(tag, described.type),
        tag.unit,
        {str(language): text for language, text in tag.description.items()},
        tag.range,
        tag.labels,
        described.source,
        tag.every_s,
        tag.read_on,
        tag.is_subscribed,
    )


def _type(tag: TagSettings, raw: str | None) -> str | None:
    """The type of a tag's values after its rules: a fraction makes floats of integers, an enum what it maps to."""
    if tag.enum is not None:
        kinds = {type(value) for value in tag.enum.values()}
        return "str" if kinds == {str} else "int"
    if tag.bits is not None:
        raw = "bool" if tag.bits[0] == tag.bits[1] else "int"
    if raw == "int" and (tag.scale.denominator != 1 or tag.offset.denominator != 1):
        return "float"
    return raw
