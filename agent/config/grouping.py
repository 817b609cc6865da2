"""Which tags are read together: those of one device with one period, one trigger, or one sampling period."""

from collections.abc import Iterable, Mapping, Sequence

from pydantic import BaseModel

from agent.config.configuration import Configuration, Device, Rhythm
from drivers.contract import Group, Tag


def groups(configuration: Configuration) -> Mapping[str, tuple[Group, ...]]:
    """Connection name -> its read groups, in the order of the devices and of the periods' first appearance."""
    found: dict[str, tuple[Group, ...]] = {connection.name: () for connection in configuration.connections}
    for device in configuration.devices:
        found[device.connection] += tuple(device_groups(device))
    return found


def device_groups(device: Device) -> Sequence[Group]:
    """One group for each rhythm of the device's tags: `press01@1s`, `press01@job`, or subscribed `press01~0.5s`."""
    return grouped(device.name, device.settings, ((Tag(tag.name, tag.address), tag.rhythm) for tag in device.tags))


def grouped(device: str, settings: BaseModel, tags: Iterable[tuple[Tag, Rhythm]]) -> Sequence[Group]:
    """The groups of tags by their rhythms. What shares a trigger has the shortest period of those that do."""
    together: dict[str, list[tuple[Tag, Rhythm]]] = {}
    for tag, rhythm in tags:
        kind = "~" if rhythm.is_subscribed else "@"
        together.setdefault(kind + (rhythm.read_on or f"{rhythm.every_s:.12g}s"), []).append((tag, rhythm))
    return [
        Group(
            device + name,
            device,
            settings,
            tuple(tag for tag, _ in found),
            min(rhythm.every_s for _, rhythm in found),
            is_subscribed=name.startswith("~"),
        )
        for name, found in together.items()
    ]
